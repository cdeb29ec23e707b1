import { defaultRetry } from "@parley/core/campaigns/retry";
import { seededRandom } from "@parley/core/campaigns/chance";
import { forecast, type CampaignForecast as Forecast } from "@parley/core/campaigns/forecast";
import type { Band, CampaignToForecast, ForecastInput } from "@parley/core/campaigns/forecast";
import { nothingSeen, type Before, type Seen, type Sums } from "@parley/core/campaigns/forecast-figures";
import { noTries, type LaneAhead, type Tries } from "@parley/core/campaigns/forecast-run";
import type { CampaignForecast, Retry } from "@parley/core/campaigns/schema";
import type { Outcome } from "@parley/core/calls/outcome";
import { param, row, rows, sql, type Tx } from "@parley/db";

/** The latest attempts of a tenant that are learned from. */
const ATTEMPTS_SEEN = 4_000;
/** From the end of a call to the first news of the next one on its line: our own doing, so on the wall's clock. */
const IDLE_WALL_SECONDS = 1.5;
/** What took longer was not our doing, or was done while time ran faster: nothing is learned from it. */
const OWN_WALL_SECONDS_MOST = 20;
/** 480 POST a minute: app.account_room. */
const POSTS_PER_WALL_SECOND = 8;

/** A campaign that is not in the queue yet: who would be called, by the hours of their zones. */
export type PlannedCampaign = {
  id: string;
  retry: Retry;
  starts_at: string | null;
  ends_at: string | null;
  max_concurrent: number | null;
  calls_per_second: number | null;
  budget_credits: number | null;
  holdPerCall: number;
  groups: { people: number; stretches: [string, string][] }[];
};

/**
 * What is to come for every running campaign of the tenant, by id: they share its lines, so they are played together.
 * `planned` is played as if it were started now, or at its start time, behind those that run; `resumed`, the id of a
 * paused one, as if it ran again.
 */
export async function forecasts(
  tx: Tx,
  { planned, resumed }: { planned?: PlannedCampaign; resumed?: string } = {},
): Promise<Map<string, CampaignForecast>> {
  const running = await runningCampaigns(tx, resumed);
  if (running.length === 0 && !planned) return new Map();
  const ids = running.map(({ id }) => id);
  const room = await roomAhead(tx);
  const waiting = await waitingItems(tx, ids);
  const onPhone = await itemsOnPhone(tx, ids);
  // after the items: a lane that came into being meanwhile is there, and none ever goes
  const lanes = await lanesAhead(tx, ids);
  const seen = await attemptsSeen(tx, planned ? [...ids, planned.id] : ids);

  const campaigns = running.map((campaign): CampaignToForecast => {
    const its = lanes.filter((lane) => lane.campaign_id === campaign.id);
    const at = new Map(its.map(({ id }, index) => [id, index]));
    const mine = waiting
      .filter((item) => item.campaign_id === campaign.id)
      .map((item) => ({
        lane: at.get(item.lane_id)!,
        tries: triesOf(item),
        dueAt: Date.parse(item.due_at),
        people: item.people,
      }));
    const fresh = mine.filter(({ tries }) => tries.last === "first");
    return {
      ...limitsOf(campaign, room),
      holdPerCall: Math.max(1, ...its.map(({ hold_credits }) => hold_credits)),
      budgetLeft: campaign.budget_left,
      lanes: its.map(({ stretches }) => laneOf(stretches)),
      waiting: [...mine, ...stillLaunching(campaign.to_launch, fresh, room.now)],
      onPhone: onPhone
        .filter((item) => item.campaign_id === campaign.id)
        .map((item) => ({
          lane: at.get(item.lane_id)!,
          tries: triesOf(item),
          sinceAt: item.since_at === null ? null : Date.parse(item.since_at),
        })),
      seen: seen.get(campaign.id) ?? nothingSeen,
    };
  });
  if (planned) campaigns.push(asCampaign(planned, room, seen.get(planned.id)));

  const found = forecast(
    {
      now: room.now,
      rate: { pulseSeconds: room.pulse_seconds, pulseCredits: room.pulse_credits },
      credits: room.available,
      postsPerSecond: POSTS_PER_WALL_SECOND / room.clock_scale,
      idleSeconds: IDLE_WALL_SECONDS * room.clock_scale,
      lines: linesAhead(room),
      earlier: seen.get(null) ?? nothingSeen,
      campaigns,
    },
    // the same situation is always told in the same words
    seededRandom(tx.userId ?? ""),
  );
  const halted = haltOf(room);
  return new Map([...found].map(([id, its]) => [id, told(its, halted)]));
}

