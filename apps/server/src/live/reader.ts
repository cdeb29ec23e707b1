import pg from "pg";
import { param, row, rows, sql, LIVE_CHANNEL, type Db } from "@parley/db";
import type { LiveChange } from "@parley/core/live/schema";
import type { Config } from "../config.ts";
import { causeOf, type Logger } from "../log.ts";
import { changeOf, resync, type ChangeRow } from "./change.ts";

type Row = ChangeRow & { user_id: string; snapshot_xmin: string };
type Subscriber = { push(change: LiveChange): void };
type Reading = { stop(): void; isStopping(): boolean; done: Promise<void> };

/** The most rows one look takes; more than that and screens start anew. */
const BATCH = 10_000;
/** Ids remembered against being sent twice: rows of transactions still open at the last look are read again. */
const REMEMBERED = 20_000;
const RETRY_MS = 1_000;
/** Without a direct connection there is nothing to listen on. With one, a lost ring is made good this often. */
const POLL_MS = 1_000;
const CHECK_MS = 10_000;

/**
 * Hands changes to the screens that are open in this process. One reader for all of them, and only while there are
 * any: it listens on one connection and reads `live_changes` once per ring.
 */
export class LiveReader {
  readonly #db: Db;
  readonly #listenUrl: string | undefined;
  readonly #log: Logger;
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  #running: Reading | undefined;
  #closed = false;

  constructor({ db, config, log }: { db: { web: Db }; config: Pick<Config, "database">; log: Logger }) {
    this.#db = db.web;
    this.#listenUrl = config.database.listenUrl;
    this.#log = log;
  }

  /** Screens listening now. */
  get size(): number {
    return [...this.#subscribers.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Calls `push` for every change of a tenant from now on. Resolves once nothing can be missed; returns how to stop. */
  async subscribe(userId: string, subscriber: Subscriber): Promise<() => void> {
    const mine = this.#subscribers.get(userId) ?? new Set();
    this.#subscribers.set(userId, mine.add(subscriber));
    // One that was told to stop reads no more: whoever comes while it leaves waits for the next.
    while (this.#running?.isStopping()) await this.#running.done;
    this.#running ??= this.#run();
    await this.#begun;
    return () => {
      mine.delete(subscriber);
      if (mine.size === 0) this.#subscribers.delete(userId);
      if (this.#subscribers.size === 0) this.#running?.stop();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#running?.stop();
    await this.#running?.done;
  }

  #begun: Promise<void> = Promise.resolve();

  #run(): Reading {
    const stopping = new AbortController();
    let begin = () => {};
    this.#begun = new Promise((resolve) => (begin = resolve));
    const done = (async () => {
      let again = false;
      while (!stopping.signal.aborted) {
        try {
          await this.#read(stopping.signal, () => {
            if (again) this.#resyncAll();
            again = true;
            begin();
          });
        } catch (error) {
          if (stopping.signal.aborted) break;
          begin();
          this.#log.warn({ err: causeOf(error) }, "Live changes: connection lost, trying again");
          await pause(RETRY_MS, stopping.signal);
        }
      }
      this.#running = undefined;
      // Somebody came while the last one left.
      if (this.#subscribers.size > 0 && !this.#closed) this.#running = this.#run();
    })();
    return { stop: () => stopping.abort(), isStopping: () => stopping.signal.aborted, done };
  }

  async #read(stopping: AbortSignal, onReady: () => void): Promise<void> {
    const bell = new Bell();
    stopping.addEventListener("abort", () => bell.ring(), { once: true });
    const listener = this.#listenUrl ? await listen(this.#listenUrl, bell) : null;
    try {
      let { xmin } = await row<{ xmin: string }>(this.#db.pool, sql`select app.live_horizon()::text as xmin`);
      const sent = new Set<number>();
      onReady();
      while (!stopping.aborted) {
        await bell.rung(listener ? CHECK_MS : POLL_MS);
        if (stopping.aborted) return;
        if (bell.broken) throw bell.broken;
        const found = await rows<Row>(
          this.#db.pool,
          sql`select id, user_id, topic, ref, at, snapshot_xmin::text from app.live_since(${param(xmin)}::xid8)`,
        );
        if (found.length === 0) continue;
        xmin = found[0]!.snapshot_xmin;
        if (found.length >= BATCH) this.#resyncAll();
        else for (const change of found) if (!sent.has(change.id)) this.#hand(change);
        for (const { id } of found) sent.add(id);
        for (const id of sent) {
          if (sent.size <= REMEMBERED) break;
          sent.delete(id);
        }
      }
    } finally {
      await listener?.end().catch(() => {});
    }
  }

  #hand(written: Row): void {
    const mine = this.#subscribers.get(written.user_id);
    const change = mine && changeOf(written);
    if (change) for (const subscriber of mine) subscriber.push(change);
  }

  #resyncAll(): void {
    for (const mine of this.#subscribers.values())
      for (const subscriber of mine) subscriber.push(resync(Date.now()));
  }
}

/** Rings are counted as one until somebody has looked. */
class Bell {
  broken: Error | undefined;
  #rung = false;
  #wake = () => {};

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  fail(error: Error): void {
    this.broken = error;
    this.ring();
  }

  async rung(atLatestMs: number): Promise<void> {
    if (!this.#rung)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, atLatestMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#rung = false;
    this.#wake = () => {};
  }
}

async function listen(url: string, bell: Bell): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "parley live", keepAlive: true });
  client.on("error", (error) => bell.fail(error));
  client.on("end", () => bell.fail(new Error("The connection for live changes has ended.")));
  client.on("notification", () => bell.ring());
  await client.connect();
  await client.query(`listen ${LIVE_CHANNEL}`);
  return client;
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
