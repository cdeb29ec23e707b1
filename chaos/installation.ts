import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { freePort, startEmbedded, type Embedded } from "@parley/db/embedded";
import { migrate } from "@parley/db/migrate";
import { inDatabase, ownedDatabase } from "@parley/db/owner";
import { createPool } from "@parley/db";
import { ensureLogins, withLogin } from "@parley/db/roles";
import { newKey } from "@parley/db/secrets";
import { keysOf, Program, type Env } from "./programs.ts";
import { Wire } from "./wire.ts";

export type Victim = "http" | "worker" | "sandbox" | "postgres";
type ProgramName = Exclude<Victim, "postgres"> | "stub";
/** How Postgres goes: the postmaster is shot, or told to stop at once (`pg_ctl stop -m immediate`). */
export type PostgresEnd = "SIGKILL" | "SIGQUIT";

export type Provider = "sandbox" | "stub";

/** What really happened at the provider, whoever remembers it otherwise. */
export type Truth = {
  rings: { to: string; at: string; executionId: string; userData: Record<string, unknown> | null }[];
  peaks: { system: number; byAgent: Record<string, number> };
};

export type Plan = {
  provider?: Provider;
  /** Processes for requests, behind one door; and for jobs. */
  https: number;
  workers: number;
  env: Env;
  /** Files of this tree that every server process runs before its own. */
  preload?: readonly string[];
  /** Nothing stands on the ways to the database and the provider, and nothing can be disturbed there: to measure. */
  straight?: boolean;
  /** Environment of one start of a server process, on top. */
  envOfStart?: (role: "http" | "worker") => Env;
};

/** The ways that can be disturbed: to the database, and to the providers. */
export type Wires = { postgres: Wire; provider: Wire };

/**
 * A whole Parley of its own: Postgres that keeps its promises (fsync on), sandbox, processes for requests behind one
 * door and some for jobs. Whatever dies is started again, as the supervisor of a real installation would do it.
 */
export class Installation {
  readonly sandboxUrl: string;
  readonly provider: Provider;
  readonly #stubUrl: string;
  readonly wires: Wires;
  /** Sees every row. Breaks when Postgres is killed: use `ask`. */
  readonly #pool: pg.Pool;
  readonly #home: string;
  readonly #postgres: Database;
  readonly #door: Wire;
  readonly #kept: Kept[] = [];

  private constructor(
    home: string,
    postgres: Database,
    provider: Provider,
    ports: { sandbox: number; stub: number },
    wires: Wires,
    door: Wire,
  ) {
    this.provider = provider;
    this.#stubUrl = `http://127.0.0.1:${ports.stub}`;
    this.#home = home;
    this.#postgres = postgres;
    this.#pool = createPool({ url: inDatabase(postgres.superUrl, "parley"), name: "chaos", max: 4 });
    this.#door = door;
    this.wires = wires;
    this.sandboxUrl = `http://127.0.0.1:${ports.sandbox}`;
  }

