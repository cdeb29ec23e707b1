-- People to reach: contacts, what may be said to them, and how they came in.
create table stages (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint stage_of_a_user references users (id),
  key text not null,
  name text not null,
  rank int not null,
  is_system boolean not null default false,
  constraint stages_tenant_key unique (user_id, id),
  constraint one_stage_per_key unique (user_id, key)
);
comment on table stages is 'Steps of a lead. Parley moves contacts between system stages only, and only upwards.';
call app.tenant_table('stages');

create table custom_fields (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint custom_field_of_a_user references users (id),
  key text not null,
  label text not null,
  kind text not null default 'text',
  created_at timestamptz not null default app.now(),
  constraint custom_fields_tenant_key unique (user_id, id),
  constraint one_custom_field_per_key unique (user_id, key),
  constraint custom_field_kind_is_known check (kind in ('text', 'number', 'date', 'boolean'))
);
comment on table custom_fields is 'Fields a tenant added; values live in contacts.custom.';
call app.tenant_table('custom_fields');

create table imports (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint import_of_a_user references users (id),
  status text not null default 'receiving',
  name text not null,
  error text,
  size_bytes bigint not null default 0,
  sha256 text,
  format text,
  encoding text,
  delimiter text,
  default_region text not null,
  headers text[] not null default '{}',
  mapping jsonb not null default '{}',
  overwrite boolean not null default false,
  tags text[] not null default '{}',
  consent jsonb,
  rows int not null default 0,
  accepted int not null default 0,
  rejected int not null default 0,
  duplicates int not null default 0,
  created int not null default 0,
  updated int not null default 0,
  reasons jsonb not null default '{}',
  preview jsonb not null default '[]',
  rows_done int not null default 0,
  bytes_done bigint not null default 0,
  committed_chunk int not null default -1,
  epoch int not null default 0,
  lease_until timestamptz,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  started_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null default app.wall(),
  constraint imports_tenant_key unique (user_id, id),
  constraint import_status_is_known check (status in ('receiving', 'mapping', 'validating', 'ready', 'committing', 'done', 'failed', 'undoing', 'undone')),
  constraint failed_import_has_error check (status <> 'failed' or error is not null)
);
comment on table imports is 'Uploads of contact lists: what was seen, what was rejected and why, how far it is. lease_until is wall time.';
create index imports_latest on imports (user_id, created_at desc, id);
create index imports_at_work on imports (lease_until) where status in ('receiving', 'validating', 'committing', 'undoing');
call app.tenant_table('imports', true);

-- COPY is refused under row-level security, so staging stands outside it, for the worker alone; a crash empties it.
create unlogged table import_staging (
  import_id uuid not null,
  chunk int not null,
  row_no int not null,
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
  reasons text[] not null default '{}',
  constraint import_staging_pkey primary key (import_id, row_no)
);
comment on table import_staging is 'Parsed rows of running imports; unlogged, outside row-level security, worker only.';
create index import_staging_chunks on import_staging (import_id, chunk);
create index import_staging_phones on import_staging (import_id, phone_number, row_no) where phone_number is not null;
-- maintain: the worker has it analysed as it fills, for plans made for an empty table would not end.
grant select, insert, update, delete, truncate, maintain on import_staging to parley_worker;
alter table import_staging set (autovacuum_vacuum_scale_factor = 0.05);

create table import_rejects (
  user_id uuid not null,
  import_id uuid not null,
  row_no int not null,
  raw text[] not null,
  reasons text[] not null,
  constraint import_rejects_pkey primary key (user_id, import_id, row_no),
  constraint reject_of_an_import foreign key (user_id, import_id) references imports (user_id, id) on delete cascade
);
comment on table import_rejects is 'Rows that were not taken, as they were, with the reasons.';
call app.tenant_table('import_rejects');

create table contacts (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint contact_of_a_user references users (id),
  phone_number phone_number,
  name text,
  email text,
  company text,
  city text,
  country text,
  time_zone text,
  zones text[] not null default '{}',
  zone_set text generated always as (coalesce(time_zone, app.zone_key(zones))) stored,
  notes text,
  stage_id uuid,
  temperature text,
  score int,
  scored_at timestamptz,
  human_fields text[] not null default '{}',
  custom jsonb not null default '{}',
  source text not null default 'manual',
  import_id uuid,
  assignee_id uuid,
  last_call_at timestamptz,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  updated_at timestamptz not null default app.wall(),
  erased_at timestamptz,
  sort_name text collate "C" generated always as (lower(coalesce(name, phone_number::text, ''))) stored,
  sort_score int generated always as (coalesce(score, 0)) stored,
  search text collate "C" generated always as (
    lower(coalesce(name, '') || ' ' || coalesce(email, '') || ' ' || coalesce(company, '') || ' ' || replace(coalesce(phone_number::text, ''), ' ', ''))
  ) stored,
  constraint contacts_tenant_key unique (user_id, id),
  constraint one_contact_per_phone unique (user_id, phone_number),
  constraint contact_in_a_stage foreign key (user_id, stage_id) references stages (user_id, id),
  constraint contact_from_an_import foreign key (user_id, import_id) references imports (user_id, id),
  constraint contact_assigned_to_a_person foreign key (assignee_id) references people (id),
  constraint temperature_is_known check (temperature in ('hot', 'warm', 'cold')),
  constraint score_in_range check (score between 5 and 15),
  constraint contact_fields_have_bounds check (
    length(name) <= 200 and length(email) <= 320 and length(company) <= 200 and length(city) <= 120 and length(notes) <= 10000)
);
comment on table contacts is 'People of a tenant, unique by phone. zone_set is the sorted set of zones the person may be in; human_fields are never overwritten by analysis. sort_name and sort_score are what lists are ordered by: never null, and columns of their own because row-level security would not let an index over an expression be used.';
create index contacts_latest on contacts (user_id, created_at, id);
create index contacts_by_name on contacts (user_id, sort_name, id);
create index contacts_by_score on contacts (user_id, sort_score, id);
create index contacts_by_stage on contacts (user_id, stage_id, created_at desc, id);
create index contacts_of_import on contacts (user_id, import_id, id) where import_id is not null;
create index contacts_search on contacts using gin (search gin_trgm_ops);
call app.tenant_table('contacts', true);

