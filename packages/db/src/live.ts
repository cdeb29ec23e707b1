import type { Queryable, Tx } from "./tx.ts";

/** The channel on which every process hears that `live_changes` has grown. */
export const LIVE_CHANNEL = "live";

/**
 * Tells the tenant's open screens that something changed: a row in `live_changes` now, one ring after commit.
 * `ref` is an id, or empty when the whole topic is meant.
 */
export async function touch(tx: Tx, topic: string, ref = ""): Promise<void> {
  await tx.query("insert into live_changes (user_id, topic, ref) values ($1, $2, $3)", [
    tx.userId,
    topic,
    ref,
  ]);
  tx.ringScreens();
}

/** The same for many changes, each told once. */
export async function touchAll(tx: Tx, changes: readonly { topic: string; ref: string }[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.query(
    "insert into live_changes (user_id, topic, ref) select distinct $1::uuid, c.topic, c.ref from unnest($2::text[], $3::text[]) c (topic, ref)",
    [tx.userId, changes.map(({ topic }) => topic), changes.map(({ ref }) => ref)],
  );
  tx.ringScreens();
}

/** One empty notification; the readers find the rows themselves. */
export const ringScreens = (on: Queryable) => on.query("select pg_notify($1, '')", [LIVE_CHANNEL]);
