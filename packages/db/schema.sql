-- Written by `npm run db:dump` from the migrated database. Do not edit.

create domain public.phone_number as text
  constraint phone_number_is_canonical CHECK ((VALUE ~ '^\+[1-9][0-9]{0,3} [0-9]{3,14}$'::text));

create sequence public.live_changes_id;
-- grant usage to parley_definer
-- grant usage to parley_web
-- grant usage to parley_worker

create table public.agent_versions (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  agent_id uuid not null,
  version integer not null,
  config jsonb not null,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  constraint agent_versions_pkey PRIMARY KEY (id),
  constraint agent_versions_tenant_key UNIQUE (user_id, id),
  constraint one_row_per_version UNIQUE (user_id, agent_id, version),
  constraint version_of_an_agent FOREIGN KEY (user_id, agent_id) REFERENCES public.agents(user_id, id)
);
alter table public.agent_versions enable row level security;
alter table public.agent_versions force row level security;
create policy definer on public.agent_versions for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.agent_versions for select to parley_ro
  using (true);
create policy tenant on public.agent_versions for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: What an agent said at each version; a call names the version it used.

create table public.agent_webhook_keys (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  agent_id uuid not null,
  key_sha256 bytea not null,
  key_sealed text not null,
  created_at timestamp with time zone not null default app.wall(),
  retired_at timestamp with time zone,
  constraint agent_webhook_keys_pkey PRIMARY KEY (id),
  constraint agent_webhook_key_is_unique UNIQUE (key_sha256),
  constraint agent_webhook_keys_tenant_key UNIQUE (user_id, id),
  constraint key_of_an_agent FOREIGN KEY (user_id, agent_id) REFERENCES public.agents(user_id, id)
);
CREATE INDEX agent_webhook_keys_live ON public.agent_webhook_keys USING btree (user_id, agent_id) WHERE (retired_at IS NULL);
alter table public.agent_webhook_keys enable row level security;
alter table public.agent_webhook_keys force row level security;
create policy definer on public.agent_webhook_keys for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.agent_webhook_keys for select to parley_ro
  using (true);
create policy tenant on public.agent_webhook_keys for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: The secret in an agent's webhook URL, sealed and hashed.

create table public.agents (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  name text not null,
  status text not null default 'active'::text,
  sync_status text not null default 'pending'::text,
  sync_error text,
  synced_at timestamp with time zone,
  bolna_agent_id text,
  provider_account_id uuid not null,
  prompt text not null,
  welcome_message text not null,
  disclosure text not null,
  language text not null default 'en'::text,
  bolna_voice_config jsonb not null default '{}'::jsonb,
  llm_config jsonb not null default '{}'::jsonb,
  max_call_seconds integer not null default 300,
  extraction jsonb not null default '[]'::jsonb,
  from_number text,
  drift jsonb,
  drift_checked_at timestamp with time zone,
  webhook_base text,
  version integer not null default 1,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  updated_at timestamp with time zone not null default app.wall(),
  archived_at timestamp with time zone,
  sync_lease_until timestamp with time zone,
  create_sent_at timestamp with time zone,
  adopted_at timestamp with time zone,
  constraint agents_pkey PRIMARY KEY (id),
  constraint agents_tenant_key UNIQUE (user_id, id),
  constraint agent_at_an_account FOREIGN KEY (provider_account_id) REFERENCES public.provider_accounts(id),
  constraint agent_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint agent_status_is_known CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text]))),
  constraint agent_sync_status_is_known CHECK ((sync_status = ANY (ARRAY['pending'::text, 'synced'::text, 'failed'::text, 'drifted'::text]))),
  constraint archived_agent_has_archived_at CHECK (((status = 'archived'::text) = (archived_at IS NOT NULL))),
  constraint disclosure_is_never_missing CHECK ((length(disclosure) > 0)),
  constraint max_call_seconds_in_range CHECK (((max_call_seconds >= 10) AND (max_call_seconds <= 7200)))
);
CREATE UNIQUE INDEX agents_at_provider ON public.agents USING btree (provider_account_id, bolna_agent_id) WHERE (bolna_agent_id IS NOT NULL);
CREATE INDEX agents_to_sync ON public.agents USING btree (sync_status) WHERE ((status = 'active'::text) AND (sync_status = 'pending'::text));
alter table public.agents enable row level security;
alter table public.agents force row level security;
create policy definer on public.agents for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.agents for select to parley_ro
  using (true);
create policy tenant on public.agents for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.agents FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column archived_at: grant select to parley_ro
-- column bolna_agent_id: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column drift_checked_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column language: grant select to parley_ro
-- column max_call_seconds: grant select to parley_ro
-- column name: grant select to parley_ro
-- column provider_account_id: grant select to parley_ro
-- column status: grant select to parley_ro
-- column sync_error: grant select to parley_ro
-- column sync_status: grant select to parley_ro
-- column synced_at: grant select to parley_ro
-- column updated_at: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column version: grant select to parley_ro
-- column webhook_base: grant select to parley_ro
-- comment: AI voice agents of a tenant, mirrored at the provider (bolna_agent_id).

create table public.analysis_runs (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  call_id uuid not null,
  status text not null default 'running'::text,
  prompt_version text not null,
  transcript_sha256 text not null,
  transcript text,
  asked_at timestamp with time zone not null default app.now(),
  attempts integer not null default 1,
  lease_until timestamp with time zone,
  next_at timestamp with time zone,
  error_kind text,
  error text,
  answer jsonb,
  result jsonb,
  model text,
  model_used text,
  request_id text,
  tokens_in integer not null default 0,
  tokens_cached integer not null default 0,
  tokens_out integer not null default 0,
  cost_nanodollars bigint default 0,
  started_at timestamp with time zone not null default app.wall(),
  finished_at timestamp with time zone,
  constraint analysis_runs_pkey PRIMARY KEY (id),
  constraint analysis_runs_tenant_key UNIQUE (user_id, id),
  constraint one_run_per_transcript UNIQUE (call_id, prompt_version, transcript_sha256),
  constraint run_for_a_call FOREIGN KEY (user_id, call_id) REFERENCES public.calls(user_id, id) ON DELETE CASCADE,
  constraint answered_run_has_a_result CHECK (((status = 'answered'::text) = (result IS NOT NULL))),
  constraint failed_run_says_why CHECK (((status <> ALL (ARRAY['waiting'::text, 'failed'::text])) OR (error IS NOT NULL))),
  constraint run_status_is_known CHECK ((status = ANY (ARRAY['running'::text, 'waiting'::text, 'answered'::text, 'failed'::text]))),
  constraint running_run_has_a_lease CHECK (((status = 'running'::text) = (lease_until IS NOT NULL)))
);
CREATE INDEX analysis_runs_of_call ON public.analysis_runs USING btree (user_id, call_id, id);
alter table public.analysis_runs enable row level security;
alter table public.analysis_runs force row level security;
create policy definer on public.analysis_runs for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.analysis_runs for select to parley_ro
  using (true);
create policy tenant on public.analysis_runs for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: One row per call, prompt version and normalised transcript: no transcript is paid for twice. transcript stays until the call is final, to tell whether a later one says more; attempts fences a run that was given up. lease_until, next_at, started_at and finished_at are wall time.

create table public.api_keys (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  name text not null,
  key_sha256 text not null,
  key_hint text not null,
  role text not null default 'manager'::text,
  scopes text[] not null default '{}'::text[],
  created_by uuid,
  created_at timestamp with time zone not null default app.wall(),
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_key_is_unique UNIQUE (key_sha256),
  constraint api_keys_tenant_key UNIQUE (user_id, id),
  constraint api_key_by_a_person FOREIGN KEY (created_by) REFERENCES public.people(id),
  constraint api_key_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'manager'::text, 'agent'::text, 'viewer'::text])))
);
alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;
create policy definer on public.api_keys for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.api_keys for select to parley_ro
  using (true);
create policy tenant on public.api_keys for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Keys of programs, hashed; shown once when made.

create table public.audit_digests (
  user_id uuid not null,
  day date not null,
  entries integer not null,
  rows_sha256 text not null,
  seal text not null,
  at timestamp with time zone not null default app.wall(),
  constraint audit_digests_pkey PRIMARY KEY (user_id, day),
  constraint digest_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint digest_of_something CHECK ((entries > 0))
);
alter table public.audit_digests enable row level security;
alter table public.audit_digests force row level security;
create policy definer on public.audit_digests for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.audit_digests for select to parley_ro
  using (true);
create policy tenant on public.audit_digests for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant insert, select to parley_definer
-- grant insert, select to parley_web
-- grant insert, select to parley_worker
-- column at: grant select to parley_ro
-- column day: grant select to parley_ro
-- column entries: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: One row for each day (UTC) on which a tenant's audit log has entries: the hash of its rows in order, and a seal over it and the tenant's seal before, made with a key outside the database.

create table public.audit_log (
  id bigint not null generated always as identity,
  user_id uuid not null,
  at timestamp with time zone not null default app.wall(),
  person_id uuid,
  actor text not null,
  action text not null,
  entity text,
  entity_id text,
  changes jsonb not null default '{}'::jsonb,
  request_id text,
  constraint audit_log_pkey PRIMARY KEY (id),
  constraint audit_log_tenant_key UNIQUE (user_id, id),
  constraint audit_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id)
);
CREATE INDEX audit_log_by_time ON public.audit_log USING brin (at);
CREATE INDEX audit_log_latest ON public.audit_log USING btree (user_id, id DESC);
alter table public.audit_log enable row level security;
alter table public.audit_log force row level security;
create policy definer on public.audit_log for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.audit_log for select to parley_ro
  using (true);
create policy tenant on public.audit_log for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant insert, select to parley_definer
-- grant insert, select to parley_web
-- grant insert, select to parley_worker
-- column action: grant select to parley_ro
-- column actor: grant select to parley_ro
-- column at: grant select to parley_ro
-- column entity: grant select to parley_ro
-- column entity_id: grant select to parley_ro
-- column id: grant select to parley_ro
-- column request_id: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: Who changed what, append-only by grants. changes = { field: [before, after] }.

create table public.call_campaigns (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  status text not null default 'draft'::text,
  status_reason text,
  name text not null,
  agent_id uuid not null,
  from_number text,
  audience jsonb not null,
  "window" jsonb,
  retry jsonb not null,
  max_concurrent integer,
  calls_per_second double precision,
  budget_credits bigint,
  starts_at timestamp with time zone,
  ends_at timestamp with time zone,
  launch_total integer,
  launched integer not null default 0,
  launch_cursor uuid,
  launch_skipped integer not null default 0,
  launch_lease_until timestamp with time zone,
  breaker_from timestamp with time zone,
  started_at timestamp with time zone,
  completed_at timestamp with time zone,
  summary jsonb,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  updated_at timestamp with time zone not null default app.wall(),
  callbacks text not null default 'person'::text,
  callback_assignee_id uuid,
  archived_at timestamp with time zone,
  constraint call_campaigns_pkey PRIMARY KEY (id),
  constraint call_campaigns_tenant_key UNIQUE (user_id, id),
  constraint callbacks_for_a_person FOREIGN KEY (callback_assignee_id) REFERENCES public.people(id),
  constraint campaign_calls_with_an_agent FOREIGN KEY (user_id, agent_id) REFERENCES public.agents(user_id, id),
  constraint campaign_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint archived_campaign_is_at_rest CHECK (((archived_at IS NULL) OR (status = ANY (ARRAY['draft'::text, 'completed'::text, 'canceled'::text])))),
  constraint callbacks_are_by_somebody CHECK ((callbacks = ANY (ARRAY['person'::text, 'agent'::text]))),
  constraint campaign_limits_are_positive CHECK (((max_concurrent > 0) AND (calls_per_second > (0)::double precision) AND (budget_credits >= 0))),
  constraint campaign_status_is_known CHECK ((status = ANY (ARRAY['draft'::text, 'scheduled'::text, 'running'::text, 'paused'::text, 'completed'::text, 'canceled'::text]))),
  constraint ended_campaign_has_completed_at CHECK (((status = ANY (ARRAY['completed'::text, 'canceled'::text])) = (completed_at IS NOT NULL))),
  constraint paused_campaign_has_a_reason CHECK (((status <> 'paused'::text) OR (status_reason IS NOT NULL)))
);
CREATE INDEX campaigns_latest ON public.call_campaigns USING btree (user_id, created_at DESC, id);
CREATE INDEX campaigns_launching ON public.call_campaigns USING btree (launch_lease_until) WHERE (launch_lease_until IS NOT NULL);
CREATE INDEX campaigns_running ON public.call_campaigns USING btree (user_id) WHERE (status = 'running'::text);
CREATE INDEX campaigns_scheduled ON public.call_campaigns USING btree (starts_at) WHERE (status = 'scheduled'::text);
alter table public.call_campaigns enable row level security;
alter table public.call_campaigns force row level security;
create policy definer on public.call_campaigns for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.call_campaigns for select to parley_ro
  using (true);
create policy tenant on public.call_campaigns for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.call_campaigns FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column agent_id: grant select to parley_ro
-- column breaker_from: grant select to parley_ro
-- column budget_credits: grant select to parley_ro
-- column calls_per_second: grant select to parley_ro
-- column completed_at: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column ends_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column launch_cursor: grant select to parley_ro
-- column launch_lease_until: grant select to parley_ro
-- column launch_skipped: grant select to parley_ro
-- column launch_total: grant select to parley_ro
-- column launched: grant select to parley_ro
-- column max_concurrent: grant select to parley_ro
-- column name: grant select to parley_ro
-- column retry: grant select to parley_ro
-- column started_at: grant select to parley_ro
-- column starts_at: grant select to parley_ro
-- column status: grant select to parley_ro
-- column status_reason: grant select to parley_ro
-- column summary: grant select to parley_ro
-- column updated_at: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column window: grant select to parley_ro
-- comment: An agent, a list, rules. Counts are queries over call_queue and calls, never columns.

create table public.call_effects (
  user_id uuid not null,
  call_id uuid not null,
  effect text not null,
  at timestamp with time zone not null default app.now(),
  detail jsonb not null default '{}'::jsonb,
  constraint call_effects_pkey PRIMARY KEY (user_id, call_id, effect),
  constraint effect_of_a_call FOREIGN KEY (user_id, call_id) REFERENCES public.calls(user_id, id) ON DELETE CASCADE
);
alter table public.call_effects enable row level security;
alter table public.call_effects force row level security;
create policy definer on public.call_effects for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.call_effects for select to parley_ro
  using (true);
create policy tenant on public.call_effects for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Side effects of an analysis (suppress, stage, tags, score, meeting, callback), each once a call; detail holds what it changed, so that a later analysis of the same call replaces it instead of adding to it.

create table public.call_events (
  id bigint not null generated always as identity,
  user_id uuid not null,
  call_id uuid not null,
  status text,
  arrived_at timestamp with time zone not null default app.now(),
  provider_at timestamp with time zone,
  source text not null,
  applied boolean not null default true,
  webhook_event_id bigint,
  body jsonb,
  note text,
  constraint call_events_pkey PRIMARY KEY (id),
  constraint call_events_tenant_key UNIQUE (user_id, id),
  constraint event_of_a_call FOREIGN KEY (user_id, call_id) REFERENCES public.calls(user_id, id) ON DELETE CASCADE,
  constraint event_source_is_known CHECK ((source = ANY (ARRAY['webhook'::text, 'poll'::text, 'place'::text, 'system'::text, 'person'::text])))
);
CREATE INDEX call_events_of_call ON public.call_events USING btree (user_id, call_id, id);
alter table public.call_events enable row level security;
alter table public.call_events force row level security;
create policy definer on public.call_events for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.call_events for select to parley_ro
  using (true);
create policy tenant on public.call_events for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column applied: grant select to parley_ro
-- column arrived_at: grant select to parley_ro
-- column call_id: grant select to parley_ro
-- column id: grant select to parley_ro
-- column note: grant select to parley_ro
-- column provider_at: grant select to parley_ro
-- column source: grant select to parley_ro
-- column status: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column webhook_event_id: grant select to parley_ro
-- comment: Everything heard about a call, in order of arrival. body is the provider's object, text parts blanked at erase.

create table public.call_lanes (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  campaign_id uuid,
  country text not null,
  zone_set text not null,
  paused boolean not null default false,
  opens_at timestamp with time zone not null,
  closes_at timestamp with time zone not null,
  next_due_at timestamp with time zone not null default '-infinity'::timestamp with time zone,
  blocked_by text,
  hold_credits bigint not null default 1,
  ready_at timestamp with time zone not null generated always as (GREATEST(opens_at, next_due_at)) stored,
  head_priority smallint,
  head_due_at timestamp with time zone,
  head_id uuid,
  head_at timestamp with time zone,
  constraint call_lanes_pkey PRIMARY KEY (id),
  constraint call_lanes_tenant_key UNIQUE (user_id, id),
  constraint one_lane_per_zone_set UNIQUE NULLS NOT DISTINCT (user_id, campaign_id, country, zone_set),
  constraint lane_of_a_campaign FOREIGN KEY (user_id, campaign_id) REFERENCES public.call_campaigns(user_id, id) ON DELETE CASCADE,
  constraint lane_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint lane_blocked_by_is_known CHECK ((blocked_by = ANY (ARRAY['credits'::text, 'budget'::text, 'campaign_cap'::text, 'user_limit'::text, 'pace'::text])))
) with (fillfactor=70);
CREATE INDEX call_lanes_by_hand ON public.call_lanes USING btree (ready_at) WHERE ((campaign_id IS NULL) AND (NOT paused) AND (ready_at < 'infinity'::timestamp with time zone));
CREATE INDEX call_lanes_closing ON public.call_lanes USING btree (closes_at) WHERE ((NOT paused) AND (next_due_at < 'infinity'::timestamp with time zone));
CREATE INDEX call_lanes_of_campaign ON public.call_lanes USING btree (user_id, campaign_id);
CREATE INDEX call_lanes_ready ON public.call_lanes USING btree (ready_at) WHERE ((NOT paused) AND (ready_at < 'infinity'::timestamp with time zone));
CREATE INDEX call_lanes_turn ON public.call_lanes USING btree (user_id, ready_at, closes_at) WHERE ((NOT paused) AND (ready_at < 'infinity'::timestamp with time zone));
alter table public.call_lanes enable row level security;
alter table public.call_lanes force row level security;
create policy definer on public.call_lanes for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.call_lanes for select to parley_ro
  using (true);
create policy tenant on public.call_lanes for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant select to parley_ro
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Campaign x country x zones: paused, open from and to, next due. A lane is ready when not paused, open, and next_due_at has come. Lanes without a campaign carry direct calls.

create table public.call_queue (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  status text not null default 'pending'::text,
  due_at timestamp with time zone not null default app.now(),
  attempts integer not null default 0,
  wait_reason text,
  skip_reason text,
  last_outcome text,
  kind text not null default 'campaign'::text,
  priority smallint not null default 5,
  phone_number public.phone_number not null,
  campaign_id uuid,
  contact_id uuid not null,
  lane_id uuid not null,
  agent_id uuid,
  from_number text,
  expires_at timestamp with time zone,
  assignee_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  closed_at timestamp with time zone,
  constraint call_queue_pkey PRIMARY KEY (id),
  constraint call_queue_tenant_key UNIQUE (user_id, id),
  constraint item_calls_with_an_agent FOREIGN KEY (user_id, agent_id) REFERENCES public.agents(user_id, id),
  constraint item_for_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id),
  constraint item_in_a_lane FOREIGN KEY (user_id, lane_id) REFERENCES public.call_lanes(user_id, id),
  constraint item_of_a_campaign FOREIGN KEY (user_id, campaign_id) REFERENCES public.call_campaigns(user_id, id),
  constraint item_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint attempts_never_negative CHECK ((attempts >= 0)),
  constraint closed_item_has_closed_at CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'canceled'::text, 'skipped'::text])) = (closed_at IS NOT NULL))),
  constraint direct_item_names_its_agent CHECK (((campaign_id IS NOT NULL) OR (agent_id IS NOT NULL))),
  constraint item_kind_is_known CHECK ((kind = ANY (ARRAY['campaign'::text, 'direct'::text, 'callback'::text]))),
  constraint item_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'in_progress'::text, 'completed'::text, 'failed'::text, 'canceled'::text, 'skipped'::text]))),
  constraint priority_in_range CHECK (((priority >= 0) AND (priority <= 9))),
  constraint skipped_item_has_a_reason CHECK (((status = 'skipped'::text) = (skip_reason IS NOT NULL)))
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0);
CREATE INDEX call_queue_by_phone ON public.call_queue USING btree (user_id, phone_number) WHERE (status = 'pending'::text);
CREATE INDEX call_queue_expiring ON public.call_queue USING btree (expires_at) WHERE ((status = 'pending'::text) AND (expires_at IS NOT NULL));
CREATE INDEX call_queue_head ON public.call_queue USING btree (lane_id, priority, due_at, id) WHERE (status = 'pending'::text);
CREATE INDEX call_queue_in_progress ON public.call_queue USING btree (id) WHERE (status = 'in_progress'::text);
CREATE INDEX call_queue_of_campaign ON public.call_queue USING btree (user_id, campaign_id, status, id);
CREATE INDEX call_queue_of_contact ON public.call_queue USING btree (user_id, contact_id, id DESC);
CREATE INDEX call_queue_open ON public.call_queue USING btree (campaign_id) WHERE (status = ANY (ARRAY['pending'::text, 'in_progress'::text]));
CREATE UNIQUE INDEX one_item_per_contact ON public.call_queue USING btree (user_id, campaign_id, contact_id) WHERE (kind = 'campaign'::text);
CREATE UNIQUE INDEX one_open_callback_per_contact ON public.call_queue USING btree (user_id, campaign_id, contact_id) NULLS NOT DISTINCT WHERE ((kind = 'callback'::text) AND (status = ANY (ARRAY['pending'::text, 'in_progress'::text])));
CREATE UNIQUE INDEX one_open_direct_item ON public.call_queue USING btree (user_id, contact_id) WHERE ((kind = 'direct'::text) AND (status = ANY (ARRAY['pending'::text, 'in_progress'::text])));
alter table public.call_queue enable row level security;
alter table public.call_queue force row level security;
create policy definer on public.call_queue for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.call_queue for select to parley_ro
  using (true);
create policy tenant on public.call_queue for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER callback_closed AFTER UPDATE OF status ON public.call_queue FOR EACH ROW WHEN (((new.kind = 'callback'::text) AND (new.closed_at IS NOT NULL) AND (old.closed_at IS NULL))) EXECUTE FUNCTION app.callback_closed();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column agent_id: grant select to parley_ro
-- column attempts: grant select to parley_ro
-- column campaign_id: grant select to parley_ro
-- column closed_at: grant select to parley_ro
-- column contact_id: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column due_at: grant select to parley_ro
-- column expires_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column kind: grant select to parley_ro
-- column lane_id: grant select to parley_ro
-- column last_outcome: grant select to parley_ro
-- column priority: grant select to parley_ro
-- column skip_reason: grant select to parley_ro
-- column status: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column wait_reason: grant select to parley_ro
-- comment: The intent to reach one contact in one campaign, or one direct call; lives through all attempts. wait_reason says why it waits, skip_reason why it never will.

create table public.calling_rules (
  rule_set text not null,
  country text not null,
  version integer not null default 1,
  days smallint[] not null,
  opens time without time zone not null,
  closes time without time zone not null,
  holidays date[] not null default '{}'::date[],
  consent text not null default 'none'::text,
  dials_max integer,
  answered_max integer,
  note text not null,
  caps_bind boolean not null default false,
  constraint calling_rules_pkey PRIMARY KEY (rule_set, country),
  constraint consent_need_is_known CHECK ((consent = ANY (ARRAY['none'::text, 'any'::text, 'express'::text, 'written'::text]))),
  constraint days_are_iso CHECK ((days <@ ARRAY[(1)::smallint, (2)::smallint, (3)::smallint, (4)::smallint, (5)::smallint, (6)::smallint, (7)::smallint]))
);
-- grant select to parley_definer
-- grant select to parley_ro
-- grant select to parley_web
-- grant select to parley_worker
-- comment: Legal hours, consent and caps by country; country ** is the fallback. Days are ISO (Monday = 1), hours local to the person called.

create table public.calls (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  status text not null default 'claimed'::text,
  outcome text,
  reason text,
  ended_at timestamp with time zone,
  final_at timestamp with time zone,
  settled_at timestamp with time zone,
  direction text not null default 'outbound'::text,
  attempt integer not null default 1,
  queue_id uuid,
  campaign_id uuid,
  contact_id uuid,
  agent_id uuid not null,
  agent_version integer not null default 1,
  provider_account_id uuid not null,
  bolna_execution_id text,
  phone_number public.phone_number,
  from_number text,
  system_slot integer,
  user_slot integer,
  account_slot integer,
  held_credits bigint not null default 0,
  price_credits bigint,
  waived_credits bigint not null default 0,
  estimated boolean not null default false,
  talk_seconds integer,
  conversation_seconds double precision,
  max_call_seconds integer not null,
  lease_until timestamp with time zone,
  lease_epoch integer not null default 0,
  next_poll_at timestamp with time zone,
  polls integer not null default 0,
  disagreements integer not null default 0,
  adopted boolean not null default false,
  absent_since timestamp with time zone,
  ended_by text,
  claimed_at timestamp with time zone not null default app.now(),
  dialing_at timestamp with time zone,
  dialing_wall timestamp with time zone,
  dialing_lease_end timestamp with time zone,
  placed_at timestamp with time zone,
  stages jsonb not null default '{}'::jsonb,
  sources jsonb not null default '{}'::jsonb,
  voicemail boolean,
  hangup_by text,
  hangup_reason text,
  termination_reason text,
  error_message text,
  transcript text,
  transcript_final boolean not null default false,
  recording_url text,
  recording_status text not null default 'none'::text,
  recording_path text,
  recording_bytes bigint,
  recording_type text,
  recording_attempts integer not null default 0,
  recording_next_at timestamp with time zone,
  provider_cost_cents numeric,
  receipt jsonb not null default '{}'::jsonb,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  stop_reason text,
  recording_error text,
  provider_retries integer not null default 0,
  constraint calls_pkey PRIMARY KEY (id),
  constraint calls_tenant_key UNIQUE (user_id, id),
  constraint one_call_per_attempt UNIQUE (user_id, queue_id, attempt),
  constraint one_call_per_execution UNIQUE (provider_account_id, bolna_execution_id),
  constraint call_by_an_agent FOREIGN KEY (user_id, agent_id) REFERENCES public.agents(user_id, id),
  constraint call_of_a_campaign FOREIGN KEY (user_id, campaign_id) REFERENCES public.call_campaigns(user_id, id),
  constraint call_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint call_of_an_item FOREIGN KEY (user_id, queue_id) REFERENCES public.call_queue(user_id, id),
  constraint call_through_an_account FOREIGN KEY (provider_account_id) REFERENCES public.provider_accounts(id),
  constraint call_to_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id),
  constraint call_status_is_known CHECK ((status = ANY (ARRAY['claimed'::text, 'dialing'::text, 'unknown'::text, 'prepared'::text, 'scheduled'::text, 'queued'::text, 'rescheduled'::text, 'initiated'::text, 'ringing'::text, 'in-progress'::text, 'call-disconnected'::text, 'completed'::text, 'no-answer'::text, 'busy'::text, 'failed'::text, 'canceled'::text, 'stopped'::text, 'error'::text, 'balance-low'::text, 'not-placed'::text]))),
  constraint direction_is_known CHECK ((direction = ANY (ARRAY['outbound'::text, 'inbound'::text]))),
  constraint ended_call_has_ended_at CHECK (((status <> ALL (ARRAY['completed'::text, 'no-answer'::text, 'busy'::text, 'failed'::text, 'canceled'::text, 'stopped'::text, 'error'::text, 'balance-low'::text, 'not-placed'::text])) OR (ended_at IS NOT NULL))),
  constraint final_call_has_outcome CHECK (((final_at IS NULL) OR (outcome IS NOT NULL) OR (status = 'not-placed'::text))),
  constraint money_never_negative CHECK (((held_credits >= 0) AND (price_credits >= 0) AND (waived_credits >= 0))),
  constraint number_is_known_or_withheld CHECK (((phone_number IS NOT NULL) OR (direction = 'inbound'::text))),
  constraint outbound_call_has_an_item CHECK (((direction = 'inbound'::text) OR (queue_id IS NOT NULL))),
  constraint outcome_is_known CHECK ((outcome = ANY (ARRAY['answered'::text, 'voicemail'::text, 'busy'::text, 'no_answer'::text, 'failed'::text, 'canceled'::text, 'unclear'::text]))),
  constraint price_within_hold CHECK (((price_credits IS NULL) OR (direction = 'inbound'::text) OR adopted OR (price_credits <= held_credits))),
  constraint recording_status_is_known CHECK ((recording_status = ANY (ARRAY['none'::text, 'fetching'::text, 'ready'::text, 'missing'::text]))),
  constraint retries_are_counted CHECK ((provider_retries >= 0)),
  constraint settled_call_has_price CHECK (((settled_at IS NULL) = (price_credits IS NULL))),
  constraint slots_are_positive CHECK (((system_slot > 0) AND (user_slot > 0) AND (account_slot > 0))),
  constraint stop_reason_is_known CHECK ((stop_reason = ANY (ARRAY['person'::text, 'provider_queue'::text, 'campaign_paused'::text, 'other_call_open'::text])))
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0);
CREATE INDEX calls_at_work ON public.calls USING btree (id) WHERE ((system_slot IS NOT NULL) AND (ended_at IS NULL));
CREATE INDEX calls_by_execution ON public.calls USING btree (user_id, bolna_execution_id) WHERE (bolna_execution_id IS NOT NULL);
CREATE INDEX calls_by_phone ON public.calls USING btree (user_id, phone_number, created_at DESC);
CREATE INDEX calls_by_start ON public.calls USING btree (user_id, created_at);
CREATE INDEX calls_latest ON public.calls USING btree (user_id, id DESC);
CREATE INDEX calls_leased ON public.calls USING btree (lease_until) WHERE (lease_until IS NOT NULL);
CREATE INDEX calls_of_agent ON public.calls USING btree (user_id, agent_id) INCLUDE (outcome, talk_seconds, price_credits);
CREATE INDEX calls_of_campaign ON public.calls USING btree (user_id, campaign_id, id DESC);
CREATE INDEX calls_of_contact ON public.calls USING btree (user_id, contact_id, id DESC);
CREATE INDEX calls_of_item ON public.calls USING btree (queue_id, attempt);
CREATE INDEX calls_open ON public.calls USING btree (user_id, id, campaign_id) WHERE ((system_slot IS NOT NULL) AND (ended_at IS NULL));
CREATE INDEX calls_recording_due ON public.calls USING btree (recording_next_at) WHERE (recording_status = 'fetching'::text);
CREATE INDEX calls_to_poll ON public.calls USING btree (next_poll_at) WHERE (next_poll_at IS NOT NULL);
CREATE INDEX calls_unfinished ON public.calls USING btree (final_at) WHERE (final_at IS NULL);
CREATE INDEX calls_unknown ON public.calls USING btree (agent_id) WHERE (status = 'unknown'::text);
CREATE INDEX calls_unsettled ON public.calls USING btree (user_id, id, campaign_id) INCLUDE (held_credits) WHERE (settled_at IS NULL);
CREATE UNIQUE INDEX one_call_per_account_slot ON public.calls USING btree (provider_account_id, account_slot) WHERE ((ended_at IS NULL) AND (account_slot IS NOT NULL));
CREATE UNIQUE INDEX one_call_per_system_slot ON public.calls USING btree (system_slot) WHERE ((ended_at IS NULL) AND (system_slot IS NOT NULL));
CREATE UNIQUE INDEX one_call_per_user_slot ON public.calls USING btree (user_id, user_slot) WHERE ((ended_at IS NULL) AND (user_slot IS NOT NULL));
CREATE UNIQUE INDEX one_open_call_per_item ON public.calls USING btree (queue_id) WHERE ((ended_at IS NULL) AND (NOT adopted) AND (queue_id IS NOT NULL));
CREATE UNIQUE INDEX one_open_call_per_phone ON public.calls USING btree (user_id, phone_number) WHERE ((ended_at IS NULL) AND (direction = 'outbound'::text) AND (NOT adopted));
alter table public.calls enable row level security;
alter table public.calls force row level security;
create policy definer on public.calls for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.calls for select to parley_ro
  using (true);