create table contact_identities (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  channel text not null,
  kind text not null,
  value text not null,
  created_at timestamptz not null default app.now(),
  constraint contact_identities_tenant_key unique (user_id, id),
  constraint identity_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade,
  constraint one_contact_per_identity unique (user_id, channel, kind, value)
);
comment on table contact_identities is 'How a contact is known on each channel (phone, WhatsApp name, e-mail).';
create index contact_identities_of on contact_identities (user_id, contact_id);
call app.tenant_table('contact_identities');

create table contact_tags (
  user_id uuid not null,
  contact_id uuid not null,
  tag text not null,
  constraint contact_tags_pkey primary key (user_id, contact_id, tag),
  constraint tag_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade,
  constraint tag_length check (length(tag) between 1 and 60)
);
comment on table contact_tags is 'Tags as rows: an array would lose its index under row-level security.';
create index contact_tags_by_tag on contact_tags (user_id, tag, contact_id);
call app.tenant_table('contact_tags');

create table suppressions (
  id uuid primary key default app.uuid7(),
  user_id uuid not null constraint suppression_of_a_user references users (id),
  channel text not null default 'all',
  phone_number phone_number not null,
  reason text not null,
  source text not null,
  call_id uuid,
  note text,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  constraint suppressions_tenant_key unique (user_id, id),
  constraint one_suppression_per_number unique (user_id, phone_number, channel),
  constraint suppression_channel_is_known check (channel in ('all', 'call', 'whatsapp')),
  constraint suppression_reason_is_known check (reason in ('asked', 'dnc', 'manual', 'wrong_number', 'complaint'))
);
comment on table suppressions is 'Numbers that are not to be contacted, by channel, with the reason and where it came from.';
create index suppressions_latest on suppressions (user_id, created_at desc, id);
call app.tenant_table('suppressions');

create table consents (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  channel text not null,
  purpose text not null default 'marketing',
  basis text not null,
  source text not null,
  obtained_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  evidence text,
  import_id uuid,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  constraint consents_tenant_key unique (user_id, id),
  constraint consent_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade,
  constraint consent_channel_is_known check (channel in ('call', 'whatsapp', 'email')),
  constraint consent_basis_is_known check (basis in ('express', 'written', 'existing'))
);
comment on table consents is 'What a person agreed to: channel, basis, source, evidence; never edited, only revoked.';
create index consents_of_contact on consents (user_id, contact_id, channel) where revoked_at is null;
call app.tenant_table('consents');

create table notes (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  body text not null,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  constraint notes_tenant_key unique (user_id, id),
  constraint note_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade,
  constraint note_length check (length(body) between 1 and 10000)
);
comment on table notes is 'What people of the tenant wrote about a contact.';
create index notes_of_contact on notes (user_id, contact_id, created_at desc);
call app.tenant_table('notes');

create table tasks (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  status text not null default 'open',
  kind text not null,
  due_at timestamptz,
  title text not null,
  call_id uuid,
  assignee_id uuid,
  created_by uuid,
  created_at timestamptz not null default app.now(),
  done_at timestamptz,
  constraint tasks_tenant_key unique (user_id, id),
  constraint task_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade,
  constraint task_for_a_person foreign key (assignee_id) references people (id),
  constraint task_status_is_known check (status in ('open', 'done', 'canceled')),
  constraint task_kind_is_known check (kind in ('callback', 'meeting', 'follow_up', 'review'))
);
comment on table tasks is 'Follow-ups for people: call back at, meet at, look at.';
create index tasks_open on tasks (user_id, due_at, id) where status = 'open';
create index tasks_of_contact on tasks (user_id, contact_id);
call app.tenant_table('tasks');

create table timeline_entries (
  id uuid primary key default app.uuid7(),
  user_id uuid not null,
  contact_id uuid not null,
  at timestamptz not null default app.now(),
  kind text not null,
  actor text not null,
  ref text,
  summary jsonb not null default '{}',
  constraint timeline_entries_tenant_key unique (user_id, id),
  constraint entry_of_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade
);
comment on table timeline_entries is 'The one history of a contact: calls, edits, notes, messages, meetings.';
create index timeline_of_contact on timeline_entries (user_id, contact_id, at desc, id desc);
call app.tenant_table('timeline_entries');
