import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { freePort } from "@parley/db/embedded";
import { newKey } from "@parley/db/secrets";
import { useDatabase, type TestDatabase } from "@parley/db/testing/database";
import type { Output } from "./visitor.ts";
import { Visitor } from "./visitor.ts";

const repository = resolve(import.meta.dirname, "..");
const READY_MS = 60_000;
const SAMPLE_MS = 100;
const ERROR = 50;

type Role = "sandbox" | "http" | "worker";
type Env = Record<string, string>;

/** One program of the house, as an operator would run it. */
class Program {
  readonly #command: string[];
  readonly #env: Env;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;

  constructor(command: string[], env: Env) {
    this.#command = command;
    this.#env = env;
  }

  get pid(): number {
    if (!this.#child?.pid) throw new Error(`${this.#command.join(" ")} does not run.`);
    return this.#child.pid;
  }

  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const child = spawn(process.execPath, this.#command, {
      cwd: repository,
      stdio: ["ignore", "pipe", "pipe"],
      env: this.#env,
    });
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        this.#lines.push(...lines);
      });
    }
    this.#child = child;
  }

  /** Ends it by its own pid and waits until it is gone; asked politely it has eight seconds. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || !this.runs) return;
    const gone = once(child, "exit");
    child.kill(signal);
    const insist = setTimeout(() => child.kill("SIGKILL"), 8_000);
    await gone;
    clearTimeout(insist);
  }

  get said(): string {
    return this.#lines.slice(-30).join("\n");
  }

  /** Lines of level error and above, and what is no JSON line at all. */
  get complaints(): string[] {
    return this.#lines.filter((line) => {
      if (!line.startsWith("{")) return line.trim() !== "" && !line.includes("ExperimentalWarning");
      return (JSON.parse(line) as { level: number }).level >= ERROR;
    });
  }
}

export type House = {
  readonly server: string;
  readonly sandbox: string;
  readonly db: TestDatabase;
  /** A directory of this house's own, gone at the end. */
  readonly dir: string;
  pid(role: Role): number;
  start(role: Role): Promise<void>;
  end(role: Role, signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  visitor(key?: string): Visitor;
  signUp(its?: { name?: string; company?: string; email?: string; region?: string }): Promise<Owner>;
  clock(change?: { scale?: number; advanceTo?: string }): Promise<ClockReading>;
  control<T = any>(method: string, path: string, body?: unknown): Promise<T>;
  truth(): Promise<Truth>;
  parley(args: string[], key: string): Promise<{ code: number; out: any[]; err: string }>;
};

/** now = base + (wall clock − wall) × scale, on both sides. */
export type ClockReading = { now: string; scale: number; base: string; wall: string };

export type Owner = Visitor & { session: Output<"auth.signUp">; email: string; password: string };

export type Truth = {
  rings: { to: string; at: string; executionId: string; userData: { call_id: string } | null }[];
  peaks: { system: number; byAgent: Record<string, number> };
  executions: { id: string; agentId: string; direction: string; phoneNumber: string; status: string }[];
};

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

type Empty = false | null | undefined | "" | 0;

/** Resolves with the first truthy answer; fails with `what` when there is none within `withinMs` (wall time). */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  { withinMs = 20_000, everyMs = 25 } = {},
): Promise<Exclude<T, Empty>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<T, Empty>;
    if (performance.now() > end) throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
    await sleep(everyMs);
  }
}

/**
 * Parley as it runs in earnest, seen from outside: the sandbox, the server's HTTP side and its worker, each a process of
 * its own, on a database of the test file's own. They end with the file. A line of level error fails it, unless
 * `mayComplain` says that the file breaks things on purpose.
 */