  static async open({
    provider = "sandbox",
    https,
    workers,
    env,
    preload = [],
    straight = false,
    envOfStart = () => ({}),
  }: Plan): Promise<Installation> {
    // Named and marked like the clusters of tests: what a killed run leaves behind, the next test run puts away.
    const home = mkdtempSync(join(tmpdir(), "parley-test-chaos-"));
    writeFileSync(join(home, "pid"), String(process.pid));
    chmodSync(home, 0o755);
    mkdirSync(join(home, "logs"));
    const log = (name: string) => join(home, "logs", `${name}.log`);

    const postgres = await Database.create(join(home, "postgres"));
    const ownerUrl = await ownedDatabase(postgres.superUrl, "parley", newKey());
    const agreed = { ...keysOf(home), NODE_COMPILE_CACHE: join(home, "compiled") };
    const compiled = Program.start("compile", { app: "chaos/compile.ts", env: agreed, log: log("compile") });
    await Promise.all([migrate(ownerUrl), compiled.gone]);
    const logins = await ensureLogins(ownerUrl, join(home, "secrets"), agreed.ENCRYPTION_KEY);

    const ports = { sandbox: await freePort(), stub: await freePort() };
    const wires = {
      postgres: await Wire.open(() => [postgres.port]),
      provider: await Wire.open(() => [ports[provider]]),
    };
    const ready: Kept[] = [];
    const door = await Wire.open(() => ready.filter(({ isReady }) => isReady).map(({ port }) => port));
    const here = new Installation(home, postgres, provider, ports, wires, door);
    const wired = (url: string, wire: Wire) => (straight ? url : byWayOf(url, wire));
    const shared = {
      ...agreed,
      DATABASE_WEB_URL: wired(logins.web, wires.postgres),
      DATABASE_WORKER_URL: wired(logins.worker, wires.postgres),
      DATABASE_RO_URL: wired(logins.ro, wires.postgres),
      // a second provider takes the calls; the language model stays the sandbox's
      ...(provider === "stub"
        ? {
            SANDBOX_URL: here.sandboxUrl,
            BOLNA_API_URL: wired(here.#stubUrl, wires.provider),
            BOLNA_API_KEY: STUB_KEY,
          }
        : { SANDBOX_URL: wired(here.sandboxUrl, wires.provider) }),
      DEFAULT_RULE_SET: "rehearsal",
      PUBLIC_URL: here.url,
      ...env,
    };
    const server = (name: "http" | "worker", n: number, own: Env, isAtWork: Probe, port = 0) => {
      const start = () => ({
        app: "server",
        preload,
        log: log(`${name}${n}`),
        env: { ...shared, ...own, ...envOfStart(name) },
      });
      const kept = new Kept(name, () => Program.start(name, start()), isAtWork, port);
      here.#kept.push(kept);
      return kept;
    };
    const sandbox = {
      ...agreed,
      SANDBOX_PORT: String(ports.sandbox),
      SANDBOX_DIR: join(home, "sandbox"),
      SANDBOX_PUBLIC_URL: shared.SANDBOX_URL,
      ...(provider === "sandbox" ? { PARLEY_URL: here.url } : {}),
      LOG_LEVEL: "warn",
    };
    here.#kept.push(
      new Kept(
        "sandbox",
        () => Program.start("sandbox", { app: "sandbox", env: sandbox, log: log("sandbox") }),
        () => answers(`${here.sandboxUrl}/healthz`),
      ),
    );
    const stub = { STUB_PORT: String(ports.stub), STUB_KEY, STUB_BOOK: join(home, "stub-book.jsonl") };
    if (provider === "stub")
      here.#kept.push(
        new Kept(
          "stub",
          () => Program.start("stub", { app: "chaos/stub/main.ts", env: stub, log: log("stub") }),
          () => answers(`${here.#stubUrl}/healthz`),
        ),
      );
    for (let n = 0; n < https; n++) {
      const port = await freePort();
      const own = { PARLEY_ROLE: "http", PORT: String(port) };
      ready.push(server("http", n, own, () => answers(`http://127.0.0.1:${port}/readyz`), port));
    }
    for (let n = 0; n < workers; n++)
      server(
        "worker",
        n,
        { PARLEY_ROLE: "worker" },
        async ({ pid }) =>
          (await here.glance("select 1 from worker_pools where process = $1", [`${hostname()} ${pid}`])) !==
          undefined,
      );
    if (!(await here.recovered(60_000))) {
      const left = await here.close({ keep: true });
      throw new Error(`The installation did not come up. Its logs are in ${left}.`);
    }
    return here;
  }

  /** The door: whichever process for requests is ready answers there. */
  get url(): string {
    return `http://127.0.0.1:${this.#door.port}`;
  }

  /** A question to the database that survives its deaths. */
  async ask<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    for (let tries = 0; ; tries++) {
      try {
        return (await this.#pool.query<Row>(text, values)).rows;
      } catch (error) {
        const isGone = !(error instanceof pg.DatabaseError) || /^(57P|08)/.test(error.code ?? "");
        if (!isGone || tries > 600) throw error;
        await pause(100);
      }
    }
  }

  /** One look without patience: undefined while the database is away. */
  async glance<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
  ): Promise<Row | undefined> {
    return this.#pool.query<Row>(text, values).then(
      ({ rows }) => rows[0],
      () => undefined,
    );
  }

  /** Asks or tells the sandbox; while it is being started again, once more. */
  async sandbox<T>(path: string, body?: unknown): Promise<T> {
    const request: RequestInit =
      body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    for (let tries = 0; ; tries++) {
      const answer = await fetch(`${this.sandboxUrl}/sandbox${path}`, request).catch(() => null);
      if (answer?.ok) return (await answer.json()) as T;
      if (answer && answer.status < 500)
        throw new Error(`The sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
      if (tries > 300) throw new Error(`The sandbox does not answer ${path}.`);
      await pause(100);
    }
  }

  /** The truth of the provider that plays. */
  async truth(): Promise<Truth> {
    if (this.provider === "sandbox") return this.sandbox<Truth>("/truth");
    const { dialled, most } = await this.#book();
    return {
      rings: dialled.map(({ number, when, id, sent }) => ({
        to: number,
        at: when,
        executionId: id,
        userData: sent,
      })),
      peaks: { system: most.all, byAgent: most.perAgent },
    };
  }

  /** Events that the provider has still to deliver. */
  async eventsOnTheirWay(): Promise<number> {
    if (this.provider === "stub") return (await this.#book()).posting;
    const { webhooks } = await this.sandbox<{ webhooks: { pending: number } }>("/truth/count");
    return webhooks.pending;
  }

  async #book(): Promise<Book> {
    return (await (await fetch(`${this.#stubUrl}/book`)).json()) as Book;
  }

  /** now = base + (wall clock − wall) × scale, as Parley and the sandbox know it. */
  async clock(): Promise<{ base: string; wall: string; scale: number }> {
    const [reading] = await this.ask<{ base: string; wall: string; scale: number }>(
      "select clock_base as base, clock_wall as wall, clock_scale as scale from system_settings",
    );
    return reading!;
  }

  /** Resolves once every program is at work, or after `withinMs`; says which. */
  async recovered(withinMs = 20_000): Promise<boolean> {
    const until = Date.now() + withinMs;
    while (Date.now() < until) {
      if (this.#kept.every(({ isReady }) => isReady)) return true;
      await pause(25);
    }
    return false;
  }

  /** Some program of these kinds that is alive and at work, or null while there is none. */
  someAtWork(kinds: readonly Victim[], random: () => number): Kept | null {
    const atWork = this.#kept.filter(({ name, isReady }) => isReady && isOneOf(name, kinds));
    return atWork[Math.floor(random() * atWork.length)] ?? null;
  }

  shareAtWork(kinds: readonly Victim[]): number {
    const all = this.#kept.filter(({ name }) => isOneOf(name, kinds));
    return all.filter(({ isReady }) => isReady).length / Math.max(1, all.length);
  }

  /** Every program of these kinds, so that its next start has another environment. */
  async startAnew(kinds: readonly Victim[]): Promise<void> {
    await Promise.all(this.#kept.filter(({ name }) => isOneOf(name, kinds)).map((kept) => kept.kill()));
  }

  /** Resolves when Postgres answers again. */
  endPostgres(how: PostgresEnd): Promise<void> {
    return this.#postgres.endAndRestart(how);
  }

  /** Ends everything; `keep` leaves logs, database and the sandbox's journal behind, and says where. */
  async close({ keep = false } = {}): Promise<string | null> {
    await Promise.all(this.#kept.map((kept) => kept.close()));
    for (const wire of [this.#door, this.wires.postgres, this.wires.provider]) wire.close();
    await this.#pool.end();
    await this.#postgres.stop();
    const kept = join(tmpdir(), `parley-chaos-${process.pid}-${Date.now()}`);
    if (keep) renameSync(this.#home, kept);
    else rmSync(this.#home, { recursive: true, force: true });
    return keep ? kept : null;
  }
}

/** The same address by way of a wire. */
function byWayOf(url: string, wire: Wire): string {
  const other = new URL(url);
  other.port = String(wire.port);
  return other.href.replace(/\/$/, "");
}

const STUB_KEY = "bn-stub";

/** What the stub wrote down, in its own words. */
type Book = {
  dialled: { number: string; when: string; id: string; sent: Record<string, unknown> | null }[];
  most: { all: number; perAgent: Record<string, number> };
  posting: number;
};

type Probe = (program: Program) => Promise<boolean>;

const isOneOf = (name: ProgramName, kinds: readonly Victim[]) => kinds.some((kind) => kind === name);

const PROBE_MS = 40;

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

/** A program that is started again whenever it ends, until nobody wants it any more. */
export class Kept {
  readonly name: ProgramName;
  /** Where it listens; 0 if nowhere. */
  readonly port: number;
  current: Program;
  /** Alive, and at work since its last start. */
  isReady = false;
  #wanted = true;
  readonly #start: () => Program;
  readonly #isAtWork: Probe;

  constructor(name: ProgramName, start: () => Program, isAtWork: Probe, port = 0) {
    this.name = name;
    this.port = port;
    this.#start = start;
    this.#isAtWork = isAtWork;
    this.current = this.#begin();
  }

  #begin(): Program {
    const began = Date.now();
    const program = this.#start();
    void this.#untilAtWork(program);
    void program.gone.then(async () => {
      this.isReady = false;
      // one that falls at once (no database yet) is not hurried
      await pause(Date.now() - began < 2_000 ? 300 : 30);
      if (this.#wanted) this.current = this.#begin();
    });
    return program;
  }

  async #untilAtWork(program: Program): Promise<void> {
    while (program.running) {
      if ((await this.#isAtWork(program)) && program.running) {
        this.isReady = true;
        return;
      }
      await pause(PROBE_MS);
    }
  }

  /** Without notice; false if it had just gone by itself. */
  async kill(): Promise<boolean> {
    const wasThere = this.current.running;
    this.isReady = false;
    await this.current.kill();
    return wasThere;
  }

  async close(): Promise<void> {
    this.#wanted = false;
    const insist = setTimeout(() => void this.current.kill(), 5_000);
    await this.current.kill("SIGTERM");
    clearTimeout(insist);
  }
}

/** Several workers, and what killed ones have not let go yet. */
const CONNECTIONS = 500;

/** An embedded Postgres that can be shot and comes back on the same port. */
class Database {
  readonly #dir: string;
  readonly #password: string;
  #server: Embedded;

  private constructor(dir: string, password: string, server: Embedded) {
    this.#dir = dir;
    this.#password = password;
    this.#server = server;
  }

  static async create(dir: string): Promise<Database> {
    const password = newKey();
    return new Database(dir, password, await startEmbedded({ dir, password, connections: CONNECTIONS }));
  }

  get superUrl(): string {
    return withLogin(this.#server.superUrl, "postgres", this.#password);
  }

  get port(): number {
    return this.#server.port;
  }

  async endAndRestart(how: PostgresEnd): Promise<void> {
    const { port } = this.#server;
    const postmaster = Number(readFileSync(join(this.#dir, "postmaster.pid"), "utf8").split("\n", 1)[0]);
    process.kill(postmaster, how);
    // Its children hold the shared memory for a moment longer, and a new postmaster refuses to start beside them.
    for (let tries = 0; ; tries++) {
      await pause(100);
      try {
        const server = await startEmbedded({
          dir: this.#dir,
          password: this.#password,
          port,
          connections: CONNECTIONS,
        });
        if (server.port === port) {
          this.#server = server;
          return;
        }
        await server.stop();
      } catch (error) {
        if (tries > 100) throw error;
      }
    }
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