create policy tenant on public.calls for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER line_taken_again AFTER UPDATE OF ended_at, settled_at, system_slot ON public.calls FOR EACH ROW WHEN (((new.system_slot IS NOT NULL) AND (((old.ended_at IS NOT NULL) AND (new.ended_at IS NULL)) OR ((old.settled_at IS NOT NULL) AND (new.settled_at IS NULL)) OR (old.system_slot IS NULL)))) EXECUTE FUNCTION app.line_taken_again();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column absent_since: grant select to parley_ro
-- column account_slot: grant select to parley_ro
-- column adopted: grant select to parley_ro
-- column agent_id: grant select to parley_ro
-- column agent_version: grant select to parley_ro
-- column attempt: grant select to parley_ro
-- column bolna_execution_id: grant select to parley_ro
-- column campaign_id: grant select to parley_ro
-- column claimed_at: grant select to parley_ro
-- column contact_id: grant select to parley_ro
-- column conversation_seconds: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column dialing_at: grant select to parley_ro
-- column dialing_lease_end: grant select to parley_ro
-- column dialing_wall: grant select to parley_ro
-- column direction: grant select to parley_ro
-- column disagreements: grant select to parley_ro
-- column ended_at: grant select to parley_ro
-- column ended_by: grant select to parley_ro
-- column error_message: grant select to parley_ro
-- column estimated: grant select to parley_ro
-- column final_at: grant select to parley_ro
-- column hangup_by: grant select to parley_ro
-- column hangup_reason: grant select to parley_ro
-- column held_credits: grant select to parley_ro
-- column id: grant select to parley_ro
-- column lease_epoch: grant select to parley_ro
-- column lease_until: grant select to parley_ro
-- column max_call_seconds: grant select to parley_ro
-- column next_poll_at: grant select to parley_ro
-- column outcome: grant select to parley_ro
-- column placed_at: grant select to parley_ro
-- column polls: grant select to parley_ro
-- column price_credits: grant select to parley_ro
-- column provider_account_id: grant select to parley_ro
-- column provider_cost_cents: grant select to parley_ro
-- column queue_id: grant select to parley_ro
-- column reason: grant select to parley_ro
-- column receipt: grant select to parley_ro
-- column recording_attempts: grant select to parley_ro
-- column recording_bytes: grant select to parley_ro
-- column recording_next_at: grant select to parley_ro
-- column recording_status: grant select to parley_ro
-- column recording_type: grant select to parley_ro
-- column settled_at: grant select to parley_ro
-- column stages: grant select to parley_ro
-- column status: grant select to parley_ro
-- column system_slot: grant select to parley_ro
-- column talk_seconds: grant select to parley_ro
-- column termination_reason: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column user_slot: grant select to parley_ro
-- column voicemail: grant select to parley_ro
-- column waived_credits: grant select to parley_ro
-- comment: One row is one attempt, never reused. An open row (ended_at null) that carries slot numbers is the line it holds; an unsettled row is its own credit hold. lease_until, dialing_wall, dialing_lease_end and absent_since are wall time, everything else domain time. stages = when each status was first true; sources = how good the source of each artefact was.

create table public.campaign_events (
  id bigint not null generated always as identity,
  user_id uuid not null,
  campaign_id uuid not null,
  at timestamp with time zone not null default app.now(),
  kind text not null,
  actor text not null,
  detail jsonb not null default '{}'::jsonb,
  constraint campaign_events_pkey PRIMARY KEY (id),
  constraint campaign_events_tenant_key UNIQUE (user_id, id),
  constraint event_of_a_campaign FOREIGN KEY (user_id, campaign_id) REFERENCES public.call_campaigns(user_id, id) ON DELETE CASCADE
);
CREATE INDEX campaign_events_latest ON public.campaign_events USING btree (user_id, campaign_id, id DESC);
alter table public.campaign_events enable row level security;
alter table public.campaign_events force row level security;
create policy definer on public.campaign_events for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.campaign_events for select to parley_ro
  using (true);
create policy tenant on public.campaign_events for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column actor: grant select to parley_ro
-- column at: grant select to parley_ro
-- column campaign_id: grant select to parley_ro
-- column id: grant select to parley_ro
-- column kind: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: What happened to a campaign: launched, paused by, breaker, limits, completed.

create table public.campaign_pace (
  campaign_id uuid not null,
  user_id uuid not null,
  tokens_at timestamp with time zone not null default app.wall(),
  constraint campaign_pace_pkey PRIMARY KEY (campaign_id),
  constraint campaign_pace_tenant_key UNIQUE (user_id, campaign_id),
  constraint pace_of_a_campaign FOREIGN KEY (user_id, campaign_id) REFERENCES public.call_campaigns(user_id, id) ON DELETE CASCADE
) with (fillfactor=50);
alter table public.campaign_pace enable row level security;
alter table public.campaign_pace force row level security;
create policy definer on public.campaign_pace for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.campaign_pace for select to parley_ro
  using (true);
create policy tenant on public.campaign_pace for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant select to parley_ro
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Calls per second as one instant (GCRA, wall time), apart from the campaign row so that pacing never waits for a pause.

create table public.campaign_spend (
  campaign_id uuid not null,
  user_id uuid not null,
  spent_credits bigint not null default 0,
  constraint campaign_spend_pkey PRIMARY KEY (campaign_id),
  constraint campaign_spend_tenant_key UNIQUE (user_id, campaign_id),
  constraint spend_of_a_campaign FOREIGN KEY (user_id, campaign_id) REFERENCES public.call_campaigns(user_id, id) ON DELETE CASCADE,
  constraint spend_never_negative CHECK ((spent_credits >= 0))
) with (fillfactor=50);
alter table public.campaign_spend enable row level security;
alter table public.campaign_spend force row level security;
create policy definer on public.campaign_spend for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.campaign_spend for select to parley_ro
  using (true);
create policy tenant on public.campaign_spend for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant select to parley_ro
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: What a campaign's calls have cost, written with each ledger entry; ops.ledger_check compares it with the entries.

create table public.consents (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  channel text not null,
  purpose text not null default 'marketing'::text,
  basis text not null,
  source text not null,
  obtained_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  evidence text,
  import_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  constraint consents_pkey PRIMARY KEY (id),
  constraint consents_tenant_key UNIQUE (user_id, id),
  constraint consent_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE,
  constraint consent_basis_is_known CHECK ((basis = ANY (ARRAY['express'::text, 'written'::text, 'existing'::text]))),
  constraint consent_channel_is_known CHECK ((channel = ANY (ARRAY['call'::text, 'whatsapp'::text, 'email'::text])))
);
CREATE INDEX consents_of_contact ON public.consents USING btree (user_id, contact_id, channel) WHERE (revoked_at IS NULL);
alter table public.consents enable row level security;
alter table public.consents force row level security;
create policy definer on public.consents for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.consents for select to parley_ro
  using (true);
create policy tenant on public.consents for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: What a person agreed to: channel, basis, source, evidence; never edited, only revoked.

create table public.contact_identities (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  channel text not null,
  kind text not null,
  value text not null,
  created_at timestamp with time zone not null default app.now(),
  constraint contact_identities_pkey PRIMARY KEY (id),
  constraint contact_identities_tenant_key UNIQUE (user_id, id),
  constraint one_contact_per_identity UNIQUE (user_id, channel, kind, value),
  constraint identity_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_identities_of ON public.contact_identities USING btree (user_id, contact_id);
alter table public.contact_identities enable row level security;
alter table public.contact_identities force row level security;
create policy definer on public.contact_identities for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.contact_identities for select to parley_ro
  using (true);
create policy tenant on public.contact_identities for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: How a contact is known beside its own number: names and numbers on other channels, numbers of contacts that were merged into it.

create table public.contact_tags (
  user_id uuid not null,
  contact_id uuid not null,
  tag text not null,
  constraint contact_tags_pkey PRIMARY KEY (user_id, contact_id, tag),
  constraint tag_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE,
  constraint tag_length CHECK (((length(tag) >= 1) AND (length(tag) <= 60)))
);
CREATE INDEX contact_tags_by_tag ON public.contact_tags USING btree (user_id, tag, contact_id);
alter table public.contact_tags enable row level security;
alter table public.contact_tags force row level security;
create policy definer on public.contact_tags for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.contact_tags for select to parley_ro
  using (true);
create policy tenant on public.contact_tags for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Tags as rows: an array would lose its index under row-level security.

create table public.contacts (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  phone_number public.phone_number,
  name text,
  email text,
  company text,
  city text,
  country text,
  time_zone text,
  zones text[] not null default '{}'::text[],
  zone_set text generated always as (COALESCE(time_zone, app.zone_key(zones))) stored,
  notes text,
  stage_id uuid,
  temperature text,
  score integer,
  scored_at timestamp with time zone,
  human_fields text[] not null default '{}'::text[],
  custom jsonb not null default '{}'::jsonb,
  source text not null default 'manual'::text,
  import_id uuid,
  assignee_id uuid,
  last_call_at timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  updated_at timestamp with time zone not null default app.wall(),
  erased_at timestamp with time zone,
  sort_name text generated always as (lower(COALESCE(name, (phone_number)::text, ''::text))) stored,
  sort_score integer generated always as (COALESCE(score, 0)) stored,
  search text generated always as (lower(((((((COALESCE(name, ''::text) || ' '::text) || COALESCE(email, ''::text)) || ' '::text) || COALESCE(company, ''::text)) || ' '::text) || replace(COALESCE((phone_number)::text, ''::text), ' '::text, ''::text)))) stored,
  import_row integer,
  constraint contacts_pkey PRIMARY KEY (id),
  constraint contacts_tenant_key UNIQUE (user_id, id),
  constraint one_contact_per_phone UNIQUE (user_id, phone_number),
  constraint contact_assigned_to_a_person FOREIGN KEY (assignee_id) REFERENCES public.people(id),
  constraint contact_from_an_import FOREIGN KEY (user_id, import_id) REFERENCES public.imports(user_id, id),
  constraint contact_in_a_stage FOREIGN KEY (user_id, stage_id) REFERENCES public.stages(user_id, id),
  constraint contact_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint contact_fields_have_bounds CHECK (((length(name) <= 200) AND (length(email) <= 320) AND (length(company) <= 200) AND (length(city) <= 120) AND (length(notes) <= 10000))),
  constraint score_in_range CHECK (((score >= 5) AND (score <= 15))),
  constraint temperature_is_known CHECK ((temperature = ANY (ARRAY['hot'::text, 'warm'::text, 'cold'::text])))
);
CREATE INDEX contacts_by_name ON public.contacts USING btree (user_id, sort_name, id);
CREATE INDEX contacts_by_score ON public.contacts USING btree (user_id, sort_score, id);
CREATE INDEX contacts_by_stage ON public.contacts USING btree (user_id, stage_id, created_at DESC, id);
CREATE INDEX contacts_latest ON public.contacts USING btree (user_id, created_at, id);
CREATE INDEX contacts_of_import ON public.contacts USING btree (user_id, import_id, id) WHERE (import_id IS NOT NULL);
CREATE INDEX contacts_search ON public.contacts USING gin (search public.gin_trgm_ops);
alter table public.contacts enable row level security;
alter table public.contacts force row level security;
create policy definer on public.contacts for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.contacts for select to parley_ro
  using (true);
create policy tenant on public.contacts for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.contacts FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column country: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column erased_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column import_id: grant select to parley_ro
-- column last_call_at: grant select to parley_ro
-- column score: grant select to parley_ro
-- column source: grant select to parley_ro
-- column stage_id: grant select to parley_ro
-- column temperature: grant select to parley_ro
-- column time_zone: grant select to parley_ro
-- column updated_at: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column zone_set: grant select to parley_ro
-- column zones: grant select to parley_ro
-- comment: People of a tenant, unique by phone. zone_set is the sorted set of zones the person may be in; human_fields are never overwritten by analysis. sort_name and sort_score are what lists are ordered by: never null, and columns of their own because row-level security would not let an index over an expression be used.

create table public.credit_entries (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  kind text not null,
  amount bigint not null,
  balance bigint not null,
  call_id uuid,
  campaign_id uuid,
  payment_ref text,
  reason text,
  created_by uuid,
  at timestamp with time zone not null default app.now(),
  constraint credit_entries_pkey PRIMARY KEY (id),
  constraint credit_entries_tenant_key UNIQUE (user_id, id),
  constraint one_entry_per_call UNIQUE (user_id, call_id),
  constraint one_entry_per_payment UNIQUE (payment_ref),
  constraint entry_for_a_call FOREIGN KEY (user_id, call_id) REFERENCES public.calls(user_id, id),
  constraint entry_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint balance_never_negative CHECK ((balance >= 0)),
  constraint call_entry_names_its_call CHECK (((kind = 'call'::text) = (call_id IS NOT NULL))),
  constraint entry_amount_is_not_zero CHECK ((amount <> 0)),
  constraint entry_kind_is_known CHECK ((kind = ANY (ARRAY['grant'::text, 'purchase'::text, 'call'::text, 'message'::text, 'adjustment'::text, 'refund'::text])))
);
CREATE INDEX credit_entries_by_time ON public.credit_entries USING btree (user_id, at) WHERE (kind = 'call'::text);
CREATE INDEX credit_entries_latest ON public.credit_entries USING btree (user_id, id DESC);
CREATE INDEX credit_top_ups ON public.credit_entries USING btree (user_id, id DESC) WHERE (amount > 0);
alter table public.credit_entries enable row level security;
alter table public.credit_entries force row level security;
create policy definer on public.credit_entries for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.credit_entries for select to parley_ro
  using (true);
create policy tenant on public.credit_entries for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant insert, select to parley_definer
-- grant select to parley_ro
-- grant insert, select to parley_web
-- grant insert, select to parley_worker
-- comment: Append-only ledger in credits; users.credits is its sum. balance = posted balance after the entry.

create table public.custom_fields (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  key text not null,
  label text not null,
  kind text not null default 'text'::text,
  created_at timestamp with time zone not null default app.now(),
  constraint custom_fields_pkey PRIMARY KEY (id),
  constraint custom_fields_tenant_key UNIQUE (user_id, id),
  constraint one_custom_field_per_key UNIQUE (user_id, key),
  constraint custom_field_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint custom_field_kind_is_known CHECK ((kind = ANY (ARRAY['text'::text, 'number'::text, 'date'::text, 'boolean'::text])))
);
alter table public.custom_fields enable row level security;
alter table public.custom_fields force row level security;
create policy definer on public.custom_fields for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.custom_fields for select to parley_ro
  using (true);
create policy tenant on public.custom_fields for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Fields a tenant added; values live in contacts.custom.

create table public.dispatch_turn (
  id boolean not null default true,
  served_upto uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  missed uuid[] not null default '{}'::uuid[],
  constraint dispatch_turn_pkey PRIMARY KEY (id),
  constraint dispatch_turn_has_one_row CHECK (id)
) with (fillfactor=50);
-- grant select, update to parley_definer
-- grant select to parley_ro
-- comment: One row, written by the tick alone: the tenant that was served last. The next one in the order of ids is first in turn.

create table public.idempotency_keys (
  user_id uuid not null,
  key text not null,
  procedure text not null,
  request_sha256 text not null,
  status text not null default 'running'::text,
  response jsonb,
  created_at timestamp with time zone not null default app.wall(),
  constraint idempotency_keys_pkey PRIMARY KEY (user_id, key, procedure),
  constraint idempotency_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint idempotency_status_is_known CHECK ((status = ANY (ARRAY['running'::text, 'written'::text, 'done'::text]))),
  constraint key_length CHECK (((length(key) >= 1) AND (length(key) <= 200)))
);
alter table public.idempotency_keys enable row level security;
alter table public.idempotency_keys force row level security;
create policy definer on public.idempotency_keys for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.idempotency_keys for select to parley_ro
  using (true);
create policy tenant on public.idempotency_keys for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Answers of requests that carried an Idempotency-Key, kept 24 hours. written = carried out, answer not yet kept.

create table public.import_chunks (
  user_id uuid not null,
  import_id uuid not null,
  chunk integer not null,
  rows integer not null,
  created integer not null,
  updated integer not null,
  left_at timestamp with time zone not null,
  constraint import_chunks_pkey PRIMARY KEY (user_id, import_id, chunk),
  constraint chunk_of_an_import FOREIGN KEY (user_id, import_id) REFERENCES public.imports(user_id, id) ON DELETE CASCADE
);
CREATE INDEX import_chunks_left ON public.import_chunks USING btree (user_id, import_id, left_at);
alter table public.import_chunks enable row level security;
alter table public.import_chunks force row level security;
create policy definer on public.import_chunks for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.import_chunks for select to parley_ro
  using (true);
create policy tenant on public.import_chunks for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Chunks of an import that have become contacts. left_at: the updated_at of those it made; who has another was touched since.

create table public.import_effects (
  user_id uuid not null,
  import_id uuid not null,
  contact_id uuid not null,
  left_at timestamp with time zone not null,
  before jsonb,
  tags_added text[] not null default '{}'::text[],
  constraint import_effects_pkey PRIMARY KEY (user_id, import_id, contact_id),
  constraint effect_of_an_import FOREIGN KEY (user_id, import_id) REFERENCES public.imports(user_id, id) ON DELETE CASCADE,
  constraint effect_on_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE
);
CREATE INDEX import_effects_of_contact ON public.import_effects USING btree (user_id, contact_id);
alter table public.import_effects enable row level security;
alter table public.import_effects force row level security;
create policy definer on public.import_effects for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.import_effects for select to parley_ro
  using (true);
create policy tenant on public.import_effects for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Contacts that were known before and that an import met: left_at is their updated_at as it left them, before the fields it replaced.

create table public.import_rejects (
  user_id uuid not null,
  import_id uuid not null,
  row_no integer not null,
  raw text[] not null,
  reasons text[] not null,
  constraint import_rejects_pkey PRIMARY KEY (user_id, import_id, row_no),
  constraint reject_of_an_import FOREIGN KEY (user_id, import_id) REFERENCES public.imports(user_id, id) ON DELETE CASCADE
);
alter table public.import_rejects enable row level security;
alter table public.import_rejects force row level security;
create policy definer on public.import_rejects for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.import_rejects for select to parley_ro
  using (true);
create policy tenant on public.import_rejects for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Rows that were not taken, as they were, with the reasons.

create unlogged table public.import_staging (
  import_id uuid not null,
  chunk integer not null,
  row_no integer not null,
  raw text[] not null,
  phone_number text,
  country text,
  zones text[],
  name text,
  email text,
  company text,
  city text,
  notes text,
  tags text[],
  custom jsonb,
  reasons text[] not null default '{}'::text[],
  consent jsonb,
  constraint import_staging_pkey PRIMARY KEY (import_id, chunk, row_no)
) with (autovacuum_vacuum_scale_factor=0.05);
-- grant delete, insert, maintain, select, truncate, update to parley_worker
-- comment: Parsed rows of running imports; unlogged, outside row-level security, worker only.

create table public.imports (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  status text not null default 'receiving'::text,
  name text not null,
  error text,
  size_bytes bigint not null default 0,
  sha256 text,
  format text,
  encoding text,
  delimiter text,
  default_region text not null,
  headers text[] not null default '{}'::text[],
  mapping jsonb not null default '{}'::jsonb,
  overwrite boolean not null default false,
  tags text[] not null default '{}'::text[],
  consent jsonb,
  rows integer not null default 0,
  accepted integer not null default 0,
  rejected integer not null default 0,
  duplicates integer not null default 0,
  created integer not null default 0,
  updated integer not null default 0,
  reasons jsonb not null default '{}'::jsonb,
  preview jsonb not null default '[]'::jsonb,
  rows_done integer not null default 0,
  bytes_done bigint not null default 0,
  epoch integer not null default 0,
  lease_until timestamp with time zone,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  updated_at timestamp with time zone not null default app.wall(),
  restage boolean not null default true,
  has_header boolean not null default true,
  tries integer not null default 0,
  constraint imports_pkey PRIMARY KEY (id),
  constraint imports_tenant_key UNIQUE (user_id, id),
  constraint import_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint failed_import_has_error CHECK (((status <> 'failed'::text) OR (error IS NOT NULL))),
  constraint import_status_is_known CHECK ((status = ANY (ARRAY['receiving'::text, 'mapping'::text, 'validating'::text, 'ready'::text, 'committing'::text, 'done'::text, 'failed'::text, 'undoing'::text, 'undone'::text])))
);
CREATE INDEX imports_at_work ON public.imports USING btree (lease_until) WHERE (status = ANY (ARRAY['receiving'::text, 'validating'::text, 'committing'::text, 'undoing'::text]));
CREATE INDEX imports_latest ON public.imports USING btree (user_id, created_at DESC, id);
alter table public.imports enable row level security;
alter table public.imports force row level security;
create policy definer on public.imports for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.imports for select to parley_ro
  using (true);
create policy tenant on public.imports for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.imports FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column accepted: grant select to parley_ro
-- column bytes_done: grant select to parley_ro
-- column created: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column default_region: grant select to parley_ro
-- column delimiter: grant select to parley_ro
-- column duplicates: grant select to parley_ro
-- column encoding: grant select to parley_ro
-- column epoch: grant select to parley_ro
-- column error: grant select to parley_ro
-- column finished_at: grant select to parley_ro
-- column format: grant select to parley_ro
-- column id: grant select to parley_ro
-- column lease_until: grant select to parley_ro
-- column overwrite: grant select to parley_ro
-- column reasons: grant select to parley_ro
-- column rejected: grant select to parley_ro
-- column rows: grant select to parley_ro
-- column rows_done: grant select to parley_ro
-- column size_bytes: grant select to parley_ro
-- column started_at: grant select to parley_ro
-- column status: grant select to parley_ro
-- column updated: grant select to parley_ro
-- column updated_at: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: Uploads of contact lists: what was seen, what was rejected and why, how far it is. lease_until is wall time.

create table public.incidents (
  id uuid not null default app.uuid7(),
  status text not null default 'open'::text,
  severity text not null default 'warn'::text,
  kind text not null,
  ref text not null,
  message text not null,
  cure text not null,
  user_id uuid,
  times integer not null default 1,
  opened_at timestamp with time zone not null default app.now(),
  last_at timestamp with time zone not null default app.now(),
  resolved_at timestamp with time zone,
  resolved_by text,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  resolution text,
  constraint incidents_pkey PRIMARY KEY (id),
  constraint incident_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint acknowledged_by_somebody CHECK (((acknowledged_at IS NULL) = (acknowledged_by IS NULL))),
  constraint incident_severity_is_known CHECK ((severity = ANY (ARRAY['info'::text, 'warn'::text, 'bad'::text]))),
  constraint incident_status_is_known CHECK ((status = ANY (ARRAY['open'::text, 'resolved'::text]))),
  constraint resolved_incident_has_resolved_at CHECK (((status = 'resolved'::text) = (resolved_at IS NOT NULL)))
);
CREATE INDEX incidents_latest ON public.incidents USING btree (opened_at DESC);
CREATE UNIQUE INDEX one_open_incident_per_fact ON public.incidents USING btree (kind, ref) WHERE (status = 'open'::text);
alter table public.incidents enable row level security;
alter table public.incidents force row level security;
create policy definer on public.incidents for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.incidents for select to parley_ro
  using (true);
create policy tenant on public.incidents for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant insert, select, update to parley_definer
-- grant select to parley_ro
-- grant insert, select, update to parley_web
-- grant insert, select, update to parley_worker
-- comment: What needs a person: kind, what happened, the cure. user_id null = the platform's own.

create table public.invitations (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  token_sha256 text not null,
  email text,
  role text not null,
  created_by uuid,
  created_at timestamp with time zone not null default app.wall(),
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitation_token_is_unique UNIQUE (token_sha256),
  constraint invitations_tenant_key UNIQUE (user_id, id),
  constraint invitation_by_a_person FOREIGN KEY (created_by) REFERENCES public.people(id),
  constraint invitation_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'manager'::text, 'agent'::text, 'viewer'::text])))
);
alter table public.invitations enable row level security;
alter table public.invitations force row level security;
create policy definer on public.invitations for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.invitations for select to parley_ro
  using (true);
create policy tenant on public.invitations for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Copyable links into a tenant; the token is stored hashed.

create table public.lead_analytics (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  call_id uuid not null,
  status text not null default 'pending'::text,
  reason text,
  contact_id uuid,
  sentiment text,
  sentiment_score double precision,
  call_outcome text,
  summary text,
  levels jsonb,
  score integer,
  temperature text,
  meeting_at timestamp with time zone,
  callback_at timestamp with time zone,
  do_not_call boolean,
  extracted_data jsonb,
  corrected jsonb not null default '{}'::jsonb,
  raw jsonb,
  run_id uuid,
  reruns integer not null default 0,
  model text,
  model_used text,
  prompt_version text,
  transcript_sha256 text,
  tokens_in integer,
  tokens_out integer,
  tokens_cached integer,
  cost_nanodollars bigint,
  request_id text,
  attempts integer not null default 0,
  lease_until timestamp with time zone,
  next_at timestamp with time zone,
  analysed_at timestamp with time zone,
  created_at timestamp with time zone not null default app.now(),
  updated_at timestamp with time zone not null default app.wall(),
  constraint lead_analytics_pkey PRIMARY KEY (id),
  constraint lead_analytics_tenant_key UNIQUE (user_id, id),
  constraint one_analysis_per_call UNIQUE (user_id, call_id),
  constraint analysis_of_a_call FOREIGN KEY (user_id, call_id) REFERENCES public.calls(user_id, id) ON DELETE CASCADE,
  constraint analysis_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id),
  constraint analysis_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'done'::text, 'skipped'::text, 'failed'::text]))),
  constraint analysis_without_result_has_reason CHECK (((status <> ALL (ARRAY['skipped'::text, 'failed'::text])) OR (reason IS NOT NULL))),
  constraint call_outcome_is_known CHECK ((call_outcome = ANY (ARRAY['appointment'::text, 'callback'::text, 'interested'::text, 'refusal'::text, 'wrong_number'::text, 'voicemail'::text, 'other'::text]))),
  constraint done_analysis_has_result CHECK (((status <> 'done'::text) OR ((call_outcome IS NOT NULL) AND (score IS NOT NULL)))),
  constraint sentiment_is_known CHECK ((sentiment = ANY (ARRAY['positive'::text, 'neutral'::text, 'negative'::text]))),
  constraint sentiment_score_in_range CHECK (((sentiment_score >= ('-1'::integer)::double precision) AND (sentiment_score <= (1)::double precision))),
  constraint temperature_is_known CHECK ((temperature = ANY (ARRAY['hot'::text, 'warm'::text, 'cold'::text])))
);
CREATE INDEX lead_analytics_done ON public.lead_analytics USING btree (user_id, temperature, id DESC) WHERE (status = 'done'::text);
CREATE INDEX lead_analytics_latest ON public.lead_analytics USING btree (user_id, id DESC);
CREATE INDEX lead_analytics_of_contact ON public.lead_analytics USING btree (user_id, contact_id, id DESC);
CREATE INDEX lead_analytics_unfinished ON public.lead_analytics USING btree (next_at) WHERE (next_at IS NOT NULL);
alter table public.lead_analytics enable row level security;
alter table public.lead_analytics force row level security;
create policy definer on public.lead_analytics for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.lead_analytics for select to parley_ro
  using (true);
