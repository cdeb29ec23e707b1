import type { HomeSummary } from "@parley/core/home/schema";
import type { CallStatus } from "@parley/core/calls/lifecycle";
import { param, row, rows, sql, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { forecasts } from "../forecasts.ts";
import { byOutcomeColumns, byStatusColumns } from "../tallies.ts";
import { findNeeds } from "./needs.ts";

const CAMPAIGNS_SHOWN = 8;
const LEADS_SHOWN = 6;

/** Today at a glance, all of one transaction, so that no figure on the page contradicts another. */
export function summarise(ctx: Ctx): Promise<HomeSummary> {
  return ctx.db.tx(async (tx) => {
    const room = await roomNow(tx);
    const open = await openCalls(tx);
    const spending = await spendingOf(tx);
    return {
      now: room.now,
      live: { total: open.length, byStatus: tally(open.map(({ status }) => status)) },
      lines: {
        used: room.live,
        limit: room.limit,
        systemUsed: room.system_live,
        systemLimit: room.system_limit,
        provider: { current: room.provider_current, max: room.provider_max },
        items: open.flatMap(({ line, ...call }) => (line === null ? [] : [{ line, ...call }])),
      },
      queue: {
        due: room.due,
        waiting: room.waiting,
        oldestDueAt: room.oldest_due_at,
        nextOpensAt: room.next_opens_at,
      },
      campaigns: await liveCampaigns(tx),
      today: spending.today,
      yesterday: spending.yesterday,
      credits: {
        credits: room.credits,
        held: room.held,
        available: room.available,
        perDay: spending.perDay,
        daysLeft: spending.perDay
          ? Math.round((Math.max(0, room.available) / spending.perDay) * 10) / 10
          : null,
      },
      ...(await findNeeds(tx)),
      series: await hours(tx),
      leads: await hotLeads(tx),
      dialling: { paused: room.dialling_paused, reason: room.paused_reason },
      steps: room.steps,
    };
  });
}

type Room = {
  now: string;
  live: number;
  limit: number;
  credits: number;
  held: number;
  available: number;
  system_live: number;
  system_limit: number;
  dialling_paused: boolean;
  paused_reason: string | null;
  provider_current: number | null;
  provider_max: number;
  due: number;
  waiting: number;
  oldest_due_at: string | null;
  next_opens_at: string | null;
  steps: HomeSummary["steps"];
};

/** Lines, credits and queue; the queue is what running campaigns and direct calls still have to do. */
function roomNow(tx: Tx): Promise<Room> {
  return row<Room>(
    tx,
    sql`
    select n.at as now, t.live, t.concurrent_limit as limit, t.credits, t.held, t.available,
      s.live as system_live, s.line_limit as system_limit, s.dialling_paused, s.paused_reason,
      a.concurrency_current as provider_current, a.concurrency_max as provider_max,
      q.due, q.waiting, q.oldest_due_at, l.next_opens_at,
      jsonb_build_object(
        'agent', exists (select 1 from agents g where g.user_id = n.user_id and g.bolna_agent_id is not null),
        'contacts', exists (select 1 from contacts c where c.user_id = n.user_id),
        'call', exists (select 1 from calls c where c.user_id = n.user_id),
        'campaign', exists (select 1 from call_campaigns k where k.user_id = n.user_id and k.started_at is not null)) as steps
    from (select ${param(tx.userId)}::uuid as user_id, app.now() as at offset 0) n
    cross join lateral app.tenant_room(n.user_id) t
    cross join app.system_room() s
    join provider_accounts a on a.name = 'platform'
    cross join lateral (
      select count(*) filter (where q.due_at <= n.at) as due, count(*) filter (where q.due_at > n.at) as waiting,
        min(q.due_at) filter (where q.due_at <= n.at) as oldest_due_at
      from call_queue q
      where q.user_id = n.user_id and q.status = 'pending'
        and (q.campaign_id is null or q.campaign_id in (select k.id from call_campaigns k where k.user_id = n.user_id and k.status = 'running'))
    ) q
    cross join lateral (
      select min(l.opens_at) as next_opens_at from call_lanes l
      where l.user_id = n.user_id and not l.paused and l.opens_at > n.at and isfinite(l.opens_at) and isfinite(l.next_due_at)
    ) l`,
  );
}

type OpenCall = Omit<HomeSummary["lines"]["items"][number], "line"> & { line: number | null };

function openCalls(tx: Tx): Promise<OpenCall[]> {
  return rows<OpenCall>(
    tx,
    sql`
    select c.user_slot as line, c.id as "callId", c.status, coalesce((c.stages ->> c.status)::timestamptz, c.created_at) as "statusAt",
      c.contact_id as "contactId", p.name as "contactName", c.phone_number as "phoneNumber", c.campaign_id as "campaignId",
      k.name as "campaignName", g.name as "agentName"
    from calls c
    join agents g on g.user_id = c.user_id and g.id = c.agent_id
    left join contacts p on p.user_id = c.user_id and p.id = c.contact_id
    left join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
    where c.user_id = ${param(tx.userId)} and c.settled_at is null and c.ended_at is null
    order by c.user_slot nulls last, c.id`,
  );
}

function tally(statuses: readonly CallStatus[]): { status: CallStatus; count: number }[] {
  const counts = new Map<CallStatus, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => ({ status, count }));
}

