import { param, maybeRow, row, rows, sql, touch, type Tx, enqueue } from "@parley/db";
import type { Ctx } from "../context.ts";
import type { TaskResult } from "../define-task.ts";
import { failpoint } from "../failpoints.ts";
import { inAudience } from "./audience.ts";
import { cancelPending } from "./cancel.ts";
import { logEvent, notify } from "./log-event.ts";
import { lookAhead } from "./preflight.ts";
import { campaignOf, holdPerCall, type CampaignRecord } from "./row.ts";

/** People put into the queue by one statement. */
export const CHUNK = 10_000;
/** Each chunk extends it. A run that died holds the list up for as long. */
const LEASE_SECONDS = 20;
const extended = sql`app.wall() + make_interval(secs => ${param(LEASE_SECONDS)})`;

/**
 * Brings the queue in line with the campaign: a scheduled one whose time has come starts, a started one gets its list
 * into the queue, a canceled one gets its pending items canceled. Goes on where an earlier run stopped; the lease on
 * the campaign row keeps two runs apart, and every write is fenced by it.
 */
export async function launchCampaign(
  ctx: Ctx,
  campaignId: string,
  signal: AbortSignal,
  chunk = CHUNK,
): Promise<TaskResult> {
  const begun = await ctx.db.tx((tx) => begin(ctx, tx, campaignId));
  if (begun === "nothing") return;
  if ("busyFor" in begun) return { snoozeSeconds: begun.busyFor };
  if (begun.status === "canceled") {
    await cancelPending(ctx, campaignId, begun.lease);
    return;
  }
  let { lease } = begun;
  for (;;) {
    if (signal.aborted) {
      await ctx.db.tx((tx) => release(tx, campaignId, lease));
      return { snoozeSeconds: 1 };
    }
    const step = await ctx.db.tx((tx) => enqueueChunk(tx, campaignId, lease, chunk));
    if (step === "over") return;
    lease = step.lease;
    if (step.people === 0) break;
    failpoint("launch.queued");
    // Items first, lanes last and alone: the dispatcher never waits behind a chunk.
    await ctx.db.tx((tx) => wakeLanes(tx, campaignId));
  }
  await ctx.db.tx((tx) => end(ctx, tx, campaignId, lease));
}

type Begun = { lease: string; status: "canceled" | "live" };

async function begin(ctx: Ctx, tx: Tx, campaignId: string): Promise<Begun | { busyFor: number } | "nothing"> {
  const campaign = await campaignOf(tx, campaignId, "for no key update");
  const { busy_for } = await row<{ busy_for: number }>(
    tx,
    sql`
    select coalesce(ceil(extract(epoch from launch_lease_until - app.wall())), 0)::int as busy_for
    from call_campaigns where id = ${param(campaignId)}`,
  );
  if (campaign.status === "scheduled") {
    if (campaign.starts_at && campaign.starts_at > campaign.now) return "nothing";
    if (!(await mayBegin(ctx, tx, campaign))) return "nothing";
  } else if (campaign.launch_lease_until === null) return "nothing";
  if (busy_for > 0) return { busyFor: busy_for };
  const { lease } = await row<{ lease: string }>(
    tx,
    sql`
    update call_campaigns set launch_lease_until = ${extended}
    where id = ${param(campaignId)}
    returning launch_lease_until::text as lease`,
  );
  if (campaign.status === "canceled" || campaign.status === "completed") return { lease, status: "canceled" };
  if (campaign.launch_total === null) {
    await rows(
      tx,
      sql`
      update call_campaigns k
      set launch_total = (
        select count(*) from contacts c where c.user_id = k.user_id and c.erased_at is null and ${inAudience(campaign.audience)})
      where k.id = ${param(campaignId)}`,
    );
  }
  return { lease, status: "live" };
}

/** The time has come. What has gone wrong since it was scheduled pauses it, with the reason, instead of calling nobody. */
async function mayBegin(ctx: Ctx, tx: Tx, campaign: CampaignRecord): Promise<boolean> {
  const { problems } = await lookAhead(tx, ctx.config, campaign);
  const blocking = problems.find((problem) => problem.blocking);
  if (!blocking) {
    await rows(
      tx,
      sql`
      update call_campaigns
      set status = 'running', status_reason = null, started_at = app.now(), breaker_from = app.now(), launch_lease_until = app.wall()
      where id = ${param(campaign.id)}`,
    );
    await logEvent(tx, campaign.id, "started", ctx.actor, { scheduled: true });
    return true;
  }
  await rows(
    tx,
    sql`update call_campaigns set status = 'paused', status_reason = ${param(blocking.code)} where id = ${param(campaign.id)}`,
  );
  await logEvent(tx, campaign.id, "not_started", ctx.actor, {
    reason: blocking.code,
    message: blocking.message,
  });
  await notify(tx, {
    kind: "campaign.not_started",
    ref: campaign.id,
    title: `“${campaign.name}” could not start`,
    body: `${blocking.message} ${blocking.cure}`,
    link: `/campaigns/${campaign.id}`,
  });
  return false;
}

