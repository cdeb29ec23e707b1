-- What conversations came to, and what they cost.
create table lead_analytics (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  call_id uuid not null,
  status text not null default 'pending',
  reason text,
  contact_id uuid,
  sentiment text,
  sentiment_score double precision,
  call_outcome text,
  summary text,
  levels jsonb,
  score int,
  temperature text,
  meeting_at timestamptz,
  callback_at timestamptz,
  do_not_call boolean,
  extracted_data jsonb,
  corrected jsonb not null default '{}',
  raw jsonb,
  run_id uuid,
  reruns int not null default 0,
  model text,
  model_used text,
  prompt_version text,
  transcript_sha256 text,
  tokens_in int,
  tokens_out int,
  tokens_cached int,
  cost_nanodollars bigint,
  request_id text,
  attempts int not null default 0,
  lease_until timestamptz,
  next_at timestamptz,
  analysed_at timestamptz,
  created_at timestamptz not null default app.now(),
  updated_at timestamptz not null default app.wall(),
  constraint lead_analytics_tenant_key unique (user_id, id),
  constraint one_analysis_per_call unique (user_id, call_id),
  constraint analysis_of_a_call foreign key (user_id, call_id) references calls (user_id, id) on delete cascade,
  constraint analysis_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id),
  constraint analysis_status_is_known check (status in ('pending', 'running', 'done', 'skipped', 'failed')),
  constraint analysis_without_result_has_reason check (status not in ('skipped', 'failed') or reason is not null),
  constraint done_analysis_has_result check (status <> 'done' or (call_outcome is not null and score is not null)),
  constraint sentiment_is_known check (sentiment in ('positive', 'neutral', 'negative')),
  constraint sentiment_score_in_range check (sentiment_score between -1 and 1),
  constraint call_outcome_is_known check (call_outcome in ('appointment', 'callback', 'interested', 'refusal', 'wrong_number', 'voicemail', 'other')),
  constraint temperature_is_known check (temperature in ('hot', 'warm', 'cold'))
);
comment on table lead_analytics is 'What one call came to, by analysis; one row a call, the later transcript wins. corrected holds what a person put right, which no analysis overwrites; tokens and cost are the sum of its runs. lease_until and next_at are wall time; next_at is set as long as the row waits for something.';
create index lead_analytics_latest on lead_analytics (user_id, id desc);
create index lead_analytics_of_contact on lead_analytics (user_id, contact_id, id desc);
create index lead_analytics_unfinished on lead_analytics (next_at) where next_at is not null;
create index lead_analytics_done on lead_analytics (user_id, temperature, id desc) where status = 'done';
call app.tenant_table('lead_analytics', true);

-- A row before every generation: the key that makes two of one transcript impossible. The answer is kept here, in a
-- transaction of its own, before anything is made of it: what fails afterwards is repeated without paying again.
create table analysis_runs (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  call_id uuid not null,
  status text not null default 'running',
  prompt_version text not null,
  transcript_sha256 text not null,
  transcript text,
  asked_at timestamptz not null default app.now(),
  attempts int not null default 1,
  lease_until timestamptz,
  next_at timestamptz,
  error_kind text,
  error text,
  answer jsonb,
  result jsonb,
  model text,
  model_used text,
  request_id text,
  tokens_in int not null default 0,
  tokens_cached int not null default 0,
  tokens_out int not null default 0,
  cost_nanodollars bigint default 0,
  started_at timestamptz not null default app.wall(),
  finished_at timestamptz,
  constraint analysis_runs_tenant_key unique (user_id, id),
  constraint one_run_per_transcript unique (call_id, prompt_version, transcript_sha256),
  constraint run_for_a_call foreign key (user_id, call_id) references calls (user_id, id) on delete cascade,
  constraint run_status_is_known check (status in ('running', 'waiting', 'answered', 'failed')),
  constraint running_run_has_a_lease check ((status = 'running') = (lease_until is not null)),
  constraint answered_run_has_a_result check ((status = 'answered') = (result is not null)),
  constraint failed_run_says_why check (status not in ('waiting', 'failed') or error is not null)
);
comment on table analysis_runs is 'One row per call, prompt version and normalised transcript: no transcript is paid for twice. transcript stays until the call is final, to tell whether a later one says more; attempts fences a run that was given up. lease_until, next_at, started_at and finished_at are wall time.';
create index analysis_runs_of_call on analysis_runs (user_id, call_id, id);
call app.tenant_table('analysis_runs');

