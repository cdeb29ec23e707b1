-- The voice provider's account, and the agents mirrored there.
create table provider_accounts (
  id uuid primary key default app.uuid7(),
  name text not null constraint provider_account_name_is_unique unique,
  kind text not null default 'bolna',
  status text not null default 'ok',
  status_reason text,
  concurrency_max int not null default 10,
  concurrency_current int,
  wallet numeric,
  gate_until timestamptz,
  gate_reason text,
  gate_count int not null default 0,
  post_tokens_at timestamptz not null default app.wall(),
  read_tokens_at timestamptz not null default app.wall(),
  checked_at timestamptz,
  updated_at timestamptz not null default app.wall(),
  constraint provider_account_status_is_known check (status in ('ok', 'suspended')),
  constraint provider_kind_is_known check (kind in ('bolna')),
  constraint concurrency_max_in_range check (concurrency_max between 0 and 10000)
);
comment on table provider_accounts is 'Accounts at the voice provider: state, gate after a 429, request budgets (GCRA, wall time), concurrency. Version 1 has one row, "platform".';
insert into provider_accounts (name) values ('platform');
grant select on provider_accounts to parley_web, parley_ro;
grant select, update on provider_accounts to parley_worker, parley_definer;
create trigger updated_at before update on provider_accounts for each row execute function app.touch_updated_at();

create table agents (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint agent_of_a_user references users (id),
  name text not null,
  status text not null default 'active',
  sync_status text not null default 'pending',
  sync_error text,
  synced_at timestamptz,
  bolna_agent_id text,
  provider_account_id uuid not null constraint agent_at_an_account references provider_accounts (id),
  prompt text not null,
  welcome_message text not null,
  disclosure text not null,
  language text not null default 'en',
  bolna_voice_config jsonb not null default '{}',
  llm_config jsonb not null default '{}',
  max_call_seconds int not null default 300,
  extraction jsonb not null default '[]',
  from_number text,
  drift jsonb,
  drift_checked_at timestamptz,
  webhook_base text,
  version int not null default 1,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  updated_at timestamptz not null default app.wall(),
  archived_at timestamptz,
  constraint agents_tenant_key unique (user_id, id),
  constraint agent_status_is_known check (status in ('active', 'archived')),
  constraint agent_sync_status_is_known check (sync_status in ('pending', 'synced', 'failed', 'drifted')),
  constraint archived_agent_has_archived_at check ((status = 'archived') = (archived_at is not null)),
  constraint max_call_seconds_in_range check (max_call_seconds between 10 and 7200),
  constraint disclosure_is_never_missing check (length(disclosure) > 0)
);
comment on table agents is 'AI voice agents of a tenant, mirrored at the provider (bolna_agent_id).';
create unique index agents_at_provider on agents (provider_account_id, bolna_agent_id) where bolna_agent_id is not null;
call app.tenant_table('agents', true);

create table agent_versions (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  agent_id uuid not null,
  version int not null,
  config jsonb not null,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  constraint agent_versions_tenant_key unique (user_id, id),
  constraint version_of_an_agent foreign key (user_id, agent_id) references agents (user_id, id),
  constraint one_row_per_version unique (user_id, agent_id, version)
);
comment on table agent_versions is 'What an agent said at each version; a call names the version it used.';
call app.tenant_table('agent_versions');

-- Two live keys while one is being rotated: sealed to send it again, hashed to look it up.
create table agent_webhook_keys (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  agent_id uuid not null,
  key_sha256 bytea not null constraint agent_webhook_key_is_unique unique,
  key_sealed text not null,
  created_at timestamptz not null default app.wall(),
  retired_at timestamptz,
  constraint agent_webhook_keys_tenant_key unique (user_id, id),
  constraint key_of_an_agent foreign key (user_id, agent_id) references agents (user_id, id)
);
comment on table agent_webhook_keys is 'The secret in an agent''s webhook URL, sealed and hashed.';
create index agent_webhook_keys_live on agent_webhook_keys (user_id, agent_id) where retired_at is null;
call app.tenant_table('agent_webhook_keys');

create table phone_numbers (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint number_of_a_user references users (id),
  phone_number phone_number not null,
  agent_id uuid,
  provider_account_id uuid not null constraint number_at_an_account references provider_accounts (id),
  provider_ref text,
  created_at timestamptz not null default app.now(),
  constraint phone_numbers_tenant_key unique (user_id, id),
  constraint number_answers_with_an_agent foreign key (user_id, agent_id) references agents (user_id, id),
  constraint one_row_per_number unique (user_id, phone_number)
);
comment on table phone_numbers is 'Caller numbers a tenant may use.';
call app.tenant_table('phone_numbers');
