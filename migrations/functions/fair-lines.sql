-- Lines a tenant would be given now if it could use all it may: the tick's max-min share, with everybody who has
-- something to dial taken to want all their lines, and everybody else keeping those they are using. For forecasts.
create or replace function app.fair_lines(p_user_id uuid) returns int language sql stable security definer
set search_path = public, pg_temp as $$
  with n as (select app.now() as at offset 0),
  line_limit as (
    select least(s.concurrent_calls_limit - app.direct_reserve(), a.concurrency_max - a.concurrency_others) as lines
    from system_settings s join provider_accounts a on a.name = 'platform'
  ),
  wanting as (
    select l.user_id from call_lanes l cross join n
    where not l.paused and l.next_due_at <= n.at and l.opens_at <= n.at and l.closes_at > n.at
    union
    select p_user_id
  ),
  wish as (
    select u.id as user_id, least(u.concurrent_limit, x.lines) as lines
    from users u join wanting w on w.user_id = u.id cross join line_limit x
    where u.status = 'active' or u.id = p_user_id
    union all
    select c.user_id, count(*) from calls c
    where c.ended_at is null and c.system_slot is not null and c.user_id not in (select user_id from wanting)
    group by c.user_id
  )
  select count(*)::int
  from (
    select w.user_id from wish w cross join generate_series(1, w.lines) level
    order by level, w.user_id = p_user_id desc
    limit (select lines from line_limit)
  ) given
  where given.user_id = p_user_id
$$;
comment on function app.fair_lines(uuid) is 'Lines the tenant can count on while everybody dials who has something to dial; one number.';
alter function app.fair_lines(uuid) owner to parley_definer;
grant execute on function app.fair_lines(uuid) to parley_web, parley_worker;
