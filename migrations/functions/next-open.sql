-- When may people of a lane next be called? The law's hours and the campaign's own window, met in every zone the
-- person may be in. No row = never within 14 days, which fails closed. An ambiguous or skipped local hour (a clock
-- change) opens late and closes early.
drop function if exists app.open_stretches(text, text, text, jsonb, timestamptz);
create or replace function app.open_stretches(
  p_zone_set text, p_country text, p_rule_set text, p_window jsonb, p_at timestamptz, p_days int default 14
)
returns table (opens_at timestamptz, closes_at timestamptz) language sql stable as $$
  with rule as (
    select days, opens, closes, holidays from public.calling_rules
    where rule_set = p_rule_set and country in (p_country, '**')
    order by country = '**'
    limit 1
  ),
  hours as (
    select 1 as source, days, opens, closes, holidays from rule
    union all
    select 2,
      array(select array_position(array['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], d)::smallint
            from jsonb_array_elements_text(p_window -> 'days') d),
      (p_window ->> 'open')::time,
      (p_window ->> 'close')::time,
      array(select d::date from jsonb_array_elements_text(coalesce(p_window -> 'holidays', '[]')) d)
    where jsonb_typeof(p_window) = 'object'
  ),
  zone as (select z from unnest(string_to_array(p_zone_set, ',')) z),
  local_hours as (
    select h.source, zone.z,
      day::date + h.opens as opens_local,
      day::date + h.closes + case when h.closes <= h.opens then interval '1 day' else interval '0' end as closes_local
    from hours h
    cross join zone
    cross join lateral generate_series((p_at at time zone zone.z)::date - 1, (p_at at time zone zone.z)::date + p_days + 1, interval '1 day') day
    where extract(isodow from day)::smallint = any (h.days)
      and not day::date = any (h.holidays)
  ),
  open_hours as (
    select source, z,
      opens_local at time zone z as lo,
      least(closes_local at time zone z, (closes_local - interval '1 hour') at time zone z + interval '1 hour')
        - greatest(interval '0', ((closes_local at time zone z) at time zone z) - closes_local) as hi
    from local_hours
  ),
  by_zone as (
    select source, z, range_agg(tstzrange(lo, hi)) as open from open_hours where lo < hi group by source, z
  ),
  joint as (
    select range_intersect_agg(open) as open from by_zone
    having count(*) = (select count(*) from hours) * (select count(*) from zone)
      and exists (select 1 from rule) and exists (select 1 from zone)
  )
  select lower(span), upper(span) from joint, unnest(joint.open) span
  where upper(span) > p_at and lower(span) <= p_at + make_interval(days => p_days)
  order by 1
$$;
comment on function app.open_stretches(text, text, text, jsonb, timestamptz, int) is 'Every stretch that begins within p_days in which a lane may be dialled, in order; the first may have begun.';

drop function if exists app.next_open(text, text, text, jsonb, timestamptz);
create or replace function app.next_open(
  p_zone_set text, p_country text, p_rule_set text, p_window jsonb, p_at timestamptz, p_days int default 14
)
returns table (opens_at timestamptz, closes_at timestamptz) language sql stable as $$
  select o.opens_at, o.closes_at from app.open_stretches(p_zone_set, p_country, p_rule_set, p_window, p_at, p_days) o order by 1 limit 1
$$;
comment on function app.next_open(text, text, text, jsonb, timestamptz, int) is 'The running or next stretch in which a lane may be dialled; no row when none begins within p_days. 0 = is it open now; a stretch then ends at the latest with the day after.';
grant execute on function app.open_stretches(text, text, text, jsonb, timestamptz, int), app.next_open(text, text, text, jsonb, timestamptz, int)
  to parley_web, parley_worker, parley_ro, parley_definer;
