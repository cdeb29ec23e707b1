import type { ByOutcome, CampaignProgress } from "@parley/core/campaigns/schema";
import type { CampaignStatus, ItemStatus } from "@parley/core/campaigns/status";
import { notFound } from "@parley/core/errors";
import { param, row, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { forecasts } from "../forecasts.ts";
import { byOutcomeColumns } from "../tallies.ts";
import { waitReason } from "./row.ts";

/** The rate is taken over so many minutes, or since the start. */
const RATE_MINUTES = 5;

type Found = {
  status: CampaignStatus;
  status_reason: string | null;
  budget: number | null;
  launched: number;
  launch_total: number | null;
  launching: boolean;
  items: Partial<Record<ItemStatus, number>> | null;
  attempts: ByOutcome;
  lately: number;
  minutes: number;
  spent: number;
  held: number;
  in_air: number;
  factor: string | null;
  amount: number | null;
  most: number | null;
  until: string | null;
  waiting: { reason: string; count: number; nextAt: string | null }[] | null;
};

/** Where a campaign stands, all figures of one instant: one query. While it runs, also what is to come. */
export async function progress(ctx: Ctx, { campaignId }: { campaignId: string }): Promise<CampaignProgress> {
  const { its, forecast } = await ctx.db.tx(async (tx) => {
    const found = await row<Found>(
      tx,
      sql`
      with n as materialized (select app.now() as at),
      -- one pass over the items; what is told apart below: where they stand, and why the pending ones wait
      item as materialized (
        select q.status, q.lane_id, q.wait_reason, min(q.due_at) as due_at, count(*) as people
        from (
          select q.status, q.lane_id, q.due_at, q.status = 'pending' and q.due_at > n.at as later,
            case when q.status = 'pending' then q.wait_reason end as wait_reason
          from call_queue q cross join n
          where q.user_id = ${param(ctx.user.id)} and q.campaign_id = ${param(campaignId)}
        ) q
        group by q.status, q.lane_id, q.later, q.wait_reason
      )
      select k.status, k.status_reason, k.budget_credits as budget, k.launched, k.launch_total,
        k.launch_lease_until is not null and k.status in ('running', 'paused') as launching,
        (select jsonb_object_agg(i.status, i.people) from (select status, sum(people) as people from item group by status) i) as items,
        to_jsonb(o) as attempts, r.lately,
        least(${param(RATE_MINUTES)}::float8, extract(epoch from n.at - k.started_at) / 60)::float8 as minutes,
        coalesce(s.spent_credits, 0) as spent, h.held, h.in_air, f.factor, f.amount, f.most, f.until, w.waiting
      from call_campaigns k
      cross join n
      left join campaign_spend s on s.user_id = k.user_id and s.campaign_id = k.id
      cross join lateral (
        select ${byOutcomeColumns} from calls c where c.user_id = k.user_id and c.campaign_id = k.id and c.final_at is not null
      ) o
      cross join lateral (
        select count(*) as lately from calls c
        where c.user_id = k.user_id and c.campaign_id = k.id and c.status <> 'not-placed'
          and c.final_at > n.at - make_interval(mins => ${param(RATE_MINUTES)})
      ) r
      cross join lateral (
        select coalesce(sum(c.held_credits), 0)::bigint as held, count(*) filter (where c.ended_at is null and c.status <> 'claimed') as in_air
        from calls c where c.user_id = k.user_id and c.campaign_id = k.id and c.settled_at is null
      ) h
      left join lateral app.limiting_factor(k.user_id, k.id) f on true
      cross join lateral (
        select jsonb_agg(g) as waiting
        from (
          select x.reason, sum(x.people)::int as count, min(x.next_at) as "nextAt"
          from (
            select ${waitReason} as reason, q.people,
              case when q.due_at > n.at then q.due_at when l.opens_at > n.at and isfinite(l.opens_at) then l.opens_at end as next_at
            from item q join call_lanes l on l.user_id = k.user_id and l.id = q.lane_id
            where q.status = 'pending'
          ) x
          group by x.reason order by count desc
        ) g
      ) w
      where k.user_id = ${param(ctx.user.id)} and k.id = ${param(campaignId)}`,
      notFound("campaign").message,
    );
    const ahead = found.status === "running" ? await forecasts(tx) : null;
    return { its: found, forecast: ahead?.get(campaignId) ?? null };
  });
  const {
    pending = 0,
    in_progress: inProgress = 0,
    completed = 0,
    failed = 0,
    canceled = 0,
    skipped = 0,
  } = its.items ?? {};
  const byStatus = { pending, inProgress, completed, failed, canceled, skipped };
  return {
    status: its.status,
    statusReason: its.status_reason,
    total: Object.values(byStatus).reduce((sum, people) => sum + people, 0),
    byStatus,
    byOutcome: its.attempts,
    spent: its.spent,
    held: its.held,
    budgetCredits: its.budget,
    inAir: its.in_air,
    rate: its.lately > 0 ? Math.round((its.lately / Math.max(its.minutes, 1 / 60)) * 10) / 10 : 0,
    eta: forecast?.finish ?? null,
    forecast,
    limitingFactor: its.factor,
    limiting: its.factor === null ? null : { count: its.amount, limit: its.most, until: its.until },
    waiting: (its.waiting ?? []).map(({ reason, count, nextAt }) => ({
      reason,
      count,
      nextAt: nextAt === null ? null : new Date(nextAt).toISOString(),
    })),
    launch: its.launching
      ? { done: its.launched, total: Math.max(its.launched, its.launch_total ?? 0) }
      : null,
  };
}
