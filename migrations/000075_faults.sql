-- What it takes to notice a dead worker, a job that kills whoever runs it, and a database that has gone back in time.

alter table worker_pools
  add column worker_ids text[] not null default '{}',
  add column job_ids bigint[] not null default '{}',
  add column connection_name text;
comment on column worker_pools.worker_ids is 'Who locks jobs for this process: graphile-worker''s names.';
comment on column worker_pools.job_ids is 'Jobs this process has in hand; one that it has locked and that is not among them is nobody''s.';
comment on column worker_pools.connection_name is 'application_name of its runner''s connections; none of them left = the process is gone.';

alter table system_settings
  add column database_system text,
  add column database_timeline int,
  add column seen_lsn pg_lsn,
  add column seen_at timestamptz,
  add column seen_now timestamptz,
  add column reconcile_only_at timestamptz,
  add column reconcile_from timestamptz;
comment on column system_settings.database_system is 'The cluster this installation worked on last: its system identifier. With timeline and seen_lsn it tells whether the database was restored or failed over.';
comment on column system_settings.reconcile_only_at is 'Since when (wall time) nothing is dialled because calls may have been forgotten; null = dialling is allowed.';
comment on column system_settings.reconcile_from is 'Calls placed at the provider from then on (domain time) are looked through and taken over.';

alter table agents add column adopted_at timestamptz;
comment on column agents.adopted_at is 'When (wall time) a complete look through this agent''s executions at the provider began, after a restore.';

alter table calls
  add column stop_reason text,
  add column recording_error text,
  add column provider_retries int not null default 0,
  add constraint retries_are_counted check (provider_retries >= 0),
  alter column phone_number drop not null,
  add constraint number_is_known_or_withheld check (phone_number is not null or direction = 'inbound');
comment on column calls.stop_reason is 'Why we took it back at the provider, when nobody asked for it: provider_queue.';
comment on column calls.provider_retries is 'How often the provider dialled again by itself; never asked for, so anything above 0 is an incident.';
comment on column calls.recording_error is 'Why the recording could not be copied, in words; null while there is nothing to say.';
comment on column calls.phone_number is 'Whom it is with; null: somebody called in and withheld the number.';

alter table provider_accounts add constraint gates_are_counted check (gate_count >= 0);