function asCampaign(planned: PlannedCampaign, room: Room, seen: Seen | undefined): CampaignToForecast {
  return {
    ...limitsOf(planned, room),
    holdPerCall: Math.max(1, planned.holdPerCall),
    budgetLeft: planned.budget_credits,
    lanes: planned.groups.map(({ stretches }) => laneOf(stretches)),
    waiting: planned.groups.map(({ people }, lane) => ({ lane, tries: noTries, dueAt: room.now, people })),
    onPhone: [],
    seen: seen ?? nothingSeen,
  };
}

type Limits = Pick<
  PlannedCampaign,
  "id" | "retry" | "starts_at" | "ends_at" | "max_concurrent" | "calls_per_second"
>;

function limitsOf(campaign: Limits, { clock_scale }: Room) {
  const at = (instant: string | null) => (instant === null ? null : Date.parse(instant));
  return {
    id: campaign.id,
    retry: { ...defaultRetry, ...campaign.retry },
    startsAt: at(campaign.starts_at),
    endsAt: at(campaign.ends_at),
    maxConcurrent: campaign.max_concurrent,
    callsPerSecond: campaign.calls_per_second === null ? null : campaign.calls_per_second / clock_scale,
  };
}

const laneOf = (stretches: readonly [string, string][]): LaneAhead => ({
  open: stretches.map(([from, to]) => [instant(from), instant(to)]),
});
const instant = (at: string) =>
  at === "infinity" ? Infinity : at === "-infinity" ? -Infinity : Date.parse(at);

/** Who is not in the queue yet is spread over the lanes as those are who are in it already. */
function stillLaunching(people: number, fresh: CampaignToForecast["waiting"], now: number) {
  const there = fresh.reduce((sum, each) => sum + each.people, 0);
  return people === 0 || there === 0
    ? []
    : fresh.map((each) => ({
        ...each,
        dueAt: now,
        people: Math.round((people * each.people) / there),
      }));
}

type Room = {
  now: number;
  clock_scale: number;
  pulse_seconds: number;
  pulse_credits: number;
  available: number;
  user_lines: number;
  system_lines: number;
  provider_lines: number;
  fair_lines: number;
  dialling_paused: boolean;
  account_status: string;
  tenant_status: string;
};

async function roomAhead(tx: Tx): Promise<Room> {
  const found = await row<Omit<Room, "now"> & { at: string }>(
    tx,
    sql`
    select app.now() as at, s.clock_scale, u.pulse_seconds, u.pulse_credits, t.available, u.concurrent_limit as user_lines,
      r.line_limit as system_lines, a.concurrency_max - a.concurrency_others as provider_lines, app.fair_lines(u.id) as fair_lines,
      r.dialling_paused, r.account_status, u.status as tenant_status
    from users u
    cross join system_settings s
    cross join app.system_room() r
    cross join lateral app.tenant_room(u.id) t
    join provider_accounts a on a.name = 'platform'
    where u.id = ${param(tx.userId)}`,
  );
  return { ...found, now: Date.parse(found.at) };
}

function linesAhead(room: Room): ForecastInput["lines"] {
  const { user_lines, system_lines, provider_lines } = room;
  const most = Math.max(1, Math.min(user_lines, system_lines, provider_lines));
  const now = Math.min(most, Math.max(1, room.fair_lines));
  const own = now === most && user_lines === most;
  return {
    now,
    most,
    limitedBy: own ? "user_limit" : system_lines <= provider_lines ? "system_limit" : "provider_lines",
  };
}

