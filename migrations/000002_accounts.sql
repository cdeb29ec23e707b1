-- Tenants, people, sessions, keys, audit.
create table users (
  id uuid primary key default app.uuid7(),
  company text not null,
  status text not null default 'active',
  credits bigint not null default 0,
  concurrent_limit int not null default 2,
  email text not null,
  external_auth_id text,
  time_zone text not null default 'UTC',
  default_region text not null default 'IN',
  rule_set text not null default 'by-country',
  frequency_dials_max int,
  frequency_answered_max int,
  frequency_days int not null default 7,
  pulse_seconds int not null default 6,
  pulse_credits int not null default 1,
  message_credits int not null default 1,
  confirm_above int not null default 1000,
  seeded boolean not null default false,
  created_at timestamptz not null default app.wall(),
  updated_at timestamptz not null default app.wall(),
  constraint credits_never_negative check (credits >= 0),
  constraint concurrent_limit_in_range check (concurrent_limit between 0 and 1000),
  constraint user_status_is_known check (status in ('active', 'suspended')),
  constraint rule_set_is_known check (rule_set in ('by-country', 'rehearsal')),
  constraint pulse_is_positive check (pulse_seconds > 0 and pulse_credits >= 0 and message_credits >= 0),
  constraint frequency_caps_are_positive check (frequency_dials_max > 0 and frequency_answered_max > 0 and frequency_days > 0),
  constraint email_is_lower_case check (email = lower(email)),
  constraint company_length check (length(company) between 1 and 200)
) with (fillfactor = 70);
comment on table users is 'Tenants. Everything a tenant owns carries its user_id; credits is the posted balance of its ledger.';
create unique index users_external_auth_id on users (external_auth_id) where external_auth_id is not null;
alter table users enable row level security;
alter table users force row level security;
create policy tenant on users to parley_web, parley_worker
  using (id = nullif(current_setting('app.user_id', true), '')::uuid)
  with check (id = nullif(current_setting('app.user_id', true), '')::uuid);
create policy definer on users to parley_definer using (true) with check (true);
create policy ro on users for select to parley_ro using (true);
grant select, update on users to parley_web, parley_worker;
grant select, insert, update on users to parley_definer;
create trigger updated_at before update on users for each row execute function app.touch_updated_at();

create table people (
  id uuid primary key default app.uuid7(),
  email text not null,
  name text not null,
  password_hash text,
  is_platform_admin boolean not null default false,
  seeded boolean not null default false,
  created_at timestamptz not null default app.wall(),
  password_changed_at timestamptz,
  constraint people_email_is_unique unique (email),
  constraint email_is_lower_case check (email = lower(email)),
  constraint name_length check (length(name) between 1 and 200)
);
comment on table people is 'Who signs in. Outside row-level security: a person may belong to several tenants; reached through definer functions only.';
grant select, insert, update on people to parley_definer;

create table members (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint member_of_a_user references users (id),
  person_id uuid not null constraint member_is_a_person references people (id),
  role text not null,
  invited_by uuid constraint invited_by_a_person references people (id),
  created_at timestamptz not null default app.wall(),
  last_seen_at timestamptz,
  constraint members_tenant_key unique (user_id, id),
  constraint one_membership_per_person unique (user_id, person_id),
  constraint role_is_known check (role in ('owner', 'manager', 'agent', 'viewer'))
);
comment on table members is 'A person in a tenant, with the role that permits.';
create index members_of_person on members (person_id);
call app.tenant_table('members');

create table sessions (
  id text primary key,
  person_id uuid not null constraint session_of_a_person references people (id) on delete cascade,
  user_id uuid constraint session_in_a_user references users (id),
  created_at timestamptz not null default app.wall(),
  last_seen_at timestamptz not null default app.wall(),
  idle_expires_at timestamptz not null,
  expires_at timestamptz not null,
  user_agent text,
  constraint session_id_is_sha256 check (id ~ '^[0-9a-f]{64}$')
);
comment on table sessions is 'Signed-in browsers. id = sha256 of the token; reached through definer functions only.';
create index sessions_of_person on sessions (person_id);
grant select, insert, update, delete on sessions to parley_definer;

