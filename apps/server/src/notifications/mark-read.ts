import { param, rows, sql, touch } from "@parley/db";
import type { Ctx } from "../context.ts";
import { unread } from "./list.ts";

/** Marks the named notices read, or all of them. */
export async function markRead(
  { db }: Ctx,
  { ids }: { ids?: string[] | undefined },
): Promise<{ unread: number }> {
  return db.tx(async (tx) => {
    const marked = await rows(
      tx,
      sql`update notifications set read_at = app.now()
        where user_id = app.user_id() and read_at is null
          and (${param(ids ?? null)}::uuid[] is null or id = any(${param(ids ?? null)}::uuid[]))
        returning id`,
    );
    if (marked.length > 0) await touch(tx, "notifications");
    return { unread: await unread(tx) };
  });
}
