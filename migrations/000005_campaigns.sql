-- Intent to reach people: rule sets, campaigns, lanes, the queue.

-- When and on which basis a country may be called. Counsel's answer is a row here, not a release.
create table calling_rules (
  rule_set text not null,
  country text not null,
  version int not null default 1,
  days smallint[] not null,
  opens time not null,
  closes time not null,
  holidays date[] not null default '{}',
  consent text not null default 'none',
  dials_max int,
  answered_max int,
  note text not null,
  constraint calling_rules_pkey primary key (rule_set, country),
  constraint consent_need_is_known check (consent in ('none', 'any', 'express', 'written')),
  constraint days_are_iso check (days <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[])
);
comment on table calling_rules is 'Legal hours, consent and caps by country; country ** is the fallback. Days are ISO (Monday = 1), hours local to the person called.';
insert into calling_rules (rule_set, country, days, opens, closes, consent, dials_max, answered_max, note) values
  ('rehearsal', '**', '{1,2,3,4,5,6,7}', '00:00', '24:00', 'none', null, null, 'Simulated provider: nobody is really called.'),
  ('by-country', '**', '{1,2,3,4,5}', '10:00', '18:00', 'any', 6, 2, 'No rule known for this country: office hours on weekdays, and consent.'),
  ('by-country', 'IN', '{1,2,3,4,5,6}', '10:00', '21:00', 'any', 6, 2, 'TCCCPR 2018; the narrower of two readings of the evening hours.'),
  ('by-country', 'US', '{1,2,3,4,5,6,7}', '08:00', '20:00', 'written', 6, 2, 'TCPA 08:00-21:00 local, narrowed to the states that stop at 20:00; an AI voice needs prior express written consent.'),
  ('by-country', 'CA', '{1,2,3,4,5,6,7}', '10:00', '18:00', 'express', 6, 2, 'CRTC unsolicited telecommunications rules, weekend hours used throughout.'),
  ('by-country', 'GB', '{1,2,3,4,5,6}', '09:00', '20:00', 'express', 3, 2, 'PECR: automated calls need prior consent; Ofcom good practice on hours.'),
  ('by-country', 'AE', '{1,2,3,4,5,6}', '09:00', '18:00', 'express', 3, 2, 'Cabinet resolution 56 of 2024 on telemarketing.'),
  ('by-country', 'AU', '{1,2,3,4,5}', '09:00', '20:00', 'express', 6, 2, 'Telemarketing industry standard 2017, weekdays.'),
  ('by-country', 'SG', '{1,2,3,4,5,6}', '09:00', '20:00', 'express', 6, 2, 'PDPA do-not-call provisions.'),
  ('by-country', 'DE', '{1,2,3,4,5}', '09:00', '19:00', 'express', 3, 2, 'UWG section 7: prior express consent.'),
  ('by-country', 'FR', '{1,2,3,4,5}', '10:00', '13:00', 'express', 3, 2, 'Decree 2022-1313 (morning window; the afternoon one is not modelled).');
grant select on calling_rules to parley_web, parley_worker, parley_ro, parley_definer;

create table call_campaigns (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint campaign_of_a_user references users (id),
  status text not null default 'draft',
  status_reason text,
  name text not null,
  agent_id uuid not null,
  from_number text,
  audience jsonb not null,
  "window" jsonb,
  retry jsonb not null,
  max_concurrent int,
  calls_per_second double precision,
  budget_credits bigint,
  starts_at timestamptz,
  ends_at timestamptz,
  launch_total int,
  launched int not null default 0,
  launch_cursor uuid,
  launch_skipped int not null default 0,
  launch_lease_until timestamptz,
  breaker_from timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  summary jsonb,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  updated_at timestamptz not null default app.wall(),
  constraint call_campaigns_tenant_key unique (user_id, id),
  constraint campaign_calls_with_an_agent foreign key (user_id, agent_id) references agents (user_id, id),
  constraint campaign_status_is_known check (status in ('draft', 'scheduled', 'running', 'paused', 'completed', 'canceled')),
  constraint paused_campaign_has_a_reason check (status <> 'paused' or status_reason is not null),
  constraint ended_campaign_has_completed_at check ((status in ('completed', 'canceled')) = (completed_at is not null)),
  constraint campaign_limits_are_positive check (max_concurrent > 0 and calls_per_second > 0 and budget_credits >= 0)
);
comment on table call_campaigns is 'An agent, a list, rules. Counts are queries over call_queue and calls, never columns.';
create index campaigns_latest on call_campaigns (user_id, created_at desc, id);
create index campaigns_running on call_campaigns (user_id) where status = 'running';
create index campaigns_scheduled on call_campaigns (starts_at) where status = 'scheduled';
create index campaigns_launching on call_campaigns (launch_lease_until) where launch_lease_until is not null;
call app.tenant_table('call_campaigns', true);

create table campaign_pace (
  campaign_id uuid primary key,
  user_id uuid not null,
  tokens_at timestamptz not null default app.wall(),
  constraint campaign_pace_tenant_key unique (user_id, campaign_id),
  constraint pace_of_a_campaign foreign key (user_id, campaign_id) references call_campaigns (user_id, id) on delete cascade
) with (fillfactor = 50);
comment on table campaign_pace is 'Calls per second as one instant (GCRA, wall time), apart from the campaign row so that pacing never waits for a pause.';
call app.tenant_table('campaign_pace');

