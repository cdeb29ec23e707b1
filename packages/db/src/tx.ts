import type pg from "pg";
import { createPool, type PoolOptions } from "./pool.ts";
import { Doorbell } from "./doorbell.ts";
import { ringWorkers, type Wake } from "./jobs.ts";
import { ringScreens } from "./live.ts";

export type Query = {
  text: string;
  values?: unknown[];
  /** Parsed under this name, once for each connection (`prepared`). */
  name?: string;
};

/** Whatever can run a statement: a transaction, or a pool for a lone read outside the tenants' tables. */
export interface Queryable {
  query<R extends pg.QueryResultRow = any>(
    query: string | Query,
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
}

/** An open transaction. It never outlives the function that `db.tx` handed it to. */
export interface Tx extends Queryable {
  /** The raw connection, for COPY streams and cursors. */
  readonly client: pg.PoolClient;
  /** The tenant whose rows are visible; null sees no tenant's rows. */
  readonly userId: string | null;
  /** Runs once this transaction has committed, and never if it rolled back. */
  afterCommit(run: () => void): void;
  /** Rings the workers after commit. */
  wake(kind: Wake): void;
  /** Rings the screens after commit. */
  ringScreens(): void;
}

export type DbOptions = PoolOptions & {
  /** Whether each connection leads to one server process for good, as none does behind a pooler: then statements may be kept. */
  direct?: boolean;
  /** A ring that could not be delivered; the sweeper and the heartbeat find the work anyway. */
  onRingFailed?: (error: unknown) => void;
};

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** One login's way into the database: a pool, transactions on it, and this process's doorbells. */
export class Db {
  readonly pool: pg.Pool;
  readonly #workers: Doorbell<Wake>;
  readonly #screens: Doorbell<"live">;
  readonly #answers = new Map<Wake, () => void>();
  readonly #direct: boolean;

  constructor(options: DbOptions) {
    this.pool = createPool(options);
    this.#direct = options.direct ?? false;
    const onError = options.onRingFailed ?? options.onError;
    this.#workers = new Doorbell(20, (kinds) => ringWorkers(this.pool, kinds), onError);
    this.#screens = new Doorbell(50, () => ringScreens(this.pool), onError);
  }

  /** A transaction that sees and writes the rows of one tenant. Commits when `fn` resolves, else rolls back. */
  tx<T>(userId: string, fn: (tx: Tx) => Promise<T>): Promise<T> {
    if (!UUID.test(userId)) throw new TypeError(`db.tx needs a tenant's uuid, got ${JSON.stringify(userId)}`);
    return this.#run(userId, fn);
  }

  /** A transaction without a tenant: tables outside row-level security and definer functions only. */
  txWithoutTenant<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#run(null, fn);
  }

  /** Rings the workers outside any transaction. */
  wake(kind: Wake): void {
    const answer = this.#answers.get(kind);
    if (answer) answer();
    else this.#workers.ring(kind);
  }

  /** From now on this process answers rings of a kind itself, without a job. Returns how to leave them to jobs again. */
  answer(kind: Wake, run: () => void): () => void {
    this.#answers.set(kind, run);
    return () => void this.#answers.delete(kind);
  }

  /** Rings the screens outside any transaction. */
  ringScreens(): void {
    this.#screens.ring("live");
  }

  /** Delivers outstanding rings, then closes the pool. */
  async end(): Promise<void> {
    await Promise.all([this.#workers.close(), this.#screens.close()]);
    await this.pool.end();
  }

  async #run<T>(userId: string | null, fn: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    const committed: (() => void)[] = [];
    let over = false;
    const tx: Tx = {
      client,
      userId,
      query: async (query: string | Query, values?: unknown[]) => {
        // The connection may carry another tenant by now.
        if (over) throw new Error("This transaction is over. A query was made in it that nobody awaited.");
        const { name, ...plain } = typeof query === "string" ? { text: query, values } : query;
        return client.query(name && this.#direct ? { name, ...plain } : plain) as never;
      },
      afterCommit: (run) => void committed.push(run),
      wake: (kind) => void committed.push(() => this.wake(kind)),
      ringScreens: () => void committed.push(() => this.ringScreens()),
    };
    let broken: Error | undefined;
    let result: T;
    try {
      // One round trip; the tenant is part of the text because a parameter would need a second one (UUID checked).
      await client.query(`begin; select set_config('app.user_id', '${userId ?? ""}', true)`);
      result = await fn(tx);
      over = true;
      const { command } = await client.query("commit");
      // Postgres answers ROLLBACK to the commit of a transaction in which a swallowed statement failed.
      if (command !== "COMMIT")
        throw new Error("The transaction was rolled back: a statement in it had failed.");
    } catch (error) {
      await client.query("rollback").catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      over = true;
      client.release(broken);
    }
    for (const run of committed) run();
    return result;
  }
}
