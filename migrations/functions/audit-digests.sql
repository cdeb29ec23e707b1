-- Days of the audit log of all tenants, against what was sealed of them. Two days meet only by tenant and date.
create or replace function app.audit_days(p_from timestamptz, p_to timestamptz)
returns table (user_id uuid, day date, entries int, rows_sha256 text) language sql stable security definer
set search_path = public, pg_temp as $$
  select a.user_id, (a.at at time zone 'UTC')::date, count(*)::int,
    encode(sha256(convert_to(string_agg(
      jsonb_build_array(a.id, extract(epoch from a.at), a.person_id, a.actor, a.action, a.entity, a.entity_id, a.changes, a.request_id)::text,
      E'\n' order by a.id), 'UTF8')), 'hex')
  from audit_log a
  where a.at >= p_from and a.at < p_to
  group by 1, 2
$$;
comment on function app.audit_days(timestamptz, timestamptz) is 'What the audit log holds of each tenant and day (UTC): how many entries, and the SHA-256 of them in order.';
alter function app.audit_days(timestamptz, timestamptz) owner to parley_definer;
grant execute on function app.audit_days(timestamptz, timestamptz) to parley_worker, parley_definer;

-- A day is over an hour after midnight: whatever wrote its last entry has committed by then.
create or replace function app.audit_over() returns timestamptz language sql stable as $$
  select date_trunc('day', (app.wall() - interval '1 hour') at time zone 'UTC') at time zone 'UTC'
$$;
comment on function app.audit_over() is 'Where the last day of the audit log ends that is over.';
grant execute on function app.audit_over() to parley_worker, parley_definer;

create or replace function app.audit_unsealed()
returns table (user_id uuid, day date, entries int, rows_sha256 text, seal_before text) language sql stable security definer
set search_path = public, pg_temp as $$
  select d.user_id, d.day, d.entries, d.rows_sha256, b.seal
  from app.audit_days(
    coalesce((select (max(s.day) + 1)::timestamp at time zone 'UTC' from audit_digests s), '-infinity'), app.audit_over()) d
  left join lateral (
    select s.seal from audit_digests s where s.user_id = d.user_id and s.day < d.day order by s.day desc limit 1
  ) b on true
  order by d.user_id, d.day
$$;
comment on function app.audit_unsealed() is 'Days that are over and not sealed yet, by tenant in order, with the tenant''s last seal.';
alter function app.audit_unsealed() owner to parley_definer;
grant execute on function app.audit_unsealed() to parley_worker;

create or replace function app.seal_audit(p_seals jsonb) returns int language sql security definer
set search_path = public, pg_temp as $$
  with sealed as (
    insert into audit_digests (user_id, day, entries, rows_sha256, seal)
    select s.user_id, s.day, s.entries, s.rows_sha256, s.seal
    from jsonb_to_recordset(p_seals) s (user_id uuid, day date, entries int, rows_sha256 text, seal text)
    on conflict on constraint audit_digests_pkey do nothing
    returning 1
  )
  select count(*)::int from sealed
$$;
comment on function app.seal_audit(jsonb) is 'Keeps seals of days. One that is there already stays.';
alter function app.seal_audit(jsonb) owner to parley_definer;
grant execute on function app.seal_audit(jsonb) to parley_worker;

create or replace function app.audit_sealed(p_days int)
returns table (user_id uuid, day date, entries int, rows_sha256 text, seal text, seal_before text, found int, found_sha256 text)
language sql stable security definer
set search_path = public, pg_temp as $$
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
$$;
comment on function app.audit_sealed(int) is 'The sealed days of the last p_days (null: all) as they were sealed and as they are now; a day that lost its seal has none.';
alter function app.audit_sealed(int) owner to parley_definer;
grant execute on function app.audit_sealed(int) to parley_worker;
