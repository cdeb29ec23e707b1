-- The dispatcher. One tick fills free lines: it takes tenants in turn, shares the lines max-min, looks at the head of
-- their open lanes, disposes of every item it looked at, and inserts the calls it may place.
--
-- Who may run it at once: anybody; one works, the others return at once. What two ticks can never both do: take one
-- line (unique index on the slot numbers of open calls), one item (row lock, then unique index) or one person (unique
-- index on open calls by phone). The advisory lock saves work, and keeps the mark of open calls to one writer.
-- It waits for nobody who works: tenants are locked with skip locked, then their lanes, then items, and only then
-- is anything read that the decision rests on; so who frees room later must wait for the tick and finds what it left.
--
-- What it costs follows the lines it fills. Every set in it is either as small as that, or read through an index with
-- a limit; the joins that could grow with a table go through = any (array), so that no plan reads the table instead.

-- Nothing waits in a lane before its mark. So long is that believed after the lane was last read from its start (decision 0024).
create or replace function app.believes_mark(p_head_at timestamptz, p_at timestamptz) returns boolean language sql stable as $$
  select coalesce(p_head_at > p_at - interval '10 minutes', false)
$$;
comment on function app.believes_mark(timestamptz, timestamptz) is 'Whether a lane is read from its mark; if not, from its start.';
grant execute on function app.believes_mark(timestamptz, timestamptz) to parley_definer;

-- The next items of some lanes in the order in which they are dialled, calls by hand first; of each lane at most its room.
-- A lane with a mark is not read from before that: items of its priority from there, of others from the start.
drop function if exists app.queue_head(uuid[], int[], int, timestamptz);
drop function if exists app.queue_head(uuid[], boolean[], int[], int, timestamptz);
create or replace function app.queue_head(
  p_lanes uuid[], p_by_hand boolean[], p_rooms int[], p_head_priorities smallint[], p_head_due_ats timestamptz[], p_head_ids uuid[],
  p_limit int, p_at timestamptz
)
returns table (id uuid, lane_id uuid, priority smallint, due_at timestamptz, place bigint) language sql stable as $$
  select i.id, i.lane_id, i.priority, i.due_at, row_number() over (order by i.by_hand desc, i.priority, i.due_at, i.id) as place
  from (
    select q.*, open.by_hand
    from unnest(p_lanes, p_by_hand, p_rooms, p_head_priorities, p_head_due_ats, p_head_ids)
      as open (lane_id, by_hand, room, head_priority, head_due_at, head_id)
    cross join lateral (
      select * from (
        (
          select q.id, q.lane_id, q.priority, q.due_at
          from public.call_queue q
          where q.lane_id = open.lane_id and q.status = 'pending'
            and q.priority = any (array_remove('{0,1,2,3,4,5,6,7,8,9}'::smallint[], open.head_priority)) and q.due_at <= p_at
          order by q.priority, q.due_at, q.id
          limit least(open.room, p_limit)
        )
        union all
        -- any: so that the planner sees the order and does not sort
        (
          select q.id, q.lane_id, q.priority, q.due_at
          from public.call_queue q
          where open.head_priority is not null and q.lane_id = open.lane_id and q.status = 'pending'
            and q.priority = any (array[open.head_priority]) and (q.due_at, q.id) >= (open.head_due_at, open.head_id) and q.due_at <= p_at
          order by q.priority, q.due_at, q.id
          limit least(open.room, p_limit)
        )
      ) either
      order by either.priority, either.due_at, either.id
      limit least(open.room, p_limit)
    ) q
    order by open.by_hand desc, q.priority, q.due_at, q.id
    limit p_limit
  ) i
$$;
comment on function app.queue_head(uuid[], boolean[], int[], smallint[], timestamptz[], uuid[], int, timestamptz) is 'Due items at the head of lanes, best first, at most p_limit in all and p_rooms of each lane (null: no such limit), from the marks on (null: from the start).';
grant execute on function app.queue_head(uuid[], boolean[], int[], smallint[], timestamptz[], uuid[], int, timestamptz) to parley_worker, parley_definer;

-- A line that looked free is taken: some call stands before the mark after all, and is seen again from now on.
create or replace function app.doubt_mark() returns void language sql as $$
  update public.line_mark set first_call = '00000000-0000-0000-0000-000000000000'
$$;
comment on function app.doubt_mark() is 'Part of the tick: open calls are looked for from the beginning, until the mark is set anew.';
grant execute on function app.doubt_mark() to parley_definer;

-- Active tenants with a ready lane in the order of their ids: one probe for each tenant found, however many there are.
create or replace function app.tenants_ready(p_after uuid, p_upto uuid, p_limit int, p_now timestamptz)
returns table (user_id uuid) language sql stable as $$
  with recursive turn (user_id, place) as (
    select p_after, 0
    union all
    select next.user_id, t.place + 1
    from turn t
    cross join lateral (
      select l.user_id
      from public.call_lanes l
      where l.user_id > t.user_id and l.user_id <= p_upto
        and not l.paused and l.ready_at < 'infinity' and l.ready_at <= p_now and l.closes_at > p_now
        and exists (select from public.users u where u.id = l.user_id and u.status = 'active')
      order by l.user_id
      limit 1
    ) next
    where t.place < p_limit
  )
  select user_id from turn where place > 0 order by place
$$;
comment on function app.tenants_ready(uuid, uuid, int, timestamptz) is 'The first p_limit active tenants after one and up to another, in the order of ids, that have a lane which is open and due.';
grant execute on function app.tenants_ready(uuid, uuid, int, timestamptz) to parley_definer;