/** Nothing moves before somebody lifts this. */
function haltOf(room: Room): string | null {
  if (room.dialling_paused) return "dialling_paused";
  if (room.tenant_status !== "active") return "tenant_suspended";
  return room.account_status === "ok" ? null : "provider_suspended";
}

type Running = Limits & { budget_left: number | null; to_launch: number };

function runningCampaigns(tx: Tx, resumed?: string): Promise<Running[]> {
  return rows<Running>(
    tx,
    sql`
    select k.id, k.retry, null as starts_at, k.ends_at, k.max_concurrent, k.calls_per_second, r.budget_left,
      case when k.launch_lease_until is null then 0 else greatest(0, coalesce(k.launch_total, 0) - k.launched) end as to_launch
    from call_campaigns k
    cross join lateral app.campaign_room(k.user_id, k.id) r
    where k.user_id = ${param(tx.userId)} and (k.status = 'running' or k.id = ${param(resumed ?? null)}::uuid)
    order by k.id`,
  );
}

type Lane = { id: string; campaign_id: string; hold_credits: number; stretches: [string, string][] };

/** Lanes with somebody to call, with their hours of the next 14 days; equal hours are looked up once. */
function lanesAhead(tx: Tx, ids: readonly string[]): Promise<Lane[]> {
  return rows<Lane>(
    tx,
    sql`
    with lane as (
      select l.id, l.campaign_id, l.hold_credits, l.zone_set, l.country, coalesce(k."window", 'null') as "window"
      from call_lanes l
      join call_campaigns k on k.user_id = l.user_id and k.id = l.campaign_id
      where l.user_id = ${param(tx.userId)} and l.campaign_id = any(${param(ids)}::uuid[])
    ),
    hours as materialized (
      select d.*, (
        select jsonb_agg(jsonb_build_array(o.opens_at, o.closes_at) order by o.opens_at)
        from app.open_stretches(d.zone_set, d.country, u.rule_set, d."window", app.now()) o) as stretches
      from (select distinct zone_set, country, "window" from lane) d
      join users u on u.id = ${param(tx.userId)}
    )
    select l.id, l.campaign_id, l.hold_credits, coalesce(h.stretches, '[]') as stretches
    from lane l
    join hours h on h.zone_set = l.zone_set and h.country = l.country and h."window" = l."window"`,
  );
}

/** Tries already made, as the queue and the calls tell them. */
type Tried = {
  attempts: number;
  last_outcome: Outcome | null;
  busy: number;
  no_answer: number;
  failed: number;
  voicemail: number;
};

function triesOf({ attempts, last_outcome, busy, no_answer, failed, voicemail }: Tried): Tries {
  const isRetried = (outcome: string | null): outcome is Before =>
    outcome === "busy" || outcome === "no_answer" || outcome === "failed" || outcome === "voicemail";
  if (attempts === 0 || !isRetried(last_outcome)) return noTries;
  return { busy, noAnswer: no_answer, failed, voicemail, last: last_outcome };
}

/** Of `item`s tried once the last outcome tells all; those tried oftener are looked up in their calls. */
const triedBefore = sql`
  oftener as (
    select i.id, count(*) filter (where c.outcome = 'busy') as busy, count(*) filter (where c.outcome = 'no_answer') as no_answer,
      count(*) filter (where c.outcome = 'failed') as failed, count(*) filter (where c.outcome = 'voicemail') as voicemail
    from item i
    join calls c on c.queue_id = i.id and c.final_at is not null and c.status not in ('not-placed', 'balance-low')
    where i.attempts >= 2
    group by i.id
  ),
  tried as (
    select i.*,
      coalesce(o.busy, (i.last_outcome = 'busy')::int, 0) as busy,
      coalesce(o.no_answer, (i.last_outcome = 'no_answer')::int, 0) as no_answer,
      coalesce(o.failed, (i.last_outcome = 'failed')::int, 0) as failed,
      coalesce(o.voicemail, (i.last_outcome = 'voicemail')::int, 0) as voicemail
    from item i
    left join oftener o on o.id = i.id
  )`;

