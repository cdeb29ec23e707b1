import fc from "fast-check";
import type pg from "pg";

/** One tenant with one item, and everything the dispatcher asks about it. Nothing of another tenant competes with it. */
export type State = {
  ruleSet: "rehearsal" | "by-country";
  credits: number;
  lines: number;
  suspended: boolean;
  agentReady: boolean;
  agentArchived: boolean;
  /** Null: a call by hand. */
  campaign: {
    paused: boolean;
    over: boolean;
    cap: number | null;
    budget: number | null;
    pace: "none" | "free" | "later";
    window: { days: string[]; open: string; close: string } | null;
  } | null;
  country: string;
  zones: string[];
  /** In progress: its last call has ended and is not settled yet. */
  status: "pending" | "in_progress" | "completed" | "canceled";
  dueLater: boolean;
  expired: boolean;
  erased: boolean;
  /** Somebody has said that this country may be called. */
  destination: boolean;
  suppression: { reason: string; channel: string } | null;
  consent: { basis: string; revoked: boolean; expired: boolean } | null;
  earlier: { calls: number; outcome: string } | null;
  /** The person is on the phone with us: they called. */
  calling: boolean;
  /** Another person of the same campaign holds a line. */
  busyLine: boolean;
  /** Its lane was set aside for want of a line that has come back unseen. */
  asleep: boolean;
};

const rarely = (per: number) => fc.nat(per - 1).map((n) => n === 0);
/** Nothing, but for one time in so many. */
const seldom = <T>(per: number, it: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: per - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: it });
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Mostly callable people, each reason not to call them now and then, so that one reason alone decides often enough. */
export const randomState: fc.Arbitrary<State> = fc.record({
  ruleSet: fc.constantFrom("rehearsal", "rehearsal", "by-country"),
  credits: fc.constantFrom(40, ...Array<number>(12).fill(1000)),
  lines: fc.constantFrom(0, 1, 2, 2, 2, 2, 2, 2, 2, 2),
  suspended: rarely(25),
  agentReady: rarely(20).map((not) => !not),
  agentArchived: rarely(40),
  campaign: fc.option(
    fc.record({
      paused: rarely(12),
      over: rarely(20),
      cap: fc.constantFrom(null, null, 1, 1, 2),
      budget: fc.constantFrom(null, null, null, 40, 500),
      pace: fc.constantFrom("none", "none", "none", "free", "later"),
      window: fc.constantFrom(
        null,
        null,
        null,
        { days, open: "00:00", close: "24:00" },
        { days, open: "12:00", close: "00:30" },
        { days: ["sat", "sun"], open: "00:00", close: "24:00" },
      ),
    }),
    { freq: 4 },
  ),
  country: fc.constantFrom("IN", "IN", "US", "NZ"),
  zones: fc.constantFrom(
    ["Asia/Kolkata"],
    ["Asia/Kolkata"],
    ["America/New_York", "America/Los_Angeles"],
    ["Pacific/Auckland"],
    ["Asia/Kolkata"],
    ["Asia/Dubai", "Asia/Kolkata"],
    [],
  ),
  status: fc.constantFrom(
    "pending",
    ...Array<"pending">(20).fill("pending"),
    "in_progress",
    "completed",
    "canceled",
  ),
  dueLater: rarely(12),
  expired: rarely(25),
  erased: rarely(25),
  destination: rarely(4).map((not) => !not),
  suppression: seldom(
    10,
    fc.record({
      reason: fc.constantFrom("dnc", "asked", "complaint"),
      channel: fc.constantFrom("all", "call", "whatsapp"),
    }),
  ),
  consent: fc.option(
    fc.record({
      basis: fc.constantFrom("express", "written", "existing"),
      revoked: rarely(6),
      expired: rarely(6),
    }),
    { freq: 3 },
  ),
  earlier: seldom(
    4,
    fc.record({ calls: fc.constantFrom(1, 2, 6), outcome: fc.constantFrom("answered", "busy") }),
  ),
  calling: rarely(20),
  busyLine: rarely(4),
  asleep: rarely(40),
});

const callable: State = {
  ruleSet: "by-country",
  credits: 1000,
  lines: 2,
  suspended: false,
  agentReady: true,
  agentArchived: false,
  campaign: { paused: false, over: false, cap: null, budget: null, pace: "none", window: null },
  country: "IN",
  zones: ["Asia/Kolkata"],
  status: "pending",
  dueLater: false,
  expired: false,
  erased: false,
  destination: true,
  suppression: null,
  consent: { basis: "written", revoked: false, expired: false },
  earlier: null,
  calling: false,
  busyLine: false,
  asleep: false,
};
const inCampaign = (its: Partial<NonNullable<State["campaign"]>>): Partial<State> => ({
  campaign: { ...callable.campaign!, ...its },
});

