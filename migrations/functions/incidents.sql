-- Incidents of the platform have no tenant, and one incident counts its repeats, so both go through one door.
create or replace function app.raise_incident(p_kind text, p_ref text, p_severity text, p_message text, p_cure text, p_user_id uuid)
returns uuid language sql security definer
set search_path = public, pg_temp as $$
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
$$;
comment on function app.raise_incident(text, text, text, text, text, uuid) is 'Opens an incident and tells its tenant in the app, or counts another time of the open one.';
alter function app.raise_incident(text, text, text, text, text, uuid) owner to parley_definer;
grant execute on function app.raise_incident(text, text, text, text, text, uuid) to parley_web, parley_worker, parley_definer;

create or replace function app.resolve_incident(p_kind text, p_ref text, p_by text) returns int language sql security definer
set search_path = public, pg_temp as $$
  with resolved as (
    update incidents set status = 'resolved', resolved_at = app.now(), resolved_by = p_by
    where kind = p_kind and ref = p_ref and status = 'open' returning 1
  )
  select count(*)::int from resolved
$$;
comment on function app.resolve_incident(text, text, text) is 'Closes the open incident of a fact.';
alter function app.resolve_incident(text, text, text) owner to parley_definer;
grant execute on function app.resolve_incident(text, text, text) to parley_web, parley_worker;

drop function if exists app.resolve_platform_incident(uuid, text);
create or replace function app.resolve_platform_incident(p_id uuid, p_by text, p_resolution text) returns setof incidents
language sql security definer
set search_path = public, pg_temp as $$
  update incidents
  set status = 'resolved', resolved_at = coalesce(resolved_at, app.now()), resolved_by = coalesce(resolved_by, p_by),
    resolution = coalesce(p_resolution, resolution)
  where id = p_id and user_id is null
  returning *
$$;
comment on function app.resolve_platform_incident(uuid, text, text) is 'Closes an incident that belongs to no tenant; the caller has checked that a platform admin asks.';
alter function app.resolve_platform_incident(uuid, text, text) owner to parley_definer;
grant execute on function app.resolve_platform_incident(uuid, text, text) to parley_web;

create or replace function app.acknowledge_platform_incident(p_id uuid, p_by text) returns setof incidents
language sql security definer
set search_path = public, pg_temp as $$
  update incidents
  set acknowledged_at = coalesce(acknowledged_at, app.now()), acknowledged_by = coalesce(acknowledged_by, p_by)
  where id = p_id and user_id is null
  returning *
$$;
comment on function app.acknowledge_platform_incident(uuid, text) is 'Somebody looks after an incident that belongs to no tenant; the caller has checked that a platform admin asks.';
alter function app.acknowledge_platform_incident(uuid, text) owner to parley_definer;
grant execute on function app.acknowledge_platform_incident(uuid, text) to parley_web;