-- Lanes with everything that decides about them: the tenant's and the campaign's room, and what blocks them.
-- plpgsql and "rows", so that the planner of whoever joins it does not take it for one row.
drop function if exists app.lanes_with_room(uuid[], uuid[], int, timestamptz);
drop function if exists app.lanes_with_room(uuid[], uuid[], int, timestamptz, timestamptz);
create function app.lanes_with_room(p_users uuid[], p_lanes uuid[], p_lines int, p_now timestamptz, p_wall timestamptz)
returns table (
  lane_id uuid, user_id uuid, turn int, campaign_id uuid, hold_credits bigint, live int, user_room int, available bigint,
  calls_per_second double precision, cap_room int, budget_left bigint, pace_at timestamptz,
  blocked_by text, has_room boolean, room int, head_priority smallint, head_due_at timestamptz, head_id uuid
) language plpgsql stable rows 100
set enable_seqscan = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  with lane as materialized (
    select l.*, app.believes_mark(l.head_at, p_now) as marked from public.call_lanes l where l.id = any (p_lanes)
  ),
  tenant as materialized (
    select u.id as user_id, array_position(p_users, u.id) as turn, r.live, r.concurrent_limit - r.live as user_room, r.available
    from public.users u
    left join lateral app.tenant_room(u.id) r on true
    where u.id = any (p_users)
  ),
  campaign as materialized (
    select k.id, k.status, k.calls_per_second, r.cap_room, r.budget_left, r.pace_at
    from public.call_campaigns k
    left join lateral app.campaign_room(k.user_id, k.id) r on true
    where k.id = any (array(select distinct l.campaign_id from lane l where l.campaign_id is not null))
  ),
  judged as (
    select l.id, l.user_id, t.turn, l.campaign_id, l.hold_credits, t.live, t.user_room, t.available, k.calls_per_second, k.cap_room, k.budget_left, k.pace_at,
      case
        when k.status in ('completed', 'canceled') then 'over'
        when t.user_room <= 0 then 'user_limit'
        when t.available < l.hold_credits then 'credits'
        when k.cap_room <= 0 then 'campaign_cap'
        when k.budget_left < l.hold_credits then 'budget'
        when k.pace_at > p_wall then 'pace'
      end as blocked_by,
      l.campaign_id is null or k.status = 'running' as runs,
      case when l.marked then l.head_priority end as head_priority, l.head_due_at, l.head_id
    from lane l
    join tenant t on t.user_id = l.user_id
    left join campaign k on k.id = l.campaign_id
  )
  select j.id, j.user_id, j.turn, j.campaign_id, j.hold_credits, j.live, j.user_room, j.available,
    j.calls_per_second, j.cap_room, j.budget_left, j.pace_at,
    j.blocked_by, j.blocked_by is null,
    least(p_lines, j.cap_room, j.budget_left / j.hold_credits, case when j.pace_at is not null then 1 end)::int,
    j.head_priority, j.head_due_at, j.head_id
  from judged j
  where j.runs or j.blocked_by = 'over';
end $$;
comment on function app.lanes_with_room(uuid[], uuid[], int, timestamptz, timestamptz) is 'Lanes of tenants in turn: whose, what blocks them, how many calls they may take, and where they begin.';
grant execute on function app.lanes_with_room(uuid[], uuid[], int, timestamptz, timestamptz) to parley_definer;

drop function if exists app.reopen_lanes(timestamptz);
-- What passes by itself: conflicts, resources, locks, shutdowns. Anything else is a fault of the rows.
create or replace function app.is_transient(p_sqlstate text) returns boolean language sql immutable as $$
  select left(p_sqlstate, 2) in ('08', '25', '40', '53', '55', '57', '58')
$$;
comment on function app.is_transient(text) is 'Whether an SQL error says something about the moment rather than about the rows.';
grant execute on function app.is_transient(text) to parley_definer;

-- Lanes whose stretch has passed get their next one; true if there were any. One whose hours cannot be worked out stays
-- shut for an hour, with an incident, and does not stop the others.
create or replace function app.reopen_lanes(p_now timestamptz, p_lane uuid default null) returns boolean language plpgsql
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  v_lanes uuid[];
  v_lane uuid;
begin
  select array(
    select l.id from call_lanes l
    where not l.paused and l.next_due_at < 'infinity' and l.closes_at <= p_now and (p_lane is null or l.id = p_lane)
    order by l.closes_at limit 256 for no key update skip locked
  ) into v_lanes;
  begin
    update call_lanes l
    set opens_at = coalesce(o.opens_at, 'infinity'), closes_at = coalesce(o.closes_at, p_now + interval '1 day')
    from (
      select c.id, n.opens_at, n.closes_at
      from call_lanes c
      join users u on u.id = c.user_id
      left join call_campaigns k on k.id = c.campaign_id
      left join lateral app.next_open(c.zone_set, c.country, u.rule_set, k."window", p_now) n on true
      where c.id = any (v_lanes)
    ) o
    where l.id = o.id;
  exception when others then
    if app.is_transient(sqlstate) then raise; end if;
    if p_lane is null then
      foreach v_lane in array v_lanes loop
        perform app.reopen_lanes(p_now, v_lane);
      end loop;
    else
      update call_lanes set opens_at = 'infinity', closes_at = p_now + interval '1 hour' where id = p_lane;
      perform app.raise_incident('lane_hours_failed', p_lane::text, 'bad',
        format('The hours of lane %s cannot be worked out: %s (%s). It stays shut.', p_lane, sqlerrm, sqlstate),
        'Mend the calling hours of its campaign or the rules of its country. It is tried again every hour.', null);
    end if;
  end;
  return cardinality(v_lanes) > 0;
end $$;
comment on function app.reopen_lanes(timestamptz, uuid) is 'Part of the tick: the next opening hours of lanes whose last ones have passed.';
grant execute on function app.reopen_lanes(timestamptz, uuid) to parley_definer;

