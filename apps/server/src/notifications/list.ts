import type * as z from "zod";
import { Id } from "@parley/core/fields";
import type { Notification, notificationsProcedures } from "@parley/core/notifications/schema";
import { param, row, rows, sql, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";

type Input = z.output<(typeof notificationsProcedures)["list"]["input"]>;

/** In-app notices, latest first, and how many are unread. */
export async function listNotifications({ db }: Ctx, input: Input) {
  const before = cursorOf(input, Id);
  return db.tx(async (tx) => {
    const found = await rows<Notification>(
      tx,
      sql`select id, kind, title, body, link, created_at as "createdAt", read_at as "readAt"
        from notifications
        where user_id = app.user_id()
          and (${param(before)}::uuid is null or id < ${param(before)}::uuid)
          and (${param(input.unread ?? false)}::boolean is false or read_at is null)
        order by id desc
        limit ${param(fetchLimit(input))}`,
    );
    const page = pageOf(
      found,
      input,
      ({ id }) => id,
      (notice) => notice,
    );
    return { ...page, unread: await unread(tx) };
  });
}

export async function unread(tx: Tx): Promise<number> {
  const { count } = await row<{ count: number }>(
    tx,
    sql`select count(*)::int as count from notifications where user_id = app.user_id() and read_at is null`,
  );
  return count;
}
