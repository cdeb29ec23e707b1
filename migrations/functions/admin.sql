-- The operator of an installation sees all tenants; a tenant's own rows are still changed in that tenant's transaction.
drop function if exists app.admin_set_limits(int);
create or replace function app.admin_set_limits(p_concurrent_calls_limit int, p_reserve_given boolean, p_direct_reserve int)
returns table (system_limit int, direct_reserve int) language sql security definer
set search_path = public, pg_temp as $$
  update system_settings
  set concurrent_calls_limit = coalesce(p_concurrent_calls_limit, concurrent_calls_limit),
    direct_reserve = case when p_reserve_given then p_direct_reserve else direct_reserve end,
    updated_at = app.wall()
  returning concurrent_calls_limit, least(coalesce(direct_reserve, concurrent_calls_limit / 20), concurrent_calls_limit)
$$;
comment on function app.admin_set_limits(int, boolean, int) is 'How many calls the whole system may hold at once (null: as before), and how many of them campaigns leave to calls by hand (null: one of every twenty).';
alter function app.admin_set_limits(int, boolean, int) owner to parley_definer;
grant execute on function app.admin_set_limits(int, boolean, int) to parley_web;

create or replace function app.admin_pause_dialling(p_paused boolean, p_reason text, p_by text) returns int language plpgsql security definer
set search_path = public, pg_temp as $$
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
end $$;
comment on function app.admin_pause_dialling(boolean, text, text) is 'Stops or resumes every claim of every tenant; answers how many calls are in the air. Refuses (PY001) to resume while forgotten calls are still looked for.';
alter function app.admin_pause_dialling(boolean, text, text) owner to parley_definer;
grant execute on function app.admin_pause_dialling(boolean, text, text) to parley_web;

create or replace function app.admin_tenants(p_search text, p_before uuid, p_limit int)
returns table (
  id uuid, company text, email text, status text, credits bigint, held bigint, concurrent_limit int, live int,
  members int, contacts int, running_campaigns int, created_at timestamptz)
language sql stable security definer
set search_path = public, pg_temp as $$
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
$$;
comment on function app.admin_tenants(text, uuid, int) is 'Tenants with their figures, newest first, for the operator.';
alter function app.admin_tenants(text, uuid, int) owner to parley_definer;
grant execute on function app.admin_tenants(text, uuid, int) to parley_web;

create or replace function app.admin_system()
returns table (system_limit int, live int, dialling_paused boolean, dialling_paused_reason text) language sql stable security definer
set search_path = public, pg_temp as $$
  select s.concurrent_calls_limit,
    (select count(*)::int from calls c where c.ended_at is null and c.system_slot is not null),
    s.dialling_paused, s.dialling_paused_reason
  from system_settings s
$$;
comment on function app.admin_system() is 'The system limit, the lines in use, and whether dialling is paused.';
alter function app.admin_system() owner to parley_definer;
grant execute on function app.admin_system() to parley_web, parley_worker;