-- Disposes of blocked items at the head of some lanes: skipped for good, or put off to the first instant they can be
-- dialled. Those that can be dialled stay where they are. Looks at p_depth items of each tenant, so a blocked stretch is
-- soon behind, and each of its items is paid for once.
drop function if exists app.dispose_of_blocked(uuid[], uuid[], int, timestamptz);
create function app.dispose_of_blocked(p_users uuid[], p_lanes uuid[], p_depth int, p_now timestamptz)
returns table (disposed int, lanes uuid[], woken uuid[], jobs jsonb) language plpgsql
set enable_seqscan = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
begin
  with tenant as (
    select l.user_id, array_agg(l.id) as lanes, array_agg(l.campaign_id is null) as by_hand,
      array_agg(case when app.believes_mark(l.head_at, p_now) then l.head_priority end) as priorities,
      array_agg(l.head_due_at) as due_ats, array_agg(l.head_id) as ids
    from call_lanes l
    where l.id = any (p_lanes) and l.user_id = any (p_users)
    group by l.user_id
  ),
  -- offset 0: judged item by item; joined as a set, the planner may read the whole queue for it
  judged as materialized (
    select q.id, q.lane_id, v.*
    from tenant t
    cross join lateral app.queue_head(t.lanes, t.by_hand, null, t.priorities, t.due_ats, t.ids, p_depth, p_now) q
    cross join lateral (select * from app.item_verdict(q.id, p_now) offset 0) v
  ),
  mine as materialized (
    select id from call_queue
    where id = any (array(select id from judged where verdict in ('skip', 'defer'))) and status = 'pending'
    for update skip locked
  ),
  gone as (
    update call_queue q
    set status = case j.verdict when 'skip' then 'skipped' else q.status end,
      skip_reason = case j.verdict when 'skip' then j.reason end,
      closed_at = case j.verdict when 'skip' then p_now end,
      wait_reason = case j.verdict when 'defer' then j.reason end,
      due_at = case j.verdict when 'defer' then j.until else q.due_at end
    from judged j
    where q.id = j.id and q.id = any (array(select id from mine))
    returning q.status, q.user_id, q.campaign_id, q.lane_id
  ),
  closed as materialized (
    select distinct user_id, campaign_id from gone where status = 'skipped' and campaign_id is not null
  ),
  told as (
    insert into live_changes (user_id, topic, ref) select user_id, 'campaigns', campaign_id::text from closed returning user_id
  )
  select (select count(*) from gone), array(select distinct lane_id from gone), array(select distinct user_id from told),
    coalesce((select jsonb_agg(jsonb_build_object(
      'identifier', 'campaigns/finish', 'payload', jsonb_build_object('userId', user_id, 'campaignId', campaign_id),
      'job_key', 'campaigns/finish:' || campaign_id, 'priority', 4, 'max_attempts', 5)) from closed), '[]')
  into disposed, lanes, woken, jobs;
  return next;
end $$;
comment on function app.dispose_of_blocked(uuid[], uuid[], int, timestamptz) is 'Part of the tick: skips or defers what cannot be dialled at the head of lanes whose rows the tick holds.';
grant execute on function app.dispose_of_blocked(uuid[], uuid[], int, timestamptz) to parley_definer;

-- Fills lines for some tenants, in the order given. The caller has found them ready and the lines free.
drop function if exists app.fill_lines(uuid[], int, int, int, uuid);
drop function if exists app.fill_lines(uuid[], int, int, int, uuid, timestamptz, timestamptz);
drop function if exists app.fill_lines(uuid[], int, int, int, uuid, timestamptz, timestamptz, boolean);
create function app.fill_lines(
  p_users uuid[], p_lines int, p_system_open int, p_account_open int, p_account uuid, p_now timestamptz, p_wall timestamptz, p_by_hand boolean
)
returns table (dialled int, disposed int, put_aside int, unfinished boolean, served_upto uuid, missed uuid[], woken uuid[])
language plpgsql
set enable_seqscan = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
#variable_conflict use_column
declare
  v_lanes uuid[];
  v_lease interval;
  v_scale double precision;
  v_stuck uuid[];
  v_spent uuid[];
  v_done record;
  v_dry int;
  v_jobs jsonb;
  v_heads jsonb;
  v_first uuid;