export function useHouse(env: Env = {}, { mayComplain = false } = {}): House {
  const db = useDatabase();
  const at = { dir: "", server: "", sandbox: "" };
  const programs = new Map<Role, Program>();
  const program = (role: Role) => {
    const found = programs.get(role);
    if (!found) throw new Error("useHouse(): the house exists from beforeAll on, not while the file loads.");
    return found;
  };
  const addressOf: Record<Role, () => string | null> = {
    sandbox: () => `${at.sandbox}/healthz`,
    http: () => `${at.server}/readyz`,
    worker: () => null,
  };

  const start = async (role: Role) => {
    const its = program(role);
    its.start();
    const address = addressOf[role]();
    let answered = "nothing";
    await until(
      `the ${role} process is ready`,
      async () => {
        if (!its.runs) throw new Error(`The ${role} process ended at its start:\n${its.said}`);
        if (!address) return its.said.includes("Parley is ready");
        const answer = await fetch(address).catch(() => null);
        if (answer) answered = await answer.text();
        return answer?.ok ?? false;
      },
      { withinMs: READY_MS },
    ).catch((error: Error) => {
      throw new Error(`${error.message}. It answered ${answered} and said:\n${its.said}`);
    });
  };

  beforeAll(async () => {
    at.dir = mkdtempSync(join(tmpdir(), "parley-house-"));
    const [port, sandboxPort] = [await freePort(), await freePort()];
    at.server = `http://127.0.0.1:${port}`;
    at.sandbox = `http://127.0.0.1:${sandboxPort}`;
    const { PATH = "", HOME = at.dir } = process.env;
    const shared = { PATH, HOME, SERVICE_SECRET: newKey(), LOG_LEVEL: "info" };
    const ours = {
      ...shared,
      PORT: String(port),
      PUBLIC_URL: at.server,
      SANDBOX_URL: at.sandbox,
      PARLEY_DATA_DIR: join(at.dir, "data"),
      ENCRYPTION_KEY: newKey(),
      SESSION_PEPPER: newKey(),
      DATABASE_WEB_URL: db.urls.web,
      DATABASE_WORKER_URL: db.urls.worker,
      DATABASE_RO_URL: db.urls.ro,
      RATE_LIMIT_FACTOR: "100",
      BOLNA_RECONCILE_GRACE_MS: "1000",
      BOLNA_PLACE_TIMEOUT_MS: "2000",
      ...env,
    };
    mkdirSync(ours.PARLEY_DATA_DIR, { recursive: true });
    const main = (app: string) => [join(repository, `apps/${app}/src/main.ts`)];
    programs.set(
      "sandbox",
      new Program(main("sandbox"), {
        ...shared,
        SANDBOX_PORT: String(sandboxPort),
        SANDBOX_DIR: join(at.dir, "sandbox"),
        PARLEY_URL: at.server,
      }),
    );
    programs.set("http", new Program(main("server"), { ...ours, PARLEY_ROLE: "http" }));
    programs.set("worker", new Program(main("server"), { ...ours, PARLEY_ROLE: "worker" }));
    await Promise.all([start("sandbox"), start("http")]);
    await start("worker");
  }, 180_000);

  afterAll(async () => {
    for (const role of ["worker", "http", "sandbox"] as const) await programs.get(role)?.end();
    if (at.dir) rmSync(at.dir, { recursive: true, force: true });
    const complaints = [...programs].flatMap(([role, { complaints: said }]) =>
      said.map((line) => `${role}: ${line}`),
    );
    if (complaints.length > 0 && !mayComplain)
      throw new Error(`The processes complained:\n${complaints.slice(0, 20).join("\n")}`);
  });

  const control: House["control"] = async (method, path, body) => {
    const answer = await fetch(`${at.sandbox}/sandbox/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} /sandbox/${path} was refused: ${await answer.text()}`);
    return (await answer.json()) as never;
  };

  let people = 0;
  return {
    db,
    get server() {
      return at.server;
    },
    get sandbox() {
      return at.sandbox;
    },
    get dir() {
      return at.dir;
    },
    pid: (role) => program(role).pid,
    start,
    end: (role, signal) => program(role).end(signal),
    visitor: (key) => new Visitor(at.server, key ?? null),
    async signUp(its = {}) {
      const them = new Visitor(at.server);
      const email = its.email ?? `person${++people}@example.com`;
      const password = "a long enough password";
      const session = await them.ask("auth.signUp", {
        email,
        password,
        name: its.name ?? "Asha",
        company: its.company ?? "Blue Dental",
        timeZone: "Asia/Kolkata",
        defaultRegion: its.region ?? "IN",
      });
      return Object.assign(them, { session, email, password });
    },
    async clock(change) {
      if (!change) return control("GET", "clock");
      return control("POST", "clock", change);
    },
    control,
    truth: () => control<Truth>("GET", "truth"),
    async parley(args, key) {
      const child = spawn(process.execPath, [join(repository, "apps/cli/parley.mjs"), ...args], {
        cwd: at.dir,
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: process.env["PATH"] ?? "", HOME: at.dir, PARLEY_URL: at.server, PARLEY_API_KEY: key },
      });
      let [out, err] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
      const [code] = (await once(child, "close")) as [number | null];
      const lines = out.split("\n").filter((line) => line.trim() !== "");
      return {
        code: code ?? -1,
        err,
        out: args.includes("--json") ? lines.map((line) => JSON.parse(line) as unknown) : lines,
      };
    },
  };
}

/** Resident memory of a process now, in megabytes; 0 once it is gone. */
function residentMegabytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Samples the resident memory of processes every 100 ms until stopped; answers the highest of each, in megabytes. */
export function watchMemory<Name extends string>(
  pids: Record<Name, number>,
): { stop(): Record<Name, number> } {
  const peaks = Object.fromEntries(Object.keys(pids).map((name) => [name, 0])) as Record<Name, number>;
  const sample = () => {
    for (const name of Object.keys(pids) as Name[])
      peaks[name] = Math.max(peaks[name], residentMegabytes(pids[name]));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  sample();
  return {
    stop() {
      clearInterval(timer);
      sample();
      return peaks;
    },
  };
}
