import { param, row, sql, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { failpoint } from "../failpoints.ts";
import { closePending } from "./cancel.ts";
import { logEvent, notify } from "./log-event.ts";
import { setLanesPaused } from "./pause.ts";
import { byOutcomeColumns, byStatusColumns } from "../tallies.ts";
import { campaignOf } from "./row.ts";

/**
 * Completes a campaign that has nothing left to do. The campaign's lock comes before the count: whoever closes an item
 * commits first and adds this job in the same transaction, so the last one always finds nothing open.
 */
export async function finishCampaign(ctx: Ctx, campaignId: string): Promise<void> {
  while ((await ctx.db.tx((tx) => closeLeftovers(tx, campaignId))) > 0);
  await ctx.db.tx((tx) => finishLocked(tx, campaignId));
}

/**
 * Where the agent keeps agreed times, over `call_campaigns k`: a conversation that has just ended and is not read yet, or
 * a time that is on its way into the queue. Bounded, for an analysis may fail for hours.
 */
const mayStillAgree = sql`(k.callbacks = 'agent' and k.status <> 'canceled' and coalesce(k.ends_at > app.now(), true) and exists (
  select 1 from calls c
  where c.user_id = k.user_id and c.campaign_id = k.id and c.outcome = 'answered' and c.final_at > app.now() - interval '10 minutes'
    and (exists (
        select 1 from tasks t
        where t.user_id = c.user_id and t.call_id = c.id and t.status = 'open' and t.agent_calls and t.item_id is null)
      or c.transcript is not null and not exists (
        select 1 from lead_analytics a
        where a.user_id = c.user_id and a.call_id = c.id and a.next_at is null and a.status in ('done', 'skipped', 'failed')))))`;

/** After its end date nobody is dialled any more: the rest is skipped with that reason. */
async function closeLeftovers(tx: Tx, campaignId: string): Promise<number> {
  const { status, ends_at, now } = await campaignOf(tx, campaignId, "for share");
  const isOver = ends_at !== null && ends_at <= now && (status === "running" || status === "paused");
  return isOver ? closePending(tx, campaignId, "skipped") : 0;
}

async function finishLocked(tx: Tx, campaignId: string): Promise<void> {
  const campaign = await campaignOf(tx, campaignId, "for no key update");
  const isLive = campaign.status === "running" || campaign.status === "paused";
  if (campaign.launch_lease_until !== null || campaign.started_at === null) return;
  if (!isLive && campaign.status !== "canceled") return;
  const { open, told } = await row<{ open: boolean; told: boolean }>(
    tx,
    sql`
    select k.summary is not null as told, exists (
      select 1 from call_queue q where q.campaign_id = k.id and q.user_id = k.user_id and q.status in ('pending', 'in_progress'))
      or ${mayStillAgree} as open
    from call_campaigns k where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)}`,
  );
  if (open || told) return;

  const { summary } = await row<{
    summary: { byStatus: Record<string, number>; byOutcome: Record<string, number> };
  }>(
    tx,
    sql`
    update call_campaigns k
    set status = ${param(isLive ? "completed" : "canceled")}, status_reason = case when ${param(isLive)} then null else k.status_reason end,
      completed_at = coalesce(k.completed_at, app.now()), summary = s.summary
    from (
      select jsonb_build_object(
        'byStatus', (select to_jsonb(i) from (
          select ${byStatusColumns} from call_queue q where q.user_id = ${param(tx.userId)} and q.campaign_id = ${param(campaignId)}) i),
        'byOutcome', (select to_jsonb(o) from (
          select ${byOutcomeColumns} from calls c
          where c.user_id = ${param(tx.userId)} and c.campaign_id = ${param(campaignId)} and c.final_at is not null) o),
        'talkSeconds', (select coalesce(sum(c.talk_seconds), 0) from calls c
          where c.user_id = ${param(tx.userId)} and c.campaign_id = ${param(campaignId)}),
        'spent', (select p.spent_credits from campaign_spend p where p.campaign_id = ${param(campaignId)})) as summary
    ) s
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)}
    returning k.summary`,
  );
  failpoint("campaign.finished");
  if (!isLive) return;
  await setLanesPaused(tx, campaignId, true);
  // Paused over its end date, it has come to its end without having been resumed: that is said, for nobody pressed anything.
  const wasPaused = campaign.status === "paused";
  await logEvent(
    tx,
    campaignId,
    "completed",
    "system",
    wasPaused ? { ...summary, because: "campaign_over" } : summary,
  );
  const { total = 0 } = summary.byStatus;
  const { answered = 0 } = summary.byOutcome;
  await notify(tx, {
    kind: "campaign.completed",
    ref: campaignId,
    title: `“${campaign.name}” is complete`,
    body: `${wasPaused ? "Its end date came while it was paused. " : ""}${answered} conversations with ${total} ${total === 1 ? "person" : "people"} on the list.`,
    link: `/campaigns/${campaignId}`,
  });
}
