-- Calls: one row is one attempt. Webhooks, verified facts, incidents.
create table calls (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint call_of_a_user references users (id),
  status text not null default 'claimed',
  outcome text,
  reason text,
  ended_at timestamptz,
  final_at timestamptz,
  settled_at timestamptz,
  direction text not null default 'outbound',
  attempt int not null default 1,
  queue_id uuid,
  campaign_id uuid,
  contact_id uuid,
  agent_id uuid not null,
  agent_version int not null default 1,
  provider_account_id uuid not null constraint call_through_an_account references provider_accounts (id),
  bolna_execution_id text,
  phone_number phone_number not null,
  from_number text,
  system_slot int,
  user_slot int,
  account_slot int,
  held_credits bigint not null default 0,
  price_credits bigint,
  waived_credits bigint not null default 0,
  estimated boolean not null default false,
  talk_seconds int,
  conversation_seconds double precision,
  max_call_seconds int not null,
  lease_until timestamptz,
  lease_epoch int not null default 0,
  next_poll_at timestamptz,
  polls int not null default 0,
  disagreements int not null default 0,
  adopted boolean not null default false,
  absent_since timestamptz,
  ended_by text,
  claimed_at timestamptz not null default app.now(),
  dialing_at timestamptz,
  dialing_wall timestamptz,
  dialing_lease_end timestamptz,
  placed_at timestamptz,
  stages jsonb not null default '{}',
  sources jsonb not null default '{}',
  voicemail boolean,
  hangup_by text,
  hangup_reason text,
  termination_reason text,
  error_message text,
  transcript text,
  transcript_final boolean not null default false,
  recording_url text,
  recording_status text not null default 'none',
  recording_path text,
  recording_bytes bigint,
  recording_type text,
  recording_attempts int not null default 0,
  recording_next_at timestamptz,
  provider_cost_cents numeric,
  receipt jsonb not null default '{}',
  created_by uuid,
  created_at timestamptz not null default app.now(),
  constraint calls_tenant_key unique (user_id, id),
  constraint call_of_an_item foreign key (user_id, queue_id) references call_queue (user_id, id),
  constraint call_of_a_campaign foreign key (user_id, campaign_id) references call_campaigns (user_id, id),
  constraint call_to_a_contact foreign key (user_id, contact_id) references contacts (user_id, id),
  constraint call_by_an_agent foreign key (user_id, agent_id) references agents (user_id, id),
  constraint one_call_per_execution unique (provider_account_id, bolna_execution_id),
  constraint one_call_per_attempt unique (user_id, queue_id, attempt),
  constraint call_status_is_known check (status in ('claimed', 'dialing', 'unknown', 'prepared', 'scheduled', 'queued', 'rescheduled',
    'initiated', 'ringing', 'in-progress', 'call-disconnected', 'completed', 'no-answer', 'busy', 'failed', 'canceled', 'stopped', 'error', 'balance-low', 'not-placed')),
  constraint outcome_is_known check (outcome in ('answered', 'voicemail', 'busy', 'no_answer', 'failed', 'canceled', 'unclear')),
  constraint direction_is_known check (direction in ('outbound', 'inbound')),
  constraint ended_call_has_ended_at check (status not in ('completed', 'no-answer', 'busy', 'failed', 'canceled', 'stopped', 'error', 'balance-low', 'not-placed') or ended_at is not null),
  constraint final_call_has_outcome check (final_at is null or outcome is not null or status = 'not-placed'),
  constraint settled_call_has_price check ((settled_at is null) = (price_credits is null)),
  constraint price_within_hold check (price_credits is null or direction = 'inbound' or adopted or price_credits <= held_credits),
  constraint outbound_call_has_an_item check (direction = 'inbound' or queue_id is not null),
  constraint money_never_negative check (held_credits >= 0 and price_credits >= 0 and waived_credits >= 0),
  constraint slots_are_positive check (system_slot > 0 and user_slot > 0 and account_slot > 0),
  constraint recording_status_is_known check (recording_status in ('none', 'fetching', 'ready', 'missing'))
);
comment on table calls is 'One row is one attempt, never reused. An open row (ended_at null) that carries slot numbers is the line it holds; an unsettled row is its own credit hold. lease_until, dialing_wall, dialing_lease_end and absent_since are wall time, everything else domain time. stages = when each status was first true; sources = how good the source of each artefact was.';

-- Slots: a number on an open row under a unique index. Delete every lock and these still hold.
create unique index one_call_per_system_slot on calls (system_slot) where ended_at is null and system_slot is not null;
create unique index one_call_per_user_slot on calls (user_id, user_slot) where ended_at is null and user_slot is not null;
create unique index one_call_per_account_slot on calls (provider_account_id, account_slot) where ended_at is null and account_slot is not null;
create unique index one_open_call_per_phone on calls (user_id, phone_number) where ended_at is null and direction = 'outbound' and not adopted;
create unique index one_open_call_per_item on calls (queue_id) where ended_at is null and not adopted and queue_id is not null;
create index calls_open on calls (user_id, campaign_id) where system_slot is not null and ended_at is null;
create index calls_unsettled on calls (user_id, campaign_id) include (held_credits) where settled_at is null;
create index calls_leased on calls (lease_until) where lease_until is not null;
create index calls_to_poll on calls (next_poll_at) where next_poll_at is not null;
create index calls_unknown on calls (agent_id) where status = 'unknown';
create index calls_latest on calls (user_id, id desc);
create index calls_of_campaign on calls (user_id, campaign_id, id desc);
create index calls_of_contact on calls (user_id, contact_id, id desc);
create index calls_of_item on calls (queue_id, attempt);
create index calls_by_phone on calls (user_id, phone_number, created_at desc);
create index calls_unfinished on calls (final_at) where final_at is null;
create index calls_recording_due on calls (recording_next_at) where recording_status = 'fetching';
alter table calls set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
call app.tenant_table('calls');