begin
  -- 1. tenants, then their ready lanes, then the pace of their campaigns: what cannot be had at once is left to others
  with tenant as materialized (
    select u.id from users u where u.id = any (p_users) and u.status = 'active' for no key update skip locked
  ),
  ready as materialized (
    select l.id from call_lanes l
    where l.user_id = any (array(select id from tenant))
      and not l.paused and l.ready_at < 'infinity' and l.ready_at <= p_now and l.closes_at > p_now
      and (not p_by_hand or l.campaign_id is null)
  ),
  mine as materialized (
    select l.id, l.campaign_id from call_lanes l where l.id = any (array(select id from ready)) and not l.paused
    for no key update skip locked
  ),
  pace as materialized (
    select p.campaign_id from campaign_pace p
    where p.campaign_id = any (array(select distinct campaign_id from mine where campaign_id is not null))
    for no key update skip locked
  )
  select array(select id from mine where campaign_id is null or campaign_id in (select campaign_id from pace)),
    array(select u.id from users u where u.id = any (p_users) and u.status = 'active' and u.id <> all (array(select id from tenant))),
    (select count(*) from mine) < (select count(*) from ready),
    greatest(interval '2 seconds', interval '15 seconds' * s.lease_scale), s.clock_scale
  into v_lanes, missed, unfinished, v_lease, v_scale
  from system_settings s;
  unfinished := unfinished or cardinality(missed) > 0;
  dialled := 0; disposed := 0; put_aside := 0; woken := '{}';
  if cardinality(v_lanes) = 0 then
    return next; return;
  end if;

  -- 2. share, look, judge, dial
  with recursive lane as materialized (
    select * from app.lanes_with_room(p_users, v_lanes, p_lines, p_now, p_wall)
  ),
  room as materialized (
    select user_id, turn, live, least(user_room, p_lines, available / min(hold_credits), sum(room))::int as room
    from (select distinct on (user_id, campaign_id) * from lane where has_room order by user_id, campaign_id, hold_credits) l
    group by user_id, turn, live, user_room, available
  ),
  -- lines rise like water: nobody gets another before everybody who may has as many
  water (level, filled) as (
    select min(live), 0::bigint from room
    union all
    select w.level + 1, w.filled + (select count(*) from room r where r.live <= w.level and r.live + r.room > w.level)
    from water w
    where w.filled < p_lines and w.level < (select max(r.live + r.room) from room r)
  ),
  share as materialized (
    select s.user_id, s.live, s.quota, array_agg(l.lane_id) as lanes, array_agg(l.campaign_id is null) as by_hand, array_agg(l.room) as rooms,
      array_agg(l.head_priority) as priorities, array_agg(l.head_due_at) as due_ats, array_agg(l.head_id) as ids
    from (
      select user_id, live, count(*)::int as quota
      from (
        select r.user_id, r.live
        from room r, generate_series(r.live + 1, least(r.live + r.room, (select max(w.level) from water w))) level
        order by level, r.turn
        limit p_lines
      ) level
      group by user_id, live
    ) s
    join lane l on l.user_id = s.user_id and l.has_room
    group by s.user_id, s.live, s.quota
  ),
  -- one more than there are lines for: it tells that the lane has more to come
  looked as materialized (
    select s.user_id, s.quota, q.*
    from share s
    cross join lateral app.queue_head(s.lanes, s.by_hand, s.rooms, s.priorities, s.due_ats, s.ids, s.quota + 1, p_now) q
  ),
  -- offset 0: judged item by item; joined as a set, the planner may read the whole queue for it
  head as materialized (
    select k.*, v.verdict = 'dial' as dials
    from looked k
    cross join lateral (select * from app.item_verdict(k.id, p_now) offset 0) v
    where k.place <= k.quota
  ),
  mine as materialized (
    select id, phone_number, contact_id, agent_id, from_number from call_queue
    where id = any (array(select id from head where dials)) and status = 'pending'
    for update skip locked
  ),
  -- the stored hours brought the lane here; before it is used they are worked out again, once for lanes that share them
  used as materialized (
    select l.*, w.*, concat_ws('|', w.rule_set, w.country, w.zone_set, w."window"::text) as hours
    from lane l
    cross join lateral (
      select c.country, c.zone_set, u.rule_set, u.pulse_seconds, u.pulse_credits, k."window", k.agent_id, k.from_number
      from call_lanes c
      join users u on u.id = c.user_id
      left join call_campaigns k on k.id = c.campaign_id
      where c.id = l.lane_id offset 0
    ) w
    where l.lane_id in (select lane_id from head where dials)
  ),
  hours as materialized (
    select d.hours, coalesce(o.opens_at <= p_now, false) as open, o.closes_at as open_until,
      r.country as rule_country, r.version as rule_version, r.consent
    from (select distinct hours, rule_set, country, zone_set, "window" from used) d
    left join lateral app.next_open(d.zone_set, d.country, d.rule_set, coalesce(d."window", 'null'), p_now, 0) o on true
    left join lateral (
      select r.country, r.version, r.consent from calling_rules r
      where r.rule_set = d.rule_set and r.country in (d.country, '**') order by r.country = '**' limit 1
    ) r on true
  ),
  dialable as materialized (
    select j.user_id, j.quota, j.id, j.lane_id, j.priority, j.due_at,
      a.id as agent_id, a.version as agent_version, a.provider_account_id, a.max_call_seconds,
      ceil(a.max_call_seconds::numeric / l.pulse_seconds)::bigint * l.pulse_credits as hold,
      coalesce(q.from_number, l.from_number, a.from_number) as from_number,
      q.phone_number, q.contact_id, l.campaign_id, l.available, l.cap_room, l.budget_left, l.pace_at,
      l.rule_set, l.zone_set, h.rule_country, h.rule_version, h.consent, h.open_until
    from head j
    join mine q on q.id = j.id
    join used l on l.lane_id = j.lane_id
    join hours h on h.hours = l.hours
    cross join lateral (select * from agents a where a.id = coalesce(q.agent_id, l.agent_id) offset 0) a
    where j.dials and h.open
  ),
  -- calls by hand share a lane, whoever makes them: one through an agent whose longest call costs more than there is
  -- waits by itself, and those behind it do not
  too_dear as materialized (
    select id from dialable where campaign_id is null and hold > available
  ),
  put_off as (
    update call_queue q
    set wait_reason = 'credits', due_at = p_now + interval '1 minute'
    where q.id = any (array(select id from too_dear))
    returning q.id
  ),
  within_campaign as materialized (
    select * from (
      select d.*,
        row_number() over of_campaign as campaign_rank,
        sum(d.hold) over of_campaign as campaign_hold
      from dialable d
      where d.id <> all (array(select id from too_dear))
      window of_campaign as (partition by d.campaign_id order by d.priority, d.due_at, d.id)
    ) r
    where campaign_id is null
      or (campaign_rank <= coalesce(least(cap_room, case when pace_at is not null then 1 end), campaign_rank)
          and campaign_hold <= coalesce(budget_left, campaign_hold))
  ),
  chosen as materialized (
    select *, row_number() over (order by user_rank, user_id) as rank
    from (
      select w.*,
        row_number() over of_user as user_rank,
        sum(w.hold) over of_user as user_hold
      from within_campaign w
      window of_user as (partition by w.user_id order by (w.campaign_id is not null), w.priority, w.due_at, w.id)
    ) r
    where user_rank <= quota and user_hold <= available
  ),
  system_slot as materialized (
    select n, row_number() over (order by n) as rank
    from (
      select generate_series(1, p_system_open + p_lines) as n
      except select c.system_slot from calls c
        where c.ended_at is null and c.system_slot is not null and c.id >= (select first_call from line_mark)
    ) free
  ),
  account_slot as materialized (
    select n, row_number() over (order by n) as rank
    from (
      -- from anywhere on: the fewer calls have had a number, the sooner the index over them has told that it is free
      select 1 + (a.first + n) % a.lines as n
      from (select concurrency_max as lines, floor(random() * concurrency_max)::int as first from provider_accounts where id = p_account) a,
        generate_series(1, p_account_open + p_lines) n
      except select c.account_slot from calls c
        where c.provider_account_id = p_account and c.ended_at is null and c.system_slot is not null
          and c.id >= (select first_call from line_mark)
    ) free
  ),
  user_slot as materialized (
    select s.user_id, n, row_number() over (partition by s.user_id order by n) as rank
    from share s
    cross join lateral (
      select generate_series(1, s.live + s.quota) as n
      except select c.user_slot from calls c
        where c.user_id = s.user_id and c.ended_at is null and c.system_slot is not null
          and c.id >= (select first_call from line_mark)
    ) free
  ),
  seated as materialized (
    select c.*, s.n as system_slot, acs.n as account_slot, us.n as user_slot
    from chosen c
    join system_slot s on s.rank = c.rank
    join account_slot acs on acs.rank = c.rank
    join user_slot us on us.user_id = c.user_id and us.rank = c.user_rank
  ),
  call as (
    insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, agent_version, provider_account_id,
      phone_number, from_number, attempt, system_slot, user_slot, account_slot, held_credits, max_call_seconds,
      lease_until, claimed_at, created_at, receipt)
    select c.user_id, c.id, c.campaign_id, c.contact_id, c.agent_id, c.agent_version, c.provider_account_id,
      c.phone_number, c.from_number,
      coalesce((select max(p.attempt) from calls p where p.queue_id = c.id), 0) + 1,
      c.system_slot, c.user_slot, c.account_slot, c.hold, c.max_call_seconds, p_wall + v_lease, p_now, p_now,
      jsonb_build_object('ruleSet', c.rule_set, 'ruleCountry', c.rule_country, 'ruleVersion', c.rule_version, 'consent', c.consent,
        'zones', c.zone_set, 'openUntil', c.open_until, 'checkedAt', p_now, 'agentVersion', c.agent_version)
    from seated c
    left join lateral (
      select o.id from calls o where o.queue_id = c.id and o.ended_at is null and not o.adopted limit 1
    ) open on true
    where open.id is null
    -- two items for one person. A line that is taken after all is a fault: only the index over people is asked first, for
    -- in those over lines many have ended
    on conflict (user_id, phone_number) where ended_at is null and direction = 'outbound' and not adopted do nothing
    returning id, queue_id, user_id, campaign_id
  ),
  -- an item whose call was not inserted waits for the other call to its person
  took as (
    update call_queue q
    set status = case when c.id is not null then 'in_progress' else q.status end,
      attempts = q.attempts + case when c.id is not null then 1 else 0 end,
      wait_reason = case when c.id is null then 'other_call_open' end,
      due_at = case when c.id is null then p_now + interval '2 minutes' else q.due_at end
    from seated s
    left join call c on c.queue_id = s.id
    where q.id = s.id and q.id = any (array(select id from seated))
    returning q.id, c.id as call_id
  ),
  paced as (
    update campaign_pace p
    set tokens_at = greatest(p.tokens_at, p_wall) + make_interval(secs => n.calls / greatest(n.calls_per_second, 0.0001))
    from (
      select c.campaign_id, k.calls_per_second, count(*) as calls
      from call c
      join (select distinct campaign_id, calls_per_second from lane where calls_per_second is not null) k using (campaign_id)
      group by c.campaign_id, k.calls_per_second
    ) n
    where p.campaign_id = n.campaign_id and p.campaign_id = any (array(select campaign_id from call))
    returning 1
  ),
  -- without room or outside its hours a lane leaves the ready ones, until what it lacks comes back
  lacking as materialized (
    select lane_id, blocked_by, pace_at from lane where not has_room
    union all
    select u.lane_id, 'closed', null from used u join hours h using (hours) where not h.open
  ),
  blocked as (
    update call_lanes l
    set next_due_at = case b.blocked_by
          when 'pace' then p_now + (b.pace_at - p_wall) * v_scale
          when 'closed' then l.next_due_at
          else 'infinity' end,
        blocked_by = case when b.blocked_by not in ('pace', 'closed', 'over') then b.blocked_by end,
        closes_at = case when b.blocked_by = 'closed' then p_now else l.closes_at end,
        -- who adds items to a lane that is blocked does not touch it
        head_at = case when b.blocked_by in ('pace', 'closed') then l.head_at end
    from lacking b
    where l.id = b.lane_id and l.id = any (array(select lane_id from lacking))
    returning 1
  ),
  -- how far the heads of campaigns' lanes have come: up to the first that still waits. Written once in some thirty calls:
  -- as many entries are soon read over
  headed as (
    select distinct on (k.lane_id) k.lane_id, k.priority, k.due_at, k.id
    from (
      select k.lane_id, k.priority, k.due_at, k.id,
        count(*) filter (where k.id not in (select id from took)) over (
          partition by k.lane_id, k.priority order by k.due_at, k.id rows between unbounded preceding and 1 preceding) as waiting_before
      from looked k
    ) k
    join (
      select k.lane_id, max(k.priority) as priority, count(*) as taken
      from looked k where k.id in (select id from took) group by k.lane_id
    ) t on t.lane_id = k.lane_id and t.priority = k.priority
    where k.waiting_before = 0 and random() * 32 < t.taken
      and k.lane_id in (select lane_id from lane where campaign_id is not null)
    order by k.lane_id, k.due_at desc, k.id desc
  ),
  told as (
    insert into live_changes (user_id, topic, ref)
    select distinct user_id, 'calls', coalesce(campaign_id::text, '') from call
    returning user_id
  )
  select
    (select count(call_id) from took),
    (select count(*) - count(call_id) from took) + (select count(*) from put_off),
    (select count(*) from blocked),
    unfinished or (select count(*) from head where dials) > (select count(*) from mine),
    (select l.user_id from call c join lane l using (user_id) order by l.turn desc limit 1),
    missed || array(
      select user_id from (select distinct user_id, turn from lane where has_room) l
      where user_id not in (select user_id from call) order by turn),
    array(select distinct user_id from head where not dials),
    -- lanes that may have run dry: all that was seen of them is gone, or nothing of their tenant is left to see
    array(
      select spent.id from share s cross join unnest(s.lanes) as spent (id)
      where s.user_id not in (select user_id from looked where place > quota)
        or spent.id in (select lane_id from looked)
          and spent.id not in (
            select lane_id from looked where id not in (select id from took) and id not in (select id from put_off))
    ),
    array(select distinct user_id from told),
    -- without a key: a call just made has no other job that one would have to look for
    coalesce((select jsonb_agg(jsonb_build_object(
        'identifier', 'calls/place', 'payload', jsonb_build_object('userId', user_id, 'callId', id),
        'priority', 0, 'max_attempts', 3)) from call), '[]'),
    (select jsonb_agg(h) from headed h),
    (select id from call order by id limit 1)
  into dialled, disposed, put_aside, unfinished, served_upto, missed, v_stuck, v_spent, woken, v_jobs, v_heads, v_first;

  -- Where the calls with a line begin: written once in some 250 calls, now and then without trust in what stood there;
  -- and at once when a clock that was put back gave a call an id before it.
  if v_first < (select first_call from line_mark) then
    update line_mark set first_call = v_first;
  elsif random() * 256 < dialled then
    -- in a statement of its own: what the next one reads is no older than the mark
    perform 1 from line_mark for update;
    update line_mark m
    set first_call = least(
      (select c.id from calls c where c.ended_at is null and c.system_slot is not null and c.id >= t.mark order by c.id limit 1),
      (select c.id from calls c where c.settled_at is null and c.system_slot is not null and c.id >= t.mark order by c.id limit 1))
    from (
      select case when random() < 0.01 then '00000000-0000-0000-0000-000000000000' else l.first_call end as mark from line_mark l
      offset 0
    ) t;
  end if;

  if v_heads is not null then
    update call_lanes l
    set head_priority = h.priority, head_due_at = h.due_at, head_id = h.id,
      head_at = case when app.believes_mark(l.head_at, p_now) and l.head_priority = h.priority then l.head_at else p_now end
    from jsonb_to_recordset(v_heads) h (lane_id uuid, priority smallint, due_at timestamptz, id uuid)
    where l.id = h.lane_id and l.id = any (v_lanes)
      and not (app.believes_mark(l.head_at, p_now) and l.head_priority > h.priority);
  end if;

  -- 3. where the head is blocked it is cleared away, 64 items deep, for the next pass
  if cardinality(v_stuck) > 0 then
    select * into v_done from app.dispose_of_blocked(v_stuck, v_lanes, p_lines + 64, p_now);
    disposed := disposed + v_done.disposed;
    v_spent := v_spent || v_done.lanes;
    woken := woken || v_done.woken;
    v_jobs := v_jobs || v_done.jobs;
  end if;

  -- 4. a lane without due items sleeps until its next one, or until its mark is believed no longer: should that hide
  -- somebody, nobody else would look. The lanes are still ours, so no arrival can slip between.
  if cardinality(v_spent) > 0 then
    update call_lanes l
    set next_due_at = coalesce(least(d.at, case when app.believes_mark(l.head_at, p_now) then l.head_at + interval '10 minutes' end), 'infinity')
    from (select distinct id from unnest(v_spent) spent (id)) spent
    cross join lateral (
      select min(h.due_at) as at
      from generate_series(0, 9) p
      cross join lateral (
        select case when b.known then k.head_due_at else '-infinity' end as due_at,
          case when b.known then k.head_id else '00000000-0000-0000-0000-000000000000' end as id
        from call_lanes k
        cross join lateral (select app.believes_mark(k.head_at, p_now) and k.head_priority = p as known) b
        where k.id = spent.id
      ) begins
      cross join lateral (
        select q.due_at from call_queue q
        where q.lane_id = spent.id and q.status = 'pending' and q.priority = p::smallint
          and (q.due_at, q.id) >= (begins.due_at, begins.id)
        order by q.due_at, q.id limit 1
      ) h
    ) d
    where l.id = spent.id and l.id = any (v_spent) and coalesce(d.at > p_now, true);
    get diagnostics v_dry = row_count;
    put_aside := put_aside + v_dry;
  end if;

  if dialled > 0 then
    update provider_pace p
    set post_tokens_at = greatest(p.post_tokens_at, p_wall) + dialled * interval '125 milliseconds'
    where p.provider_account_id = p_account;
  end if;
  if jsonb_array_length(v_jobs) > 0 then
    perform app.enqueue(v_jobs);
  end if;
  return next;
