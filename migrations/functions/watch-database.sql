-- Has this database gone back in time? A restored backup and a replica that lagged behind have forgotten calls that were
-- placed, and would place them again. What may differ: the cluster, its timeline, the place in its log.
create or replace function app.database_place()
returns table (system text, timeline int, lsn pg_lsn) language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select c.system_identifier::text,
    ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int,
    pg_current_wal_flush_lsn()
  from pg_control_system() c
$$;
comment on function app.database_place() is 'Which cluster this is, on which timeline, and how far its log is on disk.';
alter function app.database_place() owner to parley_definer;
grant execute on function app.database_place() to parley_worker, parley_definer;

create or replace function app.database_is_same(p_lsn pg_lsn) returns boolean language sql volatile security definer
set search_path = public, pg_temp as $$
  select coalesce(s.database_system = d.system and s.database_timeline = d.timeline, true)
    and d.lsn >= greatest(coalesce(p_lsn, '0/0'), coalesce(s.seen_lsn, '0/0'))
  from system_settings s cross join app.database_place() d
$$;
comment on function app.database_is_same(pg_lsn) is 'Still the database we worked on, no earlier than where we saw it last (p_lsn: this process''s own memory)?';
alter function app.database_is_same(pg_lsn) owner to parley_definer;
grant execute on function app.database_is_same(pg_lsn) to parley_worker;

drop function if exists app.watch_database(text, int, pg_lsn);
create function app.watch_database(p_system text, p_timeline int, p_lsn pg_lsn)
returns table (system text, timeline int, lsn pg_lsn, moved text) language plpgsql security definer
set search_path = public, pg_temp as $$
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
end $$;
comment on function app.watch_database(text, int, pg_lsn) is 'With each beat: notes where the database stands, and stops all dialling when it is another one than it was, or an earlier one than the caller remembers.';
alter function app.watch_database(text, int, pg_lsn) owner to parley_definer;
grant execute on function app.watch_database(text, int, pg_lsn) to parley_worker;

create or replace function app.reconcile_only(p_moved text) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  update system_settings
  set reconcile_only_at = app.wall(),
    reconcile_from = least(reconcile_from, coalesce(seen_now, app.now()) - interval '1 hour'),
    dialling_paused = true, dialling_paused_by = 'system',
    dialling_paused_reason = 'The database is ' || p_moved || ' than before: calls it has forgotten are looked for at the provider.';
  perform app.raise_incident('database_moved', 'database', 'bad',
    'The database is ' || p_moved || ' than before, as after a restore or a failover. Calls placed since then may be forgotten, so nothing is dialled.',
    'Parley reads what the provider has placed since an hour before and takes it over. Once that is done, look at the calls, then resume dialling: Operations → Resume, or parley stop-all --platform --release.', null);
end $$;
comment on function app.reconcile_only(text) is 'Stops all dialling until the provider''s calls since an hour before the last sign of life are taken over and a person resumes.';
alter function app.reconcile_only(text) owner to parley_definer;
grant execute on function app.reconcile_only(text) to parley_definer;

create or replace function app.adoption_left() returns int language sql stable security definer
set search_path = public, pg_temp as $$
  select count(*)::int from agents a cross join system_settings s
  where s.reconcile_only_at is not null and a.bolna_agent_id is not null
    and coalesce(a.adopted_at < s.reconcile_only_at + make_interval(secs => s.reconcile_grace_ms / 1000.0), true)
$$;
comment on function app.adoption_left() is 'After a restore: agents whose executions at the provider have not been looked through yet.';
alter function app.adoption_left() owner to parley_definer;
grant execute on function app.adoption_left() to parley_web, parley_worker, parley_ro;
