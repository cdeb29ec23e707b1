import { enqueue, maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { CallRow } from "./row.ts";

export type Withdrawal = {
  /** Why no phone rang, as a code of core/reasons. */
  reason: string;
  /** When the item is due again (domain time); absent = now. */
  dueAt?: string | null;
  /** The item will never be dialled: skip it with this reason. */
  skip?: string;
  /** The person asked for it: the item is canceled. */
  cancel?: boolean;
};

/**
 * Ends a locked call of which it is certain that nothing rang: line and hold are free, no attempt is burned, and the
 * item is due again, skipped or canceled. Under `lockInOrder`; then account, people who waited, item, lane.
 */
export async function withdraw(tx: Tx, call: CallRow, its: Withdrawal): Promise<void> {
  await rows(
    tx,
    sql`
    with ended as (
      update calls
      set status = 'not-placed', reason = ${param(its.reason)}, ended_at = app.now(), final_at = app.now(), settled_at = app.now(),
        price_credits = 0, lease_until = null, next_poll_at = null, ended_by = null
      where user_id = ${param(call.user_id)} and id = ${param(call.id)}
    )
    insert into call_events (user_id, call_id, status, provider_at, source, note)
    values (${param(call.user_id)}, ${param(call.id)}, 'not-placed', app.now(), 'system', ${param(its.reason)})`,
  );
  await tx.query("select app.line_freed($1, $2)", [call.user_id, call.phone_number]);
  await tx.query("select app.wake_tenant($1, array['credits', 'budget'])", [call.user_id]);
  // After the account's lock, never before it: a pause holds the account while it waits for lanes.
  if (call.queue_id)
    await itemBack(tx, call.queue_id, { ...its, cancel: its.cancel || (await isOver(tx, call)) });
  await touch(tx, "calls", call.id);
  if (call.campaign_id) await touch(tx, "campaigns", call.campaign_id);
  tx.wake("dispatch");
}

/** Nobody takes an item of an ended campaign up again. The caller holds the campaign's row. */
async function isOver(tx: Tx, call: CallRow): Promise<boolean> {
  const campaign = await maybeRow<{ status: string }>(
    tx,
    sql`select status from call_campaigns where user_id = ${param(call.user_id)} and id = ${param(call.campaign_id)}`,
  );
  return campaign?.status === "canceled" || campaign?.status === "completed";
}

async function itemBack(tx: Tx, itemId: string, its: Withdrawal): Promise<void> {
  const closed = its.skip ? "skipped" : its.cancel ? "canceled" : null;
  const item = await maybeRow<{ campaign_id: string | null; due_at: string }>(
    tx,
    closed
      ? sql`
        update call_queue
        set status = ${param(closed)}, skip_reason = ${param(its.skip ?? null)}, wait_reason = null, attempts = greatest(attempts - 1, 0), closed_at = app.now()
        where id = ${param(itemId)} and status = 'in_progress'
        returning campaign_id, due_at`
      : sql`
        update call_queue
        set status = 'pending', wait_reason = ${param(its.reason)}, due_at = coalesce(${param(its.dueAt ?? null)}::timestamptz, app.now()),
          attempts = greatest(attempts - 1, 0)
        where id = ${param(itemId)} and status = 'in_progress'
          -- an earlier attempt that showed itself late is still to decide
          and not exists (select 1 from calls c where c.queue_id = call_queue.id and c.final_at is null)
        returning campaign_id, due_at`,
  );
  if (!item) return;
  if (!closed) await tx.query("select app.item_due($1, $2, $3)", [tx.userId, itemId, item.due_at]);
  else if (item.campaign_id)
    await enqueue(tx, "campaigns/finish", { userId: tx.userId!, campaignId: item.campaign_id });
}

/** The provider said no to this call for good: a failed attempt that costs nothing. */
export async function refuse(tx: Tx, call: CallRow, reason: string): Promise<void> {
  await row(
    tx,
    sql`
    with ended as (
      update calls
      set status = 'failed', outcome = 'failed', reason = ${param(reason)}, ended_at = app.now(), ended_by = 'provider', final_at = app.now(),
        settled_at = app.now(), price_credits = 0, talk_seconds = 0, lease_until = null, next_poll_at = null,
        stages = stages || jsonb_build_object('failed', app.now())
      where user_id = ${param(call.user_id)} and id = ${param(call.id)}
    )
    insert into call_events (user_id, call_id, status, provider_at, source, note)
    values (${param(call.user_id)}, ${param(call.id)}, 'failed', app.now(), 'place', ${param(reason)})
    returning id`,
  );
  await tx.query("select app.line_freed($1, $2)", [call.user_id, call.phone_number]);
  await tx.query("select app.wake_tenant($1, array['credits', 'budget'])", [call.user_id]);
  if (call.queue_id)
    await enqueue(tx, "campaigns/settle_item", { userId: call.user_id, itemId: call.queue_id });
  await touch(tx, "calls", call.id);
  if (call.campaign_id) await touch(tx, "campaigns", call.campaign_id);
  tx.wake("dispatch");
}