create policy tenant on public.lead_analytics for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.lead_analytics FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column analysed_at: grant select to parley_ro
-- column attempts: grant select to parley_ro
-- column call_id: grant select to parley_ro
-- column call_outcome: grant select to parley_ro
-- column contact_id: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column lease_until: grant select to parley_ro
-- column levels: grant select to parley_ro
-- column model: grant select to parley_ro
-- column model_used: grant select to parley_ro
-- column next_at: grant select to parley_ro
-- column prompt_version: grant select to parley_ro
-- column reason: grant select to parley_ro
-- column request_id: grant select to parley_ro
-- column score: grant select to parley_ro
-- column sentiment: grant select to parley_ro
-- column sentiment_score: grant select to parley_ro
-- column status: grant select to parley_ro
-- column temperature: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: What one call came to, by analysis; one row a call, the later transcript wins. corrected holds what a person put right, which no analysis overwrites; tokens and cost are the sum of its runs. lease_until and next_at are wall time; next_at is set as long as the row waits for something.

create table public.lead_profiles (
  contact_id uuid not null,
  user_id uuid not null,
  summary text,
  score integer,
  temperature text,
  scores jsonb not null default '[]'::jsonb,
  calls integer not null default 0,
  updated_at timestamp with time zone not null default app.wall(),
  constraint lead_profiles_pkey PRIMARY KEY (contact_id),
  constraint lead_profiles_tenant_key UNIQUE (user_id, contact_id),
  constraint profile_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE
);
alter table public.lead_profiles enable row level security;
alter table public.lead_profiles force row level security;
create policy definer on public.lead_profiles for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.lead_profiles for select to parley_ro
  using (true);
create policy tenant on public.lead_profiles for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.lead_profiles FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: What is known of a contact over all calls.

create table public.line_mark (
  id boolean not null default true,
  first_call uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  constraint line_mark_pkey PRIMARY KEY (id),
  constraint line_mark_has_one_row CHECK (id)
);
-- grant select, update to parley_definer
-- grant select to parley_ro
-- grant select to parley_web
-- grant select to parley_worker
-- comment: One row, written by the tick: no call with a line and an id before first_call is open or unsettled.

create unlogged table public.live_changes (
  id bigint not null default nextval('public.live_changes_id'::regclass),
  user_id uuid not null,
  topic text not null,
  ref text not null,
  at timestamp with time zone not null default app.wall(),
  xid xid8 not null default pg_current_xact_id(),
  constraint live_changes_pkey PRIMARY KEY (id),
  constraint live_changes_tenant_key UNIQUE (user_id, id)
);
CREATE INDEX live_changes_by_xid ON public.live_changes USING btree (xid);
alter table public.live_changes enable row level security;
alter table public.live_changes force row level security;
create policy definer on public.live_changes for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.live_changes for select to parley_ro
  using (true);
create policy tenant on public.live_changes for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column ref: grant select to parley_ro
-- column topic: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- column xid: grant select to parley_ro
-- comment: Outbox of what changed, for screens; unlogged, kept ten minutes. Ids come from a logged sequence.

create table public.members (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  person_id uuid not null,
  role text not null,
  invited_by uuid,
  created_at timestamp with time zone not null default app.wall(),
  last_seen_at timestamp with time zone,
  constraint members_pkey PRIMARY KEY (id),
  constraint members_tenant_key UNIQUE (user_id, id),
  constraint one_membership_per_person UNIQUE (user_id, person_id),
  constraint invited_by_a_person FOREIGN KEY (invited_by) REFERENCES public.people(id),
  constraint member_is_a_person FOREIGN KEY (person_id) REFERENCES public.people(id),
  constraint member_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'manager'::text, 'agent'::text, 'viewer'::text])))
);
CREATE INDEX members_of_person ON public.members USING btree (person_id);
alter table public.members enable row level security;
alter table public.members force row level security;
create policy definer on public.members for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.members for select to parley_ro
  using (true);
create policy tenant on public.members for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column created_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column last_seen_at: grant select to parley_ro
-- column person_id: grant select to parley_ro
-- column role: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: A person in a tenant, with the role that permits.

create table public.model_prices (
  model text not null,
  valid_from date not null,
  input_nanodollars integer not null,
  cached_nanodollars integer not null,
  output_nanodollars integer not null,
  constraint model_prices_pkey PRIMARY KEY (model, valid_from),
  constraint token_prices_never_negative CHECK (((input_nanodollars >= 0) AND (cached_nanodollars >= 0) AND (output_nanodollars >= 0)))
);
-- grant select to parley_worker
-- comment: What a language model costs per token, in billionths of a US dollar, from a day on; a model without a row costs an unknown amount.

create table public.notes (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  body text not null,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  constraint notes_pkey PRIMARY KEY (id),
  constraint notes_tenant_key UNIQUE (user_id, id),
  constraint note_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE,
  constraint note_length CHECK (((length(body) >= 1) AND (length(body) <= 10000)))
);
CREATE INDEX notes_of_contact ON public.notes USING btree (user_id, contact_id, created_at DESC);
alter table public.notes enable row level security;
alter table public.notes force row level security;
create policy definer on public.notes for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.notes for select to parley_ro
  using (true);
create policy tenant on public.notes for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: What people of the tenant wrote about a contact.

create table public.notifications (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  kind text not null,
  title text not null,
  body text not null default ''::text,
  link text,
  ref text,
  created_at timestamp with time zone not null default app.now(),
  read_at timestamp with time zone,
  constraint notifications_pkey PRIMARY KEY (id),
  constraint notifications_tenant_key UNIQUE (user_id, id),
  constraint one_notice_per_fact UNIQUE (user_id, kind, ref),
  constraint notification_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id)
);
CREATE INDEX notifications_latest ON public.notifications USING btree (user_id, created_at DESC, id);
alter table public.notifications enable row level security;
alter table public.notifications force row level security;
create policy definer on public.notifications for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.notifications for select to parley_ro
  using (true);
create policy tenant on public.notifications for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: In-app notices: campaign ended, dialling paused, credit used up, incident.

create table public.one_time_tokens (
  id text not null,
  person_id uuid not null,
  purpose text not null,
  created_at timestamp with time zone not null default app.wall(),
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint one_time_tokens_pkey PRIMARY KEY (id),
  constraint token_of_a_person FOREIGN KEY (person_id) REFERENCES public.people(id) ON DELETE CASCADE,
  constraint purpose_is_known CHECK ((purpose = ANY (ARRAY['reset_password'::text, 'verify_email'::text]))),
  constraint token_id_is_sha256 CHECK ((id ~ '^[0-9a-f]{64}$'::text))
);
-- grant delete, insert, select, update to parley_definer
-- comment: Hashed single-use tokens (password reset, e-mail check); reached through definer functions only.

create table public.people (
  id uuid not null default app.uuid7(),
  email text not null,
  name text not null,
  password_hash text,
  is_platform_admin boolean not null default false,
  seeded boolean not null default false,
  created_at timestamp with time zone not null default app.wall(),
  password_changed_at timestamp with time zone,
  constraint people_pkey PRIMARY KEY (id),
  constraint people_email_is_unique UNIQUE (email),
  constraint email_is_lower_case CHECK ((email = lower(email))),
  constraint name_length CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);
-- grant insert, select, update to parley_definer
-- comment: Who signs in. Outside row-level security: a person may belong to several tenants; reached through definer functions only.

create table public.phone_numbers (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  phone_number public.phone_number not null,
  agent_id uuid,
  provider_account_id uuid not null,
  provider_ref text,
  created_at timestamp with time zone not null default app.now(),
  constraint phone_numbers_pkey PRIMARY KEY (id),
  constraint one_row_per_number UNIQUE (user_id, phone_number),
  constraint phone_numbers_tenant_key UNIQUE (user_id, id),
  constraint number_answers_with_an_agent FOREIGN KEY (user_id, agent_id) REFERENCES public.agents(user_id, id),
  constraint number_at_an_account FOREIGN KEY (provider_account_id) REFERENCES public.provider_accounts(id),
  constraint number_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id)
);
alter table public.phone_numbers enable row level security;
alter table public.phone_numbers force row level security;
create policy definer on public.phone_numbers for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.phone_numbers for select to parley_ro
  using (true);
create policy tenant on public.phone_numbers for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Caller numbers a tenant may use.

create table public.provider_accounts (
  id uuid not null default app.uuid7(),
  name text not null,
  kind text not null default 'bolna'::text,
  status text not null default 'ok'::text,
  status_reason text,
  concurrency_max integer not null default 10,
  concurrency_current integer,
  wallet numeric,
  gate_until timestamp with time zone,
  gate_reason text,
  gate_count integer not null default 0,
  checked_at timestamp with time zone,
  updated_at timestamp with time zone not null default app.wall(),
  concurrency_others integer not null default 0,
  constraint provider_accounts_pkey PRIMARY KEY (id),
  constraint provider_account_name_is_unique UNIQUE (name),
  constraint concurrency_max_in_range CHECK (((concurrency_max >= 0) AND (concurrency_max <= 10000))),
  constraint gates_are_counted CHECK ((gate_count >= 0)),
  constraint others_are_not_negative CHECK ((concurrency_others >= 0)),
  constraint provider_account_status_is_known CHECK ((status = ANY (ARRAY['ok'::text, 'suspended'::text]))),
  constraint provider_kind_is_known CHECK ((kind = 'bolna'::text))
);
CREATE TRIGGER account_has_pace AFTER INSERT ON public.provider_accounts FOR EACH ROW EXECUTE FUNCTION app.account_has_pace();
CREATE TRIGGER updated_at BEFORE UPDATE ON public.provider_accounts FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant select, update to parley_definer
-- grant select to parley_ro
-- grant select to parley_web
-- grant select, update to parley_worker
-- comment: Accounts at the voice provider: state, gate after a 429, concurrency. Version 1 has one row, "platform".

create table public.provider_executions (
  provider_account_id uuid not null,
  id text not null,
  user_id uuid not null,
  call_id uuid,
  status text not null,
  facts jsonb not null,
  read_at timestamp with time zone not null default app.now(),
  constraint provider_executions_pkey PRIMARY KEY (provider_account_id, id),
  constraint provider_executions_tenant_key UNIQUE (user_id, provider_account_id, id),
  constraint execution_at_an_account FOREIGN KEY (provider_account_id) REFERENCES public.provider_accounts(id),
  constraint execution_of_a_call FOREIGN KEY (user_id, call_id) REFERENCES public.calls(user_id, id) ON DELETE CASCADE,
  constraint execution_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id)
);
CREATE INDEX provider_executions_of_call ON public.provider_executions USING btree (call_id) WHERE (call_id IS NOT NULL);
alter table public.provider_executions enable row level security;
alter table public.provider_executions force row level security;
create policy definer on public.provider_executions for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.provider_executions for select to parley_ro
  using (true);
create policy tenant on public.provider_executions for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column call_id: grant select to parley_ro
-- column id: grant select to parley_ro
-- column provider_account_id: grant select to parley_ro
-- column read_at: grant select to parley_ro
-- column status: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: What the provider itself says of an execution: the facts money moves on. call_id null = not ours.

create table public.provider_pace (
  provider_account_id uuid not null,
  post_tokens_at timestamp with time zone not null default app.wall(),
  read_tokens_at timestamp with time zone not null default app.wall(),
  constraint provider_pace_pkey PRIMARY KEY (provider_account_id),
  constraint pace_of_an_account FOREIGN KEY (provider_account_id) REFERENCES public.provider_accounts(id)
);
-- grant insert, select, update to parley_definer
-- grant select to parley_ro
-- grant select to parley_web
-- grant select, update to parley_worker
-- comment: Budgets of requests to a provider account, each as one instant (GCRA, wall time).

create table public.sessions (
  id text not null,
  person_id uuid not null,
  user_id uuid,
  created_at timestamp with time zone not null default app.wall(),
  last_seen_at timestamp with time zone not null default app.wall(),
  idle_expires_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  user_agent text,
  constraint sessions_pkey PRIMARY KEY (id),
  constraint session_in_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint session_of_a_person FOREIGN KEY (person_id) REFERENCES public.people(id) ON DELETE CASCADE,
  constraint session_id_is_sha256 CHECK ((id ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX sessions_of_person ON public.sessions USING btree (person_id);
-- grant delete, insert, select, update to parley_definer
-- comment: Signed-in browsers. id = sha256 of the token; reached through definer functions only.

create table public.stages (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  key text not null,
  name text not null,
  rank integer not null,
  is_system boolean not null default false,
  constraint stages_pkey PRIMARY KEY (id),
  constraint one_stage_per_key UNIQUE (user_id, key),
  constraint stages_tenant_key UNIQUE (user_id, id),
  constraint stage_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id)
);
alter table public.stages enable row level security;
alter table public.stages force row level security;
create policy definer on public.stages for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.stages for select to parley_ro
  using (true);
create policy tenant on public.stages for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Steps of a lead. Parley moves contacts between system stages only, and only upwards.

create table public.suppressions (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  channel text not null default 'all'::text,
  phone_number public.phone_number not null,
  reason text not null,
  source text not null,
  call_id uuid,
  note text,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  constraint suppressions_pkey PRIMARY KEY (id),
  constraint one_suppression_per_number UNIQUE (user_id, phone_number, channel),
  constraint suppressions_tenant_key UNIQUE (user_id, id),
  constraint suppression_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint suppression_channel_is_known CHECK ((channel = ANY (ARRAY['all'::text, 'call'::text, 'whatsapp'::text]))),
  constraint suppression_reason_is_known CHECK ((reason = ANY (ARRAY['asked'::text, 'dnc'::text, 'manual'::text, 'wrong_number'::text, 'complaint'::text])))
);
CREATE INDEX suppressions_latest ON public.suppressions USING btree (user_id, created_at DESC, id);
alter table public.suppressions enable row level security;
alter table public.suppressions force row level security;
create policy definer on public.suppressions for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.suppressions for select to parley_ro
  using (true);
create policy tenant on public.suppressions for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: Numbers that are not to be contacted, by channel, with the reason and where it came from.

create table public.system_settings (
  id boolean not null default true,
  concurrent_calls_limit integer not null default 10,
  limits_seeded boolean not null default false,
  dialling_paused boolean not null default false,
  dialling_paused_reason text,
  dialling_paused_by text,
  voice_provider text not null default 'sandbox'::text,
  clock_scale double precision not null default 1,
  clock_base timestamp with time zone not null default app.wall(),
  clock_wall timestamp with time zone not null default app.wall(),
  lease_scale double precision not null default 1,
  place_timeout_ms integer not null default 15000,
  reconcile_grace_ms integer not null default 180000,
  updated_at timestamp with time zone not null default app.wall(),
  database_system text,
  database_timeline integer,
  seen_lsn pg_lsn,
  seen_at timestamp with time zone,
  seen_now timestamp with time zone,
  reconcile_only_at timestamp with time zone,
  reconcile_from timestamp with time zone,
  direct_reserve integer,
  constraint system_settings_pkey PRIMARY KEY (id),
  constraint clock_scale_is_positive CHECK (((clock_scale > (0)::double precision) AND (clock_scale <= (100000)::double precision))),
  constraint concurrent_calls_limit_in_range CHECK (((concurrent_calls_limit >= 0) AND (concurrent_calls_limit <= 10000))),
  constraint direct_reserve_is_not_negative CHECK ((direct_reserve >= 0)),
  constraint lease_scale_is_positive CHECK (((lease_scale > (0)::double precision) AND (lease_scale <= (1)::double precision))),
  constraint system_settings_has_one_row CHECK (id),
  constraint voice_provider_is_known CHECK ((voice_provider = ANY (ARRAY['sandbox'::text, 'bolna'::text])))
);
-- grant select, update to parley_definer
-- grant select to parley_ro
-- grant select to parley_web
-- grant select to parley_worker
-- comment: One row: limits and clocks on which all processes agree. Environment variables only seed it.

create table public.tasks (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  status text not null default 'open'::text,
  kind text not null,
  due_at timestamp with time zone,
  title text not null,
  call_id uuid,
  assignee_id uuid,
  created_by uuid,
  created_at timestamp with time zone not null default app.now(),
  done_at timestamp with time zone,
  agent_calls boolean not null default false,
  item_id uuid,
  note text,
  done_by text,
  reason text,
  changed_at timestamp with time zone not null default app.now(),
  constraint tasks_pkey PRIMARY KEY (id),
  constraint tasks_tenant_key UNIQUE (user_id, id),
  constraint task_for_a_person FOREIGN KEY (assignee_id) REFERENCES public.people(id),
  constraint task_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE,
  constraint task_with_an_item FOREIGN KEY (user_id, item_id) REFERENCES public.call_queue(user_id, id),
  constraint only_callbacks_are_dialled CHECK (((NOT agent_calls) OR ((kind = 'callback'::text) AND (due_at IS NOT NULL)))),
  constraint task_kind_is_known CHECK ((kind = ANY (ARRAY['callback'::text, 'meeting'::text, 'follow_up'::text, 'review'::text]))),
  constraint task_note_length CHECK ((length(note) <= 2000)),
  constraint task_status_is_known CHECK ((status = ANY (ARRAY['open'::text, 'done'::text, 'canceled'::text])))
);
CREATE INDEX tasks_of_assignee ON public.tasks USING btree (user_id, assignee_id, due_at) WHERE (status = 'open'::text);
CREATE INDEX tasks_of_contact ON public.tasks USING btree (user_id, contact_id);
CREATE INDEX tasks_of_item ON public.tasks USING btree (user_id, item_id) WHERE (item_id IS NOT NULL);
CREATE INDEX tasks_open ON public.tasks USING btree (user_id, due_at, id) WHERE (status = 'open'::text);
CREATE INDEX tasks_to_queue ON public.tasks USING btree (user_id, id) WHERE (agent_calls AND (item_id IS NULL) AND (status = 'open'::text));
alter table public.tasks enable row level security;
alter table public.tasks force row level security;
create policy definer on public.tasks for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.tasks for select to parley_ro
  using (true);
create policy tenant on public.tasks for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column assignee_id: grant select to parley_ro
-- column call_id: grant select to parley_ro
-- column contact_id: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column done_at: grant select to parley_ro
-- column due_at: grant select to parley_ro
-- column id: grant select to parley_ro
-- column kind: grant select to parley_ro
-- column status: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: Follow-ups for people: call back at, meet at, look at.

create table public.timeline_entries (
  id uuid not null default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  at timestamp with time zone not null default app.now(),
  kind text not null,
  actor text not null,
  ref text,
  summary jsonb not null default '{}'::jsonb,
  constraint timeline_entries_pkey PRIMARY KEY (id),
  constraint entry_of_a_contact FOREIGN KEY (user_id, contact_id) REFERENCES public.contacts(user_id, id) ON DELETE CASCADE
);
CREATE INDEX timeline_of_contact ON public.timeline_entries USING btree (user_id, contact_id, at DESC, id DESC);
alter table public.timeline_entries enable row level security;
alter table public.timeline_entries force row level security;
create policy definer on public.timeline_entries for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.timeline_entries for select to parley_ro
  using (true);
create policy tenant on public.timeline_entries for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- comment: What happened to a contact, a fact each, beside its being made by an import.

create table public.users (
  id uuid not null default app.uuid7(),
  company text not null,
  status text not null default 'active'::text,
  credits bigint not null default 0,
  concurrent_limit integer not null default 2,
  email text not null,
  external_auth_id text,
  time_zone text not null default 'UTC'::text,
  default_region text not null default 'IN'::text,
  rule_set text not null default 'by-country'::text,
  frequency_dials_max integer,
  frequency_answered_max integer,
  frequency_days integer not null default 7,
  pulse_seconds integer not null default 6,
  pulse_credits integer not null default 1,
  message_credits integer not null default 1,
  confirm_above integer not null default 1000,
  seeded boolean not null default false,
  created_at timestamp with time zone not null default app.wall(),
  updated_at timestamp with time zone not null default app.wall(),
  destinations text[] not null default '{}'::text[],
  constraint users_pkey PRIMARY KEY (id),
  constraint company_length CHECK (((length(company) >= 1) AND (length(company) <= 200))),
  constraint concurrent_limit_in_range CHECK (((concurrent_limit >= 0) AND (concurrent_limit <= 1000))),
  constraint credits_never_negative CHECK ((credits >= 0)),
  constraint email_is_lower_case CHECK ((email = lower(email))),
  constraint frequency_caps_are_positive CHECK (((frequency_dials_max > 0) AND (frequency_answered_max > 0) AND (frequency_days > 0))),
  constraint pulse_is_positive CHECK (((pulse_seconds > 0) AND (pulse_credits >= 0) AND (message_credits >= 0))),
  constraint rule_set_is_known CHECK ((rule_set = ANY (ARRAY['by-country'::text, 'rehearsal'::text]))),
  constraint user_status_is_known CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text])))
) with (fillfactor=70);
CREATE UNIQUE INDEX users_external_auth_id ON public.users USING btree (external_auth_id) WHERE (external_auth_id IS NOT NULL);
alter table public.users enable row level security;
alter table public.users force row level security;
create policy definer on public.users for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.users for select to parley_ro
  using (true);
create policy tenant on public.users for all to parley_web, parley_worker
  using ((id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
CREATE TRIGGER updated_at BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
-- grant insert, select, update to parley_definer
-- grant select, update to parley_web
-- grant select, update to parley_worker
-- column company: grant select to parley_ro
-- column concurrent_limit: grant select to parley_ro
-- column created_at: grant select to parley_ro
-- column credits: grant select to parley_ro
-- column default_region: grant select to parley_ro
-- column frequency_answered_max: grant select to parley_ro
-- column frequency_days: grant select to parley_ro
-- column frequency_dials_max: grant select to parley_ro
-- column id: grant select to parley_ro
-- column message_credits: grant select to parley_ro
-- column pulse_credits: grant select to parley_ro
-- column pulse_seconds: grant select to parley_ro
-- column rule_set: grant select to parley_ro
-- column seeded: grant select to parley_ro
-- column status: grant select to parley_ro
-- column time_zone: grant select to parley_ro
-- column updated_at: grant select to parley_ro
-- comment: Tenants. Everything a tenant owns carries its user_id; credits is the posted balance of its ledger.

create table public.webhook_events (
  id bigint not null generated always as identity,
  status text not null default 'pending'::text,
  received_at timestamp with time zone not null default app.now(),
  received_wall timestamp with time zone not null default app.wall(),
  attempts integer not null default 0,
  next_at timestamp with time zone not null default app.wall(),
  user_id uuid not null,
  source text not null,
  endpoint_id uuid not null,
  call_id uuid,
  error text,
  done_at timestamp with time zone,
  body bytea,
  constraint webhook_events_pkey PRIMARY KEY (id),
  constraint webhook_events_tenant_key UNIQUE (user_id, id),
  constraint webhook_of_a_user FOREIGN KEY (user_id) REFERENCES public.users(id),
  constraint webhook_source_is_known CHECK ((source = ANY (ARRAY['bolna'::text, 'whatsapp'::text, 'google'::text]))),
  constraint webhook_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'bad'::text, 'parked'::text])))
);
CREATE INDEX webhook_events_latest ON public.webhook_events USING btree (user_id, id DESC);
CREATE INDEX webhook_events_of_call ON public.webhook_events USING btree (call_id) WHERE (call_id IS NOT NULL);
CREATE INDEX webhook_events_pending ON public.webhook_events USING btree (next_at, id) WHERE (status = ANY (ARRAY['pending'::text, 'parked'::text]));
alter table public.webhook_events enable row level security;
alter table public.webhook_events force row level security;
create policy definer on public.webhook_events for all to parley_definer
  using (true)
  with check (true);
create policy ro on public.webhook_events for select to parley_ro
  using (true);
create policy tenant on public.webhook_events for all to parley_web, parley_worker
  using ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid))
  with check ((user_id = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid));
-- grant delete, insert, select, update to parley_definer
-- grant delete, insert, select, update to parley_web
-- grant delete, insert, select, update to parley_worker
-- column attempts: grant select to parley_ro
-- column call_id: grant select to parley_ro
-- column done_at: grant select to parley_ro
-- column endpoint_id: grant select to parley_ro
-- column error: grant select to parley_ro
-- column id: grant select to parley_ro
-- column next_at: grant select to parley_ro
-- column received_at: grant select to parley_ro
-- column received_wall: grant select to parley_ro
-- column source: grant select to parley_ro
-- column status: grant select to parley_ro
-- column user_id: grant select to parley_ro
-- comment: Raw journal of webhooks, as bytes: jsonb and text refuse what a transcript may contain.

create table public.webhook_keys (
  source text not null,
  endpoint_id uuid not null,
  sha256 bytea not null,
  at timestamp with time zone not null default app.wall(),
  constraint webhook_keys_pkey PRIMARY KEY (source, endpoint_id, sha256)
);
-- grant delete, insert, select to parley_definer
-- comment: What has been received already; kept when bodies are pruned.

create table public.worker_pools (
  pool_id text not null,
  process text not null,
  role text not null,
  started_at timestamp with time zone not null default app.wall(),
  beat_at timestamp with time zone not null default app.wall(),
  active_jobs integer not null default 0,
  version text,
  worker_ids text[] not null default '{}'::text[],
  job_ids bigint[] not null default '{}'::bigint[],
  connection_name text,
  constraint worker_pools_pkey PRIMARY KEY (pool_id)
);
-- grant delete, insert, select, update to parley_definer
-- grant select to parley_ro
-- grant delete, insert, select, update to parley_worker
-- comment: Heartbeats of running processes, wall time.

create view ops.campaign_progress with (security_invoker=true) as
 SELECT u.company,
    k.name AS campaign,
    k.status,
    k.status_reason,
    COALESCE(i.total, 0::bigint) AS total,
    COALESCE(i.pending, 0::bigint) AS pending,
    COALESCE(i.in_progress, 0::bigint) AS in_progress,
    COALESCE(i.completed, 0::bigint) AS completed,
    COALESCE(i.failed, 0::bigint) AS failed,
    COALESCE(i.canceled, 0::bigint) AS canceled,
    COALESCE(i.skipped, 0::bigint) AS skipped,
    COALESCE(s.spent_credits, 0::bigint) AS spent,
    k.budget_credits,
    f.factor AS limiting_factor,
    f.until AS limited_until,
    k.started_at,
    k.completed_at,
    k.id AS campaign_id,
    k.user_id
   FROM public.call_campaigns k
     JOIN public.users u ON u.id = k.user_id
     LEFT JOIN public.campaign_spend s ON s.campaign_id = k.id
     LEFT JOIN LATERAL ( SELECT count(*) AS total,
            count(*) FILTER (WHERE q.status = 'pending'::text) AS pending,
            count(*) FILTER (WHERE q.status = 'in_progress'::text) AS in_progress,
            count(*) FILTER (WHERE q.status = 'completed'::text) AS completed,
            count(*) FILTER (WHERE q.status = 'failed'::text) AS failed,
            count(*) FILTER (WHERE q.status = 'canceled'::text) AS canceled,
            count(*) FILTER (WHERE q.status = 'skipped'::text) AS skipped
           FROM public.call_queue q
          WHERE q.user_id = k.user_id AND q.campaign_id = k.id) i ON true
     LEFT JOIN LATERAL app.limiting_factor(k.user_id, k.id) f(factor, amount, most, until) ON k.status = 'running'::text
  WHERE k.status <> 'draft'::text
  ORDER BY (k.status = 'running'::text) DESC, k.started_at DESC;
-- grant select to parley_ro
-- comment: Campaigns, running first: items by status (they sum to total), spend against budget, and what limits the pace.

create view ops.incidents_open with (security_invoker=true) as
 SELECT i.severity,
    i.kind,
    i.message,
    i.cure,
    i.times,
    i.opened_at,
    i.last_at,
    i.acknowledged_at,
    COALESCE(u.company, '(platform)'::text) AS company,
    i.ref,
    i.id,
    i.user_id
   FROM public.incidents i
     LEFT JOIN public.users u ON u.id = i.user_id
  WHERE i.status = 'open'::text
  ORDER BY (array_position(ARRAY['bad'::text, 'warn'::text, 'info'::text], i.severity)), i.last_at DESC;
-- grant select to parley_ro
-- comment: What needs a person now, the worst first, each with its cure; acknowledged_at = somebody looks after it.

create view ops.jobs with (security_invoker=true) as
 SELECT j.task,
    j.due,
    j.running,
    j.waiting,
    j.exhausted,
    w.at - j.oldest_due_at AS oldest,
    j.last_error
   FROM app.ops_jobs() j(task, waiting, due, running, exhausted, oldest_due_at, last_error)
     CROSS JOIN ( SELECT app.wall() AS at
         OFFSET 0) w
  ORDER BY j.due DESC, j.task;
-- grant select to parley_ro
-- comment: Doorbells by task: due and not taken, running, waiting for their time, out of attempts. Losing one loses nothing; the sweeper rings again.

create view ops.lanes with (security_invoker=true) as
 SELECT u.company,
    COALESCE(k.name, '(direct calls)'::text) AS campaign,
    l.country,
    l.zone_set,
        CASE
            WHEN l.paused THEN 'paused'::text
            WHEN l.blocked_by IS NOT NULL THEN 'blocked: '::text || l.blocked_by
            WHEN NOT isfinite(l.opens_at) THEN 'never opens'::text
            WHEN l.opens_at > n.at THEN 'closed'::text
            WHEN l.next_due_at > n.at THEN 'nothing due'::text
            ELSE 'ready'::text
        END AS state,
    l.opens_at,
    l.closes_at,
    l.next_due_at,
    l.hold_credits,
    ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM public.call_queue q
                  WHERE q.lane_id = l.id AND q.status = 'pending'::text
                 LIMIT 10001) p) AS pending_to_10001,
    l.id AS lane_id,
    l.user_id,
    l.campaign_id
   FROM public.call_lanes l
     JOIN public.users u ON u.id = l.user_id
     LEFT JOIN public.call_campaigns k ON k.user_id = l.user_id AND k.id = l.campaign_id
     CROSS JOIN ( SELECT app.now() AS at
         OFFSET 0) n
  WHERE k.id IS NULL OR (k.status = ANY (ARRAY['running'::text, 'paused'::text]))
  ORDER BY l.next_due_at;