create table one_time_tokens (
  id text primary key,
  person_id uuid not null constraint token_of_a_person references people (id) on delete cascade,
  purpose text not null,
  created_at timestamptz not null default app.wall(),
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint token_id_is_sha256 check (id ~ '^[0-9a-f]{64}$'),
  constraint purpose_is_known check (purpose in ('reset_password', 'verify_email'))
);
comment on table one_time_tokens is 'Hashed single-use tokens (password reset, e-mail check); reached through definer functions only.';
grant select, insert, update, delete on one_time_tokens to parley_definer;

create table invitations (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint invitation_of_a_user references users (id),
  token_sha256 text not null constraint invitation_token_is_unique unique,
  email text,
  role text not null,
  created_by uuid constraint invitation_by_a_person references people (id),
  created_at timestamptz not null default app.wall(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  constraint invitations_tenant_key unique (user_id, id),
  constraint role_is_known check (role in ('owner', 'manager', 'agent', 'viewer'))
);
comment on table invitations is 'Copyable links into a tenant; the token is stored hashed.';
call app.tenant_table('invitations');

create table api_keys (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint api_key_of_a_user references users (id),
  name text not null,
  key_sha256 text not null constraint api_key_is_unique unique,
  key_hint text not null,
  role text not null default 'manager',
  scopes text[] not null default '{}',
  created_by uuid constraint api_key_by_a_person references people (id),
  created_at timestamptz not null default app.wall(),
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_tenant_key unique (user_id, id),
  constraint role_is_known check (role in ('owner', 'manager', 'agent', 'viewer'))
);
comment on table api_keys is 'Keys of programs, hashed; shown once when made.';
call app.tenant_table('api_keys');

create table audit_log (
  id bigint generated always as identity primary key,
  user_id uuid not null constraint audit_of_a_user references users (id),
  at timestamptz not null default app.wall(),
  person_id uuid,
  actor text not null,
  action text not null,
  entity text,
  entity_id text,
  changes jsonb not null default '{}',
  request_id text,
  constraint audit_log_tenant_key unique (user_id, id)
);
comment on table audit_log is 'Who changed what, append-only by grants. changes = { field: [before, after] }.';
create index audit_log_latest on audit_log (user_id, id desc);
call app.tenant_table('audit_log');
revoke update, delete on audit_log from parley_web, parley_worker, parley_definer;

create table idempotency_keys (
  user_id uuid not null constraint idempotency_of_a_user references users (id),
  key text not null,
  procedure text not null,
  request_sha256 text not null,
  status text not null default 'running',
  response jsonb,
  created_at timestamptz not null default app.wall(),
  constraint idempotency_keys_pkey primary key (user_id, key, procedure),
  constraint idempotency_status_is_known check (status in ('running', 'written', 'done')),
  constraint key_length check (length(key) between 1 and 200)
);
comment on table idempotency_keys is 'Answers of requests that carried an Idempotency-Key, kept 24 hours. written = carried out, answer not yet kept.';
call app.tenant_table('idempotency_keys');

create table notifications (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint notification_of_a_user references users (id),
  kind text not null,
  title text not null,
  body text not null default '',
  link text,
  ref text,
  created_at timestamptz not null default app.now(),
  read_at timestamptz,
  constraint notifications_tenant_key unique (user_id, id),
  constraint one_notice_per_fact unique (user_id, kind, ref)
);
comment on table notifications is 'In-app notices: campaign ended, dialling paused, credit used up, incident.';
create index notifications_latest on notifications (user_id, created_at desc, id);
call app.tenant_table('notifications');

create table live_changes (
  id bigint not null,
  user_id uuid not null,
  topic text not null,
  ref text not null,
  at timestamptz not null default app.wall(),
  xid xid8 not null default pg_current_xact_id(),
  constraint live_changes_pkey primary key (id),
  constraint live_changes_tenant_key unique (user_id, id)
);
create sequence live_changes_id as bigint;
alter table live_changes alter column id set default nextval('live_changes_id');
alter table live_changes set unlogged;
comment on table live_changes is 'Outbox of what changed, for screens; unlogged, kept ten minutes. Ids come from a logged sequence.';
create index live_changes_by_xid on live_changes (xid);
call app.tenant_table('live_changes');
grant usage on sequence live_changes_id to parley_web, parley_worker, parley_definer;
