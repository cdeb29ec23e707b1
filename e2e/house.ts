import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";

const repository = resolve(import.meta.dirname, "..");
const START_MS = 120_000;
const SEED_MS = 180_000;
const LEAVE_MS = 15_000;

export type House = {
  /** Where the dashboard is. */
  readonly url: string;
  /** The owner the seed signed up. */
  login(): { email: string; password: string };
  /** Resolves when the seed has lived through its day. */
  seeded(): Promise<void>;
  /** Drives the simulated network and, through it, Parley's clock: how fast it runs, and how far it jumps. */
  clock(change: { scale?: number; aheadMinutes?: number }): Promise<void>;
  /** How often a telephone has rung, by the simulated network's own count. */
  rings(): Promise<number>;
};

/**
 * All of Parley as `npm start` runs it, on free ports and data of the test file's own, gone at the end. While writing
 * a journey, PARLEY_E2E_DATA names the data directory of one that runs already; it is left as it is.
 */
export function useHouse({ seed }: { seed: boolean }): House {
  const given = process.env["PARLEY_E2E_DATA"];
  let dataDir = "";
  let started: ChildProcess | undefined;
  let said = "";
  const at = { url: "", sandbox: "" };

  const running = () => {
    const file = join(dataDir, "running.json");
    if (!existsSync(file)) return false;
    const { url, sandbox } = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
    if (!url || !sandbox) return false;
    Object.assign(at, { url, sandbox });
    return true;
  };

  beforeAll(async () => {
    if (given) {
      dataDir = given;
      if (!running()) throw new Error(`PARLEY_E2E_DATA: no Parley runs on ${given}.`);
      return;
    }
    dataDir = mkdtempSync(join(tmpdir(), "parley-e2e-"));
    const [port, chat, sandbox] = await freePorts(3);
    started = spawn(process.execPath, [join(repository, "scripts/start.ts")], {
      cwd: repository,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...ownEnvironment(),
        PARLEY_DATA_DIR: dataDir,
        PARLEY_SEED: seed ? "1" : "0",
        PORT: String(port),
        CHAT_PORT: String(chat),
        SANDBOX_PORT: String(sandbox),
      },
    });
    for (const stream of [started.stdout!, started.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2_000_000)));
    await until("npm start has said where it serves", START_MS, () => {
      if (started!.exitCode !== null) throw new Error(`npm start ended:\n${said.slice(-4_000)}`);
      return running();
    });
  }, START_MS);

  afterAll(async () => {
    if (started && started.exitCode === null) {
      const gone = once(started, "exit");
      started.kill("SIGTERM");
      const insist = setTimeout(() => started!.kill("SIGKILL"), LEAVE_MS);
      await gone;
      clearTimeout(insist);
    }
    if (dataDir && !given) rmSync(dataDir, { recursive: true, force: true });
  });

  const desk = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${at.sandbox}/sandbox/${path}`)).json()) as T;

  return {
    get url() {
      return at.url;
    },
    login: () =>
      JSON.parse(readFileSync(join(dataDir, "secrets/demo-login.json"), "utf8")) as {
        email: string;
        password: string;
      },
    seeded: async () => {
      if (given) return;
      await until("the seed is done", SEED_MS, () => {
        if (said.includes("seed failed")) throw new Error(`The seed failed:\n${said.slice(-4_000)}`);
        return said.includes("Seed: ");
      });
    },
    async clock({ scale, aheadMinutes }) {
      // Refused while a number is being dialled: then it is asked again.
      await until("the clock takes the change", 20_000, async () => {
        const { now } = await desk<{ now: string }>("clock");
        const advanceTo =
          aheadMinutes === undefined
            ? undefined
            : new Date(Date.parse(now) + aheadMinutes * 60_000).toISOString();
        const answer = await fetch(`${at.sandbox}/sandbox/clock`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ scale, advanceTo }),
        });
        if (!answer.ok && answer.status !== 409) throw new Error(await answer.text());
        return answer.ok;
      });
    },
    rings: async () => (await desk<{ rings: number }>("truth/count")).rings,
  };
}

/** The tester's environment without what would lead to the tester's own data or providers. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const theirs =
    /^(DATABASE_|PARLEY_|BOLNA_|OPENAI_|META_|GOOGLE_|CHAT_|SANDBOX_|NODE_ENV$|PUBLIC_URL$|VITEST)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !theirs.test(name)));
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

export async function until(
  what: string,
  withinMs: number,
  look: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await look())) {
    if (performance.now() > end) throw new Error(`Waited ${withinMs / 1_000} s in vain until ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