-- grant select to parley_ro
-- comment: Lanes of running and paused campaigns and of direct calls: ready, or what holds them. Pending is counted up to 10001.

create view ops.ledger_check with (security_invoker=true) as
 SELECT 'tenant'::text AS scope,
    u.company AS name,
    u.credits AS posted,
    COALESCE(e.sum, 0::bigint) AS entries,
    u.credits - COALESCE(e.sum, 0::bigint) AS difference,
    COALESCE(h.held, 0::bigint) AS held,
    u.credits - COALESCE(h.held, 0::bigint) AS available,
    u.id AS user_id,
    NULL::uuid AS campaign_id
   FROM public.users u
     LEFT JOIN LATERAL ( SELECT sum(c.amount)::bigint AS sum
           FROM public.credit_entries c
          WHERE c.user_id = u.id) e ON true
     LEFT JOIN LATERAL ( SELECT sum(c.held_credits)::bigint AS held
           FROM public.calls c
          WHERE c.user_id = u.id AND c.settled_at IS NULL) h ON true
UNION ALL
 SELECT 'campaign'::text AS scope,
    k.name,
    s.spent_credits AS posted,
    COALESCE(e.sum, 0::bigint) AS entries,
    s.spent_credits - COALESCE(e.sum, 0::bigint) AS difference,
    COALESCE(h.held, 0::bigint) AS held,
    NULL::bigint AS available,
    s.user_id,
    s.campaign_id
   FROM public.campaign_spend s
     JOIN public.call_campaigns k ON k.user_id = s.user_id AND k.id = s.campaign_id
     LEFT JOIN LATERAL ( SELECT - sum(c.amount)::bigint AS sum
           FROM public.credit_entries c
          WHERE c.user_id = s.user_id AND c.campaign_id = s.campaign_id) e ON true
     LEFT JOIN LATERAL ( SELECT sum(c.held_credits)::bigint AS held
           FROM public.calls c
          WHERE c.user_id = s.user_id AND c.campaign_id = s.campaign_id AND c.settled_at IS NULL) h ON true;
-- grant select to parley_ro
-- comment: Posted balance against the sum of its entries, by tenant and by campaign. difference is 0 in every row, always.

create view ops.lines_held with (security_invoker=true) as
 SELECT c.system_slot,
    c.user_slot AS tenant_slot,
    c.account_slot,
    u.company,
    COALESCE(k.name, '(direct call)'::text) AS campaign,
    a.name AS agent,
    p.name AS account,
    c.status,
    c.created_at AS held_since,
    date_trunc('second'::text, n.at - c.created_at) AS held_for,
        CASE
            WHEN c.lease_until IS NOT NULL THEN app.in_wall(c.lease_until - app.wall())
            ELSE c.next_poll_at
        END AS looked_at_again,
    c.held_credits,
    c.id AS call_id,
    c.queue_id AS item_id,
    c.campaign_id,
    c.user_id
   FROM public.calls c
     JOIN public.users u ON u.id = c.user_id
     JOIN public.agents a ON a.user_id = c.user_id AND a.id = c.agent_id
     JOIN public.provider_accounts p ON p.id = c.provider_account_id
     LEFT JOIN public.call_campaigns k ON k.user_id = c.user_id AND k.id = c.campaign_id
     CROSS JOIN ( SELECT app.now() AS at
         OFFSET 0) n
  WHERE c.ended_at IS NULL AND c.system_slot IS NOT NULL
  ORDER BY c.created_at;
-- grant select to parley_ro
-- comment: Who holds which line: of the system, of the tenant, of the provider's account; since when, and when it is looked at again.

create view ops.queue_now with (security_invoker=true) as
 SELECT u.company,
    k.name AS campaign,
    COALESCE(k.status, 'direct'::text) AS status,
    count(*) FILTER (WHERE q.status = 'pending'::text AND q.due_at <= n.at) AS due,
    count(*) FILTER (WHERE q.status = 'pending'::text AND q.due_at > n.at) AS waiting,
    count(*) FILTER (WHERE q.status = 'in_progress'::text) AS in_progress,
    min(q.due_at) FILTER (WHERE q.status = 'pending'::text AND q.due_at <= n.at) AS oldest_due_at,
    min(q.due_at) FILTER (WHERE q.status = 'pending'::text AND q.due_at > n.at) AS next_due_at,
    q.user_id,
    q.campaign_id
   FROM public.call_queue q
     JOIN public.users u ON u.id = q.user_id
     LEFT JOIN public.call_campaigns k ON k.user_id = q.user_id AND k.id = q.campaign_id
     CROSS JOIN ( SELECT app.now() AS at
         OFFSET 0) n
  WHERE q.status = ANY (ARRAY['pending'::text, 'in_progress'::text])
  GROUP BY u.company, k.name, k.status, q.user_id, q.campaign_id, n.at
  ORDER BY (count(*) FILTER (WHERE q.status = 'pending'::text AND q.due_at <= n.at)) DESC, (count(*) FILTER (WHERE q.status = 'pending'::text AND q.due_at > n.at)) DESC;
-- grant select to parley_ro
-- comment: Open items by campaign: due now, waiting for their time, on the phone.

create view ops.slots_now with (security_invoker=true) as
 SELECT 'system'::text AS scope,
    'all tenants'::text AS company,
    r.live,
    r.line_limit AS "limit",
    r.line_limit - r.live AS free,
    NULL::bigint AS unknown,
    NULL::timestamp with time zone AS oldest_at,
    NULL::uuid AS user_id
   FROM app.system_room() r(live, line_limit, dialling_paused, paused_reason, account_status, gate_at, account_lines, account_posts, workers)
UNION ALL
 SELECT 'provider'::text AS scope,
    a.name AS company,
    a.concurrency_max - r.lines AS live,
    a.concurrency_max AS "limit",
    r.lines AS free,
    NULL::bigint AS unknown,
    NULL::timestamp with time zone AS oldest_at,
    NULL::uuid AS user_id
   FROM public.provider_accounts a
     CROSS JOIN LATERAL app.account_room(a.id) r(status, gate_until, lines, tokens)
UNION ALL
 SELECT 'tenant'::text AS scope,
    u.company,
    count(c.id)::integer AS live,
    u.concurrent_limit AS "limit",
    u.concurrent_limit - count(c.id)::integer AS free,
    count(c.id) FILTER (WHERE c.status = 'unknown'::text) AS unknown,
    min(c.created_at) AS oldest_at,
    u.id AS user_id
   FROM public.users u
     LEFT JOIN public.calls c ON c.user_id = u.id AND c.ended_at IS NULL AND c.system_slot IS NOT NULL
  GROUP BY u.id, u.company, u.concurrent_limit
 HAVING count(c.id) > 0;
-- grant select to parley_ro
-- comment: Lines in use against their limits: the system, the provider account, every tenant that holds one.

create view ops.stuck with (security_invoker=true) as
 WITH clock AS (
         SELECT app.now() AS now,
            app.wall() AS wall
        )
 SELECT s.kind,
    s.status,
    s.late,
    s.next_action,
    u.company,
    s.id,
    s.user_id
   FROM ( SELECT 'call'::text AS kind,
            c.status,
            k.wall - c.lease_until AS late,
            c.id::text AS id,
            c.user_id,
                CASE c.status
                    WHEN 'claimed'::text THEN 'withdrawn: it was never sent'::text
                    WHEN 'dialing'::text THEN 'becomes unknown and is looked up'::text
                    ELSE 'the provider is asked'::text
                END AS next_action
           FROM public.calls c
             CROSS JOIN clock k
          WHERE c.lease_until < k.wall
        UNION ALL
         SELECT 'call'::text,
            c.status,
            k.now - c.next_poll_at,
            c.id::text AS id,
            c.user_id,
                CASE c.status
                    WHEN 'unknown'::text THEN 'looked up among the agent''s executions'::text
                    ELSE 'the provider is asked for the final facts'::text
                END AS "case"
           FROM public.calls c
             CROSS JOIN clock k
          WHERE c.next_poll_at < (k.now - '00:01:00'::interval)
        UNION ALL
         SELECT 'item'::text,
            q.status,
            k.now - max(c.final_at),
            q.id::text AS id,
            q.user_id,
            'settled: retried or closed'::text
           FROM public.call_queue q
             CROSS JOIN clock k
             LEFT JOIN public.calls c ON c.queue_id = q.id
          WHERE q.status = 'in_progress'::text
          GROUP BY q.id, q.status, q.user_id, k.now
         HAVING count(c.id) FILTER (WHERE c.final_at IS NULL) = 0
        UNION ALL
         SELECT 'item'::text,
            q.status,
            k.now - q.expires_at,
            q.id::text AS id,
            q.user_id,
            'skipped: expired'::text
           FROM public.call_queue q
             CROSS JOIN clock k
          WHERE q.status = 'pending'::text AND q.expires_at < k.now
        UNION ALL
         SELECT 'launch'::text,
            c.status,
            k.wall - c.launch_lease_until,
            c.id::text AS id,
            c.user_id,
            'goes on where it stopped'::text
           FROM public.call_campaigns c
             CROSS JOIN clock k
          WHERE c.launch_lease_until < k.wall
        UNION ALL
         SELECT 'import'::text,
            i.status,
            k.wall - i.lease_until,
            i.id::text AS id,
            i.user_id,
            'goes on where it stopped'::text
           FROM public.imports i
             CROSS JOIN clock k
          WHERE i.lease_until < k.wall AND (i.status = ANY (ARRAY['receiving'::text, 'validating'::text, 'committing'::text, 'undoing'::text]))
        UNION ALL
         SELECT 'analysis'::text,
            a.status,
            k.wall - a.next_at,
            a.call_id::text AS call_id,
            a.user_id,
            'tried again'::text
           FROM public.lead_analytics a
             CROSS JOIN clock k
          WHERE (a.status = ANY (ARRAY['pending'::text, 'running'::text])) AND a.next_at < k.wall
        UNION ALL
         SELECT 'webhook'::text,
            w.status,
            k.wall - w.next_at,
            w.id::text AS id,
            w.user_id,
            'folded into its call'::text
           FROM public.webhook_events w
             CROSS JOIN clock k
          WHERE (w.status = ANY (ARRAY['pending'::text, 'parked'::text])) AND w.next_at < (k.wall - '00:00:05'::interval)) s
     JOIN public.users u ON u.id = s.user_id
  ORDER BY s.late DESC;
-- grant select to parley_ro
-- comment: Everything past its deadline, how late, and what the sweeper does about it. Rows that stay for a minute need a person.

create view ops.tenants with (security_invoker=true) as
 SELECT u.company,
    u.status,
    u.credits,
    r.held,
    r.available,
    r.live,
    u.concurrent_limit,
    u.rule_set,
    ( SELECT count(*) AS count
           FROM public.members m
          WHERE m.user_id = u.id) AS members,
    ( SELECT count(*) AS count
           FROM public.contacts c
          WHERE c.user_id = u.id) AS contacts,
    ( SELECT count(*) AS count
           FROM public.call_campaigns k
          WHERE k.user_id = u.id AND k.status = 'running'::text) AS running_campaigns,
    u.created_at,
    u.id AS user_id
   FROM public.users u
     CROSS JOIN LATERAL app.tenant_room(u.id) r(live, concurrent_limit, credits, held, available)
  ORDER BY u.created_at;
-- grant select to parley_ro
-- comment: Tenants with their balance, lines, lists and running campaigns.

create view ops.unknown_calls with (security_invoker=true) as
 SELECT c.id,
    u.company,
    c.reason,
    n.at - c.dialing_at AS age,
    c.polls,
    c.next_poll_at,
    c.absent_since,
    c.dialing_lease_end,
    c.held_credits,
    a.name AS agent,
    c.agent_id,
    c.queue_id AS item_id,
    c.campaign_id,
    c.user_id
   FROM public.calls c
     JOIN public.users u ON u.id = c.user_id
     JOIN public.agents a ON a.user_id = c.user_id AND a.id = c.agent_id
     CROSS JOIN ( SELECT app.now() AS at
         OFFSET 0) n
  WHERE c.status = 'unknown'::text
  ORDER BY c.dialing_at;
-- grant select to parley_ro
-- comment: Calls of which it is not known whether they exist: each keeps its line and hold and is looked up, never redialled.

create view ops.webhook_journal with (security_invoker=true) as
 SELECT e.id,
        CASE
            WHEN e.status = 'done'::text AND e.call_id IS NULL THEN 'unmatched'::text
            ELSE e.status
        END AS state,
    e.received_at,
    u.company,
    e.source,
    e.attempts,
    e.error,
    e.done_at,
        CASE
            WHEN e.status = ANY (ARRAY['pending'::text, 'parked'::text]) THEN e.next_at
            ELSE NULL::timestamp with time zone
        END AS next_at_wall,
    e.call_id,
    e.user_id
   FROM public.webhook_events e
     JOIN public.users u ON u.id = e.user_id
  ORDER BY e.id DESC;
-- grant select to parley_ro
-- comment: Every stored webhook, the latest first: pending, parked, bad, done, or unmatched (read, but of no call of ours). Bodies are shown to their own workspace only.

create view ops.webhook_lag with (security_invoker=true) as
 SELECT u.company,
    e.source,
    count(*) FILTER (WHERE e.status = 'pending'::text) AS pending,
    count(*) FILTER (WHERE e.status = 'parked'::text) AS parked,
    count(*) FILTER (WHERE e.status = 'bad'::text) AS bad,
    w.at - min(e.received_wall) FILTER (WHERE e.status = ANY (ARRAY['pending'::text, 'parked'::text])) AS oldest_waits,
    count(*) FILTER (WHERE e.received_wall > (w.at - '01:00:00'::interval)) AS last_hour,
    max(e.received_wall) AS last_received_wall,
    (array_agg(e.error ORDER BY e.id DESC) FILTER (WHERE e.error IS NOT NULL))[1] AS last_error,
    e.user_id
   FROM public.webhook_events e
     JOIN public.users u ON u.id = e.user_id
     CROSS JOIN ( SELECT app.wall() AS at
         OFFSET 0) w
  WHERE e.status <> 'done'::text OR e.received_wall > (w.at - '1 day'::interval)
  GROUP BY u.company, e.source, e.user_id, w.at
  ORDER BY (count(*) FILTER (WHERE e.status = 'pending'::text)) DESC, (count(*) FILTER (WHERE e.status = 'bad'::text)) DESC;
-- grant select to parley_ro
-- comment: Webhooks of the last day by tenant and source: not folded yet, parked, unreadable, and how long the oldest waits (wall time).

CREATE OR REPLACE FUNCTION app.accept_invitation(p_token_sha256 text, p_person_id uuid, p_email text, p_name text, p_password_hash text)
 RETURNS TABLE(user_id uuid, person_id uuid)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  v invitations;
  v_person_id uuid := p_person_id;
begin
  update invitations i set accepted_at = app.wall()
  where i.token_sha256 = p_token_sha256 and i.accepted_at is null and i.revoked_at is null and i.expires_at > app.wall()
  returning * into v;
  if not found then
    return;
  end if;
  if v_person_id is null then
    insert into people (email, name, password_hash, password_changed_at)
    values (p_email, p_name, p_password_hash, app.wall())
    returning id into v_person_id;
  end if;
  insert into members (user_id, person_id, role, invited_by) values (v.user_id, v_person_id, v.role, v.created_by)
  on conflict (user_id, person_id) do nothing;
  return query select v.user_id, v_person_id;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Uses a link up: the person is a member. A person already in keeps their role; an existing password is never changed.

CREATE OR REPLACE FUNCTION app.account_has_pace()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  insert into provider_pace (provider_account_id) values (new.id) on conflict do nothing;
  return null;
end $function$
;
-- owner: parley_definer
-- comment: Trigger: each provider account has its budget of requests.

CREATE OR REPLACE FUNCTION app.account_room(p_account_id uuid)
 RETURNS TABLE(status text, gate_until timestamp with time zone, lines integer, tokens integer)
 LANGUAGE sql
 STABLE
AS $function$
  select a.status,
    a.gate_until,
    a.concurrency_max - a.concurrency_others - (select count(*)::int from public.calls c
                         where c.provider_account_id = a.id and c.ended_at is null and c.system_slot is not null
                           and c.id >= (select first_call from public.line_mark)),
    -- 480 POST a minute, at most 16 at once: GCRA on one instant
    least(16, greatest(0, floor(extract(epoch from (w.at - p.post_tokens_at)) / 0.125)::int + 16))
  from public.provider_accounts a join public.provider_pace p on p.provider_account_id = a.id, (select app.wall() as at) w
  where a.id = p_account_id
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: A provider account: state, gate, free lines, and POSTs its request budget allows now.

CREATE OR REPLACE FUNCTION app.account_takes_calls(p_account_id uuid)
 RETURNS void
 LANGUAGE sql
AS $function$
  update public.provider_accounts a set gate_count = 0
  where a.id = p_account_id and a.gate_count > 0 and coalesce(a.gate_until <= app.wall(), true)
$function$
;
-- owner: parley
-- grant execute to parley_worker
-- comment: A call was taken: the next gate is a short one again. An answer that was on its way while a gate stands says nothing.

CREATE OR REPLACE FUNCTION app.acknowledge_platform_incident(p_id uuid, p_by text)
 RETURNS SETOF public.incidents
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update incidents
  set acknowledged_at = coalesce(acknowledged_at, app.now()), acknowledged_by = coalesce(acknowledged_by, p_by)
  where id = p_id and user_id is null
  returning *
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Somebody looks after an incident that belongs to no tenant; the caller has checked that a platform admin asks.

