import { defaultRetry } from "@parley/core/campaigns/retry";
import { maybeRow, enqueue, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { campaignOf, holdPerCall, type CampaignRecord } from "./row.ts";

type Kept = {
  id: string;
  status: "open" | "done" | "canceled";
  contact_id: string;
  due_at: string | null;
  agent_calls: boolean;
  item_id: string | null;
  assignee_id: string | null;
  created_by: string | null;
  call_id: string | null;
};

/** The job: the queue follows what the task says by now. */
export const queueCallback = (ctx: Ctx, { taskId }: { taskId: string }): Promise<void> =>
  ctx.db.tx((tx) => keepCallback(tx, taskId));

/**
 * Brings the queue in line with a task: an agreed time that the agent keeps has one item of the kind `callback`, due at
 * that time; a task that is a person's, done or called off has none. A time that cannot be dialled becomes a person's,
 * with the reason. Running it again changes nothing. Locks: campaign, item, task.
 */
export async function keepCallback(tx: Tx, taskId: string): Promise<void> {
  const known = await maybeRow<{ campaign_id: string | null; item_id: string | null }>(
    tx,
    sql`
    select c.campaign_id, t.item_id from tasks t
    left join calls c on c.user_id = t.user_id and c.id = t.call_id
    where t.user_id = ${param(tx.userId)} and t.id = ${param(taskId)}`,
  );
  if (!known) return;
  const campaign = known.campaign_id ? await campaignOf(tx, known.campaign_id, "for share") : null;
  const item = known.item_id ? await lockItem(tx, known.item_id) : null;
  const task = await row<Kept>(
    tx,
    sql`
    select id, status, contact_id, due_at, agent_calls, item_id, assignee_id, created_by, call_id from tasks
    where user_id = ${param(tx.userId)} and id = ${param(taskId)} for no key update`,
  );
  if (task.item_id !== known.item_id) return; // somebody else was quicker, and did the same
  const isWanted = task.status === "open" && task.agent_calls && task.due_at !== null;
  if (item && !isWanted) await withdraw(tx, task, item);
  else if (item?.status === "pending" && item.due_at !== task.due_at) await move(tx, item, task.due_at!);
  else if (!item && isWanted) await queue(tx, task, campaign);
}

type ItemNow = { id: string; status: string; due_at: string; lane_id: string; campaign_id: string | null };

const lockItem = (tx: Tx, itemId: string) =>
  maybeRow<ItemNow>(
    tx,
    sql`
    select id, status, due_at, lane_id, campaign_id from call_queue
    where user_id = ${param(tx.userId)} and id = ${param(itemId)} for update`,
  );

async function withdraw(tx: Tx, task: Kept, item: ItemNow): Promise<void> {
  // Let go first, so that the end of the item is not taken for the end of the task.
  await rows(
    tx,
    sql`update tasks set item_id = null where user_id = ${param(tx.userId)} and id = ${param(task.id)}`,
  );
  await rows(
    tx,
    sql`
    update call_queue set status = 'canceled', wait_reason = null, closed_at = app.now()
    where id = ${param(item.id)} and status = 'pending'`,
  );
  if (item.campaign_id) {
    await enqueue(tx, "campaigns/finish", { userId: tx.userId!, campaignId: item.campaign_id });
    await touch(tx, "campaigns", item.campaign_id);
  }
}

async function move(tx: Tx, item: ItemNow, dueAt: string): Promise<void> {
  await rows(
    tx,
    sql`update call_queue set due_at = ${param(dueAt)}, wait_reason = 'callback_agreed' where id = ${param(item.id)}`,
  );
  await wakeLane(tx, item.lane_id, dueAt, item.campaign_id);
}

async function wakeLane(tx: Tx, laneId: string, dueAt: string, campaignId: string | null): Promise<void> {
  await tx.query("select app.lanes_due(array[$1]::uuid[], $2)", [laneId, dueAt]);
  tx.wake("dispatch");
  if (campaignId) await touch(tx, "campaigns", campaignId);
}

type Terms = {
  phone_number: string | null;
  country: string | null;
  zone_set: string | null;
  from_number: string | null;
  agent_id: string | null;
  ready: boolean;
  /** Tries that the agent has made to call this person back for this campaign. */
  kept: number;
  hold: number | null;
  rule_set: string;
};

/**
 * Into the lane of the campaign in which it was agreed, as long as that calls at the time; else into the lane of calls
 * by hand, which obeys the law's hours alone. Asked twice, a person is called back once, at the later wish.
 */
async function queue(tx: Tx, task: Kept, agreedIn: CampaignRecord | null): Promise<void> {
  const isOpen =
    agreedIn !== null &&
    ["running", "paused", "scheduled"].includes(agreedIn.status) &&
    (agreedIn.ends_at === null || task.due_at! < agreedIn.ends_at);
  const campaign = isOpen ? agreedIn : null;
  const terms = await maybeRow<Terms>(
    tx,
    sql`
    select p.phone_number, p.country, p.zone_set, u.rule_set, coalesce(k.from_number, q.from_number) as from_number, a.id as agent_id,
      a.status = 'active' and a.bolna_agent_id is not null as ready, ${holdPerCall} as hold,
      (select coalesce(sum(b.attempts), 0)::int from call_queue b
       where b.user_id = p.user_id and b.contact_id = p.id and b.kind = 'callback'
         and b.campaign_id is not distinct from ${param(campaign?.id ?? null)}::uuid) as kept
    from contacts p
    join users u on u.id = p.user_id
    left join calls c on c.user_id = p.user_id and c.id = ${param(task.call_id)}
    left join call_queue q on q.user_id = c.user_id and q.id = c.queue_id
    left join call_campaigns k on k.user_id = p.user_id and k.id = ${param(agreedIn?.id ?? null)}
    left join agents a on a.user_id = p.user_id and a.id = coalesce(k.agent_id, c.agent_id)
    where p.user_id = ${param(tx.userId)} and p.id = ${param(task.contact_id)} and p.erased_at is null`,
  );
  if (agreedIn?.status === "canceled" || !terms?.phone_number || !terms.ready)
    return handOver(tx, task, "callback_not_possible");
  if (terms.kept >= (campaign?.retry ?? defaultRetry).maxAttempts)
    return handOver(tx, task, "callbacks_used_up");

  const { lane_id } = await row<{ lane_id: string }>(
    tx,
    sql`
    select lane_id from app.lane_for(${param(tx.userId)}::uuid, ${param(campaign?.id ?? null)}::uuid, ${param(terms.country)}::text,
      ${param(terms.zone_set)}::text, ${param(terms.rule_set)}::text,
      ${param(campaign?.window ? JSON.stringify(campaign.window) : null)}::jsonb, ${param(terms.hold)}::bigint)`,
  );
  const item = await maybeRow<{ id: string }>(
    tx,
    sql`
    insert into call_queue (user_id, kind, priority, phone_number, campaign_id, contact_id, lane_id, agent_id, from_number, due_at,
      wait_reason, assignee_id, created_by)
    values (${param(tx.userId)}, 'callback', 1, ${param(terms.phone_number)}, ${param(campaign?.id ?? null)}, ${param(task.contact_id)},
      ${param(lane_id)}, ${param(campaign ? null : terms.agent_id)}, ${param(campaign ? null : terms.from_number)}, ${param(task.due_at)},
      'callback_agreed', ${param(task.assignee_id)}, ${param(task.created_by)})
    on conflict (user_id, campaign_id, contact_id) where kind = 'callback' and status in ('pending', 'in_progress')
    do update set due_at = excluded.due_at, wait_reason = 'callback_agreed' where call_queue.status = 'pending'
    returning id`,
  );
  if (!item) return; // being dialled this moment; the sweep looks again when that is over
  await rows(
    tx,
    sql`
    with earlier as (
      update tasks set status = 'canceled', done_at = app.now(), changed_at = app.now()
      where user_id = ${param(tx.userId)} and item_id = ${param(item.id)} and status = 'open' and id <> ${param(task.id)}
    )
    update tasks set item_id = ${param(item.id)}, reason = null where user_id = ${param(tx.userId)} and id = ${param(task.id)}`,
  );
  await wakeLane(tx, lane_id, task.due_at!, campaign?.id ?? null);
  await touch(tx, "tasks", task.id);
}

async function handOver(tx: Tx, task: Kept, reason: string): Promise<void> {
  await rows(
    tx,
    sql`
    update tasks set agent_calls = false, reason = ${param(reason)}, changed_at = app.now()
    where user_id = ${param(tx.userId)} and id = ${param(task.id)}`,
  );
  await touch(tx, "tasks", task.id);
}