type Waiting = Tried & { campaign_id: string; lane_id: string; people: number; due_at: string };

/** Pending items, added up by lane, tries and (to three percent) how far off they are due. */
function waitingItems(tx: Tx, ids: readonly string[]): Promise<Waiting[]> {
  return rows<Waiting>(
    tx,
    sql`
    with n as materialized (select app.now() as at),
    item as materialized (
      select q.id, q.campaign_id, q.lane_id, q.attempts, q.last_outcome, q.due_at,
        case when q.due_at > n.at then floor(30 * ln(1 + extract(epoch from q.due_at - n.at)::float8))::int end as off
      from call_queue q cross join n
      where q.user_id = ${param(tx.userId)} and q.campaign_id = any(${param(ids)}::uuid[]) and q.status = 'pending'
    ),
    ${triedBefore}
    select t.campaign_id, t.lane_id, t.attempts, t.last_outcome, t.busy, t.no_answer, t.failed, t.voicemail, count(*)::int as people,
      case when t.off is null then min(t.due_at) else max(t.due_at) end as due_at
    from tried t
    where isfinite(t.due_at)
    group by t.campaign_id, t.lane_id, t.attempts, t.last_outcome, t.busy, t.no_answer, t.failed, t.voicemail, t.off`,
  );
}

type OnPhone = Tried & { campaign_id: string; lane_id: string; since_at: string | null };

/** Items with an attempt under way: since when its line is taken, or null while only its last word is missing. */
function itemsOnPhone(tx: Tx, ids: readonly string[]): Promise<OnPhone[]> {
  return rows<OnPhone>(
    tx,
    sql`
    with item as materialized (
      select q.id, q.campaign_id, q.lane_id, q.attempts - 1 as attempts, q.last_outcome
      from call_queue q
      where q.user_id = ${param(tx.userId)} and q.campaign_id = any(${param(ids)}::uuid[]) and q.status = 'in_progress'
    ),
    ${triedBefore}
    select t.campaign_id, t.lane_id, t.attempts, t.last_outcome, t.busy, t.no_answer, t.failed, t.voicemail, c.since_at
    from tried t
    left join lateral (
      select case when c.ended_at is null then coalesce((c.stages ->> 'initiated')::timestamptz, c.claimed_at) end as since_at
      from calls c where c.queue_id = t.id order by c.attempt desc limit 1
    ) c on true`,
  );
}

type SeenRow = {
  campaign_id: string | null;
  before: Before | null;
  outcome: Outcome;
  n: number;
  line: number;
  line_squares: number;
  settle: number;
  settle_squares: number;
  priced: number;
  price: number;
  price_squares: number;
  idle_n: number;
  idle: number;
  idle_squares: number;
};

/**
 * The tenant's latest finished attempts, added up: of each campaign in `ids` by itself, of all others under null.
 * What the provider does takes domain time and is learned from any attempt; what we do ourselves takes wall time, which
 * is worth more or less as the clock runs. A line's idle time is taken from first tries alone: those were due all along,
 * unless a pace held them.
 */