CREATE OR REPLACE FUNCTION app.admin_pause_dialling(p_paused boolean, p_reason text, p_by text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  if not p_paused and app.adoption_left() > 0 then
    raise exception 'calls may be forgotten' using errcode = 'PY001';
  end if;
  update system_settings
  set dialling_paused = p_paused, dialling_paused_reason = case when p_paused then p_reason end,
    dialling_paused_by = case when p_paused then p_by end, updated_at = app.wall(),
    reconcile_only_at = case when p_paused then reconcile_only_at end,
    reconcile_from = case when p_paused then reconcile_from end;
  if not p_paused then
    perform app.resolve_incident('database_moved', 'database', p_by);
  end if;
  return (select count(*)::int from calls where ended_at is null);
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Stops or resumes every claim of every tenant; answers how many calls are in the air. Refuses (PY001) to resume while forgotten calls are still looked for.

CREATE OR REPLACE FUNCTION app.admin_set_limits(p_concurrent_calls_limit integer, p_reserve_given boolean, p_direct_reserve integer)
 RETURNS TABLE(system_limit integer, direct_reserve integer)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update system_settings
  set concurrent_calls_limit = coalesce(p_concurrent_calls_limit, concurrent_calls_limit),
    direct_reserve = case when p_reserve_given then p_direct_reserve else direct_reserve end,
    updated_at = app.wall()
  returning concurrent_calls_limit, least(coalesce(direct_reserve, concurrent_calls_limit / 20), concurrent_calls_limit)
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: How many calls the whole system may hold at once (null: as before), and how many of them campaigns leave to calls by hand (null: one of every twenty).

CREATE OR REPLACE FUNCTION app.admin_system()
 RETURNS TABLE(system_limit integer, live integer, dialling_paused boolean, dialling_paused_reason text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select s.concurrent_calls_limit,
    (select count(*)::int from calls c where c.ended_at is null and c.system_slot is not null),
    s.dialling_paused, s.dialling_paused_reason
  from system_settings s
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: The system limit, the lines in use, and whether dialling is paused.

CREATE OR REPLACE FUNCTION app.admin_tenants(p_search text, p_before uuid, p_limit integer)
 RETURNS TABLE(id uuid, company text, email text, status text, credits bigint, held bigint, concurrent_limit integer, live integer, members integer, contacts integer, running_campaigns integer, created_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with page as (
    select u.* from users u
    where (p_before is null or u.id < p_before)
      and (p_search is null or u.company ilike '%' || p_search || '%' or u.email ilike '%' || p_search || '%')
    order by u.id desc
    limit p_limit
  )
  select u.id, u.company, u.email, u.status, u.credits, r.held, u.concurrent_limit, r.live,
    (select count(*)::int from members m where m.user_id = u.id),
    (select count(*)::int from contacts c where c.user_id = u.id),
    (select count(*)::int from call_campaigns k where k.user_id = u.id and k.status = 'running'),
    u.created_at
  from page u cross join lateral app.tenant_room(u.id) r
  order by u.id desc
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Tenants with their figures, newest first, for the operator.

CREATE OR REPLACE FUNCTION app.adoption_left()
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select count(*)::int from agents a cross join system_settings s
  where s.reconcile_only_at is not null and a.bolna_agent_id is not null
    and coalesce(a.adopted_at < s.reconcile_only_at + make_interval(secs => s.reconcile_grace_ms / 1000.0), true)
$function$
;
-- owner: parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: After a restore: agents whose executions at the provider have not been looked through yet.

CREATE OR REPLACE FUNCTION app.api_key(p_key_sha256 text)
 RETURNS TABLE(id uuid, user_id uuid, role text, scopes text[], is_platform_admin boolean)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  update api_keys k set last_used_at = app.wall()
  where k.key_sha256 = p_key_sha256 and k.revoked_at is null
    and (k.last_used_at is null or k.last_used_at < app.wall() - interval '1 minute');
  return query
  select k.id, k.user_id,
    case when array_position(r.ranked, k.role) > array_position(r.ranked, m.role) then k.role else m.role end,
    k.scopes, p.is_platform_admin
  from api_keys k
  join users u on u.id = k.user_id and u.status = 'active'
  join members m on m.user_id = k.user_id and m.person_id = k.created_by
  join people p on p.id = k.created_by
  cross join (values (array['owner', 'manager', 'agent', 'viewer'])) as r (ranked)
  where k.key_sha256 = p_key_sha256 and k.revoked_at is null;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Whose key this is and what it may do; nothing once it is revoked or its maker has left.

CREATE OR REPLACE FUNCTION app.audit_days(p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS TABLE(user_id uuid, day date, entries integer, rows_sha256 text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select a.user_id, (a.at at time zone 'UTC')::date, count(*)::int,
    encode(sha256(convert_to(string_agg(
      jsonb_build_array(a.id, extract(epoch from a.at), a.person_id, a.actor, a.action, a.entity, a.entity_id, a.changes, a.request_id)::text,
      E'\n' order by a.id), 'UTF8')), 'hex')
  from audit_log a
  where a.at >= p_from and a.at < p_to
  group by 1, 2
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: What the audit log holds of each tenant and day (UTC): how many entries, and the SHA-256 of them in order.

CREATE OR REPLACE FUNCTION app.audit_over()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  select date_trunc('day', (app.wall() - interval '1 hour') at time zone 'UTC') at time zone 'UTC'
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_worker
-- comment: Where the last day of the audit log ends that is over.

CREATE OR REPLACE FUNCTION app.audit_sealed(p_days integer)
 RETURNS TABLE(user_id uuid, day date, entries integer, rows_sha256 text, seal text, seal_before text, found integer, found_sha256 text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with since as (
    select greatest(
      app.audit_over() - make_interval(days => coalesce(p_days, 100000)),
      -- before the first day that was sealed nothing was promised
      (select min(s.day)::timestamp at time zone 'UTC' from audit_digests s)) as at
  )
  select coalesce(s.user_id, d.user_id), coalesce(s.day, d.day), s.entries, s.rows_sha256, s.seal, b.seal,
    coalesce(d.entries, 0), d.rows_sha256
  from (select x.* from audit_digests x, since where x.day >= (since.at at time zone 'UTC')::date) s
  full join (
    select y.* from since
    cross join lateral app.audit_days(since.at, (select (max(x.day) + 1)::timestamp at time zone 'UTC' from audit_digests x)) y
  ) d on d.user_id = s.user_id and d.day = s.day
  left join lateral (
    select p.seal from audit_digests p where p.user_id = s.user_id and p.day < s.day order by p.day desc limit 1
  ) b on true
  order by 1, 2
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: The sealed days of the last p_days (null: all) as they were sealed and as they are now; a day that lost its seal has none.

CREATE OR REPLACE FUNCTION app.audit_unsealed()
 RETURNS TABLE(user_id uuid, day date, entries integer, rows_sha256 text, seal_before text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select d.user_id, d.day, d.entries, d.rows_sha256, b.seal
  from app.audit_days(
    coalesce((select (max(s.day) + 1)::timestamp at time zone 'UTC' from audit_digests s), '-infinity'), app.audit_over()) d
  left join lateral (
    select s.seal from audit_digests s where s.user_id = d.user_id and s.day < d.day order by s.day desc limit 1
  ) b on true
  order by d.user_id, d.day
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Days that are over and not sealed yet, by tenant in order, with the tenant's last seal.

CREATE OR REPLACE FUNCTION app.believes_mark(p_head_at timestamp with time zone, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(p_head_at > p_at - interval '10 minutes', false)
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Whether a lane is read from its mark; if not, from its start.

CREATE OR REPLACE FUNCTION app.callback_closed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update public.tasks t
  set status = case
        when new.status = 'completed' then 'done'
        when new.status = 'canceled' or new.skip_reason in ('suppressed', 'dnc', 'erased') then 'canceled'
        else 'open' end,
    done_at = case when new.status in ('completed', 'canceled') or new.skip_reason in ('suppressed', 'dnc', 'erased') then app.now() end,
    done_by = case when new.status = 'completed' then 'agent' end,
    agent_calls = agent_calls and new.status in ('completed', 'canceled'),
    reason = case new.status when 'failed' then 'callback_not_reached' when 'skipped' then new.skip_reason else t.reason end,
    changed_at = app.now()
  where t.user_id = new.user_id and t.item_id = new.id and t.status = 'open';
  return null;
end $function$
;
-- owner: parley
-- comment: The task of a callback item that has ended: done, canceled, or handed to a person with the reason.

CREATE OR REPLACE FUNCTION app.calls_at_provider(p_account_id uuid)
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select count(*)::int from (
    select c.id from calls c where c.provider_account_id = p_account_id and c.ended_at is null and c.account_slot is not null
    union
    select c.id from calls c where c.provider_account_id = p_account_id and c.next_poll_at is not null
  ) ours
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Our calls that the provider may count as under way: open ones, inbound ones, and those ended here that it has not been asked about again.

CREATE OR REPLACE FUNCTION app.campaign_room(p_user_id uuid, p_campaign_id uuid)
 RETURNS TABLE(live integer, cap_room integer, budget_left bigint, pace_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  select
    l.live,
    k.max_concurrent - l.live,
    k.budget_credits - coalesce(s.spent_credits, 0) - coalesce(h.held, 0),
    case when k.calls_per_second is not null then p.tokens_at end
  from public.call_campaigns k
  left join public.campaign_spend s on s.campaign_id = k.id
  left join public.campaign_pace p on p.campaign_id = k.id
  cross join lateral (
    select count(*)::int as live from public.calls c
    where c.user_id = p_user_id and c.campaign_id = k.id and c.ended_at is null and c.system_slot is not null
      and c.id >= (select first_call from public.line_mark)
  ) l
  cross join lateral (
    select sum(c.held_credits)::bigint as held from public.calls c
    where c.user_id = p_user_id and c.campaign_id = k.id and c.settled_at is null
      and c.id >= (select first_call from public.line_mark)
  ) h
  where k.user_id = p_user_id and k.id = p_campaign_id
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: A campaign's open lines against its cap, what its budget still allows, and when its pace gives the next token. Null = no such limit.

CREATE OR REPLACE FUNCTION app.claim_tick()
 RETURNS TABLE(ran boolean, dialled integer, disposed integer, again boolean, next_wake timestamp with time zone, stopped_by text, woken uuid[])
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
 SET lock_timeout TO '200ms'
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET jit TO 'off'
AS $function$
#variable_conflict use_variable
declare
  v record;
  v_account record;
  v_open int;
  v_free int;
  v_kept int;
  v_wanted int;
  v_after uuid;
  v_users uuid[];
  v_missed uuid[] := '{}';
  v_done record;
begin
  ran := false; dialled := 0; disposed := 0; again := false; woken := '{}';
  if not pg_try_advisory_xact_lock(hashtext('app.claim_tick')) then
    return next; return;
  end if;
  ran := true;

  -- rung for nothing, as most rings are: one look
  select s.dialling_paused, s.concurrent_calls_limit, coalesce(s.direct_reserve, s.concurrent_calls_limit / 20) as reserve, c.now, c.wall,
    exists (
      select from call_lanes l
      where not l.paused and l.ready_at < 'infinity' and l.ready_at <= c.now and l.closes_at > c.now
    ) as ready,
    exists (select from call_lanes l where not l.paused and l.next_due_at < 'infinity' and l.closes_at <= c.now) as stale,
    (
      select l.ready_at from call_lanes l
      where not l.paused and l.ready_at < 'infinity' and l.ready_at > c.now order by l.ready_at limit 1
    ) as next_ready
  into v
  from system_settings s
  cross join (select app.now() as now, app.wall() as wall offset 0) c;
  if v.dialling_paused then
    stopped_by := 'dialling_paused'; return next; return;
  end if;
  if v.next_ready is not null then
    next_wake := app.wall_at(v.next_ready);
  end if;
  if not v.ready and not v.stale then
    return next; return;
  end if;

  if v.stale then
    again := app.reopen_lanes(v.now);
  end if;

  select a.id into v_account from provider_accounts a where a.name = 'platform' for no key update skip locked;
  if v_account.id is null then
    again := true; return next; return;
  end if;
  -- read after the lock, so that the last holder's calls are counted
  select a.id, r.*, a.concurrency_max - r.lines as open,
    o.calls as system_open, o.tenants,
    t.served_upto, t.missed
  into v_account
  from provider_accounts a
  cross join lateral app.account_room(a.id) r
  cross join dispatch_turn t
  cross join (
    select count(*)::int as calls, count(distinct c.user_id)::int as tenants
    from calls c where c.ended_at is null and c.system_slot is not null and c.id >= (select first_call from line_mark)
  ) o
  where a.id = v_account.id;
  v_open := v_account.system_open;
  v_free := v.concurrent_calls_limit - v_open;
  if v_account.status <> 'ok' then
    stopped_by := 'provider_suspended';
  elsif v_account.gate_until > v.wall then
    stopped_by := 'provider_gate'; next_wake := v_account.gate_until;
  elsif v_free <= 0 then
    stopped_by := 'system_limit';
  elsif v_account.lines <= 0 then
    stopped_by := 'provider_lines';
  elsif v_account.tokens <= 0 then
    stopped_by := 'provider_budget'; next_wake := v.wall + interval '125 milliseconds';
  end if;
  if stopped_by is not null then
    return next; return;
  end if;
  -- some of the free lines are not for campaigns
  v_kept := least(v_free, v_account.lines, v_account.tokens);
  v_free := greatest(0, least(v_kept, v_free - v.reserve));
  v_kept := v_kept - v_free;
  if v_free = 0 then
    stopped_by := 'system_limit';
  end if;

  -- As many tenants without a line as there are lines to give, if there are so many: nobody is to get a second one before.
  -- A few more, because some will turn out to have no room. Whoever has none leaves the ready ones for good, so when many
  -- such stand in front the lines are offered again to those behind them.
  v_after := v_account.served_upto;
  v_wanted := v_free + 8 + least(v_account.tenants, 256);
  for pass in 1..8 loop
    exit when v_free = 0;
    v_users := array(select t.user_id from app.tenants_ready(v_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff', v_wanted, v.now) t);
    if cardinality(v_users) < v_wanted then
      v_users := v_users || array(
        select t.user_id from app.tenants_ready('00000000-0000-0000-0000-000000000000', v_after, v_wanted - cardinality(v_users), v.now) t);
    end if;
    if pass = 1 and cardinality(v_account.missed) > 0 then
      v_users := v_account.missed || array(select u from unnest(v_users) u where u <> all (v_account.missed));
    end if;
    exit when cardinality(v_users) = 0;
    begin
      select * into v_done
      from app.fill_lines(v_users, v_free, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, false);
    exception when others then
      if app.is_transient(sqlstate) then raise; end if;
      if sqlstate = '23505' then
        perform app.doubt_mark();
        again := true;
      end if;
      select * into v_done
      from app.fill_lines_singly(v_users, v_free, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, false);
    end;
    dialled := dialled + v_done.dialled;
    disposed := disposed + v_done.disposed;
    woken := woken || v_done.woken;
    -- Who stood before the last one served and got no line, since somebody held the row or others have fewer lines, has
    -- missed a turn and comes first in the next tick.
    v_missed := v_missed || array(
      select m from unnest(v_done.missed) m
      where m <> all (v_missed)
        and (m = any (v_account.missed) or array_position(v_users, m) < array_position(v_users, v_done.served_upto))
      limit greatest(0, 256 - cardinality(v_missed)));
    v_free := v_free - v_done.dialled;
    v_open := v_open + v_done.dialled;
    again := again or v_done.unfinished;
    -- Whatever moved may leave lines free and lanes ready: a tick rests only after one that moved nothing, for that one
    -- has put every lane without room or due items to sleep until something wakes it.
    again := again or v_done.dialled > 0 or v_done.disposed > 0 or v_done.put_aside > 0;
    if v_done.served_upto is not null and v_done.served_upto <> all (v_account.missed) then
      v_after := v_done.served_upto;
    end if;
    exit when v_free <= 0 or v_done.put_aside + v_done.disposed = 0;
    v_wanted := v_free + case when v_done.put_aside > 0 then 256 else 8 + least(v_account.tenants, 256) end;
  end loop;

  -- What campaigns may not take is for calls by hand: they come first among their own tenant's items, and here before
  -- everybody's campaigns. Whoever gets one has not had a turn.
  if v_kept > 0 then
    v_users := array(
      select distinct l.user_id from (
        select l.user_id from call_lanes l
        where l.campaign_id is null and not l.paused and l.ready_at < 'infinity' and l.ready_at <= v.now and l.closes_at > v.now
        order by l.ready_at limit v_kept + 8
      ) l);
    if cardinality(v_users) > 0 then
      begin
        select * into v_done
        from app.fill_lines(v_users, v_kept, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, true);
      exception when others then
        if app.is_transient(sqlstate) then raise; end if;
        if sqlstate = '23505' then
          perform app.doubt_mark();
          again := true;
        end if;
        select * into v_done
        from app.fill_lines_singly(v_users, v_kept, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, true);
      end;
      dialled := dialled + v_done.dialled;
      disposed := disposed + v_done.disposed;
      woken := woken || v_done.woken;
      again := again or v_done.unfinished or v_done.dialled > 0 or v_done.disposed > 0 or v_done.put_aside > 0;
    end if;
  end if;

  if dialled > 0 or v_missed <> v_account.missed then
    update dispatch_turn set served_upto = v_after, missed = v_missed;
  end if;
  if next_wake is null or again then
    select app.wall_at(l.ready_at) into next_wake from call_lanes l
    where not l.paused and l.ready_at < 'infinity' and l.ready_at > v.now order by l.ready_at limit 1;
  end if;
  return next;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: One pass of the dispatcher over all tenants: how many calls it claimed, how many items it disposed of, whether to run again at once, when next (wall time), and what stopped it.

CREATE OR REPLACE FUNCTION app.database_is_same(p_lsn pg_lsn)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select coalesce(s.database_system = d.system and s.database_timeline = d.timeline, true)
    and d.lsn >= greatest(coalesce(p_lsn, '0/0'), coalesce(s.seen_lsn, '0/0'))
  from system_settings s cross join app.database_place() d
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Still the database we worked on, no earlier than where we saw it last (p_lsn: this process's own memory)?

CREATE OR REPLACE FUNCTION app.database_place()
 RETURNS TABLE(system text, timeline integer, lsn pg_lsn)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select c.system_identifier::text,
    ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int,
    pg_current_wal_flush_lsn()
  from pg_control_system() c
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Which cluster this is, on which timeline, and how far its log is on disk.

CREATE OR REPLACE FUNCTION app.direct_reserve()
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select least(coalesce(s.direct_reserve, s.concurrent_calls_limit / 20), s.concurrent_calls_limit) from system_settings s
$function$
;
-- owner: parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Lines of the installation that campaigns leave to calls by hand.

CREATE OR REPLACE FUNCTION app.dispose_of_blocked(p_users uuid[], p_lanes uuid[], p_depth integer, p_now timestamp with time zone)
 RETURNS TABLE(disposed integer, lanes uuid[], woken uuid[], jobs jsonb)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET jit TO 'off'
AS $function$
begin
  with tenant as (
    select l.user_id, array_agg(l.id) as lanes, array_agg(l.campaign_id is null) as by_hand,
      array_agg(case when app.believes_mark(l.head_at, p_now) then l.head_priority end) as priorities,
      array_agg(l.head_due_at) as due_ats, array_agg(l.head_id) as ids
    from call_lanes l
    where l.id = any (p_lanes) and l.user_id = any (p_users)
    group by l.user_id
  ),
  -- offset 0: judged item by item; joined as a set, the planner may read the whole queue for it
  judged as materialized (
    select q.id, q.lane_id, v.*
    from tenant t
    cross join lateral app.queue_head(t.lanes, t.by_hand, null, t.priorities, t.due_ats, t.ids, p_depth, p_now) q
    cross join lateral (select * from app.item_verdict(q.id, p_now) offset 0) v
  ),
  mine as materialized (
    select id from call_queue
    where id = any (array(select id from judged where verdict in ('skip', 'defer'))) and status = 'pending'
    for update skip locked
  ),
  gone as (
    update call_queue q
    set status = case j.verdict when 'skip' then 'skipped' else q.status end,
      skip_reason = case j.verdict when 'skip' then j.reason end,
      closed_at = case j.verdict when 'skip' then p_now end,
      wait_reason = case j.verdict when 'defer' then j.reason end,
      due_at = case j.verdict when 'defer' then j.until else q.due_at end
    from judged j
    where q.id = j.id and q.id = any (array(select id from mine))
    returning q.status, q.user_id, q.campaign_id, q.lane_id
  ),
  closed as materialized (
    select distinct user_id, campaign_id from gone where status = 'skipped' and campaign_id is not null
  ),
  told as (
    insert into live_changes (user_id, topic, ref) select user_id, 'campaigns', campaign_id::text from closed returning user_id
  )
  select (select count(*) from gone), array(select distinct lane_id from gone), array(select distinct user_id from told),
    coalesce((select jsonb_agg(jsonb_build_object(
      'identifier', 'campaigns/finish', 'payload', jsonb_build_object('userId', user_id, 'campaignId', campaign_id),
      'job_key', 'campaigns/finish:' || campaign_id, 'priority', 4, 'max_attempts', 5)) from closed), '[]')
  into disposed, lanes, woken, jobs;
  return next;
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Part of the tick: skips or defers what cannot be dialled at the head of lanes whose rows the tick holds.

CREATE OR REPLACE FUNCTION app.doubt_mark()
 RETURNS void
 LANGUAGE sql
AS $function$
  update public.line_mark set first_call = '00000000-0000-0000-0000-000000000000'
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Part of the tick: open calls are looked for from the beginning, until the mark is set anew.

CREATE OR REPLACE FUNCTION app.drain_batch(p_limit integer)
 RETURNS TABLE(id bigint, user_id uuid, agent_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select e.id, e.user_id, e.endpoint_id from webhook_events e
  where e.status in ('pending', 'parked') and e.next_at <= app.wall()
  order by e.next_at, e.id
  limit p_limit
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Webhook events that are due, oldest first, over all tenants.

CREATE OR REPLACE FUNCTION app.enqueue(p_jobs jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  v_unknown text;
  v_specs graphile_worker.job_spec[];
  v_mode text;
  v_count int := 0;
begin
  select j ->> 'identifier' into v_unknown
  from jsonb_array_elements(p_jobs) j where not (j ->> 'identifier') = any (app.task_names()) limit 1;
  if v_unknown is not null then
    raise exception 'unknown task %', v_unknown using errcode = 'check_violation';
  end if;
  foreach v_mode in array array['replace', 'preserve_run_at'] loop
    -- one key twice in a batch would be refused: the last one wins
    select array_agg((
        j ->> 'identifier', coalesce(j -> 'payload', '{}')::json, null, (j ->> 'run_at')::timestamptz,
        (j ->> 'max_attempts')::smallint, j ->> 'job_key', (j ->> 'priority')::smallint, null
      )::graphile_worker.job_spec order by n)
    into v_specs
    from (
      select distinct on (coalesce(e.j ->> 'job_key', e.n::text)) e.j, e.n
      from jsonb_array_elements(p_jobs) with ordinality as e (j, n)
      where coalesce(nullif(e.j ->> 'job_key_mode', 'unsafe_dedupe'), 'replace') = v_mode
      order by coalesce(e.j ->> 'job_key', e.n::text), e.n desc
    ) job;
    if v_specs is not null then
      perform graphile_worker.add_jobs(v_specs, v_mode = 'preserve_run_at');
      v_count := v_count + cardinality(v_specs);
    end if;
  end loop;
  return v_count;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Adds jobs [{identifier, payload, job_key?, job_key_mode?, run_at?, priority?, max_attempts?}] in this transaction.

CREATE OR REPLACE FUNCTION app.explain(p_item_id uuid)
 RETURNS TABLE(ord integer, name text, ok boolean, reason text, detail text, true_again_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  with item as materialized (
    select k.*, q.user_id, q.campaign_id, q.expires_at, l.id as lane_id, l.country, l.zone_set, l.next_due_at, l.blocked_by,
      u.rule_set, u.status as tenant_status, c."window",
      greatest(0, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits) as hold
    from public.call_queue q
    cross join lateral app.item_checks(q.id) k
    join public.users u on u.id = q.user_id
    join public.call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
    left join public.call_campaigns c on c.user_id = q.user_id and c.id = q.campaign_id
    left join public.agents a on a.user_id = q.user_id and a.id = coalesce(q.agent_id, c.agent_id)
    where q.id = p_item_id
  ),
  hours as (
    select o.opens_at, coalesce(o.opens_at <= i.at, false) as open
    from item i left join lateral app.next_open(i.zone_set, i.country, i.rule_set, i."window", i.at) o on true
  ),
  tenant as (select r.* from item i cross join lateral app.tenant_room(i.user_id) r),
  campaign as (select r.* from item i cross join lateral app.campaign_room(i.user_id, i.campaign_id) r),
  -- a check that does not apply (no campaign, no cap) has no row
  checked (ord, name, ok, reason, detail, true_again_at) as (
    select 1, 'item', i.status = 'pending', i.status,
      'The item is ' || replace(i.status, '_', ' ') || '.', null::timestamptz from item i
    union all
    select 2, 'expiry', not i.expired, 'expired',
      case when i.expired then 'A direct call is dropped when it has waited too long.' else 'Not expired.' end, null
    from item i where i.expires_at is not null
    union all
    select 3, 'contact', not i.erased, 'erased',
      case when i.erased then 'The contact was erased.' else 'The contact exists.' end, null from item i
    union all
    select 4, 'suppression', i.suppressed is null, case when i.suppressed = 'dnc' then 'dnc' else 'suppressed' end,
      coalesce('The number is suppressed: ' || replace(i.suppressed, '_', ' ') || '.', 'The number is not suppressed.'), null from item i
    union all
    select 5, 'consent', i.consent_ok, 'no_consent',
      case when i.consent_need = 'none' then format('The rules (%s) ask for no consent.', i.rule_set)
           when i.consent_ok then format('The rules (%s, %s) ask for %s consent, and it is recorded.', i.rule_set, i.country, i.consent_need)
           else format('The rules (%s, %s) ask for %s consent; none is recorded.', i.rule_set, i.country, i.consent_need) end, null
    from item i
    union all
    select 6, 'campaign', i.campaign_status = 'running' and not i.campaign_over,
      case when i.campaign_over then 'campaign_over' else 'campaign_' || i.campaign_status end,
      'The campaign is ' || i.campaign_status || coalesce(': ' || i.campaign_reason, '')
        || case when i.campaign_over and i.campaign_status not in ('completed', 'canceled') then ', past its end date.' else '.' end, null
    from item i where i.campaign_id is not null
    union all
    select 7, 'due', i.due_at <= i.at, coalesce(i.wait_reason, 'retry_gap'),
      case when i.due_at <= i.at then 'Due.' else 'Not due yet: ' || replace(coalesce(i.wait_reason, 'retry_gap'), '_', ' ') || '.' end,
      case when i.due_at > i.at then i.due_at end from item i
    union all
    select 8, 'hours', h.open, case when h.opens_at is null then 'zone_never_open' else 'window_closed' end,
      case when h.open then format('Open now in %s.', i.zone_set)
           when i.zone_set = '' then 'The time zone of this person is not known.'
           when h.opens_at is null then format('No hour in the next 14 days is allowed in %s.', i.zone_set)
           else format('Closed now in %s.', i.zone_set) end, case when not h.open then h.opens_at end
    from item i cross join hours h
    union all
    select 9, 'agent', i.agent_ready, 'agent_not_ready',
      case when i.agent_ready then 'The agent is ready at the provider.' else 'The agent is archived or not synced to the provider.' end, null
    from item i
    union all
    select 10, 'destination', i.destination_ok, 'destination_not_confirmed',
      case when i.rule_set = 'rehearsal' then 'A rehearsal calls every country.'
           when i.destination_ok then format('This workspace calls %s.', i.country)
           else format('Nobody has confirmed that this workspace calls %s.', i.country) end, null
    from item i
    union all
    select 11, 'other_call', i.other_call_id is null, 'other_call_open',
      case when i.other_call_id is null then 'No other call to this person is open.' else 'Call ' || i.other_call_id || ' to this person is open.' end, null
    from item i
    union all
    select 12, 'frequency', coalesce(i.frequency_until <= i.at, true), 'frequency_cap',
      case when i.frequency_until > i.at then 'This person has been called as often as the cap allows.' else 'Within the frequency cap.' end,
      case when i.frequency_until > i.at then i.frequency_until end from item i
    union all
    select 13, 'dialling', not s.dialling_paused, 'dialling_paused',
      case when s.dialling_paused then 'All dialling is paused' || coalesce(': ' || s.paused_reason, '') || '.' else 'Dialling is not paused.' end, null
    from item i cross join app.system_room() s
    union all
    select 14, 'workspace', i.tenant_status = 'active', 'tenant_suspended', 'The workspace is ' || i.tenant_status || '.', null from item i
    union all
    select 15, 'provider', s.account_status = 'ok' and s.gate_at is null,
      case when s.account_status <> 'ok' then 'provider_suspended' else 'provider_gate' end,
      case when s.account_status <> 'ok' then 'The voice provider refuses our key.'
           when s.gate_at is not null then 'The voice provider asked for a pause.' else 'The voice provider takes calls.' end, s.gate_at
    from item i cross join app.system_room() s
    union all
    select 16, 'system_lines', s.live < s.line_limit - case when i.campaign_id is null then 0 else app.direct_reserve() end, 'system_limit',
      format('%s of %s lines of the installation in use.', s.live, s.line_limit)
        || case when i.campaign_id is not null and app.direct_reserve() > 0
             then format(' %s are kept for calls by hand.', app.direct_reserve()) else '' end, null
    from item i cross join app.system_room() s
    union all
    select 17, 'provider_lines', s.account_lines > 0, 'provider_lines', format('%s free lines at the provider.', greatest(0, s.account_lines)), null
    from item i cross join app.system_room() s
    union all
    select 18, 'lines', t.live < t.concurrent_limit, 'user_limit', format('%s of %s lines of this workspace in use.', t.live, t.concurrent_limit), null
    from item i cross join tenant t
    union all
    select 19, 'credits', t.available >= i.hold, 'credits',
      format('%s credits available (%s posted, %s held); a call holds %s.', t.available, t.credits, t.held, i.hold), null
    from item i cross join tenant t
    union all
    select 20, 'campaign_lines', c.cap_room > 0, 'campaign_cap', format('%s in the air, room for %s more.', c.live, greatest(0, c.cap_room)), null
    from item i cross join campaign c where c.cap_room is not null
    union all
    select 21, 'budget', c.budget_left >= i.hold, 'budget', format('%s credits of the budget left; a call holds %s.', greatest(0, c.budget_left), i.hold), null
    from item i cross join campaign c where c.budget_left is not null
    union all
    select 22, 'pace', c.pace_at <= app.wall(), 'pace',
      case when c.pace_at > app.wall() then 'The pace allows the next call in a moment.' else 'Within the pace.' end,
      case when c.pace_at > app.wall() then app.in_wall(c.pace_at - app.wall()) end
    from item i cross join campaign c where c.pace_at is not null
    union all
    select 23, 'lane', i.next_due_at <= i.at, coalesce(i.blocked_by, 'nothing_due'),
      case when i.next_due_at <= i.at then 'Its lane takes part in the dispatch.'
           when i.blocked_by is not null then 'Its lane is set aside until there is room again: ' || replace(i.blocked_by, '_', ' ') || '.'
           else 'Its lane sleeps until its next item is due.' end,
      case when i.next_due_at > i.at and isfinite(i.next_due_at) then i.next_due_at end
    from item i where i.status = 'pending' and i.due_at <= i.at
  )
  select c.ord, c.name, c.ok, case when not c.ok then c.reason end, c.detail, case when not c.ok then c.true_again_at end
  from checked c
  order by c.ord
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Every predicate between a queue item and its dial, in the dispatcher's order: does it hold, why not, and when it can next be true.

CREATE OR REPLACE FUNCTION app.explain_verdict(p_item_id uuid)
 RETURNS TABLE(verdict text, reason text, until timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  select
    case when v.verdict in ('skip', 'done') then v.verdict
         when v.verdict = 'dial' and f.name is null then 'dial'
         else 'defer' end,
    coalesce(v.reason, f.reason),
    coalesce(v.until, f.true_again_at)
  from app.item_verdict(p_item_id) v
  left join lateral (select e.* from app.explain(p_item_id) e where not e.ok order by e.ord limit 1) f on v.verdict = 'dial'
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: dial, defer, skip or done: what the next tick would do with an item, with the reason and when it can change.

CREATE OR REPLACE FUNCTION app.fair_lines(p_user_id uuid)
 RETURNS integer
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with n as (select app.now() as at offset 0),
  line_limit as (
    select least(s.concurrent_calls_limit - app.direct_reserve(), a.concurrency_max - a.concurrency_others) as lines
    from system_settings s join provider_accounts a on a.name = 'platform'
  ),
  wanting as (
    select l.user_id from call_lanes l cross join n
    where not l.paused and l.next_due_at <= n.at and l.opens_at <= n.at and l.closes_at > n.at
    union
    select p_user_id
  ),
  wish as (
    select u.id as user_id, least(u.concurrent_limit, x.lines) as lines
    from users u join wanting w on w.user_id = u.id cross join line_limit x
    where u.status = 'active' or u.id = p_user_id
    union all
    select c.user_id, count(*) from calls c
    where c.ended_at is null and c.system_slot is not null and c.user_id not in (select user_id from wanting)
    group by c.user_id
  )
  select count(*)::int
  from (
    select w.user_id from wish w cross join generate_series(1, w.lines) level
    order by level, w.user_id = p_user_id desc
    limit (select lines from line_limit)
  ) given
  where given.user_id = p_user_id
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Lines the tenant can count on while everybody dials who has something to dial; one number.

CREATE OR REPLACE FUNCTION app.fill_lines(p_users uuid[], p_lines integer, p_system_open integer, p_account_open integer, p_account uuid, p_now timestamp with time zone, p_wall timestamp with time zone, p_by_hand boolean)
 RETURNS TABLE(dialled integer, disposed integer, put_aside integer, unfinished boolean, served_upto uuid, missed uuid[], woken uuid[])
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
declare
  v_lanes uuid[];
  v_lease interval;
  v_scale double precision;
  v_stuck uuid[];
  v_spent uuid[];
  v_done record;
  v_dry int;
  v_jobs jsonb;
  v_heads jsonb;
  v_first uuid;
begin
  -- 1. tenants, then their ready lanes, then the pace of their campaigns: what cannot be had at once is left to others
  with tenant as materialized (
    select u.id from users u where u.id = any (p_users) and u.status = 'active' for no key update skip locked
  ),
  ready as materialized (
    select l.id from call_lanes l
    where l.user_id = any (array(select id from tenant))
      and not l.paused and l.ready_at < 'infinity' and l.ready_at <= p_now and l.closes_at > p_now
      and (not p_by_hand or l.campaign_id is null)
  ),
  mine as materialized (
    select l.id, l.campaign_id from call_lanes l where l.id = any (array(select id from ready)) and not l.paused
    for no key update skip locked
  ),
  pace as materialized (
    select p.campaign_id from campaign_pace p
    where p.campaign_id = any (array(select distinct campaign_id from mine where campaign_id is not null))
    for no key update skip locked
  )
  select array(select id from mine where campaign_id is null or campaign_id in (select campaign_id from pace)),
    array(select u.id from users u where u.id = any (p_users) and u.status = 'active' and u.id <> all (array(select id from tenant))),
    (select count(*) from mine) < (select count(*) from ready),
    greatest(interval '2 seconds', interval '15 seconds' * s.lease_scale), s.clock_scale
  into v_lanes, missed, unfinished, v_lease, v_scale
  from system_settings s;
  unfinished := unfinished or cardinality(missed) > 0;
  dialled := 0; disposed := 0; put_aside := 0; woken := '{}';
  if cardinality(v_lanes) = 0 then
    return next; return;
  end if;

  -- 2. share, look, judge, dial
  with recursive lane as materialized (
    select * from app.lanes_with_room(p_users, v_lanes, p_lines, p_now, p_wall)
  ),
  room as materialized (
    select user_id, turn, live, least(user_room, p_lines, available / min(hold_credits), sum(room))::int as room
    from (select distinct on (user_id, campaign_id) * from lane where has_room order by user_id, campaign_id, hold_credits) l
    group by user_id, turn, live, user_room, available
  ),
  -- lines rise like water: nobody gets another before everybody who may has as many
  water (level, filled) as (
    select min(live), 0::bigint from room
    union all
    select w.level + 1, w.filled + (select count(*) from room r where r.live <= w.level and r.live + r.room > w.level)
    from water w
    where w.filled < p_lines and w.level < (select max(r.live + r.room) from room r)
  ),
  share as materialized (
    select s.user_id, s.live, s.quota, array_agg(l.lane_id) as lanes, array_agg(l.campaign_id is null) as by_hand, array_agg(l.room) as rooms,
      array_agg(l.head_priority) as priorities, array_agg(l.head_due_at) as due_ats, array_agg(l.head_id) as ids
    from (
      select user_id, live, count(*)::int as quota
      from (
        select r.user_id, r.live
        from room r, generate_series(r.live + 1, least(r.live + r.room, (select max(w.level) from water w))) level
        order by level, r.turn
        limit p_lines
      ) level
      group by user_id, live
    ) s
    join lane l on l.user_id = s.user_id and l.has_room
    group by s.user_id, s.live, s.quota
  ),
  -- one more than there are lines for: it tells that the lane has more to come
  looked as materialized (
    select s.user_id, s.quota, q.*
    from share s
    cross join lateral app.queue_head(s.lanes, s.by_hand, s.rooms, s.priorities, s.due_ats, s.ids, s.quota + 1, p_now) q
  ),
  -- offset 0: judged item by item; joined as a set, the planner may read the whole queue for it
  head as materialized (
    select k.*, v.verdict = 'dial' as dials
    from looked k
    cross join lateral (select * from app.item_verdict(k.id, p_now) offset 0) v
    where k.place <= k.quota
  ),
  mine as materialized (
    select id, phone_number, contact_id, agent_id, from_number from call_queue
    where id = any (array(select id from head where dials)) and status = 'pending'
    for update skip locked
  ),
  -- the stored hours brought the lane here; before it is used they are worked out again, once for lanes that share them
  used as materialized (
    select l.*, w.*, concat_ws('|', w.rule_set, w.country, w.zone_set, w."window"::text) as hours
    from lane l
    cross join lateral (
      select c.country, c.zone_set, u.rule_set, u.pulse_seconds, u.pulse_credits, k."window", k.agent_id, k.from_number
      from call_lanes c
      join users u on u.id = c.user_id
      left join call_campaigns k on k.id = c.campaign_id
      where c.id = l.lane_id offset 0
    ) w
    where l.lane_id in (select lane_id from head where dials)
  ),
  hours as materialized (
    select d.hours, coalesce(o.opens_at <= p_now, false) as open, o.closes_at as open_until,
      r.country as rule_country, r.version as rule_version, r.consent
    from (select distinct hours, rule_set, country, zone_set, "window" from used) d
    left join lateral app.next_open(d.zone_set, d.country, d.rule_set, coalesce(d."window", 'null'), p_now, 0) o on true
    left join lateral (
      select r.country, r.version, r.consent from calling_rules r
      where r.rule_set = d.rule_set and r.country in (d.country, '**') order by r.country = '**' limit 1
    ) r on true
  ),
  dialable as materialized (
    select j.user_id, j.quota, j.id, j.lane_id, j.priority, j.due_at,
      a.id as agent_id, a.version as agent_version, a.provider_account_id, a.max_call_seconds,
      ceil(a.max_call_seconds::numeric / l.pulse_seconds)::bigint * l.pulse_credits as hold,
      coalesce(q.from_number, l.from_number, a.from_number) as from_number,
      q.phone_number, q.contact_id, l.campaign_id, l.available, l.cap_room, l.budget_left, l.pace_at,
      l.rule_set, l.zone_set, h.rule_country, h.rule_version, h.consent, h.open_until
    from head j
    join mine q on q.id = j.id
    join used l on l.lane_id = j.lane_id
    join hours h on h.hours = l.hours
    cross join lateral (select * from agents a where a.id = coalesce(q.agent_id, l.agent_id) offset 0) a
    where j.dials and h.open
  ),
  -- calls by hand share a lane, whoever makes them: one through an agent whose longest call costs more than there is
  -- waits by itself, and those behind it do not
  too_dear as materialized (
    select id from dialable where campaign_id is null and hold > available
  ),
  put_off as (
    update call_queue q
    set wait_reason = 'credits', due_at = p_now + interval '1 minute'
    where q.id = any (array(select id from too_dear))
    returning q.id
  ),
  within_campaign as materialized (
    select * from (
      select d.*,
        row_number() over of_campaign as campaign_rank,
        sum(d.hold) over of_campaign as campaign_hold
      from dialable d
      where d.id <> all (array(select id from too_dear))
      window of_campaign as (partition by d.campaign_id order by d.priority, d.due_at, d.id)
    ) r
    where campaign_id is null
      or (campaign_rank <= coalesce(least(cap_room, case when pace_at is not null then 1 end), campaign_rank)
          and campaign_hold <= coalesce(budget_left, campaign_hold))
  ),
  chosen as materialized (
    select *, row_number() over (order by user_rank, user_id) as rank
    from (
      select w.*,
        row_number() over of_user as user_rank,
        sum(w.hold) over of_user as user_hold
      from within_campaign w
      window of_user as (partition by w.user_id order by (w.campaign_id is not null), w.priority, w.due_at, w.id)
    ) r
    where user_rank <= quota and user_hold <= available
  ),
  system_slot as materialized (
    select n, row_number() over (order by n) as rank
    from (
      select generate_series(1, p_system_open + p_lines) as n
      except select c.system_slot from calls c
        where c.ended_at is null and c.system_slot is not null and c.id >= (select first_call from line_mark)
    ) free
  ),
  account_slot as materialized (
    select n, row_number() over (order by n) as rank
    from (
      -- from anywhere on: the fewer calls have had a number, the sooner the index over them has told that it is free
      select 1 + (a.first + n) % a.lines as n
      from (select concurrency_max as lines, floor(random() * concurrency_max)::int as first from provider_accounts where id = p_account) a,
        generate_series(1, p_account_open + p_lines) n
      except select c.account_slot from calls c
        where c.provider_account_id = p_account and c.ended_at is null and c.system_slot is not null
          and c.id >= (select first_call from line_mark)
    ) free
  ),
  user_slot as materialized (
    select s.user_id, n, row_number() over (partition by s.user_id order by n) as rank
    from share s
    cross join lateral (
      select generate_series(1, s.live + s.quota) as n
      except select c.user_slot from calls c
        where c.user_id = s.user_id and c.ended_at is null and c.system_slot is not null
          and c.id >= (select first_call from line_mark)
    ) free
  ),
  seated as materialized (
    select c.*, s.n as system_slot, acs.n as account_slot, us.n as user_slot
    from chosen c
    join system_slot s on s.rank = c.rank
    join account_slot acs on acs.rank = c.rank
    join user_slot us on us.user_id = c.user_id and us.rank = c.user_rank
  ),
  call as (
    insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, agent_version, provider_account_id,
      phone_number, from_number, attempt, system_slot, user_slot, account_slot, held_credits, max_call_seconds,
      lease_until, claimed_at, created_at, receipt)
    select c.user_id, c.id, c.campaign_id, c.contact_id, c.agent_id, c.agent_version, c.provider_account_id,
      c.phone_number, c.from_number,
      coalesce((select max(p.attempt) from calls p where p.queue_id = c.id), 0) + 1,
      c.system_slot, c.user_slot, c.account_slot, c.hold, c.max_call_seconds, p_wall + v_lease, p_now, p_now,
      jsonb_build_object('ruleSet', c.rule_set, 'ruleCountry', c.rule_country, 'ruleVersion', c.rule_version, 'consent', c.consent,
        'zones', c.zone_set, 'openUntil', c.open_until, 'checkedAt', p_now, 'agentVersion', c.agent_version)
    from seated c
    left join lateral (
      select o.id from calls o where o.queue_id = c.id and o.ended_at is null and not o.adopted limit 1
    ) open on true
    where open.id is null
    -- two items for one person. A line that is taken after all is a fault: only the index over people is asked first, for
    -- in those over lines many have ended
    on conflict (user_id, phone_number) where ended_at is null and direction = 'outbound' and not adopted do nothing
    returning id, queue_id, user_id, campaign_id
  ),
  -- an item whose call was not inserted waits for the other call to its person
  took as (
    update call_queue q
    set status = case when c.id is not null then 'in_progress' else q.status end,
      attempts = q.attempts + case when c.id is not null then 1 else 0 end,
      wait_reason = case when c.id is null then 'other_call_open' end,
      due_at = case when c.id is null then p_now + interval '2 minutes' else q.due_at end
    from seated s
    left join call c on c.queue_id = s.id
    where q.id = s.id and q.id = any (array(select id from seated))
    returning q.id, c.id as call_id
  ),
  paced as (
    update campaign_pace p
    set tokens_at = greatest(p.tokens_at, p_wall) + make_interval(secs => n.calls / greatest(n.calls_per_second, 0.0001))
    from (
      select c.campaign_id, k.calls_per_second, count(*) as calls
      from call c
      join (select distinct campaign_id, calls_per_second from lane where calls_per_second is not null) k using (campaign_id)
      group by c.campaign_id, k.calls_per_second
    ) n
    where p.campaign_id = n.campaign_id and p.campaign_id = any (array(select campaign_id from call))
    returning 1
  ),
  -- without room or outside its hours a lane leaves the ready ones, until what it lacks comes back
  lacking as materialized (
    select lane_id, blocked_by, pace_at from lane where not has_room
    union all
    select u.lane_id, 'closed', null from used u join hours h using (hours) where not h.open
  ),
  blocked as (
    update call_lanes l
    set next_due_at = case b.blocked_by
          when 'pace' then p_now + (b.pace_at - p_wall) * v_scale
          when 'closed' then l.next_due_at
          else 'infinity' end,
        blocked_by = case when b.blocked_by not in ('pace', 'closed', 'over') then b.blocked_by end,
        closes_at = case when b.blocked_by = 'closed' then p_now else l.closes_at end,
        -- who adds items to a lane that is blocked does not touch it
        head_at = case when b.blocked_by in ('pace', 'closed') then l.head_at end
    from lacking b
    where l.id = b.lane_id and l.id = any (array(select lane_id from lacking))
    returning 1
  ),
  -- how far the heads of campaigns' lanes have come: up to the first that still waits. Written once in some thirty calls:
  -- as many entries are soon read over
  headed as (
    select distinct on (k.lane_id) k.lane_id, k.priority, k.due_at, k.id
    from (
      select k.lane_id, k.priority, k.due_at, k.id,
        count(*) filter (where k.id not in (select id from took)) over (
          partition by k.lane_id, k.priority order by k.due_at, k.id rows between unbounded preceding and 1 preceding) as waiting_before
      from looked k
    ) k
    join (
      select k.lane_id, max(k.priority) as priority, count(*) as taken
      from looked k where k.id in (select id from took) group by k.lane_id
    ) t on t.lane_id = k.lane_id and t.priority = k.priority
    where k.waiting_before = 0 and random() * 32 < t.taken
      and k.lane_id in (select lane_id from lane where campaign_id is not null)
    order by k.lane_id, k.due_at desc, k.id desc
  ),
  told as (
    insert into live_changes (user_id, topic, ref)
    select distinct user_id, 'calls', coalesce(campaign_id::text, '') from call
    returning user_id
  )
  select
    (select count(call_id) from took),
    (select count(*) - count(call_id) from took) + (select count(*) from put_off),
    (select count(*) from blocked),
    unfinished or (select count(*) from head where dials) > (select count(*) from mine),
    (select l.user_id from call c join lane l using (user_id) order by l.turn desc limit 1),
    missed || array(
      select user_id from (select distinct user_id, turn from lane where has_room) l
      where user_id not in (select user_id from call) order by turn),
    array(select distinct user_id from head where not dials),
    -- lanes that may have run dry: all that was seen of them is gone, or nothing of their tenant is left to see
    array(
      select spent.id from share s cross join unnest(s.lanes) as spent (id)
      where s.user_id not in (select user_id from looked where place > quota)
        or spent.id in (select lane_id from looked)
          and spent.id not in (
            select lane_id from looked where id not in (select id from took) and id not in (select id from put_off))
    ),
    array(select distinct user_id from told),
    -- without a key: a call just made has no other job that one would have to look for
    coalesce((select jsonb_agg(jsonb_build_object(
        'identifier', 'calls/place', 'payload', jsonb_build_object('userId', user_id, 'callId', id),
        'priority', 0, 'max_attempts', 3)) from call), '[]'),
    (select jsonb_agg(h) from headed h),
    (select id from call order by id limit 1)
  into dialled, disposed, put_aside, unfinished, served_upto, missed, v_stuck, v_spent, woken, v_jobs, v_heads, v_first;

  -- Where the calls with a line begin: written once in some 250 calls, now and then without trust in what stood there;
  -- and at once when a clock that was put back gave a call an id before it.
  if v_first < (select first_call from line_mark) then
    update line_mark set first_call = v_first;
  elsif random() * 256 < dialled then
    -- in a statement of its own: what the next one reads is no older than the mark
    perform 1 from line_mark for update;
    update line_mark m
    set first_call = least(
      (select c.id from calls c where c.ended_at is null and c.system_slot is not null and c.id >= t.mark order by c.id limit 1),
      (select c.id from calls c where c.settled_at is null and c.system_slot is not null and c.id >= t.mark order by c.id limit 1))
    from (
      select case when random() < 0.01 then '00000000-0000-0000-0000-000000000000' else l.first_call end as mark from line_mark l
      offset 0
    ) t;
  end if;

  if v_heads is not null then
    update call_lanes l
    set head_priority = h.priority, head_due_at = h.due_at, head_id = h.id,
      head_at = case when app.believes_mark(l.head_at, p_now) and l.head_priority = h.priority then l.head_at else p_now end
    from jsonb_to_recordset(v_heads) h (lane_id uuid, priority smallint, due_at timestamptz, id uuid)
    where l.id = h.lane_id and l.id = any (v_lanes)
      and not (app.believes_mark(l.head_at, p_now) and l.head_priority > h.priority);
  end if;

  -- 3. where the head is blocked it is cleared away, 64 items deep, for the next pass
  if cardinality(v_stuck) > 0 then
    select * into v_done from app.dispose_of_blocked(v_stuck, v_lanes, p_lines + 64, p_now);
    disposed := disposed + v_done.disposed;
    v_spent := v_spent || v_done.lanes;
    woken := woken || v_done.woken;
    v_jobs := v_jobs || v_done.jobs;
  end if;

  -- 4. a lane without due items sleeps until its next one, or until its mark is believed no longer: should that hide
  -- somebody, nobody else would look. The lanes are still ours, so no arrival can slip between.
  if cardinality(v_spent) > 0 then
    update call_lanes l
    set next_due_at = coalesce(least(d.at, case when app.believes_mark(l.head_at, p_now) then l.head_at + interval '10 minutes' end), 'infinity')
    from (select distinct id from unnest(v_spent) spent (id)) spent
    cross join lateral (
      select min(h.due_at) as at
      from generate_series(0, 9) p
      cross join lateral (
        select case when b.known then k.head_due_at else '-infinity' end as due_at,
          case when b.known then k.head_id else '00000000-0000-0000-0000-000000000000' end as id
        from call_lanes k
        cross join lateral (select app.believes_mark(k.head_at, p_now) and k.head_priority = p as known) b
        where k.id = spent.id
      ) begins
      cross join lateral (
        select q.due_at from call_queue q
        where q.lane_id = spent.id and q.status = 'pending' and q.priority = p::smallint
          and (q.due_at, q.id) >= (begins.due_at, begins.id)
        order by q.due_at, q.id limit 1
      ) h
    ) d
    where l.id = spent.id and l.id = any (v_spent) and coalesce(d.at > p_now, true);
    get diagnostics v_dry = row_count;
    put_aside := put_aside + v_dry;
  end if;

  if dialled > 0 then
    update provider_pace p
    set post_tokens_at = greatest(p.post_tokens_at, p_wall) + dialled * interval '125 milliseconds'
    where p.provider_account_id = p_account;
  end if;
  if jsonb_array_length(v_jobs) > 0 then
    perform app.enqueue(v_jobs);
  end if;
  return next;
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Part of the tick: claims at most p_lines calls for tenants in turn, and disposes of what it looked at. p_by_hand = campaigns are left alone; unfinished = something was locked by others.

CREATE OR REPLACE FUNCTION app.fill_lines_singly(p_users uuid[], p_lines integer, p_system_open integer, p_account_open integer, p_account uuid, p_now timestamp with time zone, p_wall timestamp with time zone, p_by_hand boolean)
 RETURNS TABLE(dialled integer, disposed integer, put_aside integer, unfinished boolean, served_upto uuid, missed uuid[], woken uuid[])
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_variable
declare
  v_user uuid;
  v_one record;
begin
  dialled := 0; disposed := 0; put_aside := 0; unfinished := false; missed := '{}'; woken := '{}';
  foreach v_user in array p_users loop
    exit when dialled >= p_lines;
    begin
      select * into v_one
      from app.fill_lines(array[v_user], 1, p_system_open + dialled, p_account_open + dialled, p_account, p_now, p_wall, p_by_hand);
      dialled := dialled + v_one.dialled;
      disposed := disposed + v_one.disposed;
      put_aside := put_aside + v_one.put_aside;
      unfinished := unfinished or v_one.unfinished;
      served_upto := coalesce(v_one.served_upto, served_upto);
      missed := missed || v_one.missed;
      woken := woken || v_one.woken;
    exception when others then
      if app.is_transient(sqlstate) then raise; end if;
      update call_lanes l set next_due_at = p_now + interval '1 minute'
      where l.id = any (array(
        select c.id from call_lanes c
        where c.user_id = v_user and not c.paused and c.ready_at < 'infinity' and c.ready_at <= p_now
        for no key update skip locked));
      put_aside := put_aside + 1;
      perform app.raise_incident('dispatch_failed', v_user::text, 'bad',
        format('The dispatcher fails on the rows of workspace %s: %s (%s). It calls nobody; the others go on.', v_user, sqlerrm, sqlstate),
        'Mend the row that the message names (app.ops_explain of a due item fails in the same way). It is tried again every minute.', null);
    end;
  end loop;
  return next;
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Part of the tick: fill_lines for one tenant after the other, one line each, putting aside and reporting those that fail.

CREATE OR REPLACE FUNCTION app.find_login(p_email text)
 RETURNS TABLE(person_id uuid, name text, password_hash text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select p.id, p.name, p.password_hash from people p where p.email = p_email
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: What is needed to check a password.

CREATE OR REPLACE FUNCTION app.follow_contacts(p_user_id uuid, p_items uuid[])
 RETURNS TABLE(lane_id uuid, due_at timestamp with time zone)
 LANGUAGE sql
AS $function$
  with waiting as (
    select q.id, q.campaign_id, k."window", u.rule_set, coalesce(c.phone_number, q.phone_number) as phone_number, c.country, c.zone_set,
      greatest(1, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits) as hold
    from public.call_queue q
    join public.users u on u.id = q.user_id
    join public.contacts c on c.user_id = q.user_id and c.id = q.contact_id
    join public.call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
    left join public.call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
    join public.agents a on a.user_id = q.user_id and a.id = coalesce(q.agent_id, k.agent_id)
    where q.user_id = p_user_id and q.id = any (p_items) and q.status = 'pending'
      and (c.phone_number is distinct from q.phone_number or coalesce(c.country, '**') <> l.country or coalesce(c.zone_set, '') <> l.zone_set)
  ),
  placed as materialized (
    select w.id, w.phone_number, l.lane_id
    from waiting w, lateral app.lane_for(p_user_id, w.campaign_id, w.country, w.zone_set, w.rule_set, w."window", w.hold) l
  )
  update public.call_queue q
  set lane_id = p.lane_id, phone_number = p.phone_number
  from placed p
  where q.user_id = p_user_id and q.id = p.id and q.status = 'pending'
  returning q.lane_id, q.due_at
$function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Gives pending items whose contact has another number, country or zone by now what it has; answers their lanes. Call app.lanes_due with them.

CREATE OR REPLACE FUNCTION app.free_jobs()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  v_wall timestamptz := app.wall();
  v_freed int;
begin
  with pool as materialized (
    -- gone: silent for long, or silent for a moment and without any connection
    select p.*, p.beat_at < v_wall - interval '30 seconds'
        or p.beat_at < v_wall - interval '7 seconds' and p.connection_name is not null and not exists (
          select from pg_stat_activity a where a.datname = current_database() and a.application_name = p.connection_name) as gone
    from worker_pools p
  ),
  lost as (
    select j.id
    from graphile_worker._private_jobs j
    left join pool p on j.locked_by = any (p.worker_ids)
    where j.locked_at is not null and case
      when p.pool_id is null then j.locked_at < v_wall - interval '60 seconds'
      when p.gone then true
      -- its end could not be written down: the process lives, and has forgotten it
      else not j.id = any (p.job_ids) and p.beat_at > j.locked_at + interval '60 seconds'
    end
    for update of j skip locked
  ),
  -- The tick rings without a key. Any other job that has none has lost it to one that was rung since.
  keyless as (
    select id from graphile_worker._private_tasks where identifier = 'calls/place'
  ),
  superseded as (
    delete from graphile_worker._private_jobs j using lost
    where j.id = lost.id and j.key is null and j.attempts >= j.max_attempts and j.task_id is distinct from (select id from keyless)
    returning j.id
  ),
  freed as (
    update graphile_worker._private_jobs j
    set locked_at = null, locked_by = null, updated_at = v_wall,
      attempts = case when j.attempts >= j.max_attempts then 0 else j.attempts end,
      run_at = case when j.attempts >= j.max_attempts then v_wall + interval '5 minutes' else v_wall end
    from lost
    where j.id = lost.id and j.id not in (select id from superseded)
    returning j.id, j.key, j.task_id, j.attempts = 0 as used_up
  ),
  -- nobody holds it, no error was noted, and its tries are used up: whoever ran it last is gone
  dead as (
    update graphile_worker._private_jobs j
    set attempts = 0, run_at = v_wall + interval '5 minutes', updated_at = v_wall
    where j.locked_at is null and j.attempts >= j.max_attempts and j.last_error is null
      and (j.key is not null or j.task_id = (select id from keyless))
    returning j.id, j.key, j.task_id
  ),
  told as (
    select app.raise_incident('job_died', coalesce(d.key, d.id::text), 'bad',
      format('The job %s was begun as often as it may be, and each time the worker went down with it.', t.identifier),
      'Look into the log before each start of a worker. It is tried again every five minutes; its row says what it is about.', null)
    from (select id, key, task_id from freed where used_up union all select id, key, task_id from dead) d
    join graphile_worker._private_tasks t on t.id = d.task_id
  )
  select (select count(*) from freed) + (select count(*) from superseded) + (select count(*) from dead) + 0 * (select count(*) from told)
  into v_freed;
  delete from worker_pools where beat_at < v_wall - interval '1 hour';
  return v_freed;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Frees jobs whose worker is dead, or alive but without them; a job that was used up by crashes becomes an incident and is tried again later. Returns how many.

CREATE OR REPLACE FUNCTION app.gate_account(p_account_id uuid, p_wait interval, p_reason text)
 RETURNS timestamp with time zone
 LANGUAGE sql
AS $function$
  update public.provider_accounts a
  set gate_until = case when p_wait is null and a.gate_until > w.at then a.gate_until else greatest(a.gate_until, w.at + least(w.wait, interval '1 minute')) end,
    gate_reason = p_reason,
    gate_count = case when a.gate_until > w.at then a.gate_count else a.gate_count + 1 end
  from (
    select app.wall() as at,
      coalesce(p_wait, make_interval(secs => least(60, 2 ^ least(b.gate_count + 1, 6)) * (0.75 + random() / 4))) as wait
    from public.provider_accounts b where b.id = p_account_id
  ) w
  where a.id = p_account_id
  returning a.gate_until
$function$
;
-- owner: parley
-- grant execute to parley_worker
-- comment: No call is claimed on this account for so long, a minute at most; null = 2^n seconds with jitter, n counting gates since the last call that was taken. The caller holds no transaction of a call open for it.

CREATE OR REPLACE FUNCTION app.in_wall(p_wait interval)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$
  select app.now() + p_wait * (select clock_scale from public.system_settings)
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: The domain instant that comes after so much wall time.

CREATE OR REPLACE FUNCTION app.invitation(p_token_sha256 text)
 RETURNS TABLE(user_id uuid, email text, role text, company text, expires_at timestamp with time zone, known_person boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select i.user_id, i.email, i.role, u.company, i.expires_at,
    i.email is not null and exists (select from people p where p.email = i.email)
  from invitations i join users u on u.id = i.user_id
  where i.token_sha256 = p_token_sha256 and i.accepted_at is null and i.revoked_at is null
    and i.expires_at > app.wall() and u.status = 'active'
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: What a link invites to; nothing once it is used, withdrawn or expired.

CREATE OR REPLACE FUNCTION app.is_calling()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select exists (
    select from calls c
    where c.ended_at is null and c.system_slot is not null and c.status <> 'unknown' and c.id >= (select first_call from line_mark))
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Whether anybody is being called. A call that nobody knows about keeps its line for days, and says nothing of that.

CREATE OR REPLACE FUNCTION app.is_transient(p_sqlstate text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select left(p_sqlstate, 2) in ('08', '25', '40', '53', '55', '57', '58')
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Whether an SQL error says something about the moment rather than about the rows.

CREATE OR REPLACE FUNCTION app.item_checks(p_item_id uuid, p_at timestamp with time zone DEFAULT app.now())
 RETURNS TABLE(item_id uuid, at timestamp with time zone, status text, due_at timestamp with time zone, kind text, wait_reason text, expired boolean, erased boolean, suppressed text, campaign_status text, campaign_reason text, campaign_over boolean, agent_ready boolean, consent_need text, consent_ok boolean, other_call_id uuid, frequency_until timestamp with time zone, destination_ok boolean)
 LANGUAGE sql
 STABLE
AS $function$
  select q.id, n.at, q.status, q.due_at, q.kind, q.wait_reason,
    coalesce(q.expires_at <= n.at, false),
    c.erased_at is not null,
    (select s.reason from public.suppressions s
     where s.user_id = q.user_id and s.phone_number = q.phone_number and s.channel in ('all', 'call') limit 1),
    k.status,
    k.status_reason,
    coalesce(k.status in ('completed', 'canceled') or k.ends_at <= n.at, false),
    coalesce(a.status = 'active' and a.bolna_agent_id is not null, false),
    rule.consent,
    rule.consent = 'none' or exists (
      select 1 from public.consents t
      where t.user_id = q.user_id and t.contact_id = q.contact_id and t.channel = 'call' and t.revoked_at is null
        and coalesce(t.expires_at > n.at, true)
        and (rule.consent = 'any' or t.basis = 'written' or (rule.consent = 'express' and t.basis = 'express'))),
    (select o.id from public.calls o
     where o.user_id = q.user_id and o.phone_number = q.phone_number and o.ended_at is null limit 1),
    -- a dial counts when a phone may have rung: not one that never left the provider
    case when q.kind <> 'direct' then greatest(
      (select d.created_at from public.calls d
       where d.user_id = q.user_id and d.phone_number = q.phone_number and d.direction = 'outbound' and d.status <> 'not-placed'
         and d.status <> 'balance-low'
         and not (d.status in ('stopped', 'canceled') and not d.stages ?| array['initiated', 'ringing', 'in-progress', 'call-disconnected'])
         and (d.queue_id is distinct from q.id or d.ended_at is not null) -- its own call, asked about before it is dialled
         and d.created_at > n.at - make_interval(days => cap.days)
       order by d.created_at desc offset cap.dials_max - 1
       limit case when cap.dials_max is null then 0 else 1 end),
      (select d.created_at from public.calls d
       where d.user_id = q.user_id and d.phone_number = q.phone_number and d.outcome = 'answered' and d.talk_seconds >= 10
         and d.created_at > n.at - make_interval(days => cap.days)
       order by d.created_at desc offset cap.answered_max - 1
       limit case when cap.answered_max is null then 0 else 1 end)
    ) + make_interval(days => cap.days) end,
    u.rule_set = 'rehearsal' or l.country = u.default_region or l.country = any (u.destinations)
  from public.call_queue q
  join public.users u on u.id = q.user_id
  join public.contacts c on c.user_id = q.user_id and c.id = q.contact_id
  join public.call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
  left join public.call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
  left join public.agents a on a.user_id = q.user_id and a.id = coalesce(q.agent_id, k.agent_id)
  cross join (select p_at as at offset 0) n -- offset 0: read the clock once, not in every predicate
  cross join lateral (
    select r.consent, r.dials_max, r.answered_max, r.caps_bind from public.calling_rules r
    where r.rule_set = u.rule_set and r.country in (l.country, '**')
    order by r.country = '**' limit 1
  ) rule
  -- a workspace may be stricter than a country, not laxer
  cross join lateral (
    select
      case when rule.caps_bind then least(u.frequency_dials_max, rule.dials_max) else coalesce(u.frequency_dials_max, rule.dials_max) end as dials_max,
      case when rule.caps_bind then least(u.frequency_answered_max, rule.answered_max) else coalesce(u.frequency_answered_max, rule.answered_max) end as answered_max,
      case when rule.caps_bind then greatest(u.frequency_days, 7) else u.frequency_days end as days
  ) cap
  where q.id = p_item_id
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Each predicate that decides whether a queue item may be dialled at that domain time (absent: now), with its value.

CREATE OR REPLACE FUNCTION app.item_due(p_user_id uuid, p_item_id uuid, p_due_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform app.follow_contacts(p_user_id, array[p_item_id]);
  perform app.lanes_due(array[q.lane_id], p_due_at) from public.call_queue q where q.user_id = p_user_id and q.id = p_item_id;
end $function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: An item waits again after a call: it follows its contact, and its lane knows when it is due.

CREATE OR REPLACE FUNCTION app.item_verdict(p_item_id uuid, p_at timestamp with time zone DEFAULT app.now())
 RETURNS TABLE(verdict text, reason text, until timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  select
    case
      when k.status <> 'pending' then 'done'
      when k.expired or k.erased or k.suppressed is not null or k.campaign_over or not k.consent_ok then 'skip'
      when k.campaign_status is distinct from 'running' and k.campaign_status is not null then 'hold'
      when k.due_at > k.at then 'hold'
      when not k.agent_ready or not k.destination_ok or k.other_call_id is not null or k.frequency_until > k.at then 'defer'
      else 'dial'
    end,
    case
      when k.status <> 'pending' then k.status
      when k.expired then 'expired'
      when k.erased then 'erased'
      when k.suppressed = 'dnc' then 'dnc'
      when k.suppressed is not null then 'suppressed'
      when k.campaign_over then 'campaign_over'
      when not k.consent_ok then 'no_consent'
      when k.campaign_status is distinct from 'running' and k.campaign_status is not null then 'campaign_' || k.campaign_status
      when k.due_at > k.at then coalesce(k.wait_reason, 'retry_gap')
      when not k.agent_ready then 'agent_not_ready'
      when not k.destination_ok then 'destination_not_confirmed'
      when k.other_call_id is not null then 'other_call_open'
      when k.frequency_until > k.at then 'frequency_cap'
    end,
    case
      when k.due_at > k.at then k.due_at
      when not k.agent_ready then k.at + interval '1 minute'
      when not k.destination_ok then k.at + interval '1 day' -- due at once when it is confirmed
      when k.other_call_id is not null then k.at + interval '2 minutes'
      when k.frequency_until > k.at then k.frequency_until
    end
  from (select * from app.item_checks(p_item_id, p_at) offset 0) k -- offset 0: each check is made once, not wherever it is named
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: dial, skip, defer, hold or done, with the reason code and the first instant at which it can change.

CREATE OR REPLACE FUNCTION app.lane_for(p_user_id uuid, p_campaign_id uuid, p_country text, p_zone_set text, p_rule_set text, p_window jsonb, p_hold_credits bigint)
 RETURNS TABLE(lane_id uuid, opens_at timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare
  v_country text := coalesce(p_country, '**');
  v_zone_set text := coalesce(p_zone_set, '');
  v_hold bigint := greatest(p_hold_credits, 1);
  v_lane public.call_lanes;
begin
  for attempt in 1..2 loop
    if p_campaign_id is null then
      select * into v_lane from public.call_lanes l
      where l.user_id = p_user_id and l.campaign_id is null and l.country = v_country and l.zone_set = v_zone_set;
    else
      select * into v_lane from public.call_lanes l
      where l.user_id = p_user_id and l.campaign_id = p_campaign_id and l.country = v_country and l.zone_set = v_zone_set;
    end if;
    exit when v_lane.id is not null;
    insert into public.call_lanes (user_id, campaign_id, country, zone_set, paused, opens_at, closes_at, next_due_at, hold_credits)
    select p_user_id, p_campaign_id, v_country, v_zone_set,
      exists (select 1 from public.call_campaigns k where k.id = p_campaign_id and k.status = 'paused'),
      coalesce(n.opens_at, 'infinity'), coalesce(n.closes_at, d.at + interval '1 day'), 'infinity', v_hold
    from (select app.now() as at) d
    left join lateral app.next_open(v_zone_set, v_country, p_rule_set, p_window, d.at) n on true
    on conflict on constraint one_lane_per_zone_set do nothing
    returning * into v_lane;
    exit when v_lane.id is not null;
  end loop;
  -- direct calls go through several agents: the cheapest longest call decides whether their lane has room
  if p_campaign_id is null and v_lane.hold_credits > v_hold then
    update public.call_lanes l set hold_credits = v_hold, blocked_by = nullif(l.blocked_by, 'credits') where l.id = v_lane.id;
  end if;
  return query select v_lane.id, v_lane.opens_at;
end $function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Lane of a campaign (null: direct calls) for a country and a set of zones, made if missing; opens_at infinity = never within 14 days. Call app.lanes_due after writing its items.

CREATE OR REPLACE FUNCTION app.lanes_due(p_lane_ids uuid[], p_due_at timestamp with time zone)
 RETURNS void
 LANGUAGE sql
AS $function$
  update public.call_lanes
  set next_due_at = least(next_due_at, p_due_at), head_at = case when p_due_at > head_due_at then head_at end
  where id = any (p_lane_ids) and blocked_by is null
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Lowers the next due time of lanes; called by every verb that adds or re-dues items, after it has written them.

CREATE OR REPLACE FUNCTION app.lanes_with_room(p_users uuid[], p_lanes uuid[], p_lines integer, p_now timestamp with time zone, p_wall timestamp with time zone)
 RETURNS TABLE(lane_id uuid, user_id uuid, turn integer, campaign_id uuid, hold_credits bigint, live integer, user_room integer, available bigint, calls_per_second double precision, cap_room integer, budget_left bigint, pace_at timestamp with time zone, blocked_by text, has_room boolean, room integer, head_priority smallint, head_due_at timestamp with time zone, head_id uuid)
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET enable_seqscan TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET jit TO 'off'
AS $function$
#variable_conflict use_column
begin
  return query
  with lane as materialized (
    select l.*, app.believes_mark(l.head_at, p_now) as marked from public.call_lanes l where l.id = any (p_lanes)
  ),
  tenant as materialized (
    select u.id as user_id, array_position(p_users, u.id) as turn, r.live, r.concurrent_limit - r.live as user_room, r.available
    from public.users u
    left join lateral app.tenant_room(u.id) r on true
    where u.id = any (p_users)
  ),
  campaign as materialized (
    select k.id, k.status, k.calls_per_second, r.cap_room, r.budget_left, r.pace_at
    from public.call_campaigns k
    left join lateral app.campaign_room(k.user_id, k.id) r on true
    where k.id = any (array(select distinct l.campaign_id from lane l where l.campaign_id is not null))
  ),
  judged as (
    select l.id, l.user_id, t.turn, l.campaign_id, l.hold_credits, t.live, t.user_room, t.available, k.calls_per_second, k.cap_room, k.budget_left, k.pace_at,
      case
        when k.status in ('completed', 'canceled') then 'over'
        when t.user_room <= 0 then 'user_limit'
        when t.available < l.hold_credits then 'credits'
        when k.cap_room <= 0 then 'campaign_cap'
        when k.budget_left < l.hold_credits then 'budget'
        when k.pace_at > p_wall then 'pace'
      end as blocked_by,
      l.campaign_id is null or k.status = 'running' as runs,
      case when l.marked then l.head_priority end as head_priority, l.head_due_at, l.head_id
    from lane l
    join tenant t on t.user_id = l.user_id
    left join campaign k on k.id = l.campaign_id
  )
  select j.id, j.user_id, j.turn, j.campaign_id, j.hold_credits, j.live, j.user_room, j.available,
    j.calls_per_second, j.cap_room, j.budget_left, j.pace_at,
    j.blocked_by, j.blocked_by is null,
    least(p_lines, j.cap_room, j.budget_left / j.hold_credits, case when j.pace_at is not null then 1 end)::int,
    j.head_priority, j.head_due_at, j.head_id
  from judged j
  where j.runs or j.blocked_by = 'over';
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Lanes of tenants in turn: whose, what blocks them, how many calls they may take, and where they begin.

CREATE OR REPLACE FUNCTION app.like_part(p_word text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select '%' || replace(replace(replace(p_word, '\', '\\'), '%', '\%'), '_', '\_') || '%'
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: A pattern that finds the word anywhere, taken literally.

CREATE OR REPLACE FUNCTION app.limiting_factor(p_user_id uuid, p_campaign_id uuid)
 RETURNS TABLE(factor text, amount bigint, most bigint, until timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  with campaign as materialized (
    select k.id, k.status, k."window", k.launch_lease_until, u.rule_set, u.status as tenant_status, n.at
    from public.call_campaigns k
    join public.users u on u.id = k.user_id
    cross join (select app.now() as at offset 0) n
    where k.user_id = p_user_id and k.id = p_campaign_id
  ),
  lane as materialized (
    select l.id, l.hold_credits, head.due_at, head.wait_reason,
      case when l.closes_at > k.at then l.opens_at else coalesce(o.opens_at, 'infinity') end as opens_at
    from campaign k
    join public.call_lanes l on l.user_id = p_user_id and l.campaign_id = k.id
    cross join lateral (
      select q.due_at, q.wait_reason
      from generate_series(0, 9) p
      cross join lateral (
        select i.due_at, i.wait_reason from public.call_queue i
        where i.lane_id = l.id and i.status = 'pending' and i.priority = p::smallint
        order by i.due_at, i.id limit 1
      ) q
      order by q.due_at limit 1
    ) head
    left join lateral app.next_open(l.zone_set, l.country, k.rule_set, k."window", k.at) o on l.closes_at <= k.at
  ),
  work as (
    select k.at, k.status, k.tenant_status, k.launch_lease_until,
      count(l.id) as lanes,
      min(l.due_at) as next_due_at,
      (array_agg(l.wait_reason order by l.due_at))[1] as wait_reason,
      min(l.opens_at) filter (where l.due_at <= k.at) as opens_at,
      coalesce(bool_or(l.due_at <= k.at), false) as due,
      coalesce(bool_or(l.due_at <= k.at and l.opens_at <= k.at), false) as open,
      min(l.hold_credits) filter (where l.due_at <= k.at and l.opens_at <= k.at) as hold
    from campaign k left join lane l on true
    group by k.at, k.status, k.tenant_status, k.launch_lease_until
  ),
  unclear as (
    select count(*) as calls from public.calls c
    where c.user_id = p_user_id and c.ended_at is null and c.system_slot is not null and c.status = 'unknown'
  ),
  stranded as (
    select count(*) as calls from public.calls c
    where c.user_id = p_user_id and c.ended_at is null and c.system_slot is not null
      and c.status = 'claimed' and c.lease_until < app.wall() - interval '10 seconds'
  )
  select f.factor,
    case f.factor
      when 'provider_unclear' then x.calls when 'worker' then d.calls
      when 'system_limit' then s.live when 'user_limit' then t.live when 'campaign_cap' then c.live
      when 'credits' then greatest(0, t.available) when 'budget' then greatest(0, c.budget_left) end,
    case f.factor
      when 'system_limit' then s.line_limit - app.direct_reserve() when 'user_limit' then t.concurrent_limit when 'campaign_cap' then c.live + c.cap_room
      when 'credits' then w.hold when 'budget' then w.hold end,
    case f.factor
      when 'window_closed' then w.opens_at when 'provider_gate' then s.gate_at
      when 'pace' then app.in_wall(c.pace_at - app.wall())
      when coalesce(w.wait_reason, 'nothing_due') then case when not w.due then w.next_due_at end end
  from work w
  cross join app.system_room() s
  cross join app.tenant_room(p_user_id) t
  cross join app.campaign_room(p_user_id, p_campaign_id) c
  cross join unclear x
  cross join stranded d
  cross join lateral (
    select case
      when w.status <> 'running' then null
      when s.dialling_paused then 'dialling_paused'
      when w.tenant_status <> 'active' then 'tenant_suspended'
      when s.account_status <> 'ok' then 'provider_suspended'
      when w.lanes = 0 then case when w.launch_lease_until is not null then 'launching' end
      when not w.due then coalesce(w.wait_reason, 'nothing_due')
      when not w.open then case when isfinite(w.opens_at) then 'window_closed' else 'zone_never_open' end
      when s.gate_at is not null then 'provider_gate'
      when s.workers = 0 or d.calls > 0 then 'worker'
      when t.available < w.hold then 'credits'
      when c.budget_left < w.hold then 'budget'
      when x.calls > 0 and (t.live >= t.concurrent_limit or c.cap_room <= 0) then 'provider_unclear'
      when c.cap_room <= 0 then 'campaign_cap'
      when t.live >= t.concurrent_limit then 'user_limit'
      when s.live >= s.line_limit - app.direct_reserve() then 'system_limit'
      when s.account_lines <= 0 then 'provider_lines'
      when c.pace_at > app.wall() then 'pace'
      when s.account_posts <= 0 then 'provider_budget'
    end as factor
  ) f
$function$
;
-- owner: parley
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: What keeps a running campaign from going faster now (a code of core/reasons; null = nothing, or nothing left), with its figures.

CREATE OR REPLACE FUNCTION app.line_freed(p_user_id uuid, p_phone_number text)
 RETURNS void
 LANGUAGE sql
AS $function$ select app.lines_freed(p_user_id, array[p_phone_number]) $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: As lines_freed, for one call.

CREATE OR REPLACE FUNCTION app.line_taken_again()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  update line_mark set first_call = least(first_call, new.id);
  return null;
end $function$
;
-- owner: parley_definer
-- comment: Trigger: a call that is open or unsettled again may stand before the mark.

CREATE OR REPLACE FUNCTION app.lines_freed(p_user_id uuid, p_phone_numbers text[])
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform app.wake_tenant(p_user_id, array['user_limit', 'campaign_cap']);
  with redue as (
    update public.call_queue
    set due_at = app.now(), wait_reason = null
    where user_id = p_user_id and phone_number = any (p_phone_numbers) and status = 'pending' and wait_reason = 'other_call_open'
    returning lane_id
  )
  update public.call_lanes set next_due_at = least(next_due_at, app.now())
  where id = any (array(select lane_id from redue)) and blocked_by is null;
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: After calls ended: lanes blocked by a limit are ready, items that waited for these numbers are due.

CREATE OR REPLACE FUNCTION app.live_horizon()
 RETURNS xid8
 LANGUAGE sql
 STABLE
AS $function$
  select pg_snapshot_xmin(pg_current_snapshot())
$function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Where a new reader begins.

CREATE OR REPLACE FUNCTION app.live_since(p_xmin xid8)
 RETURNS TABLE(id bigint, user_id uuid, topic text, ref text, at timestamp with time zone, snapshot_xmin xid8)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select c.id, c.user_id, c.topic, c.ref, c.at, pg_snapshot_xmin(pg_current_snapshot())
  from live_changes c
  where c.xid >= p_xmin
  order by c.id
  limit 10000
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Changes of transactions from p_xmin on, oldest first, with the xmin to ask from next time.

CREATE OR REPLACE FUNCTION app.lock_in_order(p_user_id uuid, p_call_id uuid)
 RETURNS SETOF public.calls
 LANGUAGE plpgsql
AS $function$
declare
  its record;
begin
  select phone_number, campaign_id, queue_id into its from calls where user_id = p_user_id and id = p_call_id;
  if not found then
    return;
  end if;
  perform app.lock_phone(p_user_id, its.phone_number);
  perform 1 from call_campaigns where user_id = p_user_id and id = its.campaign_id for share;
  perform 1 from call_queue where user_id = p_user_id and id = its.queue_id for update;
  return query select * from calls where user_id = p_user_id and id = p_call_id for update;
end
$function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Locks a call with all that its end decides, in the one order: person, campaign (shared), item, call. No row: there is no such call.

CREATE OR REPLACE FUNCTION app.lock_phone(p_user_id uuid, p_phone_number text)
 RETURNS void
 LANGUAGE sql
AS $function$
  select pg_advisory_xact_lock(hashtextextended(p_user_id::text || p_phone_number, 0))
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Transaction-scoped lock on one person of one tenant; first in the lock order.

CREATE OR REPLACE FUNCTION app.memberships(p_person_id uuid)
 RETURNS TABLE(user_id uuid, company text, role text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select m.user_id, u.company, m.role from members m join users u on u.id = m.user_id
  where m.person_id = p_person_id and u.status = 'active'
  order by m.last_seen_at desc nulls last, m.created_at, m.user_id
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: The tenants of a person, the one last used first.

CREATE OR REPLACE FUNCTION app.names_of(p_person_ids uuid[])
 RETURNS TABLE(id uuid, name text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select p.id, p.name from people p where p.id = any (p_person_ids)
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Names for ids that a tenant's own rows carry (who made, who changed), also of people who have left.

CREATE OR REPLACE FUNCTION app.next_open(p_zone_set text, p_country text, p_rule_set text, p_window jsonb, p_at timestamp with time zone, p_days integer DEFAULT 14)
 RETURNS TABLE(opens_at timestamp with time zone, closes_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  select o.opens_at, o.closes_at from app.open_stretches(p_zone_set, p_country, p_rule_set, p_window, p_at, p_days) o order by 1 limit 1
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: The running or next stretch in which a lane may be dialled; no row when none begins within p_days. 0 = is it open now; a stretch then ends at the latest with the day after.

CREATE OR REPLACE FUNCTION app.now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select clock_base + (clock_timestamp() - clock_wall) * clock_scale from public.system_settings $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Domain time: base + (wall - wall at base) x scale; equal to wall time unless the voice provider is the sandbox.

CREATE OR REPLACE FUNCTION app.one_time_token(p_id text, p_purpose text, p_password_hash text)
 RETURNS uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with used as (
    update one_time_tokens set used_at = app.wall()
    where id = p_id and purpose = p_purpose and used_at is null and expires_at > app.wall()
    returning person_id
  ),
  renewed as (
    update people p set password_hash = p_password_hash, password_changed_at = app.wall()
    from used where p.id = used.person_id
    returning p.id
  ),
  signed_out as (
    delete from sessions s using used where s.person_id = used.person_id
  )
  select id from renewed
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Uses a token up: the person has the new password and no session. Null when the token is unknown, used or expired.

CREATE OR REPLACE FUNCTION app.open_stretches(p_zone_set text, p_country text, p_rule_set text, p_window jsonb, p_at timestamp with time zone, p_days integer DEFAULT 14)
 RETURNS TABLE(opens_at timestamp with time zone, closes_at timestamp with time zone)
 LANGUAGE sql
 STABLE
AS $function$
  with rule as (
    select days, opens, closes, holidays from public.calling_rules
    where rule_set = p_rule_set and country in (p_country, '**')
    order by country = '**'
    limit 1
  ),
  hours as (
    select 1 as source, days, opens, closes, holidays from rule
    union all
    select 2,
      array(select array_position(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], d)::smallint
            from jsonb_array_elements_text(p_window -> 'days') d),
      (p_window ->> 'open')::time,
      (p_window ->> 'close')::time,
      array(select d::date from jsonb_array_elements_text(coalesce(p_window -> 'holidays', '[]')) d)
    where jsonb_typeof(p_window) = 'object'
  ),
  zone as (select z from unnest(string_to_array(p_zone_set, ',')) z),
  local_hours as (
    select h.source, zone.z,
      day::date + h.opens as opens_local,
      day::date + h.closes + case when h.closes <= h.opens then interval '1 day' else interval '0' end as closes_local
    from hours h
    cross join zone
    cross join lateral generate_series((p_at at time zone zone.z)::date - 1, (p_at at time zone zone.z)::date + p_days + 1, interval '1 day') day
    where extract(isodow from day)::smallint = any (h.days)
      and not day::date = any (h.holidays)
  ),
  open_hours as (
    select source, z,
      opens_local at time zone z as lo,
      least(closes_local at time zone z, (closes_local - interval '1 hour') at time zone z + interval '1 hour')
        - greatest(interval '0', ((closes_local at time zone z) at time zone z) - closes_local) as hi
    from local_hours
  ),
  by_zone as (
    select source, z, range_agg(tstzrange(lo, hi)) as open from open_hours where lo < hi group by source, z
  ),
  joint as (
    select range_intersect_agg(open) as open from by_zone
    having count(*) = (select count(*) from hours) * (select count(*) from zone)
      and exists (select 1 from rule) and exists (select 1 from zone)
  )
  select lower(span), upper(span) from joint, unnest(joint.open) span
  where upper(span) > p_at and lower(span) <= p_at + make_interval(days => p_days)
  order by 1
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Every stretch that begins within p_days in which a lane may be dialled, in order; the first may have begun.

CREATE OR REPLACE FUNCTION app.ops_explain(p_item_id uuid)
 RETURNS TABLE(ord integer, name text, ok boolean, reason text, detail text, true_again_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select 0, 'verdict', v.verdict = 'dial', v.reason, v.verdict, v.until from app.explain_verdict(p_item_id) v
  union all
  select * from app.explain(p_item_id)
  order by 1
$function$
;
-- owner: parley_definer
-- grant execute to parley_ro
-- comment: select * from app.ops_explain(item): the verdict and every check of an item of any tenant.

CREATE OR REPLACE FUNCTION app.ops_jobs()
 RETURNS TABLE(task text, waiting bigint, due bigint, running bigint, exhausted bigint, oldest_due_at timestamp with time zone, last_error text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select t.identifier,
    count(*) filter (where j.run_at > w.at and j.attempts < j.max_attempts),
    count(*) filter (where j.run_at <= w.at and j.locked_at is null and j.attempts < j.max_attempts),
    count(*) filter (where j.locked_at is not null),
    count(*) filter (where j.attempts >= j.max_attempts and j.locked_at is null),
    min(j.run_at) filter (where j.run_at <= w.at and j.locked_at is null and j.attempts < j.max_attempts),
    left((array_agg(j.last_error order by j.updated_at desc) filter (where j.last_error is not null))[1], 300)
  from graphile_worker._private_jobs j
  join graphile_worker._private_tasks t on t.id = j.task_id
  cross join (select app.wall() as at) w
  group by t.identifier
$function$
;
-- owner: parley_definer
-- grant execute to parley_ro
-- comment: Jobs by task: waiting, due, running, out of attempts, the oldest due (wall time), the last error.

CREATE OR REPLACE FUNCTION app.prune()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  delete from live_changes where at < app.wall() - interval '10 minutes';
  delete from idempotency_keys where created_at < app.wall() - interval '24 hours';
  delete from sessions where least(expires_at, idle_expires_at) < app.wall() - interval '1 day';
  delete from one_time_tokens where expires_at < app.wall() - interval '1 day';
  delete from worker_pools where beat_at < app.wall() - interval '1 day';
  -- used up: given up, or locked by a worker that was killed while its key was rung again
  delete from graphile_worker._private_jobs
  where attempts >= max_attempts and coalesce(locked_at, run_at) < app.wall() - interval '1 day';
  -- a file that nobody committed: the sweeper rings for its undoing, which drops file and staging
  update imports
  set status = 'undoing', error = 'Nobody committed it within seven days.', epoch = epoch + 1, tries = 0, lease_until = app.wall()
  where status in ('mapping', 'ready') and updated_at < app.wall() - interval '7 days';
  -- A body that could not be read is kept as long as one that was: then nobody has mended its cause in a month.
  update webhook_events
  set body = null, error = case when status = 'bad' then left(coalesce(error, '') || ' Its bytes were kept for 30 days and are gone.', 600) else error end
  where id in (select id from webhook_events where status in ('done', 'bad') and body is not null and received_wall < app.wall() - interval '30 days' limit 5000);
  -- A year on nobody asks for the journal's line either. What a delivery is recognised by stays.
  delete from webhook_events
  where id in (select id from webhook_events where status in ('done', 'bad') and received_wall < app.wall() - interval '365 days' limit 5000);
end $function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Retention: outbox, idempotency keys, expired sessions, used-up jobs, imports that were left lying, bodies of webhooks after 30 days and their lines after a year.

CREATE OR REPLACE FUNCTION app.queue_head(p_lanes uuid[], p_by_hand boolean[], p_rooms integer[], p_head_priorities smallint[], p_head_due_ats timestamp with time zone[], p_head_ids uuid[], p_limit integer, p_at timestamp with time zone)
 RETURNS TABLE(id uuid, lane_id uuid, priority smallint, due_at timestamp with time zone, place bigint)
 LANGUAGE sql
 STABLE
AS $function$
  select i.id, i.lane_id, i.priority, i.due_at, row_number() over (order by i.by_hand desc, i.priority, i.due_at, i.id) as place
  from (
    select q.*, open.by_hand
    from unnest(p_lanes, p_by_hand, p_rooms, p_head_priorities, p_head_due_ats, p_head_ids)
      as open (lane_id, by_hand, room, head_priority, head_due_at, head_id)
    cross join lateral (
      select * from (
        (
          select q.id, q.lane_id, q.priority, q.due_at
          from public.call_queue q
          where q.lane_id = open.lane_id and q.status = 'pending'
            and q.priority = any (array_remove('{0,1,2,3,4,5,6,7,8,9}'::smallint[], open.head_priority)) and q.due_at <= p_at
          order by q.priority, q.due_at, q.id
          limit least(open.room, p_limit)
        )
        union all
        -- any: so that the planner sees the order and does not sort
        (
          select q.id, q.lane_id, q.priority, q.due_at
          from public.call_queue q
          where open.head_priority is not null and q.lane_id = open.lane_id and q.status = 'pending'
            and q.priority = any (array[open.head_priority]) and (q.due_at, q.id) >= (open.head_due_at, open.head_id) and q.due_at <= p_at
          order by q.priority, q.due_at, q.id
          limit least(open.room, p_limit)
        )
      ) either
      order by either.priority, either.due_at, either.id
      limit least(open.room, p_limit)
    ) q
    order by open.by_hand desc, q.priority, q.due_at, q.id
    limit p_limit
  ) i
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_worker
-- comment: Due items at the head of lanes, best first, at most p_limit in all and p_rooms of each lane (null: no such limit), from the marks on (null: from the start).

CREATE OR REPLACE FUNCTION app.raise_incident(p_kind text, p_ref text, p_severity text, p_message text, p_cure text, p_user_id uuid)
 RETURNS uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with raised as (
    insert into incidents (kind, ref, severity, message, cure, user_id)
    values (p_kind, p_ref, p_severity, p_message, p_cure, p_user_id)
    on conflict (kind, ref) where status = 'open'
    do update set times = incidents.times + 1, last_at = app.now(), message = excluded.message
    returning id, times, user_id, kind, message, cure
  ),
  -- the first time, in the app of the tenant it is about; what has a notice of its own is not told twice
  told as (
    insert into notifications (user_id, kind, ref, title, body, link)
    select user_id, 'incident', id::text, message, cure, '/' from raised
    where times = 1 and user_id is not null and kind <> 'campaign_breaker'
    on conflict on constraint one_notice_per_fact do nothing
    returning user_id
  ),
  shown as (
    insert into live_changes (user_id, topic, ref) select user_id, 'notifications', '' from told
  )
  select id from raised
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Opens an incident and tells its tenant in the app, or counts another time of the open one.

CREATE OR REPLACE FUNCTION app.receive(p_source text, p_key_sha256 bytea[], p_body_sha256 bytea[], p_body bytea[])
 RETURNS TABLE(n integer, result text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  v_now timestamptz := app.now();
  v_wall timestamptz := app.wall();
begin
  return query
  with sent as (
    select s.n::int, s.key_sha256, s.body_sha256, s.body
    from unnest(p_key_sha256, p_body_sha256, p_body) with ordinality as s (key_sha256, body_sha256, body, n)
  ),
  ours as (
    select s.n, s.body_sha256, s.body, k.user_id, k.agent_id,
      row_number() over (partition by k.agent_id, s.body_sha256 order by s.n) = 1 as is_first
    from sent s
    join agent_webhook_keys k on k.key_sha256 = s.key_sha256
    where k.retired_at is null or k.retired_at > v_wall - interval '7 days'
  ),
  fresh as (
    insert into webhook_keys (source, endpoint_id, sha256)
    select p_source, o.agent_id, o.body_sha256 from ours o where o.is_first order by o.agent_id, o.body_sha256
    on conflict do nothing
    returning endpoint_id, sha256
  ),
  accepted as (
    select o.* from ours o join fresh f on f.endpoint_id = o.agent_id and f.sha256 = o.body_sha256 where o.is_first
  ),
  event as (
    insert into webhook_events (user_id, source, endpoint_id, body, received_at, received_wall, next_at)
    select a.user_id, p_source, a.agent_id, a.body, v_now, v_wall, v_wall from accepted a order by a.n
  )
  select s.n,
    case when o.n is null then 'unknown_key' when a.n is null then 'duplicate' else 'accepted' end
  from sent s left join ours o on o.n = s.n left join accepted a on a.n = s.n
  order by s.n;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Stores webhooks, each once; for each, by its place: accepted, duplicate or unknown_key.

CREATE OR REPLACE FUNCTION app.receive_for_agent(p_source text, p_bolna_agent_id text, p_body_sha256 bytea, p_body bytea)
 RETURNS TABLE(result text, user_id uuid)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with endpoint as (
    select a.user_id, a.id as agent_id from agents a where a.bolna_agent_id = p_bolna_agent_id
  ),
  fresh as (
    insert into webhook_keys (source, endpoint_id, sha256)
    select p_source, e.agent_id, p_body_sha256 from endpoint e
    on conflict do nothing
    returning endpoint_id
  ),
  event as (
    insert into webhook_events (user_id, source, endpoint_id, body)
    select e.user_id, p_source, e.agent_id, p_body from endpoint e join fresh f on f.endpoint_id = e.agent_id
    returning id
  )
  select
    case when not exists (select 1 from endpoint) then 'unknown_key'
         when exists (select 1 from event) then 'accepted'
         else 'duplicate' end,
    (select e.user_id from endpoint e)
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: As receive, for the bare path: resolved by the provider's agent id.

CREATE OR REPLACE FUNCTION app.reconcile_only(p_moved text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  update system_settings
  set reconcile_only_at = app.wall(),
    reconcile_from = least(reconcile_from, coalesce(seen_now, app.now()) - interval '1 hour'),
    dialling_paused = true, dialling_paused_by = 'system',
    dialling_paused_reason = 'The database is ' || p_moved || ' than before: calls it has forgotten are looked for at the provider.';
  perform app.raise_incident('database_moved', 'database', 'bad',
    'The database is ' || p_moved || ' than before, as after a restore or a failover. Calls placed since then may be forgotten, so nothing is dialled.',
    'Parley reads what the provider has placed since an hour before and takes it over. Once that is done, look at the calls, then resume dialling: Operations → Resume, or parley stop-all --platform --release.', null);
end $function$
;
-- owner: parley_definer
-- comment: Stops all dialling until the provider's calls since an hour before the last sign of life are taken over and a person resumes.

CREATE OR REPLACE FUNCTION app.relane(p_user_id uuid, p_campaign_id uuid)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare v_lanes int;
begin
  perform 1 from public.users where id = p_user_id for no key update;
  update public.call_lanes l
  set opens_at = coalesce(n.opens_at, 'infinity'), closes_at = coalesce(n.closes_at, n.at + interval '1 day'),
    hold_credits = n.hold, next_due_at = least(l.next_due_at, n.at), blocked_by = null
  from (
    select c.id, d.at, o.opens_at, o.closes_at,
      greatest(1, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits) as hold
    from public.call_lanes c
    cross join (select app.now() as at) d
    join public.users u on u.id = c.user_id
    join public.call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
    join public.agents a on a.user_id = k.user_id and a.id = k.agent_id
    left join lateral app.next_open(c.zone_set, c.country, u.rule_set, k."window", d.at) o on true
    where c.user_id = p_user_id and c.campaign_id = p_campaign_id
  ) n
  where l.id = n.id;
  get diagnostics v_lanes = row_count;
  return v_lanes;
end $function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: After an edit of a campaign's hours, agent, budget, cap or pace: opening hours and hold of its lanes anew, blocks lifted; the tick judges again.

CREATE OR REPLACE FUNCTION app.reopen_lanes(p_now timestamp with time zone, p_lane uuid DEFAULT NULL::uuid)
 RETURNS boolean
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET jit TO 'off'
AS $function$
declare
  v_lanes uuid[];
  v_lane uuid;
begin
  select array(
    select l.id from call_lanes l
    where not l.paused and l.next_due_at < 'infinity' and l.closes_at <= p_now and (p_lane is null or l.id = p_lane)
    order by l.closes_at limit 256 for no key update skip locked
  ) into v_lanes;
  begin
    update call_lanes l
    set opens_at = coalesce(o.opens_at, 'infinity'), closes_at = coalesce(o.closes_at, p_now + interval '1 day')
    from (
      select c.id, n.opens_at, n.closes_at
      from call_lanes c
      join users u on u.id = c.user_id
      left join call_campaigns k on k.id = c.campaign_id
      left join lateral app.next_open(c.zone_set, c.country, u.rule_set, k."window", p_now) n on true
      where c.id = any (v_lanes)
    ) o
    where l.id = o.id;
  exception when others then
    if app.is_transient(sqlstate) then raise; end if;
    if p_lane is null then
      foreach v_lane in array v_lanes loop
        perform app.reopen_lanes(p_now, v_lane);
      end loop;
    else
      update call_lanes set opens_at = 'infinity', closes_at = p_now + interval '1 hour' where id = p_lane;
      perform app.raise_incident('lane_hours_failed', p_lane::text, 'bad',
        format('The hours of lane %s cannot be worked out: %s (%s). It stays shut.', p_lane, sqlerrm, sqlstate),
        'Mend the calling hours of its campaign or the rules of its country. It is tried again every hour.', null);
    end if;
  end;
  return cardinality(v_lanes) > 0;
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: Part of the tick: the next opening hours of lanes whose last ones have passed.

CREATE OR REPLACE FUNCTION app.resolve_incident(p_kind text, p_ref text, p_by text)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with resolved as (
    update incidents set status = 'resolved', resolved_at = app.now(), resolved_by = p_by
    where kind = p_kind and ref = p_ref and status = 'open' returning 1
  )
  select count(*)::int from resolved
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Closes the open incident of a fact.

CREATE OR REPLACE FUNCTION app.resolve_platform_incident(p_id uuid, p_by text, p_resolution text)
 RETURNS SETOF public.incidents
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update incidents
  set status = 'resolved', resolved_at = coalesce(resolved_at, app.now()), resolved_by = coalesce(resolved_by, p_by),
    resolution = coalesce(p_resolution, resolution)
  where id = p_id and user_id is null
  returning *
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Closes an incident that belongs to no tenant; the caller has checked that a platform admin asks.

CREATE OR REPLACE FUNCTION app.ring_agent_syncs(p_webhook_base text)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  v_jobs jsonb;
begin
  update agents set sync_status = 'pending'
  where status = 'active' and sync_status in ('synced', 'drifted') and webhook_base is distinct from p_webhook_base;
  select jsonb_agg(jsonb_build_object(
    'identifier', 'agents/sync',
    'payload', jsonb_build_object('userId', a.user_id, 'agentId', a.id),
    'job_key', 'agents/sync:' || a.id,
    'priority', 3,
    'max_attempts', 8))
  into v_jobs
  from agents a
  where a.status = 'active'
    and (a.sync_status = 'pending'
      or (a.sync_status = 'synced' and coalesce(a.drift_checked_at, '-infinity') < app.wall() - interval '1 hour'));
  if v_jobs is null then
    return 0;
  end if;
  return app.enqueue(v_jobs);
end $function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Rings agents/sync for every agent that must be mirrored or compared; p_webhook_base is the address its webhooks should go to.

CREATE OR REPLACE FUNCTION app.seal_audit(p_seals jsonb)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  with sealed as (
    insert into audit_digests (user_id, day, entries, rows_sha256, seal)
    select s.user_id, s.day, s.entries, s.rows_sha256, s.seal
    from jsonb_to_recordset(p_seals) s (user_id uuid, day date, entries int, rows_sha256 text, seal text)
    on conflict on constraint audit_digests_pkey do nothing
    returning 1
  )
  select count(*)::int from sealed
$function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Keeps seals of days. One that is there already stays.

CREATE OR REPLACE FUNCTION app.search_contacts(p_text text)
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  v_words text[];
  v_longest text;
begin
  if p_text ~ '^[+0-9 ().-]+$' and p_text ~ '[0-9]{3}' then
    v_words := array[regexp_replace(p_text, '[^0-9]', '', 'g')];
  else
    v_words := array(select w from regexp_split_to_table(lower(trim(p_text)), '\s+') w where w <> '');
  end if;
  select w into v_longest from unnest(v_words) w order by length(w) desc limit 1;
  if v_longest is null then
    return query select c.id from contacts c where c.user_id = app.user_id();
    return;
  end if;
  if length(v_longest) < 3 then
    -- too short for trigrams: names that begin so
    return query
      select c.id from contacts c
      where c.user_id = app.user_id() and c.sort_name >= v_longest and c.sort_name < v_longest || chr(1114111);
    return;
  end if;
  -- a condition for each word, so that the index can meet them all
  return query execute
    'select c.id from contacts c where c.user_id = app.user_id()'
      || (select string_agg(format(' and c.search like $1[%s]', n), '') from generate_subscripts(v_words, 1) n)
    using array(select app.like_part(w) from unnest(v_words) with ordinality as word (w, n) order by n);
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Contacts of the transaction's tenant whose name, e-mail, company or number contains every word of the text.

CREATE OR REPLACE FUNCTION app.seed_limits(p_concurrent_calls_limit integer)
 RETURNS integer
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update system_settings
  set concurrent_calls_limit = case when limits_seeded then concurrent_calls_limit else p_concurrent_calls_limit end,
    limits_seeded = true
  returning concurrent_calls_limit
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: At boot: the first process of an installation brings the limit from its environment.

CREATE OR REPLACE FUNCTION app.session(p_id text)
 RETURNS TABLE(person_id uuid, email text, name text, is_platform_admin boolean, user_id uuid, role text, idle_expires_at timestamp with time zone, expires_at timestamp with time zone, last_seen_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select p.id, p.email, p.name, p.is_platform_admin, m.user_id, m.role, s.idle_expires_at, s.expires_at, s.last_seen_at
  from sessions s
  join people p on p.id = s.person_id
  left join lateral (
    select m.user_id, m.role from members m join users u on u.id = m.user_id
    where m.person_id = s.person_id and m.user_id = s.user_id and u.status = 'active'
  ) m on true
  where s.id = p_id and least(s.idle_expires_at, s.expires_at) > app.wall()
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Who a session belongs to and what they may do now; nothing once it has expired.

CREATE OR REPLACE FUNCTION app.session_end(p_id text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  delete from sessions where id = p_id
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Signs one browser out.

CREATE OR REPLACE FUNCTION app.session_start(p_id text, p_person_id uuid, p_user_id uuid, p_idle_expires_at timestamp with time zone, p_expires_at timestamp with time zone, p_user_agent text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  insert into sessions (id, person_id, user_id, idle_expires_at, expires_at, user_agent)
  values (p_id, p_person_id, p_user_id, least(p_idle_expires_at, p_expires_at), p_expires_at, left(p_user_agent, 300));
  update members set last_seen_at = app.wall() where person_id = p_person_id and user_id = p_user_id;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: A signed-in browser; the id is a hash of its token.

CREATE OR REPLACE FUNCTION app.session_touch(p_id text, p_idle_expires_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare v sessions;
begin
  update sessions set last_seen_at = app.wall(), idle_expires_at = least(p_idle_expires_at, expires_at)
  where id = p_id returning * into v;
  update members set last_seen_at = app.wall() where person_id = v.person_id and user_id = v.user_id;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: The session is in use: it stays alive, until its absolute end at most.

CREATE OR REPLACE FUNCTION app.sessions_end(p_person_id uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  delete from sessions where person_id = p_person_id
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: Signs a person out everywhere.

CREATE OR REPLACE FUNCTION app.set_clock(p_scale double precision, p_advance_to timestamp with time zone)
 RETURNS TABLE(base timestamp with time zone, wall timestamp with time zone, scale double precision, refused text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  v system_settings;
  v_wall timestamptz := app.wall();
  v_now timestamptz;
begin
  select * into v from system_settings for update;
  v_now := v.clock_base + (v_wall - v.clock_wall) * v.clock_scale;
  if v.voice_provider <> 'sandbox' then
    refused := 'The clock can be moved only while the voice provider is the sandbox.';
  elsif p_advance_to < v_now then
    refused := 'The clock never goes back.';
  elsif p_advance_to is not null and exists (select 1 from calls where ended_at is null and status in ('claimed', 'dialing', 'unknown')) then
    refused := 'A call is being placed or is unknown; try again in a moment.';
  else
    update system_settings
    set clock_base = coalesce(p_advance_to, v_now), clock_wall = v_wall, clock_scale = coalesce(p_scale, v.clock_scale);
    -- what waits for wall time (a reconciliation, the pace) was set down at the old speed
    update calls set next_poll_at = v_now where status = 'unknown' and next_poll_at > v_now;
    update call_lanes set next_due_at = v_now
    where next_due_at > v_now and isfinite(next_due_at) and campaign_id in (select id from call_campaigns where calls_per_second is not null);
  end if;
  return query select s.clock_base, s.clock_wall, s.clock_scale, refused from system_settings s;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Changes speed or jumps ahead; answers the triple that both clocks run on, or why it refused.

CREATE OR REPLACE FUNCTION app.set_password(p_person_id uuid, p_password_hash text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  update people set password_hash = p_password_hash, password_changed_at = app.wall() where id = p_person_id
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: After the present password was checked.

CREATE OR REPLACE FUNCTION app.set_voice_provider(p_provider text, p_lease_scale double precision, p_place_timeout_ms integer, p_grace_ms integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare v_was text;
begin
  select voice_provider into v_was from system_settings for update;
  update system_settings
  set voice_provider = p_provider, lease_scale = p_lease_scale, place_timeout_ms = p_place_timeout_ms, reconcile_grace_ms = p_grace_ms,
    clock_base = case when p_provider = 'sandbox' then clock_base else app.wall() end,
    clock_wall = case when p_provider = 'sandbox' then clock_wall else app.wall() end,
    clock_scale = case when p_provider = 'sandbox' then clock_scale else 1 end;
  if p_provider <> v_was then
    -- The other provider knows none of our agents: they are made there before anybody is dialled.
    update agents set bolna_agent_id = null, sync_status = 'pending', webhook_base = null where status = 'active';
  end if;
  if p_provider = 'bolna' and v_was = 'sandbox' then
    update call_lanes set head_at = null where head_at is not null;
    update users set rule_set = 'by-country' where rule_set = 'rehearsal';
    update call_lanes set closes_at = app.wall(), next_due_at = least(next_due_at, app.wall()) where blocked_by is null;
  end if;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: At boot: which provider, and its time-outs. Agents are mirrored anew when it changed; leaving the sandbox puts every tenant under the rules of the countries.

CREATE OR REPLACE FUNCTION app.sign_up(p_email text, p_name text, p_password_hash text, p_company text, p_time_zone text, p_default_region text, p_rule_set text, p_concurrent_limit integer, p_stages jsonb)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  v_user_id uuid := app.user_id();
  v_person_id uuid;
  v_first boolean;
begin
  -- Two first people at once: the second waits and is an ordinary one.
  perform pg_advisory_xact_lock(hashtext('app.sign_up')) where not exists (select from people where not seeded);
  v_first := not exists (select from people where not seeded);
  insert into people (email, name, password_hash, is_platform_admin, password_changed_at)
  values (p_email, p_name, p_password_hash, v_first, app.wall())
  on conflict (email) do nothing
  returning id into v_person_id;
  if v_person_id is null then
    return null;
  end if;
  insert into users (id, company, email, time_zone, default_region, rule_set, concurrent_limit)
  values (v_user_id, p_company, p_email, p_time_zone, p_default_region, p_rule_set, p_concurrent_limit);
  insert into members (user_id, person_id, role) values (v_user_id, v_person_id, 'owner');
  insert into stages (user_id, key, name, rank, is_system)
  select v_user_id, s.key, s.name, s.rank, true from jsonb_to_recordset(p_stages) as s (key text, name text, rank int);
  return v_person_id;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- comment: A person with a tenant of their own (the transaction's); null when the e-mail address is taken. The first one on an installation is platform admin.

CREATE OR REPLACE FUNCTION app.suppress(p_user_id uuid, p_phone_number text, p_channel text, p_reason text, p_source text, p_call_id uuid DEFAULT NULL::uuid, p_note text DEFAULT NULL::text, p_created_by uuid DEFAULT NULL::uuid)
 RETURNS TABLE(added boolean, skipped integer, stopping integer, in_air integer)
 LANGUAGE sql
AS $function$
  select m.added <> '{}', m.skipped, m.stopping, m.in_air
  from app.suppress_many(p_user_id, jsonb_build_array(jsonb_build_object(
    'phoneNumber', p_phone_number, 'channel', p_channel, 'reason', p_reason, 'note', p_note)), p_source, p_call_id, p_created_by) m
$function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Suppresses a number: whether it is new, items skipped, calls being taken back, calls that can no longer be stopped.

CREATE OR REPLACE FUNCTION app.suppress_many(p_user_id uuid, p_entries jsonb, p_source text, p_call_id uuid DEFAULT NULL::uuid, p_created_by uuid DEFAULT NULL::uuid)
 RETURNS TABLE(added text[], skipped integer, stopping integer, in_air integer)
 LANGUAGE plpgsql
AS $function$
declare
  v_numbers text[];
  v_campaigns uuid[];
begin
  perform app.lock_phone(p_user_id, n.phone_number)
  from (select distinct e ->> 'phoneNumber' as phone_number from jsonb_array_elements(p_entries) e order by 1 offset 0) n;
  with entry as (
    select distinct on (e ->> 'phoneNumber', e ->> 'channel') e ->> 'phoneNumber' as phone_number, e ->> 'channel' as channel,
      e ->> 'reason' as reason, e ->> 'note' as note
    from jsonb_array_elements(p_entries) e
  ),
  fresh as (
    insert into public.suppressions (user_id, phone_number, channel, reason, source, call_id, note, created_by)
    select p_user_id, phone_number, channel, reason, p_source, p_call_id, note, p_created_by from entry
    on conflict on constraint one_suppression_per_number do nothing
    returning phone_number
  )
  select coalesce((select array_agg(distinct phone_number::text) from fresh), '{}'),
    array(select distinct phone_number from entry where channel <> 'whatsapp')
  into added, v_numbers;
  with closed as (
    update public.call_queue q
    set status = 'skipped', wait_reason = null, closed_at = app.now(),
      skip_reason = case when exists (
        select 1 from public.suppressions s
        where s.user_id = q.user_id and s.phone_number = q.phone_number and s.channel in ('all', 'call') and s.reason = 'dnc'
      ) then 'dnc' else 'suppressed' end
    where q.user_id = p_user_id and q.phone_number = any (v_numbers) and q.status = 'pending'
    returning q.campaign_id
  )
  select count(*), array_agg(distinct campaign_id) filter (where campaign_id is not null)
  into skipped, v_campaigns
  from closed;
  -- nor does a person call back who had promised to
  update public.tasks t
  set status = 'canceled', done_at = app.now(), reason = 'suppressed', changed_at = app.now()
  from public.contacts c
  where t.user_id = p_user_id and t.status = 'open' and t.kind = 'callback'
    and c.user_id = t.user_id and c.id = t.contact_id and c.phone_number = any (v_numbers);
  -- a claimed call is withdrawn by its own job, which looks here under the same lock before it dials
  select count(*) filter (where c.status in ('claimed', 'prepared', 'scheduled', 'queued', 'rescheduled')),
    count(*) filter (where c.status not in ('claimed', 'prepared', 'scheduled', 'queued', 'rescheduled'))
  into stopping, in_air
  from public.calls c
  where c.user_id = p_user_id and c.phone_number = any (v_numbers) and c.ended_at is null and c.direction = 'outbound';
  perform app.enqueue(coalesce((
    select jsonb_agg(jsonb_build_object(
      'identifier', j.task, 'payload', j.payload || jsonb_build_object('userId', p_user_id), 'job_key', j.task || ':' || j.ref,
      'priority', j.priority, 'max_attempts', 5))
    from (
      select 'calls/stop' as task, jsonb_build_object('callId', c.id) as payload, c.id as ref, 1 as priority
      from public.calls c
      where c.user_id = p_user_id and c.phone_number = any (v_numbers) and c.ended_at is null and c.direction = 'outbound'
        and c.status in ('prepared', 'scheduled', 'queued', 'rescheduled')
      union all
      select 'campaigns/finish', jsonb_build_object('campaignId', k), k, 4 from unnest(v_campaigns) k
    ) j), '[]'));
  return next;
end $function$
;
-- owner: parley
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Suppresses numbers [{phoneNumber, channel, reason, note}]: which are new, items skipped, calls being taken back, calls that can no longer be stopped.

CREATE OR REPLACE FUNCTION app.sweep()
 RETURNS TABLE(task text, rung integer)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
  v_now timestamptz := app.now();
  v_wall timestamptz := app.wall();
  v_jobs jsonb;
  v_users uuid[];
begin
  if not pg_try_advisory_xact_lock(hashtext('app.sweep')) then
    return;
  end if;
  perform app.free_jobs();

  -- A lane that was made at the moment its campaign was paused or resumed may have missed it. Under the account lock, so
  -- that the campaign is read as it stands.
  v_users := array(
    select u.id from users u
    where u.id in (
      select k.user_id from call_campaigns k join call_lanes l on l.user_id = k.user_id and l.campaign_id = k.id
      where k.status in ('running', 'paused') and l.paused <> (k.status = 'paused'))
    order by u.id for no key update skip locked);
  if cardinality(v_users) > 0 then
    update call_lanes l
    set paused = k.status = 'paused', next_due_at = case when l.blocked_by is null then least(l.next_due_at, v_now) else l.next_due_at end
    from call_campaigns k
    where k.user_id = l.user_id and k.id = l.campaign_id and l.id = any (array(
      select m.id
      from call_campaigns c join call_lanes m on m.user_id = c.user_id and m.campaign_id = c.id
      where c.user_id = any (v_users) and c.status in ('running', 'paused') and m.paused <> (c.status = 'paused')
      for no key update of m skip locked));
  end if;

  with late as (
    select q.id from call_queue q where q.status = 'pending' and q.expires_at <= v_now
    order by q.expires_at limit 500 for update skip locked
  ),
  expired as (
    update call_queue q
    set status = 'skipped', skip_reason = 'expired', wait_reason = null, closed_at = v_now
    where q.id = any (array(select id from late))
    returning q.user_id, q.id
  )
  insert into live_changes (user_id, topic, ref) select user_id, 'calls', id::text from expired;

  with overdue as (
    -- claimed past its lease: never sent. dialing past its lease: unknown. The job decides under the row lock.
    (select 'place' as kind, 'calls/place' as task, jsonb_build_object('userId', c.user_id, 'callId', c.id) as payload,
       'calls/place:' || c.id as key, 0 as priority
     from calls c where c.lease_until < v_wall order by c.lease_until limit 500)
    union all
    (select 'unknown', 'calls/reconcile', jsonb_build_object('userId', c.user_id, 'agentId', c.agent_id),
       'calls/reconcile:' || c.agent_id, 3
     from calls c where c.status = 'unknown' and c.ended_at is null and coalesce(c.next_poll_at, v_now) <= v_now
     group by c.user_id, c.agent_id limit 200)
    union all
    (select 'poll', 'calls/verify', jsonb_build_object('userId', c.user_id, 'callId', c.id), 'calls/verify:' || c.id, 2
     from calls c where c.next_poll_at <= v_now and c.status <> 'unknown' order by c.next_poll_at limit 500)
    union all
    (select 'settle', 'campaigns/settle_item', jsonb_build_object('userId', q.user_id, 'itemId', q.id),
       'campaigns/settle_item:' || q.id, 2
     from call_queue q
     where q.status = 'in_progress'
       and not exists (select 1 from calls c where c.queue_id = q.id and c.final_at is null)
     limit 500)
    union all
    (select 'webhooks', 'webhooks/drain', '{}', 'webhooks/drain', 1
     from webhook_events e where e.status in ('pending', 'parked') and e.next_at <= v_wall - interval '1 second' limit 1)
    union all
    (select 'finish', 'campaigns/finish', jsonb_build_object('userId', k.user_id, 'campaignId', k.id),
       'campaigns/finish:' || k.id, 4
     from call_campaigns k
     where k.status in ('running', 'paused') and k.launch_lease_until is null
       and (k.ends_at <= v_now
         or k.status = 'running' and not exists (select 1 from call_queue q where q.campaign_id = k.id and q.status in ('pending', 'in_progress')))
     limit 100)
    union all
    (select 'callback', 'campaigns/callback', jsonb_build_object('userId', t.user_id, 'taskId', t.id), 'campaigns/callback:' || t.id, 3
     from tasks t where t.agent_calls and t.item_id is null and t.status = 'open' limit 100)
    union all
    (select 'launch', 'campaigns/launch', jsonb_build_object('userId', k.user_id, 'campaignId', k.id),
       'campaigns/launch:' || k.id, 4
     from call_campaigns k
     where k.launch_lease_until < v_wall or (k.status = 'scheduled' and k.starts_at <= v_now)
     limit 100)
    union all
    (select 'import', t.task, jsonb_build_object('userId', i.user_id, 'importId', i.id), t.task || ':' || i.id, 6
     from imports i
     cross join lateral (
       select case
         when i.status in ('receiving', 'validating') then 'contacts/import'
         when i.status = 'committing' then 'contacts/commit_import'
         when i.status = 'undoing' then 'contacts/undo_import'
         when i.status in ('done', 'failed', 'undone') then 'contacts/tidy_import' end as task
     ) t
     where i.lease_until < v_wall and t.task is not null limit 100)
    union all
    (select 'analysis', 'leads/analyse', jsonb_build_object('userId', a.user_id, 'callId', a.call_id), 'leads/analyse:' || a.call_id, 4
     from lead_analytics a where a.next_at < v_wall order by a.next_at limit 200)
    union all
    (select 'recording', 'calls/fetch_recording', jsonb_build_object('userId', c.user_id, 'callId', c.id), 'calls/fetch_recording:' || c.id, 5
     from calls c where c.recording_status = 'fetching' and c.recording_next_at <= v_now order by c.recording_next_at limit 200)
    union all
    (select 'adopt', 'calls/adopt', jsonb_build_object('userId', a.user_id, 'agentId', a.id), 'calls/adopt:' || a.id, 3
     from agents a cross join (
       select reconcile_only_at + make_interval(secs => reconcile_grace_ms / 1000.0) as at from system_settings
     ) from_then
     where a.bolna_agent_id is not null and from_then.at <= v_wall and coalesce(a.adopted_at < from_then.at, true)
     order by a.id
     limit 200)
  )
  -- What waits its turn or its back-off is left alone: rung anew, it would never run out of tries and nobody would hear of
  -- it. So is what a living worker has in hand; but whether it may still dial is the lease's to say, not the job's.
  select jsonb_agg(jsonb_build_object('identifier', o.task, 'payload', o.payload, 'job_key', o.key, 'priority', o.priority))
  into v_jobs
  from overdue o
  left join graphile_worker._private_jobs j on j.key = o.key
  where j.id is null
    or o.kind = 'place'
    or j.locked_at is null and (j.attempts >= j.max_attempts or j.attempts = 0 and j.run_at > v_wall)
    or j.locked_at < v_wall - interval '2 minutes';
  if v_jobs is null then
    return;
  end if;
  perform app.enqueue(v_jobs);
  return query select j ->> 'identifier', count(*)::int from jsonb_array_elements(v_jobs) j group by 1;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: Rings again for every row whose next step is overdue; returns what it rang for, by task.

CREATE OR REPLACE FUNCTION app.system_room()
 RETURNS TABLE(live integer, line_limit integer, dialling_paused boolean, paused_reason text, account_status text, gate_at timestamp with time zone, account_lines integer, account_posts integer, workers integer)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select
    (select count(*)::int from calls c where c.ended_at is null and c.system_slot is not null
     and c.id >= (select first_call from line_mark)),
    s.concurrent_calls_limit, s.dialling_paused, s.dialling_paused_reason,
    r.status,
    case when r.gate_until > app.wall() then s.clock_base + (r.gate_until - s.clock_wall) * s.clock_scale end,
    r.lines, r.tokens,
    (select count(*)::int from worker_pools w where w.role in ('worker', 'all') and w.beat_at > app.wall() - interval '30 seconds')
  from system_settings s
  join provider_accounts a on a.name = 'platform'
  cross join lateral app.account_room(a.id) r
$function$
;
-- owner: parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Lines of the installation and of the provider account, pauses, gate (domain time), and live workers: counts only.

CREATE OR REPLACE FUNCTION app.take_read(p_account_id uuid)
 RETURNS double precision
 LANGUAGE plpgsql
AS $function$
declare v_wait double precision;
begin
  update public.provider_pace p
  set read_tokens_at = greatest(p.read_tokens_at, app.wall() - interval '4 seconds') + interval '66.667 milliseconds'
  where p.provider_account_id = p_account_id and p.read_tokens_at <= app.wall();
  if found then
    return 0;
  end if;
  select greatest(0.01, extract(epoch from p.read_tokens_at - app.wall())) into v_wait
  from public.provider_pace p where p.provider_account_id = p_account_id;
  return v_wait;
end $function$
;
-- owner: parley
-- grant execute to parley_worker
-- comment: Spends one request of a provider account's read budget, or says how long until there is one.

CREATE OR REPLACE FUNCTION app.task_names()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select array[
    'calls/dispatch',
    'calls/place',
    'calls/stop',
    'webhooks/drain',
    'calls/verify',
    'calls/sweep',
    'campaigns/callback',
    'campaigns/settle_item',
    'calls/reconcile',
    'calls/adopt',
    'campaigns/launch',
    'campaigns/finish',
    'provider/refresh',
    'leads/analyse',
    'calls/fetch_recording',
    'agents/sync',
    'agents/repoint',
    'contacts/import',
    'contacts/commit_import',
    'contacts/undo_import',
    'contacts/tidy_import',
    'ops/prune',
    'ops/seal_audit',
    'ops/noop'
  ]
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Tasks that may be enqueued.

CREATE OR REPLACE FUNCTION app.team()
 RETURNS TABLE(id uuid, person_id uuid, email text, name text, role text, joined_at timestamp with time zone, last_seen_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
  select m.id, p.id, p.email, p.name, m.role, m.created_at, m.last_seen_at
  from members m join people p on p.id = m.person_id
  where m.user_id = app.user_id()
  order by m.created_at, m.id
$function$
;
-- owner: parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: The people of the transaction's tenant.

CREATE OR REPLACE FUNCTION app.tenant_room(p_user_id uuid)
 RETURNS TABLE(live integer, concurrent_limit integer, credits bigint, held bigint, available bigint)
 LANGUAGE sql
 STABLE
AS $function$
  select
    (select count(*)::int from public.calls c where c.user_id = u.id and c.ended_at is null and c.system_slot is not null
     and c.id >= (select first_call from public.line_mark)),
    u.concurrent_limit,
    u.credits,
    coalesce(h.held, 0),
    u.credits - coalesce(h.held, 0)
  from public.users u
  cross join lateral (
    select sum(c.held_credits)::bigint as held from public.calls c
    where c.user_id = u.id and c.settled_at is null and c.id >= (select first_call from public.line_mark)
  ) h
  where u.id = p_user_id
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: A tenant's open lines against its limit, and its credits less the holds of unsettled calls.

CREATE OR REPLACE PROCEDURE app.tenant_table(IN t regclass, IN has_updated_at boolean DEFAULT false)
 LANGUAGE plpgsql
AS $procedure$
begin
  execute format('alter table %s enable row level security', t);
  execute format('alter table %s force row level security', t);
  execute format('create policy tenant on %s to parley_web, parley_worker
    using (user_id = nullif(current_setting(''app.user_id'', true), '''')::uuid)
    with check (user_id = nullif(current_setting(''app.user_id'', true), '''')::uuid)', t);
  execute format('create policy definer on %s to parley_definer using (true) with check (true)', t);
  execute format('create policy ro on %s for select to parley_ro using (true)', t);
  execute format('grant select, insert, update, delete on %s to parley_web, parley_worker, parley_definer', t);
  if has_updated_at then
    execute format('create trigger updated_at before update on %s for each row execute function app.touch_updated_at()', t);
  end if;
end $procedure$
;
-- owner: parley
-- comment: Used by migrations: forced row-level security, its policies and the grants of a tenant table.

CREATE OR REPLACE FUNCTION app.tenants_ready(p_after uuid, p_upto uuid, p_limit integer, p_now timestamp with time zone)
 RETURNS TABLE(user_id uuid)
 LANGUAGE sql
 STABLE
AS $function$
  with recursive turn (user_id, place) as (
    select p_after, 0
    union all
    select next.user_id, t.place + 1
    from turn t
    cross join lateral (
      select l.user_id
      from public.call_lanes l
      where l.user_id > t.user_id and l.user_id <= p_upto
        and not l.paused and l.ready_at < 'infinity' and l.ready_at <= p_now and l.closes_at > p_now
        and exists (select from public.users u where u.id = l.user_id and u.status = 'active')
      order by l.user_id
      limit 1
    ) next
    where t.place < p_limit
  )
  select user_id from turn where place > 0 order by place
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- comment: The first p_limit active tenants after one and up to another, in the order of ids, that have a lane which is open and due.

CREATE OR REPLACE FUNCTION app.touch_updated_at()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.updated_at := clock_timestamp();
  return new;
end $function$
;
-- owner: parley
-- comment: The only trigger: keeps updated_at.

CREATE OR REPLACE FUNCTION app.user_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select nullif(current_setting('app.user_id', true), '')::uuid $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: The tenant of this transaction; null outside one, and then no tenant row is visible.

CREATE OR REPLACE FUNCTION app.uuid7()
 RETURNS uuid
 LANGUAGE sql
 PARALLEL SAFE
AS $function$
  select (
    overlay(lpad(to_hex((date_part('epoch', app.wall()) * 4096000)::bigint), 15, '0') placing '7' from 13 for 0)
      || substr(gen_random_uuid()::text, 20)
  )::uuid
$function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: UUID version 7: milliseconds and their fraction first, then randomness.

CREATE OR REPLACE FUNCTION app.wake_tenant(p_user_id uuid, p_reasons text[])
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare v_woken int;
begin
  perform 1 from public.users where id = p_user_id for no key update;
  update public.call_lanes
  set next_due_at = '-infinity', blocked_by = null
  where user_id = p_user_id and blocked_by = any (p_reasons);
  get diagnostics v_woken = row_count;
  -- calls by hand that were too dear wait one by one, not with their lane
  if 'credits' = any (p_reasons) then
    with redue as (
      update public.call_queue
      set due_at = app.now(), wait_reason = null
      where lane_id = any (array(select l.id from public.call_lanes l where l.user_id = p_user_id and l.campaign_id is null))
        and status = 'pending' and wait_reason = 'credits'
      returning lane_id
    )
    update public.call_lanes set next_due_at = least(next_due_at, app.now())
    where id = any (array(select lane_id from redue)) and blocked_by is null;
  end if;
  return v_woken;
end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Lanes blocked by one of the reasons (credits, budget, campaign_cap, user_limit, pace) are ready again, and calls by hand that waited for credits are due. Inside the tenant's transaction.

CREATE OR REPLACE FUNCTION app.wall()
 RETURNS timestamp with time zone
 LANGUAGE sql
 PARALLEL SAFE
AS $function$ select clock_timestamp() $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Wall time: leases of our own processes, sessions, rate limits, budgets.

CREATE OR REPLACE FUNCTION app.wall_at(domain_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select case when not isfinite(domain_at) then domain_at else clock_wall + (domain_at - clock_base) / clock_scale end from public.system_settings $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: The wall instant at which domain time reaches domain_at.

CREATE OR REPLACE FUNCTION app.watch_database(p_system text, p_timeline integer, p_lsn pg_lsn)
 RETURNS TABLE(system text, timeline integer, lsn pg_lsn, moved text)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  v system_settings;
  d record;
begin
  select * into v from system_settings for update;
  select * into d from app.database_place();
  moved := case
    when v.database_system <> d.system then 'another cluster'
    when v.database_timeline <> d.timeline then 'another timeline'
    when v.seen_lsn > d.lsn then 'an earlier state'
    -- a memory of this very cluster, kept outside of it
    when p_system = d.system and p_timeline > d.timeline then 'an earlier timeline'
    when p_system = d.system and p_timeline = d.timeline and p_lsn > d.lsn then 'an earlier state'
  end;
  if moved is not null then
    perform app.reconcile_only(moved);
  end if;
  if moved is not null or v.seen_at is null or v.seen_at < app.wall() - interval '4 seconds' then
    update system_settings
    set database_system = d.system, database_timeline = d.timeline, seen_lsn = d.lsn, seen_at = app.wall(), seen_now = app.now();
  end if;
  return query select d.system, d.timeline, d.lsn, moved;
end $function$
;
-- owner: parley_definer
-- grant execute to parley_worker
-- comment: With each beat: notes where the database stands, and stops all dialling when it is another one than it was, or an earlier one than the caller remembers.

CREATE OR REPLACE FUNCTION app.zone_key(zones text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select case when cardinality(zones) <= 1 then zones[1] else app.zones_in_order(zones) end $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: A set of time zones as one sorted, comma-separated text.

CREATE OR REPLACE FUNCTION app.zones_in_order(zones text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select string_agg(z, ',' order by z) from (select distinct unnest(zones) as z) as distinct_zones $function$
;
-- owner: parley
-- grant execute to parley_definer
-- grant execute to parley_ro
-- grant execute to parley_web
-- grant execute to parley_worker
-- comment: Several time zones as one sorted, comma-separated text; ask app.zone_key.

create schema app;
-- grant create, usage to parley_definer
-- grant usage to parley_ro
-- grant usage to parley_web
-- grant usage to parley_worker
-- comment: Functions of Parley: clocks, ids, definer doors, the dispatcher.

create schema ops;
-- grant usage to parley_definer
-- grant usage to parley_ro
-- grant usage to parley_worker
-- comment: Views for operators: what every call, slot, job and credit is doing.

create schema public;
-- grant usage to parley_definer
-- grant usage to parley_ro
-- grant usage to parley_web
-- grant usage to parley_worker
-- comment: standard public schema