/** Running first, then those that stopped by themselves or wait for their time. */
async function liveCampaigns(tx: Tx): Promise<HomeSummary["campaigns"]> {
  type Found = Omit<HomeSummary["campaigns"][number], "byStatus" | "total" | "forecast"> & {
    items: HomeSummary["campaigns"][number]["byStatus"] & { total: number };
  };
  const found = await rows<Found>(
    tx,
    sql`
    select k.id, k.name, k.status, k.status_reason as "statusReason", to_jsonb(i) as items, to_jsonb(o) as "byOutcome",
      coalesce(s.spent_credits, 0) as spent, k.budget_credits as "budgetCredits", f.factor as "limitingFactor"
    from (
      select * from call_campaigns k
      where k.user_id = ${param(tx.userId)} and k.status in ('running', 'paused', 'scheduled')
      order by array_position(array['running', 'paused', 'scheduled'], k.status), k.id desc
      limit ${param(CAMPAIGNS_SHOWN)}
    ) k
    left join campaign_spend s on s.user_id = k.user_id and s.campaign_id = k.id
    cross join lateral (
      select ${byStatusColumns} from call_queue q where q.user_id = k.user_id and q.campaign_id = k.id
    ) i
    cross join lateral (
      select ${byOutcomeColumns} from calls c where c.user_id = k.user_id and c.campaign_id = k.id and c.final_at is not null
    ) o
    left join lateral app.limiting_factor(k.user_id, k.id) f on true
    order by array_position(array['running', 'paused', 'scheduled'], k.status), k.id desc`,
  );
  const ahead = found.some(({ status }) => status === "running") ? await forecasts(tx) : null;
  return found.map(({ items: { total, ...byStatus }, ...campaign }) => ({
    ...campaign,
    byStatus,
    total,
    forecast: ahead?.get(campaign.id) ?? null,
  }));
}

