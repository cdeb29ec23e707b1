-- Mirroring an agent is not idempotent at the provider, so what was sent is written down before it leaves.
alter table agents
  add column sync_lease_until timestamptz,
  add column create_sent_at timestamptz;
comment on column agents.sync_lease_until is 'Wall time until which one process mirrors this agent alone.';
comment on column agents.create_sent_at is 'Wall time of a create that left for the provider and was never clearly answered; look there before creating again.';
create index agents_to_sync on agents (sync_status) where status = 'active' and sync_status = 'pending';
create index calls_of_agent on calls (user_id, agent_id) include (outcome, talk_seconds, price_credits);

-- What stands in staging may belong to an older mapping; then it is read again from the spooled file.
alter table imports
  add column restage boolean not null default true,
  add column has_header boolean not null default true,
  add column tries int not null default 0;
comment on column imports.tries is 'Runs begun since the last one that got further; too many end the import.';
comment on column imports.has_header is 'False when the first row is data already; then the headers are made up.';
comment on column imports.restage is 'What stands in import_staging for this import is of no use: start over from the file.';

-- What an import did to each contact, so that it can be undone while nobody has touched them since.
create table import_effects (
  user_id uuid not null,
  import_id uuid not null,
  contact_id uuid not null,
  created boolean not null,
  left_at timestamptz not null,
  before jsonb,
  tags_added text[] not null default '{}',
  constraint import_effects_pkey primary key (user_id, import_id, contact_id),
  constraint effect_of_an_import foreign key (user_id, import_id) references imports (user_id, id) on delete cascade,
  constraint effect_on_a_contact foreign key (user_id, contact_id) references contacts (user_id, id) on delete cascade
);
comment on table import_effects is 'Contacts an import made or changed: left_at is their updated_at as the import left them, before the fields it replaced.';
create index import_effects_of_contact on import_effects (user_id, contact_id);
call app.tenant_table('import_effects');
