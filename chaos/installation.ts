import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { freePort, startEmbedded, type Embedded } from "@parley/db/embedded";
import { migrate } from "@parley/db/migrate";
import { inDatabase, ownedDatabase } from "@parley/db/owner";
import { createPool } from "@parley/db";
import { ensureLogins, withLogin } from "@parley/db/roles";
import { newKey } from "@parley/db/secrets";
import { agreedEnv, Program, type Env } from "./programs.ts";

export type Victim = "http" | "worker" | "sandbox" | "postgres";

/**
 * A whole Parley of its own: Postgres that keeps its promises (fsync on), sandbox, one process for requests and some
 * for jobs. Whatever dies is started again, as the supervisor of a real installation would do it.
 */
export class Installation {
  readonly url: string;
  readonly sandboxUrl: string;
  /** Sees every row. Breaks when Postgres is killed: use `ask`. */
  readonly #pool: pg.Pool;
  readonly #home: string;
  readonly #postgres: Database;
  readonly #kept: Kept[] = [];

  private constructor(
    home: string,
    postgres: Database,
    pool: pg.Pool,
    ports: { http: number; sandbox: number },
  ) {
    this.#home = home;
    this.#postgres = postgres;
    this.#pool = pool;
    this.url = `http://127.0.0.1:${ports.http}`;
    this.sandboxUrl = `http://127.0.0.1:${ports.sandbox}`;
  }

  static async open({ workers, env }: { workers: number; env: Env }): Promise<Installation> {
    const home = mkdtempSync(join(tmpdir(), "parley-chaos-"));
    chmodSync(home, 0o755);
    const logs = join(home, "logs");
    mkdirSync(logs);
    const postgres = await Database.create(join(home, "postgres"));
    const ownerUrl = await ownedDatabase(postgres.superUrl, "parley", newKey());
    await migrate(ownerUrl);
    const logins = await ensureLogins(ownerUrl, join(home, "secrets"), newKey());
    const pool = createPool({ url: inDatabase(postgres.superUrl, "parley"), name: "chaos", max: 4 });
    const ports = { http: await freePort(), sandbox: await freePort() };
    const here = new Installation(home, postgres, pool, ports);
    const shared = {
      ...agreedEnv(home, logins),
      SANDBOX_URL: here.sandboxUrl,
      PORT: String(ports.http),
      ...env,
    };
    const keep = (name: Victim, app: string, own: Env) =>
      here.#kept.push(
        new Kept(name, () =>
          Program.start(name, { app, env: { ...shared, ...own }, log: join(logs, `${name}.log`) }),
        ),
      );
    keep("sandbox", "sandbox", {
      SANDBOX_PORT: String(ports.sandbox),
      SANDBOX_DIR: join(home, "sandbox"),
      PARLEY_URL: here.url,
      LOG_LEVEL: "warn",
    });
    keep("http", "server", { PARLEY_ROLE: "http", PUBLIC_URL: here.url });
    for (let n = 0; n < workers; n++)
      keep("worker", "server", { PARLEY_ROLE: "worker", PUBLIC_URL: here.url });
    await here.#kept[0]!.current.answers(`${here.sandboxUrl}/healthz`);
    await here.#kept[1]!.current.answers(`${here.url}/readyz`);
    return here;
  }

  get logs(): string {
    return join(this.#home, "logs");
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
  async glance<Row extends pg.QueryResultRow>(text: string): Promise<Row | undefined> {
    return this.#pool.query<Row>(text).then(
      ({ rows }) => rows[0],
      () => undefined,
    );
  }

  async sandbox<T>(path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.sandboxUrl}/sandbox${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!answer.ok)
      throw new Error(`The sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Kills without notice. Programs come back by themselves at once, Postgres before this resolves. */
  async kill(victim: Victim, random: () => number): Promise<void> {
    if (victim === "postgres") return this.#postgres.killAndRestart();
    const candidates = this.#kept.filter(({ name }) => name === victim);
    await candidates[Math.floor(random() * candidates.length)]!.current.kill();
  }

  /** How often a program had to be started, beyond the first time. */
  restarts(victim: Victim): number {
    return this.#kept.filter(({ name }) => name === victim).reduce((sum, kept) => sum + kept.starts - 1, 0);
  }

  /** Ends everything. The files stay if somebody should look at them. */
  async close({ keepFiles = false } = {}): Promise<void> {
    await Promise.all(this.#kept.map((kept) => kept.close()));
    await this.#pool.end();
    await this.#postgres.stop();
    if (!keepFiles) rmSync(this.#home, { recursive: true, force: true });
  }
}

/** A program that is started again whenever it ends, until nobody wants it any more. */
class Kept {
  readonly name: Victim;
  current: Program;
  starts = 0;
  #wanted = true;
  readonly #start: () => Program;

  constructor(name: Victim, start: () => Program) {
    this.name = name;
    this.#start = start;
    this.current = this.#begin();
  }

  #begin(): Program {
    const began = Date.now();
    this.starts++;
    const program = this.#start();
    void program.gone.then(async () => {
      // one that falls at once (no database yet) is not hurried
      await pause(Date.now() - began < 2_000 ? 300 : 30);
      if (this.#wanted) this.current = this.#begin();
    });
    return program;
  }

  async close(): Promise<void> {
    this.#wanted = false;
    const insist = setTimeout(() => void this.current.kill(), 5_000);
    await this.current.kill("SIGTERM");
    clearTimeout(insist);
  }
}

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
    return new Database(dir, password, await startEmbedded({ dir, password }));
  }

  get superUrl(): string {
    return withLogin(this.#server.superUrl, "postgres", this.#password);
  }

  async killAndRestart(): Promise<void> {
    const { port } = this.#server;
    const postmaster = Number(readFileSync(join(this.#dir, "postmaster.pid"), "utf8").split("\n", 1)[0]);
    process.kill(postmaster, "SIGKILL");
    // Its children hold the shared memory for a moment longer, and a new postmaster refuses to start beside them.
    for (let tries = 0; ; tries++) {
      await pause(100);
      try {
        const server = await startEmbedded({ dir: this.#dir, password: this.#password, port });
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