end $$;
comment on function app.fill_lines(uuid[], int, int, int, uuid, timestamptz, timestamptz, boolean) is 'Part of the tick: claims at most p_lines calls for tenants in turn, and disposes of what it looked at. p_by_hand = campaigns are left alone; unfinished = something was locked by others.';
grant execute on function app.fill_lines(uuid[], int, int, int, uuid, timestamptz, timestamptz, boolean) to parley_definer;

-- When one tenant's rows make the statement fail, the others must not wait for it: each gets one line on its own, and
-- the tenant that fails again rests for a minute, with an incident. Transient failures are the whole tick's.
drop function if exists app.fill_lines_singly(uuid[], int, int, int, uuid, timestamptz, timestamptz);
drop function if exists app.fill_lines_singly(uuid[], int, int, int, uuid, timestamptz, timestamptz, boolean);
create function app.fill_lines_singly(
  p_users uuid[], p_lines int, p_system_open int, p_account_open int, p_account uuid, p_now timestamptz, p_wall timestamptz, p_by_hand boolean
)
returns table (dialled int, disposed int, put_aside int, unfinished boolean, served_upto uuid, missed uuid[], woken uuid[])
language plpgsql
set enable_seqscan = off
as $$
#variable_conflict use_variable
declare
  v_user uuid;
  v_one record;