/** Eight people who can be called, then for every reason not to call somebody one whom only that reason keeps. */
export const statesByReason: State[] = [
  ...Array.from({ length: 8 }, () => ({})),
  { status: "in_progress" as const },
  { status: "completed" as const },
  { expired: true },
  { erased: true },
  { suppression: { reason: "dnc", channel: "call" } },
  { suppression: { reason: "asked", channel: "all" } },
  { consent: null },
  { consent: { basis: "written", revoked: true, expired: false } },
  inCampaign({ over: true }),
  inCampaign({ paused: true }),
  { dueLater: true },
  { agentReady: false },
  { agentArchived: true },
  { country: "NZ", destination: false },
  { calling: true },
  { earlier: { calls: 6, outcome: "busy" } },
  { earlier: { calls: 2, outcome: "answered" } },
  { country: "NZ", zones: ["Pacific/Auckland"] },
  { zones: [] },
  inCampaign({ window: { days: ["sun"], open: "00:00", close: "24:00" } }),
  { suspended: true },
  { lines: 0 },
  { credits: 40 },
  { ...inCampaign({ cap: 1 }), busyLine: true },
  inCampaign({ budget: 40 }),
  inCampaign({ pace: "later" }),
  { asleep: true },
].map((its) => ({ ...callable, ...its }));

export type Loaded = { state: State; userId: string; itemId: string };

/**
 * Writes states down, all in a dozen statements, each as a tenant of its own. The domain's clock stands still at `now`,
 * so that nothing becomes due or closes between a word and the deed.
 */