/** Since midnight where the workspace is, the same hours of yesterday, and the mean of the last days that had calls. */
async function spendingOf(
  tx: Tx,
): Promise<Pick<HomeSummary, "today" | "yesterday"> & { perDay: number | null }> {
  const { today, yesterday, per_day } = await row<
    Pick<HomeSummary, "today" | "yesterday"> & { per_day: number | null }
  >(
    tx,
    sql`
    with clock as (
      select u.id as user_id, u.time_zone, n.at, date_trunc('day', n.at at time zone u.time_zone) as midnight
      from users u cross join (select app.now() as at offset 0) n where u.id = ${param(tx.userId)}
    ),
    span (name, from_at, to_at) as (
      select 'today', midnight at time zone time_zone, at from clock
      union all
      select 'yesterday', (midnight - interval '1 day') at time zone time_zone, at - interval '1 day' from clock
    ),
    day as (
      select s.name, jsonb_build_object('calls', c.calls, 'finished', c.finished, 'answered', c.answered, 'bookings', c.bookings, 'leads', c.leads, 'spent', e.spent) as figures
      from span s
      cross join clock k
      cross join lateral (
        select count(*) as calls, count(*) filter (where c.outcome is not null) as finished, count(*) filter (where c.outcome = 'answered') as answered,
          count(*) filter (where a.call_outcome = 'appointment') as bookings,
          count(distinct a.contact_id) filter (where a.temperature in ('hot', 'warm')) as leads
        from calls c
        left join lead_analytics a on a.user_id = c.user_id and a.call_id = c.id and a.status = 'done'
        where c.user_id = k.user_id and c.created_at >= s.from_at and c.created_at < s.to_at and c.status <> 'not-placed'
      ) c
      cross join lateral (
        select coalesce(-sum(x.amount), 0)::bigint as spent from credit_entries x
        where x.user_id = k.user_id and x.kind = 'call' and x.at >= s.from_at and x.at < s.to_at
      ) e
    )
    select (select figures from day where name = 'today') as today,
      (select figures from day where name = 'yesterday') as yesterday,
      (select (-sum(x.amount) / nullif(count(distinct (x.at at time zone k.time_zone)::date), 0))::float8
       from credit_entries x cross join clock k
       where x.user_id = k.user_id and x.kind = 'call' and x.at >= k.at - interval '7 days') as per_day`,
  );
  return { today, yesterday, perDay: per_day === null ? null : Math.round(per_day * 10) / 10 };
}

async function hours(tx: Tx): Promise<HomeSummary["series"]> {
  return rows<HomeSummary["series"][number]>(
    tx,
    sql`
    with hour as (
      select h as from_at, h + interval '1 hour' as to_at
      from (select date_trunc('hour', app.now()) as last) n, generate_series(n.last - interval '23 hours', n.last, interval '1 hour') h
    )
    select h.from_at as from, h.to_at as to, to_jsonb(o) as "byOutcome", p.open as "inProgress"
    from hour h
    cross join lateral (
      select ${byOutcomeColumns} from calls c
      where c.user_id = ${param(tx.userId)} and c.created_at >= h.from_at and c.created_at < h.to_at and c.final_at is not null
    ) o
    cross join lateral (
      select count(*) as open from calls c
      where c.user_id = ${param(tx.userId)} and c.created_at >= h.from_at and c.created_at < h.to_at and c.final_at is null
    ) p
    order by h.from_at`,
  );
}

/** People to act on: hot ones of the last week, the best and latest first, each once. */
function hotLeads(tx: Tx): Promise<HomeSummary["leads"]> {
  return rows<HomeSummary["leads"][number]>(
    tx,
    sql`
    select l."contactId", p.name as "contactName", l."callId", l.score, l.temperature, l.summary, l.at
    from (
      select distinct on (a.contact_id) a.contact_id as "contactId", a.call_id as "callId", a.score, a.temperature, a.summary,
        coalesce(c.ended_at, c.created_at) as at
      from lead_analytics a
      join calls c on c.user_id = a.user_id and c.id = a.call_id
      where a.user_id = ${param(tx.userId)} and a.status = 'done' and a.contact_id is not null and a.temperature = 'hot'
        and c.created_at > app.now() - interval '7 days'
      order by a.contact_id, a.id desc
    ) l
    join contacts p on p.user_id = ${param(tx.userId)} and p.id = l."contactId"
    order by l.score desc, l.at desc
    limit ${param(LEADS_SHOWN)}`,
  );
}