/** One statement: the next people of the list, their lanes, their items. Whoever is never to be dialled gets the reason. */
async function enqueueChunk(
  tx: Tx,
  campaignId: string,
  lease: string,
  size: number,
): Promise<{ people: number; lease: string } | "over"> {
  const campaign = await campaignOf(tx, campaignId);
  if (campaign.status !== "running" && campaign.status !== "paused") return "over";
  const { people, queued, last } = await row<{ people: number; queued: number; last: string | null }>(
    tx,
    sql`
    with person as materialized (
      select c.id, c.phone_number, coalesce(c.country, '**') as country, coalesce(c.zone_set, '') as zone_set
      from contacts c
      where c.user_id = ${param(tx.userId)} and c.erased_at is null and ${inAudience(campaign.audience)}
        and c.id > coalesce(
          (select k.launch_cursor from call_campaigns k where k.id = ${param(campaignId)}), '00000000-0000-0000-0000-000000000000')
      order by c.id
      limit ${param(size)}
    ),
    terms as (
      select u.rule_set, k."window", greatest(1, ${holdPerCall}) as hold
      from call_campaigns k
      join users u on u.id = k.user_id
      join agents a on a.user_id = k.user_id and a.id = k.agent_id
      where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)}
    ),
    lane as materialized (
      select p.country, p.zone_set, l.lane_id, l.opens_at
      from (select distinct country, zone_set from person where phone_number is not null) p
      cross join terms t
      cross join lateral app.lane_for(${param(tx.userId)}::uuid, ${param(campaignId)}::uuid, p.country, p.zone_set, t.rule_set, t."window", t.hold) l
    ),
    judged as (
      select p.id, p.phone_number, l.lane_id,
        coalesce(
          (select case s.reason when 'dnc' then 'dnc' else 'suppressed' end from suppressions s
           where s.user_id = ${param(tx.userId)} and s.phone_number = p.phone_number and s.channel in ('all', 'call') limit 1),
          case when not isfinite(l.opens_at) then 'zone_never_open' end) as skip_reason
      from person p join lane l using (country, zone_set)
      where p.phone_number is not null
    ),
    item as (
      insert into call_queue (user_id, campaign_id, contact_id, phone_number, lane_id, status, skip_reason, closed_at)
      select ${param(tx.userId)}, ${param(campaignId)}, id, phone_number, lane_id,
        case when skip_reason is null then 'pending' else 'skipped' end, skip_reason, case when skip_reason is not null then app.now() end
      from judged
      on conflict (user_id, campaign_id, contact_id) where kind = 'campaign' do nothing
      returning 1
    )
    select
      (select count(*) from person) as people,
      (select count(*) from judged) as queued,
      (select count(*) from item) as inserted,
      (select id from person order by id desc limit 1) as last`,
  );
  // Last, so that pause and place wait for this row as shortly as possible; no row means that the lease is another's.
  const kept = await maybeRow<{ lease: string }>(
    tx,
    sql`
    update call_campaigns
    set launch_cursor = coalesce(${param(last)}::uuid, launch_cursor), launched = launched + ${param(people)},
      launch_skipped = launch_skipped + ${param(people - queued)}, launch_total = greatest(launch_total, launched + ${param(people)}),
      launch_lease_until = ${extended}
    where id = ${param(campaignId)} and launch_lease_until = ${param(lease)}::timestamptz
    returning launch_lease_until::text as lease`,
  );
  if (!kept) throw new Error("The launch lease passed to another run; this chunk is rolled back.");
  await touch(tx, "campaigns", campaignId);
  return { people, lease: kept.lease };
}

/**
 * Every lane is due, from its beginning: the new items were due when their chunk began, and ticks went on meanwhile. Those
 * with nothing due fall asleep again at the next tick. One that was made while the campaign was
 * paused or resumed may have missed it. Under the account lock, like every write to many lanes.
 */
async function wakeLanes(tx: Tx, campaignId: string): Promise<void> {
  await rows(tx, sql`select 1 from users where id = ${param(tx.userId)} for no key update`);
  await rows(
    tx,
    sql`
    update call_lanes l set paused = k.status = 'paused'
    from call_campaigns k
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)} and k.status in ('running', 'paused')
      and l.user_id = k.user_id and l.campaign_id = k.id and l.paused <> (k.status = 'paused')`,
  );
  await rows(
    tx,
    sql`
    select app.lanes_due(array(
      select id from call_lanes where user_id = ${param(tx.userId)} and campaign_id = ${param(campaignId)}), '-infinity')`,
  );
  tx.wake("dispatch");
}

async function end(ctx: Ctx, tx: Tx, campaignId: string, lease: string): Promise<void> {
  const ended = await maybeRow<{ launched: number; skipped: number }>(
    tx,
    sql`
    update call_campaigns set launch_lease_until = null, launch_total = launched
    where user_id = ${param(tx.userId)} and id = ${param(campaignId)} and launch_lease_until = ${param(lease)}::timestamptz
    returning launched, launch_skipped as skipped`,
  );
  if (!ended) return;
  await wakeLanes(tx, campaignId);
  await logEvent(tx, campaignId, "launched", ctx.actor, {
    people: ended.launched,
    withoutNumber: ended.skipped,
  });
  // Everybody may have been skipped.
  await enqueue(tx, "campaigns/finish", { userId: ctx.user.id, campaignId });
}

/** Hands the rest to the next run, now. */
async function release(tx: Tx, campaignId: string, lease: string): Promise<void> {
  await rows(
    tx,
    sql`
    update call_campaigns set launch_lease_until = app.wall()
    where user_id = ${param(tx.userId)} and id = ${param(campaignId)} and launch_lease_until = ${param(lease)}::timestamptz`,
  );
}