create table campaign_spend (
  campaign_id uuid primary key,
  user_id uuid not null,
  spent_credits bigint not null default 0,
  constraint campaign_spend_tenant_key unique (user_id, campaign_id),
  constraint spend_of_a_campaign foreign key (user_id, campaign_id) references call_campaigns (user_id, id) on delete cascade,
  constraint spend_never_negative check (spent_credits >= 0)
) with (fillfactor = 50);
comment on table campaign_spend is 'What a campaign''s calls have cost, written with each ledger entry; ops.ledger_check compares it with the entries.';
call app.tenant_table('campaign_spend');

create table campaign_events (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  campaign_id uuid not null,
  at timestamptz not null default app.now(),
  kind text not null,
  actor text not null,
  detail jsonb not null default '{}',
  constraint campaign_events_tenant_key unique (user_id, id),
  constraint event_of_a_campaign foreign key (user_id, campaign_id) references call_campaigns (user_id, id) on delete cascade
);
comment on table campaign_events is 'What happened to a campaign: launched, paused by, breaker, limits, completed.';
create index campaign_events_latest on campaign_events (user_id, campaign_id, id desc);
call app.tenant_table('campaign_events');

-- A lane is campaign x country x set of possible zones. Opening hours are one row here, so a million items are never rewritten.
create table call_lanes (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint lane_of_a_user references users (id),
  campaign_id uuid,
  country text not null,
  zone_set text not null,
  paused boolean not null default false,
  opens_at timestamptz not null,
  closes_at timestamptz not null,
  next_due_at timestamptz not null default '-infinity',
  blocked_by text,
  hold_credits bigint not null default 1,
  constraint call_lanes_tenant_key unique (user_id, id),
  constraint lane_of_a_campaign foreign key (user_id, campaign_id) references call_campaigns (user_id, id) on delete cascade,
  constraint one_lane_per_zone_set unique nulls not distinct (user_id, campaign_id, country, zone_set),
  constraint lane_blocked_by_is_known check (blocked_by in ('credits', 'budget', 'campaign_cap', 'user_limit', 'pace'))
) with (fillfactor = 70);
comment on table call_lanes is 'Campaign x country x zones: paused, open from and to, next due. A lane is ready when not paused, open, and next_due_at has come. Lanes without a campaign carry direct calls.';
create index call_lanes_due on call_lanes (next_due_at, user_id) where not paused;
create index call_lanes_opening on call_lanes (opens_at) where not paused;
create index call_lanes_closing on call_lanes (closes_at) where not paused;
create index call_lanes_of_campaign on call_lanes (user_id, campaign_id);
call app.tenant_table('call_lanes');

create table tenant_turns (
  user_id uuid primary key constraint turn_of_a_user references users (id),
  last_served bigint not null default 0
) with (fillfactor = 50);
comment on table tenant_turns is 'Whose turn it is when lines are scarce.';
create sequence tenant_turns_seq as bigint;
call app.tenant_table('tenant_turns');
grant usage on sequence tenant_turns_seq to parley_definer;

create table call_queue (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint item_of_a_user references users (id),
  status text not null default 'pending',
  due_at timestamptz not null default app.now(),
  attempts int not null default 0,
  wait_reason text,
  skip_reason text,
  last_outcome text,
  kind text not null default 'campaign',
  priority smallint not null default 5,
  phone_number phone_number not null,
  campaign_id uuid,
  contact_id uuid not null,
  lane_id uuid not null,
  agent_id uuid,
  from_number text,
  expires_at timestamptz,
  assignee_id uuid,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  closed_at timestamptz,
  constraint call_queue_tenant_key unique (user_id, id),
  constraint item_of_a_campaign foreign key (user_id, campaign_id) references call_campaigns (user_id, id),
  constraint item_for_a_contact foreign key (user_id, contact_id) references contacts (user_id, id),
  constraint item_in_a_lane foreign key (user_id, lane_id) references call_lanes (user_id, id),
  constraint item_calls_with_an_agent foreign key (user_id, agent_id) references agents (user_id, id),
  constraint item_status_is_known check (status in ('pending', 'in_progress', 'completed', 'failed', 'canceled', 'skipped')),
  constraint item_kind_is_known check (kind in ('campaign', 'direct', 'callback')),
  constraint skipped_item_has_a_reason check ((status = 'skipped') = (skip_reason is not null)),
  constraint closed_item_has_closed_at check ((status in ('completed', 'failed', 'canceled', 'skipped')) = (closed_at is not null)),
  constraint direct_item_names_its_agent check (campaign_id is not null or agent_id is not null),
  constraint priority_in_range check (priority between 0 and 9),
  constraint attempts_never_negative check (attempts >= 0)
);
comment on table call_queue is 'The intent to reach one contact in one campaign, or one direct call; lives through all attempts. wait_reason says why it waits, skip_reason why it never will.';
create unique index one_item_per_contact on call_queue (user_id, campaign_id, contact_id) where kind = 'campaign';
create unique index one_open_direct_item on call_queue (user_id, contact_id) where kind = 'direct' and status in ('pending', 'in_progress');
create index call_queue_head on call_queue (lane_id, priority, due_at, id) where status = 'pending';
create index call_queue_by_phone on call_queue (user_id, phone_number) where status = 'pending';
create index call_queue_of_campaign on call_queue (user_id, campaign_id, status, id);
create index call_queue_of_contact on call_queue (user_id, contact_id, id desc);
create index call_queue_open on call_queue (campaign_id) where status in ('pending', 'in_progress');
create index call_queue_in_progress on call_queue (id) where status = 'in_progress';
create index call_queue_expiring on call_queue (expires_at) where status = 'pending' and expires_at is not null;
alter table call_queue set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
call app.tenant_table('call_queue');