begin
  dialled := 0; disposed := 0; put_aside := 0; unfinished := false; missed := '{}'; woken := '{}';
  foreach v_user in array p_users loop
    exit when dialled >= p_lines;
    begin
      select * into v_one
      from app.fill_lines(array[v_user], 1, p_system_open + dialled, p_account_open + dialled, p_account, p_now, p_wall, p_by_hand);
      dialled := dialled + v_one.dialled;
      disposed := disposed + v_one.disposed;
      put_aside := put_aside + v_one.put_aside;
      unfinished := unfinished or v_one.unfinished;
      served_upto := coalesce(v_one.served_upto, served_upto);
      missed := missed || v_one.missed;
      woken := woken || v_one.woken;
    exception when others then
      if app.is_transient(sqlstate) then raise; end if;
      update call_lanes l set next_due_at = p_now + interval '1 minute'
      where l.id = any (array(
        select c.id from call_lanes c
        where c.user_id = v_user and not c.paused and c.ready_at < 'infinity' and c.ready_at <= p_now
        for no key update skip locked));
      put_aside := put_aside + 1;
      perform app.raise_incident('dispatch_failed', v_user::text, 'bad',
        format('The dispatcher fails on the rows of workspace %s: %s (%s). It calls nobody; the others go on.', v_user, sqlerrm, sqlstate),
        'Mend the row that the message names (app.ops_explain of a due item fails in the same way). It is tried again every minute.', null);
    end;
  end loop;
  return next;