async function attemptsSeen(tx: Tx, ids: readonly string[]): Promise<Map<string | null, Seen>> {
  const found = await rows<SeenRow>(
    tx,
    sql`
    with own as materialized (
      select make_interval(secs => ${param(OWN_WALL_SECONDS_MOST)} * s.clock_scale) as most from system_settings s
    ),
    recent as materialized (
      select c.campaign_id, c.queue_id, c.attempt, c.outcome, c.final_at, c.price_credits,
        t.began_at - lag(c.ended_at) over (partition by c.user_slot order by c.claimed_at) as idle,
        lag(c.outcome) over (partition by c.queue_id order by c.attempt) as before,
        least(extract(epoch from c.ended_at - t.began_at), 7200)::float8 as line_seconds,
        extract(epoch from t.told_at - c.ended_at
          + case when c.final_at - t.told_at <= own.most then c.final_at - t.told_at else interval '1 second' end)::float8 as settle_seconds
      from (
        select * from calls c
        where c.user_id = ${param(tx.userId)} and c.direction = 'outbound' and c.status not in ('not-placed', 'balance-low')
        order by c.id desc limit ${param(ATTEMPTS_SEEN)}
      ) c
      cross join own
      cross join lateral (
        select least(coalesce((c.stages ->> 'initiated')::timestamptz, (c.stages ->> 'ringing')::timestamptz, c.claimed_at), c.ended_at) as began_at,
          least(greatest(coalesce((c.stages ->> c.status)::timestamptz, c.ended_at), c.ended_at), c.ended_at + interval '15 minutes') as told_at
      ) t
    ),
    gap as (
      select r.queue_id, r.attempt, extract(epoch from r.idle)::float8 as seconds
      from recent r
      join call_campaigns k on k.user_id = ${param(tx.userId)} and k.id = r.campaign_id and k.calls_per_second is null
      cross join own
      where r.attempt = 1 and r.idle >= interval '0' and r.idle <= own.most
    ),
    usual as (select percentile_cont(0.5) within group (order by seconds) as seconds from gap)
    select case when r.campaign_id = any(${param(ids)}::uuid[]) then r.campaign_id end as campaign_id,
      case when r.attempt = 1 then 'first' when r.before in ('busy', 'no_answer', 'failed', 'voicemail') then r.before end as before,
      r.outcome, count(*)::int as n,
      sum(r.line_seconds) as line, sum(r.line_seconds ^ 2) as line_squares,
      sum(r.settle_seconds) as settle, sum(r.settle_seconds ^ 2) as settle_squares,
      count(r.price_credits)::int as priced, coalesce(sum(r.price_credits), 0)::float8 as price,
      coalesce(sum(r.price_credits::float8 ^ 2), 0) as price_squares,
      count(g.seconds)::int as idle_n, coalesce(sum(g.seconds), 0) as idle, coalesce(sum(g.seconds ^ 2), 0) as idle_squares
    from recent r
    cross join usual u
    left join gap g on g.queue_id = r.queue_id and g.attempt = r.attempt and g.seconds <= 3 * u.seconds
    where r.final_at is not null and r.outcome is not null and r.line_seconds is not null
    group by 1, 2, 3`,
  );
  const seen = new Map<string | null, Seen>();
  for (const each of found) {
    const its = seen.get(each.campaign_id) ?? {
      ends: {},
      lineSeconds: {},
      settleSeconds: {},
      credits: {},
      idleSeconds: null,
    };
    seen.set(each.campaign_id, its);
    const { outcome, before, n } = each;
    if (before) its.ends[before] = { ...its.ends[before], [outcome]: n };
    its.lineSeconds[outcome] = added(its.lineSeconds[outcome], n, each.line, each.line_squares);
    its.settleSeconds[outcome] = added(its.settleSeconds[outcome], n, each.settle, each.settle_squares);
    its.credits[outcome] = added(its.credits[outcome], each.priced, each.price, each.price_squares);
    its.idleSeconds = added(its.idleSeconds ?? undefined, each.idle_n, each.idle, each.idle_squares);
  }
  return seen;
}

function added(to: Sums | undefined, n: number, sum: number, squares: number): Sums {
  return { n: (to?.n ?? 0) + n, sum: (to?.sum ?? 0) + sum, squares: (to?.squares ?? 0) + squares };
}

/** As it leaves the server. What halts everything is a certain stop. */
function told(its: Forecast, halted: string | null): CampaignForecast {
  const iso = (at: number) => new Date(Math.round(at)).toISOString();
  const instants = ({ low, mid, high }: Band) => ({ low: iso(low), mid: iso(mid), high: iso(high) });
  return {
    ...its,
    finish: its.finish === null || halted ? null : instants(its.finish),
    stops: halted
      ? { reason: halted, share: 1, at: null }
      : its.stops && { ...its.stops, at: Number.isFinite(its.stops.at) ? iso(its.stops.at) : null },
  };
}