-- A dollar per million tokens is 1000 nanodollars a token, so every published price is a whole number here.
create table model_prices (
  model text not null,
  valid_from date not null,
  input_nanodollars int not null,
  cached_nanodollars int not null,
  output_nanodollars int not null,
  constraint model_prices_pkey primary key (model, valid_from),
  constraint token_prices_never_negative check (input_nanodollars >= 0 and cached_nanodollars >= 0 and output_nanodollars >= 0)
);
comment on table model_prices is 'What a language model costs per token, in billionths of a US dollar, from a day on; a model without a row costs an unknown amount.';
insert into model_prices (model, valid_from, input_nanodollars, cached_nanodollars, output_nanodollars) values
  ('gpt-6-luna', '2026-01-01', 100, 10, 500),
  ('gpt-6.1-terra', '2026-01-01', 1000, 50, 5000),
  ('gpt-6.1-sol', '2026-01-01', 2000, 2000, 10000),
  ('gpt-6-sol', '2026-01-01', 2000, 200, 10000),
  ('gpt-5.6-luna', '2026-01-01', 200, 20, 1200);
grant select on model_prices to parley_worker, parley_ro;

create table call_effects (
  user_id uuid not null,
  call_id uuid not null,
  effect text not null,
  at timestamptz not null default app.now(),
  detail jsonb not null default '{}',
  constraint call_effects_pkey primary key (user_id, call_id, effect),
  constraint effect_of_a_call foreign key (user_id, call_id) references calls (user_id, id) on delete cascade
);
comment on table call_effects is 'Side effects of an analysis (suppress, stage, tags, score, meeting, callback), each once a call; detail holds what it changed, so that a later analysis of the same call replaces it instead of adding to it.';
call app.tenant_table('call_effects');

create table lead_profiles (
  contact_id uuid primary key,
  user_id uuid not null,
  summary text,
  score int,
  temperature text,
  scores jsonb not null default '[]',
  calls int not null default 0,
  updated_at timestamptz not null default app.wall(),
  constraint lead_profiles_tenant_key unique (user_id, contact_id),
  constraint profile_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade
);
comment on table lead_profiles is 'What is known of a contact over all calls.';
call app.tenant_table('lead_profiles', true);

create table credit_entries (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint entry_of_a_user references users (id),
  kind text not null,
  amount bigint not null,
  balance bigint not null,
  call_id uuid,
  campaign_id uuid,
  payment_ref text,
  reason text,
  created_by uuid,
  at timestamptz not null default app.now(),
  constraint credit_entries_tenant_key unique (user_id, id),
  constraint one_entry_per_call unique (user_id, call_id),
  constraint one_entry_per_payment unique (payment_ref),
  constraint entry_for_a_call foreign key (user_id, call_id) references calls (user_id, id),
  constraint entry_kind_is_known check (kind in ('grant', 'purchase', 'call', 'message', 'adjustment', 'refund')),
  constraint entry_amount_is_not_zero check (amount <> 0),
  constraint call_entry_names_its_call check ((kind = 'call') = (call_id is not null)),
  constraint balance_never_negative check (balance >= 0)
);
comment on table credit_entries is 'Append-only ledger in credits; users.credits is its sum. balance = posted balance after the entry.';
create index credit_entries_latest on credit_entries (user_id, id desc);
call app.tenant_table('credit_entries');
revoke update, delete on credit_entries from parley_web, parley_worker, parley_definer;
