import type { WebhookRow } from "@parley/core/ops/schema";
import { Serial } from "@parley/core/fields";
import { notFound } from "@parley/core/errors";
import { param, row, rows, sql, type SQLFragment } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";

const BODY_SHOWN = 2_000;
/** So many are folded again by one request; the rest needs another. */
const REPLAY_MAX = 10_000;

export type WebhooksInput = PageInput & {
  status?: WebhookRow["status"] | undefined;
  callId?: string | undefined;
};

/** The journal as it came in, the latest first; the body's beginning as text, whatever bytes it holds. */
export async function listWebhooks(
  ctx: Ctx,
  input: WebhooksInput,
): Promise<{ items: WebhookRow[]; nextCursor: string | null }> {
  const after = cursorOf(input, Serial);
  const found = await ctx.db.tx((tx) =>
    rows<Omit<WebhookRow, "body"> & { head: Buffer | null }>(
      tx,
      sql`
      select id, status, source, received_at as "receivedAt", done_at as "doneAt", attempts, call_id as "callId", error,
        substring(body from 1 for ${param(BODY_SHOWN)}) as head
      from webhook_events
      where user_id = ${param(ctx.user.id)}
        and (${param(after)}::bigint is null or id < ${param(after)}::bigint)
        and (${param(input.status ?? null)}::text is null or status = ${param(input.status ?? null)}::text)
        and (${param(input.callId ?? null)}::uuid is null or call_id = ${param(input.callId ?? null)}::uuid)
      order by id desc
      limit ${param(fetchLimit(input))}`,
    ),
  );
  return pageOf(
    found,
    input,
    ({ id }) => id,
    ({ head, ...event }) => ({ ...event, body: head && head.toString("utf8").replaceAll("\u0000", "␀") }),
  );
}

/** Folds stored webhooks again: the same rows come out, or better ones where the reader was at fault. */
export async function replayWebhooks(
  ctx: Ctx,
  which: { id?: number | undefined; callId?: string | undefined; status?: "bad" | "parked" | undefined },
): Promise<{ replayed: number }> {
  return ctx.db.tx(async (tx) => {
    const { replayed } = await row<{ replayed: number }>(
      tx,
      sql`
      with again as (
        update webhook_events
        set status = 'pending', attempts = 0, error = null, next_at = app.wall(), done_at = null
        where id = any(array(
          select id from webhook_events
          where user_id = ${param(ctx.user.id)} and body is not null and ${meant(which)}
          order by id limit ${param(REPLAY_MAX)}))
        returning 1
      )
      select count(*) as replayed from again`,
    );
    if (replayed === 0 && which.status === undefined) throw notFound("webhook");
    await audit(ctx, tx, {
      action: "webhooks.replayed",
      entity: "webhook",
      entityId: String(which.id ?? which.callId ?? which.status),
    });
    if (replayed > 0) tx.wake("drain");
    return { replayed };
  });
}

function meant({ id, callId, status }: Parameters<typeof replayWebhooks>[1]): SQLFragment {
  if (id !== undefined) return sql`id = ${param(id)}`;
  if (callId !== undefined) return sql`call_id = ${param(callId)}`;
  return sql`status = ${param(status)}`;
}