export async function loadStates(owner: pg.Pool, states: State[], now: string): Promise<Loaded[]> {
  const rows = states.map((state, n) => ({
    ...state,
    n,
    userId: crypto.randomUUID(),
    itemId: crypto.randomUUID(),
    contactId: crypto.randomUUID(),
    agentId: crypto.randomUUID(),
    campaignId: state.campaign ? crypto.randomUUID() : null,
    phone: `+91 9${String(n).padStart(9, "0")}`,
  }));
  await owner.query(
    "update system_settings set clock_base = $1, clock_wall = app.wall(), clock_scale = 0.000001",
    [now],
  );
  await owner.query("drop table if exists random_states");
  await owner.query(
    `create unlogged table random_states as
     select s.*, null::uuid as lane_id, c.*
     from jsonb_to_recordset($1::jsonb) as s (
       n int, "userId" uuid, "itemId" uuid, "contactId" uuid, "agentId" uuid, "campaignId" uuid, phone text, "ruleSet" text,
       credits bigint, lines int, suspended boolean, "agentReady" boolean, "agentArchived" boolean, campaign jsonb, country text, zones jsonb, status text,
       "dueLater" boolean, expired boolean, erased boolean, destination boolean, suppression jsonb, consent jsonb, earlier jsonb, calling boolean, "busyLine" boolean, asleep boolean)
     left join lateral jsonb_to_record(s.campaign) as c (paused boolean, over boolean, cap int, budget bigint, pace text, "window" jsonb) on true`,
    [JSON.stringify(rows)],
  );
  await owner.query(`
    insert into users (id, company, email, status, credits, concurrent_limit, rule_set, time_zone, destinations)
    select "userId", 'Tenant ' || n, 'tenant' || n || '@states.example', case when suspended then 'suspended' else 'active' end, credits, lines, "ruleSet", 'Asia/Kolkata', case when destination then array[country] else '{}' end
    from random_states;
    insert into credit_entries (user_id, kind, amount, balance) select "userId", 'grant', credits, credits from random_states;
    insert into agents (id, user_id, name, prompt, welcome_message, disclosure, max_call_seconds, bolna_agent_id, sync_status, provider_account_id, status, archived_at)
    select s."agentId", s."userId", 'Agent', 'Sell.', 'Hello', 'This is an AI agent.', 300, case when s."agentReady" then s."agentId"::text end, 'synced', a.id,
      case when s."agentArchived" then 'archived' else 'active' end, case when s."agentArchived" then app.now() end
    from random_states s, provider_accounts a where a.name = 'platform';
    insert into call_campaigns (id, user_id, name, agent_id, status, status_reason, audience, retry, max_concurrent, calls_per_second, budget_credits, "window", started_at, ends_at)
    select "campaignId", "userId", 'Campaign', "agentId", case when paused then 'paused' else 'running' end, case when paused then 'person' end, '{}',
      '{"maxAttempts": 3, "busy": [15], "noAnswer": [120], "failed": [60], "voicemail": []}', cap, case when pace <> 'none' then 0.01 end, budget,
      nullif("window", 'null'), app.now(), case when over then app.now() - interval '1 minute' end
    from random_states where "campaignId" is not null;
    insert into campaign_pace (campaign_id, user_id, tokens_at)
    select "campaignId", "userId", app.wall() + case when pace = 'later' then interval '1 hour' else interval '-1 hour' end from random_states where "campaignId" is not null;
    insert into campaign_spend (campaign_id, user_id) select "campaignId", "userId" from random_states where "campaignId" is not null;
    insert into contacts (id, user_id, phone_number, name, country, zones, erased_at)
    select "contactId", "userId", phone, 'Person ' || n, country, array(select jsonb_array_elements_text(zones)), case when erased then app.now() end from random_states;
    update random_states s set lane_id = l.lane_id
    from random_states t
    join contacts c on c.id = t."contactId"
    cross join lateral app.lane_for(t."userId", t."campaignId", t.country, c.zone_set, t."ruleSet", nullif(t."window", 'null'), 50) l
    where t.n = s.n;
    update call_lanes l
    set paused = coalesce(s.paused, false), next_due_at = case when s.asleep then 'infinity' else app.now() end,
      blocked_by = case when s.asleep then 'user_limit' end
    from random_states s where l.id = s.lane_id;
    insert into call_queue (id, user_id, lane_id, campaign_id, contact_id, agent_id, kind, phone_number, status, due_at, expires_at, closed_at)
    select "itemId", "userId", lane_id, "campaignId", "contactId", "agentId", case when "campaignId" is null then 'direct' else 'campaign' end, phone, status,
      app.now() + case when "dueLater" then interval '1 hour' else interval '0' end, case when expired then app.now() - interval '1 second' end,
      case when status in ('completed', 'canceled') then app.now() end
    from random_states;
    insert into suppressions (user_id, phone_number, reason, source, channel)
    select "userId", phone, suppression ->> 'reason', 'test', suppression ->> 'channel' from random_states where jsonb_typeof(suppression) = 'object';
    insert into consents (user_id, contact_id, channel, basis, source, obtained_at, revoked_at, expires_at)
    select "userId", "contactId", 'call', consent ->> 'basis', 'form', app.now(), case when (consent ->> 'revoked')::boolean then app.now() end,
      case when (consent ->> 'expired')::boolean then app.now() - interval '1 second' end
    from random_states where jsonb_typeof(consent) = 'object';
    insert into calls (user_id, direction, contact_id, agent_id, provider_account_id, phone_number, status, outcome, talk_seconds, created_at, ended_at, final_at,
      settled_at, price_credits, max_call_seconds, queue_id, attempt)
    select s."userId", 'outbound', s."contactId", a.id, a.provider_account_id, s.phone, 'completed', s.earlier ->> 'outcome', 30, t.at, t.at, t.at, t.at, 0, 300, s."itemId", t.k
    from random_states s
    join agents a on a.id = s."agentId"
    cross join lateral (select k, app.now() - make_interval(hours => k) as at from generate_series(1, (s.earlier ->> 'calls')::int) k) t
    where jsonb_typeof(s.earlier) = 'object';
    insert into calls (user_id, direction, contact_id, agent_id, provider_account_id, phone_number, status, max_call_seconds)
    select s."userId", 'inbound', s."contactId", a.id, a.provider_account_id, s.phone, 'in-progress', 300
    from random_states s join agents a on a.id = s."agentId" where s.calling;
    with person as (
      insert into contacts (user_id, phone_number, country, zones)
      select "userId", '+91 8' || lpad(n::text, 9, '0'), 'IN', '{Asia/Kolkata}' from random_states where "busyLine" returning id, user_id, phone_number
    ), item as (
      insert into call_queue (user_id, lane_id, campaign_id, contact_id, agent_id, kind, phone_number, status, attempts)
      select s."userId", s.lane_id, s."campaignId", p.id, s."agentId", case when s."campaignId" is null then 'direct' else 'campaign' end, p.phone_number, 'in_progress', 1
      from random_states s join person p on p.user_id = s."userId" returning id, user_id, contact_id, phone_number, campaign_id, agent_id
    )
    insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, status, max_call_seconds, held_credits,
      system_slot, user_slot, account_slot)
    select i.user_id, i.id, i.campaign_id, i.contact_id, a.id, a.provider_account_id, i.phone_number, 'ringing', 300, 10,
      row_number() over (order by i.id), 1, row_number() over (order by i.id)
    from item i join agents a on a.id = i.agent_id;
    drop table random_states;`);
  // What the statistics would be after a minute; without them every question reads whole tables.
  await owner.query(
    "analyze users, contacts, call_queue, call_lanes, calls, call_campaigns, agents, consents, suppressions, credit_entries, campaign_pace, campaign_spend",
  );
  return rows.map(({ userId, itemId }, n) => ({ state: states[n]!, userId, itemId }));
}
