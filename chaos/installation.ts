import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
    // Named and marked like the clusters of tests: what a killed run leaves behind, the next test run puts away.
    const home = mkdtempSync(join(tmpdir(), "parley-test-chaos-"));
    writeFileSync(join(home, "pid"), String(process.pid));
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

  /** Resolves once every program is at work again, or after `withinMs`. */
  async recovered(withinMs = 20_000): Promise<boolean> {
    const until = Date.now() + withinMs;
    while (Date.now() < until) {
      const up = await Promise.all(this.#kept.map((kept) => this.#isAtWork(kept)));
      if (up.every(Boolean)) return true;
      await pause(50);
    }
    return false;
  }

  async #isAtWork({ name, current }: Kept): Promise<boolean> {
    if (!current.running) return false;
    if (name === "worker")
      return (
        (await this.glance(`select 1 from worker_pools where process like '% ${current.process.pid}'`)) !==
        undefined
      );
    const url = name === "sandbox" ? `${this.sandboxUrl}/healthz` : `${this.url}/readyz`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
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

  /** Ends everything and returns where the logs are, if somebody should look at them. */
  async close({ keepLogs = false } = {}): Promise<string | null> {
    await Promise.all(this.#kept.map((kept) => kept.close()));
    await this.#pool.end();
    await this.#postgres.stop();
    const kept = join(tmpdir(), `parley-chaos-logs-${process.pid}-${Date.now()}`);
    if (keepLogs) renameSync(join(this.#home, "logs"), kept);
    rmSync(this.#home, { recursive: true, force: true });
    return keepLogs ? kept : null;
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