create table call_events (
  id bigint generated always as identity primary key,
  user_id uuid not null,
  call_id uuid not null,
  status text,
  arrived_at timestamptz not null default app.now(),
  provider_at timestamptz,
  source text not null,
  applied boolean not null default true,
  webhook_event_id bigint,
  body jsonb,
  note text,
  constraint call_events_tenant_key unique (user_id, id),
  constraint event_of_a_call foreign key (user_id, call_id) references calls (user_id, id) on delete cascade,
  constraint event_source_is_known check (source in ('webhook', 'poll', 'place', 'system', 'person'))
);
comment on table call_events is 'Everything heard about a call, in order of arrival. body is the provider''s object, text parts blanked at erase.';
create index call_events_of_call on call_events (user_id, call_id, id);
call app.tenant_table('call_events');

-- Deduplication outlives the bodies.
create table webhook_keys (
  source text not null,
  endpoint_id uuid not null,
  sha256 bytea not null,
  at timestamptz not null default app.wall(),
  constraint webhook_keys_pkey primary key (source, endpoint_id, sha256)
);
comment on table webhook_keys is 'What has been received already; kept when bodies are pruned.';
grant select, insert, delete on webhook_keys to parley_definer;

create table webhook_events (
  id bigint generated always as identity primary key,
  status text not null default 'pending',
  received_at timestamptz not null default app.now(),
  received_wall timestamptz not null default app.wall(),
  attempts int not null default 0,
  next_at timestamptz not null default app.wall(),
  user_id uuid not null constraint webhook_of_a_user references users (id),
  source text not null,
  endpoint_id uuid not null,
  call_id uuid,
  error text,
  done_at timestamptz,
  body bytea,
  constraint webhook_events_tenant_key unique (user_id, id),
  constraint webhook_status_is_known check (status in ('pending', 'done', 'bad', 'parked')),
  constraint webhook_source_is_known check (source in ('bolna', 'whatsapp', 'google'))
);
comment on table webhook_events is 'Raw journal of webhooks, as bytes: jsonb and text refuse what a transcript may contain.';
create index webhook_events_pending on webhook_events (next_at, id) where status in ('pending', 'parked');
create index webhook_events_latest on webhook_events (user_id, id desc);
create index webhook_events_of_call on webhook_events (call_id) where call_id is not null;
call app.tenant_table('webhook_events');

create table provider_executions (
  provider_account_id uuid not null constraint execution_at_an_account references provider_accounts (id),
  id text not null,
  user_id uuid not null constraint execution_of_a_user references users (id),
  call_id uuid,
  status text not null,
  facts jsonb not null,
  read_at timestamptz not null default app.now(),
  constraint provider_executions_pkey primary key (provider_account_id, id),
  constraint provider_executions_tenant_key unique (user_id, provider_account_id, id),
  constraint execution_of_a_call foreign key (user_id, call_id) references calls (user_id, id) on delete cascade
);
comment on table provider_executions is 'What the provider itself says of an execution: the facts money moves on. call_id null = not ours.';
create index provider_executions_of_call on provider_executions (call_id) where call_id is not null;
call app.tenant_table('provider_executions');

create table incidents (
  id uuid primary key default app.uuid7(),
  status text not null default 'open',
  severity text not null default 'warn',
  kind text not null,
  ref text not null,
  message text not null,
  cure text not null,
  user_id uuid constraint incident_of_a_user references users (id),
  times int not null default 1,
  opened_at timestamptz not null default app.now(),
  last_at timestamptz not null default app.now(),
  resolved_at timestamptz,
  resolved_by text,
  constraint incident_status_is_known check (status in ('open', 'resolved')),
  constraint incident_severity_is_known check (severity in ('info', 'warn', 'bad')),
  constraint resolved_incident_has_resolved_at check ((status = 'resolved') = (resolved_at is not null))
);
comment on table incidents is 'What needs a person: kind, what happened, the cure. user_id null = the platform''s own.';
create unique index one_open_incident_per_fact on incidents (kind, ref) where status = 'open';
create index incidents_latest on incidents (opened_at desc);
alter table incidents enable row level security;
alter table incidents force row level security;
create policy tenant on incidents to parley_web, parley_worker
  using (user_id = nullif(current_setting('app.user_id', true), '')::uuid)
  with check (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
create policy definer on incidents to parley_definer using (true) with check (true);
create policy ro on incidents for select to parley_ro using (true);
grant select, insert, update on incidents to parley_web, parley_worker, parley_definer;

create table worker_pools (
  pool_id text primary key,
  process text not null,
  role text not null,
  started_at timestamptz not null default app.wall(),
  beat_at timestamptz not null default app.wall(),
  active_jobs int not null default 0,
  version text
);
comment on table worker_pools is 'Heartbeats of running processes, wall time.';
grant select, insert, update, delete on worker_pools to parley_worker, parley_definer;
grant select on worker_pools to parley_ro;
