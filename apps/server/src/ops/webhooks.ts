import type { replayable, WebhookBody, WebhookRow } from "@parley/core/ops/schema";
import { Serial } from "@parley/core/fields";
import { notFound } from "@parley/core/errors";
import { param, row, rows, sql, type SQLFragment } from "@parley/db";
import { actingIn } from "../admin/operator.ts";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import type { RequestContext } from "../trpc.ts";

const BODY_SHOWN = 2_000;
/** So many are folded again by one request; the rest needs another. */
const REPLAY_MAX = 10_000;

type Period = { from?: string | undefined; to?: string | undefined };
export type WebhooksInput = PageInput &
  Period & {
    status?: WebhookRow["status"] | "unmatched" | undefined;
    callId?: string | undefined;
    search?: string | undefined;
  };

const facts = sql`id, status, source, received_at as "receivedAt", done_at as "doneAt", attempts, call_id as "callId", error`;

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
      select ${facts}, substring(body from 1 for ${param(BODY_SHOWN)}) as head
      from webhook_events
      where user_id = ${param(ctx.user.id)}
        and (${param(after)}::bigint is null or id < ${param(after)}::bigint)
        and ${inState(input.status)} and ${within(input)} and ${mentions(input.search)}
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

/** One stored webhook with its exact bytes. */
export async function getWebhook(ctx: Ctx, { id }: { id: number }): Promise<WebhookBody> {
  const { body, ...event } = await ctx.db.tx((tx) =>
    row<Omit<WebhookBody, "sizeBytes" | "bodyBase64"> & { body: Buffer | null }>(
      tx,
      sql`select ${facts}, body from webhook_events where user_id = ${param(ctx.user.id)} and id = ${param(id)}`,
      "There is no such webhook in this workspace.",
    ),
  );
  return { ...event, sizeBytes: body?.length ?? 0, bodyBase64: body && body.toString("base64") };
}

export type Which = Period & {
  id?: number | undefined;
  callId?: string | undefined;
  status?: (typeof replayable)[number] | undefined;
};

/** Folds stored webhooks again: the same rows come out, or better ones where the reader was at fault. */
export async function replayWebhooks(ctx: Ctx, which: Which): Promise<{ replayed: number }> {
  return ctx.db.tx(async (tx) => {
    const { replayed } = await row<{ replayed: number }>(
      tx,
      sql`
      with again as (
        update webhook_events
        set status = 'pending', attempts = 0, error = null, next_at = app.wall(), done_at = null
        where id = any(array(
          select id from webhook_events
          where user_id = ${param(ctx.user.id)} and body is not null and ${meant(which)} and ${within(which)}
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

/** The same over all workspaces, for the operator: in each under its own tenant, so that nothing is mixed. */
export async function replayEverywhere(
  ctx: RequestContext,
  which: Omit<Which, "callId">,
): Promise<{ replayed: number; workspaces: number }> {
  const found = await rows<{ user_id: string }>(
    ctx.parts.db.ro,
    sql`
    select distinct user_id from webhook_events
    where ${which.id === undefined ? inState(which.status) : sql`id = ${param(which.id)}`} and ${within(which)}`,
  );
  if (found.length === 0 && which.id !== undefined) throw notFound("webhook");
  let replayed = 0;
  for (const { user_id } of found) replayed += (await replayWebhooks(actingIn(ctx, user_id), which)).replayed;
  return { replayed, workspaces: found.length };
}

function meant({ id, callId, status }: Which): SQLFragment {
  if (id !== undefined) return sql`id = ${param(id)}`;
  if (callId !== undefined) return sql`call_id = ${param(callId)}`;
  return inState(status);
}

/** A webhook that was read and belongs to no call of ours has no state of its own. */
function inState(status: WebhooksInput["status"]): SQLFragment {
  if (status === undefined) return sql`true`;
  if (status === "unmatched") return sql`(status = 'done' and call_id is null)`;
  return sql`status = ${param(status)}`;
}

const within = ({ from, to }: Period): SQLFragment => sql`
  received_at >= coalesce(${param(from ?? null)}::timestamptz, '-infinity')
  and received_at < coalesce(${param(to ?? null)}::timestamptz, 'infinity')`;

/** In bytes: a body need not be text. */
const mentions = (search: string | undefined): SQLFragment =>
  search
    ? sql`(position(convert_to(${param(search)}, 'UTF8') in coalesce(body, '')) > 0
        or position(lower(${param(search)}) in lower(coalesce(error, ''))) > 0 or id::text = ${param(search)})`
    : sql`true`;