end $$;
comment on function app.fill_lines_singly(uuid[], int, int, int, uuid, timestamptz, timestamptz, boolean) is 'Part of the tick: fill_lines for one tenant after the other, one line each, putting aside and reporting those that fail.';
grant execute on function app.fill_lines_singly(uuid[], int, int, int, uuid, timestamptz, timestamptz, boolean) to parley_definer;

drop function if exists app.next_wake(timestamptz);
drop function if exists app.claim_tick();
create function app.claim_tick()
returns table (ran boolean, dialled int, disposed int, again boolean, next_wake timestamptz, stopped_by text, woken uuid[])
language plpgsql security definer
set search_path = public, pg_temp
set lock_timeout = '200ms'
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
#variable_conflict use_variable
declare
  v record;
  v_account record;
  v_open int;
  v_free int;
  v_kept int;
  v_wanted int;
  v_after uuid;
  v_users uuid[];
  v_missed uuid[] := '{}';
  v_done record;
begin
  ran := false; dialled := 0; disposed := 0; again := false; woken := '{}';
  if not pg_try_advisory_xact_lock(hashtext('app.claim_tick')) then
    return next; return;
  end if;
  ran := true;

  -- rung for nothing, as most rings are: one look
  select s.dialling_paused, s.concurrent_calls_limit, coalesce(s.direct_reserve, s.concurrent_calls_limit / 20) as reserve, c.now, c.wall,
    exists (
      select from call_lanes l
      where not l.paused and l.ready_at < 'infinity' and l.ready_at <= c.now and l.closes_at > c.now
    ) as ready,
    exists (select from call_lanes l where not l.paused and l.next_due_at < 'infinity' and l.closes_at <= c.now) as stale,
    (
      select l.ready_at from call_lanes l
      where not l.paused and l.ready_at < 'infinity' and l.ready_at > c.now order by l.ready_at limit 1
    ) as next_ready
  into v
  from system_settings s
  cross join (select app.now() as now, app.wall() as wall offset 0) c;
  if v.dialling_paused then
    stopped_by := 'dialling_paused'; return next; return;
  end if;
  if v.next_ready is not null then
    next_wake := app.wall_at(v.next_ready);
  end if;
  if not v.ready and not v.stale then
    return next; return;
  end if;

  if v.stale then
    again := app.reopen_lanes(v.now);
  end if;

  select a.id into v_account from provider_accounts a where a.name = 'platform' for no key update skip locked;
  if v_account.id is null then
    again := true; return next; return;
  end if;
  -- read after the lock, so that the last holder's calls are counted
  select a.id, r.*, a.concurrency_max - r.lines as open,
    o.calls as system_open, o.tenants,
    t.served_upto, t.missed
  into v_account
  from provider_accounts a
  cross join lateral app.account_room(a.id) r
  cross join dispatch_turn t
  cross join (
    select count(*)::int as calls, count(distinct c.user_id)::int as tenants
    from calls c where c.ended_at is null and c.system_slot is not null and c.id >= (select first_call from line_mark)
  ) o
  where a.id = v_account.id;
  v_open := v_account.system_open;
  v_free := v.concurrent_calls_limit - v_open;
  if v_account.status <> 'ok' then
    stopped_by := 'provider_suspended';
  elsif v_account.gate_until > v.wall then
    stopped_by := 'provider_gate'; next_wake := v_account.gate_until;
  elsif v_free <= 0 then
    stopped_by := 'system_limit';
  elsif v_account.lines <= 0 then
    stopped_by := 'provider_lines';
  elsif v_account.tokens <= 0 then
    stopped_by := 'provider_budget'; next_wake := v.wall + interval '125 milliseconds';
  end if;
  if stopped_by is not null then
    return next; return;
  end if;
  -- some of the free lines are not for campaigns
  v_kept := least(v_free, v_account.lines, v_account.tokens);
  v_free := greatest(0, least(v_kept, v_free - v.reserve));
  v_kept := v_kept - v_free;
  if v_free = 0 then
    stopped_by := 'system_limit';
  end if;

  -- As many tenants without a line as there are lines to give, if there are so many: nobody is to get a second one before.
  -- A few more, because some will turn out to have no room. Whoever has none leaves the ready ones for good, so when many
  -- such stand in front the lines are offered again to those behind them.
  v_after := v_account.served_upto;
  v_wanted := v_free + 8 + least(v_account.tenants, 256);
  for pass in 1..8 loop
    exit when v_free = 0;
    v_users := array(select t.user_id from app.tenants_ready(v_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff', v_wanted, v.now) t);
    if cardinality(v_users) < v_wanted then
      v_users := v_users || array(
        select t.user_id from app.tenants_ready('00000000-0000-0000-0000-000000000000', v_after, v_wanted - cardinality(v_users), v.now) t);
    end if;
    if pass = 1 and cardinality(v_account.missed) > 0 then
      v_users := v_account.missed || array(select u from unnest(v_users) u where u <> all (v_account.missed));
    end if;
    exit when cardinality(v_users) = 0;
    begin
      select * into v_done
      from app.fill_lines(v_users, v_free, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, false);
    exception when others then
      if app.is_transient(sqlstate) then raise; end if;
      if sqlstate = '23505' then
        perform app.doubt_mark();
        again := true;
      end if;
      select * into v_done
      from app.fill_lines_singly(v_users, v_free, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, false);
    end;
    dialled := dialled + v_done.dialled;
    disposed := disposed + v_done.disposed;
    woken := woken || v_done.woken;
    -- Who stood before the last one served and got no line, since somebody held the row or others have fewer lines, has
    -- missed a turn and comes first in the next tick.
    v_missed := v_missed || array(
      select m from unnest(v_done.missed) m
      where m <> all (v_missed)
        and (m = any (v_account.missed) or array_position(v_users, m) < array_position(v_users, v_done.served_upto))
      limit greatest(0, 256 - cardinality(v_missed)));
    v_free := v_free - v_done.dialled;
    v_open := v_open + v_done.dialled;
    again := again or v_done.unfinished;
    -- Whatever moved may leave lines free and lanes ready: a tick rests only after one that moved nothing, for that one
    -- has put every lane without room or due items to sleep until something wakes it.
    again := again or v_done.dialled > 0 or v_done.disposed > 0 or v_done.put_aside > 0;
    if v_done.served_upto is not null and v_done.served_upto <> all (v_account.missed) then
      v_after := v_done.served_upto;
    end if;
    exit when v_free <= 0 or v_done.put_aside + v_done.disposed = 0;
    v_wanted := v_free + case when v_done.put_aside > 0 then 256 else 8 + least(v_account.tenants, 256) end;
  end loop;

  -- What campaigns may not take is for calls by hand: they come first among their own tenant's items, and here before
  -- everybody's campaigns. Whoever gets one has not had a turn.
  if v_kept > 0 then
    v_users := array(
      select distinct l.user_id from (
        select l.user_id from call_lanes l
        where l.campaign_id is null and not l.paused and l.ready_at < 'infinity' and l.ready_at <= v.now and l.closes_at > v.now
        order by l.ready_at limit v_kept + 8
      ) l);
    if cardinality(v_users) > 0 then
      begin
        select * into v_done
        from app.fill_lines(v_users, v_kept, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, true);
      exception when others then
        if app.is_transient(sqlstate) then raise; end if;
        if sqlstate = '23505' then
          perform app.doubt_mark();
          again := true;
        end if;
        select * into v_done
        from app.fill_lines_singly(v_users, v_kept, v_open, v_account.open + dialled, v_account.id, v.now, v.wall, true);
      end;
      dialled := dialled + v_done.dialled;
      disposed := disposed + v_done.disposed;
      woken := woken || v_done.woken;
      again := again or v_done.unfinished or v_done.dialled > 0 or v_done.disposed > 0 or v_done.put_aside > 0;
    end if;
  end if;

  if dialled > 0 or v_missed <> v_account.missed then
    update dispatch_turn set served_upto = v_after, missed = v_missed;
  end if;
  if next_wake is null or again then
    select app.wall_at(l.ready_at) into next_wake from call_lanes l
    where not l.paused and l.ready_at < 'infinity' and l.ready_at > v.now order by l.ready_at limit 1;
  end if;
  return next;
end $$;
comment on function app.claim_tick() is 'One pass of the dispatcher over all tenants: how many calls it claimed, how many items it disposed of, whether to run again at once, when next (wall time), and what stopped it.';
alter function app.claim_tick() owner to parley_definer;
grant execute on function app.claim_tick() to parley_worker;
