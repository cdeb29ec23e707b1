import { tracked } from "@trpc/server";
import { topics, type LiveChange, type Topic } from "@parley/core/live/schema";
import { param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
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
    this.#wanted = new Set([...wanted, "resync"]);
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
    if (input?.lastEventId) for (const change of await missed(ctx, input.lastEventId)) pending.push(change);
    while (!signal.aborted) {
      await pending.filled(signal);
      for (const change of pending.take()) yield tracked(change.id, change);
    }
  } finally {
    stop();
  }
}

/**
 * Everything since an event. Ids are handed out before commit, so a lower one may have become visible later: the
 * minute before it, longer than any transaction lasts, is told again. An event no longer kept means starting anew.
 */
async function missed({ db, user }: Ctx, lastEventId: string): Promise<LiveChange[]> {
  const resync: LiveChange = { id: "0", topic: "resync", ref: "" };
  if (!/^[1-9]\d{0,17}$/.test(lastEventId)) return [resync];
  const found = await db.tx((tx) =>
    rows<LiveChange & { isLast: boolean }>(
      tx,
      sql`with last as (
          select id, at from live_changes where user_id = ${param(user.id)} and id = ${param(lastEventId)}::bigint
        )
        select c.id::text as id, c.topic, c.ref, c.id = l.id as "isLast"
        from last l join live_changes c on c.user_id = ${param(user.id)} and c.at > l.at - interval '60 seconds' or c.id = l.id
        order by c.id
        limit 2000`,
    ),
  );
  if (found.length === 0 || found.length === 2000) return [resync];
  return found
    .filter(({ isLast, topic }) => !isLast && topics.includes(topic))
    .map(({ id, topic, ref }) => ({ id, topic, ref }));
}
