import { maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import type { TaskResult } from "../define-task.ts";
import type { ExecutionNews } from "../providers/bolna-news.ts";
import { applyEvent } from "./apply-event.ts";
import { raiseIncident, resolveIncident } from "./incident.ts";
import { contactOf, recordInbound } from "./inbound.ts";
import { laneFor } from "./lane-for.ts";
import { bind, lookThrough } from "./reconcile.ts";
import { lockCall } from "./row.ts";
import { clockSettings } from "./settings.ts";
import { stopUnwanted } from "./stop-unwanted.ts";

type Task = {
  agentId: string;
  bolnaAgentId: string;
  accountId: string;
  began: string;
  from: string;
  to: string;
};

/**
 * After the database went back in time: looks through everything that one agent has placed at the provider since an
 * hour before the last sign of life, and takes over what this database has forgotten, so that nobody is rung again for
 * it. Rung by the sweep until a listing that began a grace after the restore has come to its end.
 */
export async function adoptExecutions(ctx: Ctx, { agentId }: { agentId: string }): Promise<TaskResult> {
  const task = await ctx.db.tx((tx) => openTask(tx, agentId));
  if (!task) return;
  const looked = await lookThrough(ctx, task, (tx, news) => takeOver(tx, task, news));
  if (looked.kind === "wait") return { snoozeSeconds: looked.seconds };
  // An agent that is gone there can have nothing in the air, and shows nothing any more.
  if (looked.kind === "unreachable" && !looked.isGone) {
    await ctx.db.tx((tx) => unreachable(tx, agentId, looked.why));
    return;
  }
  await ctx.db.tx(async (tx) => {
    await rows(
      tx,
      sql`update agents set adopted_at = ${param(task.began)} where user_id = ${param(tx.userId)} and id = ${param(agentId)}`,
    );
    await resolveIncident(tx, "adoption_unreachable", agentId);
    const { left } = await row<{ left: number }>(tx, sql`select app.adoption_left() as left`);
    if (left === 0) await tellDone(tx);
  });
}

async function openTask(tx: Tx, agentId: string): Promise<Task | null> {
  const task = await maybeRow<Task>(
    tx,
    sql`
    select a.id as "agentId", a.bolna_agent_id as "bolnaAgentId", a.provider_account_id as "accountId", app.wall() as began,
      s.reconcile_from as "from", app.now() + interval '5 minutes' as "to"
    from agents a cross join system_settings s
    where a.user_id = ${param(tx.userId)} and a.id = ${param(agentId)} and a.bolna_agent_id is not null
      and s.reconcile_only_at + make_interval(secs => s.reconcile_grace_ms / 1000.0) <= app.wall()`,
  );
  return task ?? null;
}

async function takeOver(tx: Tx, { agentId, accountId }: Task, news: ExecutionNews): Promise<void> {
  const settings = await clockSettings(tx);
  const forgotten =
    (await recordInbound(tx, agentId, news, settings)) ?? (await forgottenCall(tx, agentId, news));
  if (!forgotten) {
    await bind(tx, agentId, accountId, news);
    return;
  }
  const call = await lockCall(tx, forgotten);
  await applyEvent(tx, call, { ...news, source: "poll", note: "Found after a restore." }, settings);
  await stopUnwanted(tx, [call.id]);
}

/**
 * An attempt of ours that this database does not know: it is written down under its old id, for its old item where that
 * is known, else for what is open with that person, else for an item of its own. Null when it is no such attempt.
 */
async function forgottenCall(tx: Tx, agentId: string, news: ExecutionNews): Promise<string | null> {
  if (!news.callId || !news.personNumber) return null;
  const known = await maybeRow(
    tx,
    sql`select 1 as one from calls where user_id = ${param(tx.userId)} and id::text = ${param(news.callId)}`,
  );
  if (known) return null;
  await tx.query("select app.lock_phone($1, $2)", [tx.userId, news.personNumber]);
  const item = await itemOf(tx, agentId, news, news.personNumber);
  const made = await maybeRow<{ id: string }>(
    tx,
    sql`
    insert into calls (id, user_id, status, adopted, queue_id, campaign_id, contact_id, agent_id, agent_version, provider_account_id,
      bolna_execution_id, phone_number, from_number, attempt, max_call_seconds, created_at, claimed_at, dialing_at, receipt)
    select ${param(news.callId)}::uuid, q.user_id, 'queued', true, q.id, q.campaign_id, q.contact_id, a.id, a.version, a.provider_account_id,
      ${param(news.executionId)}, ${param(news.personNumber)}, ${param(news.agentNumber)},
      coalesce((select max(c.attempt) from calls c where c.queue_id = q.id), 0) + 1, a.max_call_seconds, t.at, t.at, t.at, '{"adopted": "restore"}'
    from call_queue q
    join agents a on a.user_id = q.user_id and a.id = ${param(agentId)}
    cross join (select coalesce(${param(news.createdAt)}::timestamptz, app.now()) as at) t
    where q.user_id = ${param(tx.userId)} and q.id = ${param(item)}
    on conflict do nothing
    returning id`,
  );
  if (!made) return null;
  await rows(
    tx,
    sql`
    update call_queue set status = 'in_progress', wait_reason = null, attempts = attempts + 1
    where user_id = ${param(tx.userId)} and id = ${param(item)} and status = 'pending'`,
  );
  await touch(tx, "calls", made.id);
  return made.id;
}

async function itemOf(tx: Tx, agentId: string, news: ExecutionNews, phoneNumber: string): Promise<string> {
  const open = await maybeRow<{ id: string }>(
    tx,
    sql`
    select q.id from call_queue q
    left join call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
    where q.user_id = ${param(tx.userId)}
      and (q.id::text = ${param(news.itemId)}
        or q.phone_number = ${param(phoneNumber)} and q.status in ('pending', 'in_progress') and coalesce(q.agent_id, k.agent_id) = ${param(agentId)})
    order by (q.id::text = ${param(news.itemId)}) desc, q.due_at, q.id
    limit 1
    for update of q`,
  );
  if (open) return open.id;
  const contactId = await contactOf(tx, phoneNumber);
  const its = await row<{ country: string | null; zone_set: string | null; rule_set: string; hold: number }>(
    tx,
    sql`
    select c.country, c.zone_set, u.rule_set, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits as hold
    from contacts c join users u on u.id = c.user_id join agents a on a.user_id = c.user_id and a.id = ${param(agentId)}
    where c.user_id = ${param(tx.userId)} and c.id = ${param(contactId)}`,
  );
  const laneId = await laneFor(tx, {
    userId: tx.userId!,
    campaignId: null,
    country: its.country,
    zoneSet: its.zone_set,
    window: null,
    ruleSet: its.rule_set,
    holdCredits: its.hold,
  });
  const made = await row<{ id: string }>(
    tx,
    sql`
    with made as (
      insert into call_queue (user_id, status, kind, phone_number, contact_id, lane_id, agent_id, attempts)
      values (${param(tx.userId)}, 'in_progress', 'direct', ${param(phoneNumber)}, ${param(contactId)}, ${param(laneId)}, ${param(agentId)}, 1)
      on conflict (user_id, contact_id) where kind = 'direct' and status in ('pending', 'in_progress') do nothing
      returning id
    )
    select id from made
    union all
    select id from call_queue
    where user_id = ${param(tx.userId)} and contact_id = ${param(contactId)} and kind = 'direct' and status in ('pending', 'in_progress')
    limit 1`,
  );
  return made.id;
}

async function tellDone(tx: Tx): Promise<void> {
  await raiseIncident(tx, {
    kind: "database_moved",
    ref: "database",
    severity: "bad",
    message:
      "The database had gone back in time. What the provider has placed since then is taken over; nothing is dialled until somebody resumes.",
    cure: "Look at the calls. Then resume dialling: Operations → Resume, or parley stop-all --platform --release.",
  });
}

async function unreachable(tx: Tx, agentId: string, why: string): Promise<void> {
  await raiseIncident(tx, {
    kind: "adoption_unreachable",
    ref: agentId,
    severity: "bad",
    message: `Calls that the database has forgotten cannot be looked for at the provider (${why.slice(0, 200)}). Nothing is dialled.`,
    cure: "Nothing, if the provider comes back: Parley asks again by itself. Otherwise check its status page and the key.",
    userId: tx.userId,
  });
}
