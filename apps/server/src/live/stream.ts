import { tracked } from "@trpc/server";
import { topics, type LiveChange, type Topic } from "@parley/core/live/schema";
import { param, row, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { begun, changeOf, resync, timeOf, type ChangeRow } from "./change.ts";
import type { LiveReader } from "./reader.ts";

type Input = { lastEventId?: string | null | undefined; topics?: Topic[] | undefined } | undefined;

/** More single rows than this waiting for one screen, and it hears of the topic instead. */
const PENDING_MAX = 200;

/** What one screen has still to be told, each row once, the latest last. */
export class Pending {
  readonly #changes = new Map<string, LiveChange>();
  readonly #wanted: ReadonlySet<Topic>;
  #wake = () => {};

  constructor(wanted: readonly Topic[] = topics) {
    this.#wanted = new Set([...wanted, "begun", "resync"]);
  }

  push = (change: LiveChange): void => {
    if (!this.#wanted.has(change.topic)) return;
    if (change.topic === "resync") this.#changes.clear();
    if (this.#changes.size >= PENDING_MAX) this.#fold();
    const key = `${change.topic} ${change.ref}`;
    this.#changes.delete(key);
    this.#changes.set(key, change);
    this.#wake();
  };

  take(): LiveChange[] {
    const all = [...this.#changes.values()];
    this.#changes.clear();
    return all;
  }

  /** Resolves when there is something, or at the end of `signal`. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#changes.size > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#wake = () => {};
  }

  #fold(): void {
    for (const change of this.take()) this.#changes.set(`${change.topic} `, { ...change, ref: "" });
  }
}

/** Changes of the workspace as they commit, from the last one seen on, as server-sent events. */
export async function* stream(ctx: Ctx & { live: LiveReader }, input: Input, signal: AbortSignal) {
  const pending = new Pending(input?.topics);
  const stop = await ctx.live.subscribe(ctx.user.id, pending);
  try {
    for (const change of await missed(ctx, input?.lastEventId ?? null)) pending.push(change);
    while (!signal.aborted) {
      await pending.filled(signal);
      for (const change of pending.take()) yield tracked(change.id, change);
    }
  } finally {
    stop();
  }
}

/** Ids and times are handed out before commit: what is told again reaches back further than any transaction lasts. */
const OVERLAP_MS = 60_000;
/** A screen asks for its figures and opens its stream; what changes in between is told. */
const HEADSTART_MS = 10_000;
/** Rows are kept ten minutes; a place nearly as old may have lost some. */
const KEPT_MS = 9 * 60_000;
const MISSED_MAX = 2_000;

/** What a screen has to hear first: everything since its place, or to start anew if that is not known any more. */
async function missed({ db, user }: Ctx, lastEventId: string | null): Promise<LiveChange[]> {
  return db.tx(async (tx) => {
    const { wall, started } = await row<{ wall: string; started: string }>(
      tx,
      sql`select app.wall() as wall, pg_postmaster_start_time() as started`,
    );
    const now = Date.parse(wall);
    const place = lastEventId === null ? now : timeOf(lastEventId);
    // The outbox is unlogged: a restart of the database may have emptied it.
    if (place === null || place < now - KEPT_MS || (lastEventId !== null && place < Date.parse(started)))
      return [resync(now)];
    const from = new Date(place - (lastEventId === null ? HEADSTART_MS : OVERLAP_MS)).toISOString();
    const found = await rows<ChangeRow>(
      tx,
      sql`select id, topic, ref, at from live_changes
        where user_id = ${param(user.id)} and at > ${param(from)}::timestamptz
        order by id
        limit ${param(MISSED_MAX)}`,
    );
    if (found.length === MISSED_MAX) return [resync(now)];
    return [begun(now), ...found.map(changeOf).filter((change) => change !== null)];
  });
}
