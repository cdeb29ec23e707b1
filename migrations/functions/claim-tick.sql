-- The dispatcher. One tick fills free lines: it takes tenants in turn, shares the lines max-min, looks at the head of
-- their open lanes, disposes of every item it looked at, and inserts the calls it may place.
--
-- Who may run it at once: anybody; one works, the others return at once. What two ticks can never both do: take one
-- line (unique index on the slot numbers of open calls), one item (row lock, then unique index) or one person (unique
-- index on open calls by phone). The advisory lock only saves work.
-- It waits for nothing: every row it locks is locked with skip locked, tenants first, then their lanes, and only then
-- is anything read that the decision rests on; so who frees room later must wait for the tick and finds what it left.

-- The next items of some lanes in the order in which they are dialled, calls by hand first; of each lane at most its room.
create or replace function app.queue_head(p_lanes uuid[], p_rooms int[], p_limit int, p_at timestamptz)
returns table (id uuid, lane_id uuid, priority smallint, due_at timestamptz, place bigint) language sql stable as $$
  select i.id, i.lane_id, i.priority, i.due_at, i.place
  from (
    select q.*, row_number() over (order by (l.campaign_id is not null), q.priority, q.due_at, q.id) as place
    from unnest(p_lanes, p_rooms) as open (lane_id, room)
    join public.call_lanes l on l.id = open.lane_id
    cross join lateral (
      select q.id, q.lane_id, q.priority, q.due_at
      from public.call_queue q
      where q.lane_id = open.lane_id and q.status = 'pending'
        and q.priority = any ('{0,1,2,3,4,5,6,7,8,9}'::smallint[]) and q.due_at <= p_at
      order by q.priority, q.due_at, q.id
      limit least(open.room, p_limit)
    ) q
  ) i
  where i.place <= p_limit
$$;
comment on function app.queue_head(uuid[], int[], int, timestamptz) is 'Due items at the head of lanes, best first, at most p_limit in all and p_rooms of each lane (null: no such limit).';
grant execute on function app.queue_head(uuid[], int[], int, timestamptz) to parley_worker, parley_definer;

-- When will there be something to dial that is not there now?
create or replace function app.next_wake(p_now timestamptz) returns timestamptz language sql stable as $$
  select app.wall_at(min(at))
  from (
    (select l.next_due_at as at from public.call_lanes l
     where not l.paused and l.next_due_at > p_now and l.opens_at <= l.next_due_at order by l.next_due_at limit 1)
    union all
    (select greatest(l.opens_at, l.next_due_at) from public.call_lanes l
     where not l.paused and l.opens_at > p_now and l.next_due_at < 'infinity' order by l.opens_at limit 1)
  ) w
  where isfinite(at)
$$;
comment on function app.next_wake(timestamptz) is 'The wall instant at which the next lane opens or comes due; null when none will by itself.';
grant execute on function app.next_wake(timestamptz) to parley_worker, parley_definer;

drop function if exists app.claim_tick();
create function app.claim_tick()
returns table (ran boolean, dialled int, disposed int, again boolean, next_wake timestamptz, stopped_by text, woken uuid[])
language plpgsql security definer
set search_path = public, pg_temp
set lock_timeout = '200ms'
set enable_seqscan = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_settings system_settings;
  v_now timestamptz := app.now();
  v_wall timestamptz := app.wall();
  v_account uuid;
  v_account_room record;
  v_open int;
  v_free int;
  v_users uuid[];
  v_candidates int;
  v_lanes uuid[];
  v_skipped_lanes boolean;
  v_blocked int;
  v_locked boolean;
  v_spent uuid[];
  v_dry int;
  v_jobs jsonb;
begin
  ran := false; dialled := 0; disposed := 0; again := false; woken := '{}';
  if not pg_try_advisory_xact_lock(hashtext('app.claim_tick')) then
    return next; return;
  end if;
  ran := true;

  select * into v_settings from system_settings;
  if v_settings.dialling_paused then
    stopped_by := 'dialling_paused'; return next; return;
  end if;

  -- rung for nothing, as most rings are
  if not exists (
    select from call_lanes l where not l.paused and l.next_due_at <= v_now and l.opens_at <= v_now and l.closes_at > v_now
  ) and not exists (select from call_lanes l where l.closes_at <= v_now and not l.paused) then
    next_wake := app.next_wake(v_now); return next; return;
  end if;

  -- lanes whose stretch has passed get their next one
  update call_lanes l
  set opens_at = coalesce(o.opens_at, 'infinity'), closes_at = coalesce(o.closes_at, v_now + interval '1 day')
  from (
    select c.id, n.opens_at, n.closes_at
    from (
      select l.* from call_lanes l where l.closes_at <= v_now and not l.paused
      order by l.closes_at limit 256 for no key update skip locked
    ) c
    join users u on u.id = c.user_id
    left join call_campaigns k on k.id = c.campaign_id
    left join lateral app.next_open(c.zone_set, c.country, u.rule_set, k."window", v_now) n on true
  ) o
  where l.id = o.id;
  again := found;

  select a.id into v_account from provider_accounts a where a.name = 'platform' for no key update skip locked;
  if v_account is null then
    again := true; return next; return;
  end if;
  select * into v_account_room from app.account_room(v_account);
  if v_account_room.status <> 'ok' then
    stopped_by := 'provider_suspended'; return next; return;
  end if;
  if v_account_room.gate_until > v_wall then
    stopped_by := 'provider_gate'; next_wake := v_account_room.gate_until; return next; return;
  end if;

  select count(*) into v_open from calls c where c.ended_at is null and c.system_slot is not null;
  v_free := v_settings.concurrent_calls_limit - v_open;
  if least(v_free, v_account_room.lines) <= 0 then
    stopped_by := case when v_free <= 0 then 'system_limit' else 'provider_lines' end;
    return next; return;
  end if;
  if v_account_room.tokens <= 0 then
    stopped_by := 'provider_budget'; next_wake := v_wall + interval '125 milliseconds'; return next; return;
  end if;
  v_free := least(v_free, v_account_room.lines, v_account_room.tokens);

  -- 1. whose turn: tenants with a ready lane, longest unserved first; a little more than the free lines, because some
  --    will turn out to have no room
  with ready as (
    select distinct l.user_id from call_lanes l
    where not l.paused and l.next_due_at <= v_now and l.opens_at <= v_now and l.closes_at > v_now
  ),
  turn as (
    select r.user_id from ready r
    join users u on u.id = r.user_id and u.status = 'active'
    left join tenant_turns t on t.user_id = r.user_id
    order by coalesce(t.last_served, 0), r.user_id
    limit v_free + 64
  ),
  mine as (
    select u.id from users u where u.id = any (array(select user_id from turn))
    for no key update skip locked
  )
  select array(select id from mine), (select count(*) from turn) into v_users, v_candidates;
  again := again or v_candidates > cardinality(v_users) or v_candidates >= v_free + 64;

  -- 2. their ready lanes
  if cardinality(v_users) > 0 then
    with ready as (
      select l.id from call_lanes l
      where l.user_id = any (v_users) and not l.paused
        and l.next_due_at <= v_now and l.opens_at <= v_now and l.closes_at > v_now
    ),
    mine as (
      select l.id from call_lanes l where l.id = any (array(select id from ready)) and not l.paused
      for no key update skip locked
    ),
    pace as (
      select p.campaign_id from campaign_pace p
      where p.campaign_id = any (array(select l.campaign_id from call_lanes l where l.id = any (array(select id from mine)) and l.campaign_id is not null))
      for no key update skip locked
    )
    select array(select m.id from mine m join call_lanes l on l.id = m.id
                 where l.campaign_id is null or l.campaign_id in (select campaign_id from pace)),
      (select count(*) from ready) > (select count(*) from mine)
    into v_lanes, v_skipped_lanes;
    again := again or v_skipped_lanes;
  end if;

  if cardinality(v_lanes) > 0 then
    -- 3. share, look, judge, dial
    with tenant as materialized (
      select u.id as user_id, u.rule_set, u.pulse_seconds, u.pulse_credits, u.concurrent_limit, r.live, r.available,
        row_number() over (order by coalesce(t.last_served, 0), u.id) as turn
      from users u
      left join tenant_turns t on t.user_id = u.id
      cross join lateral app.tenant_room(u.id) r
      where u.id = any (v_users)
    ),
    campaign as materialized (
      select k.id, k.user_id, k.agent_id, k.from_number, k.calls_per_second, k."window", r.cap_room, r.budget_left, r.pace_at
      from call_campaigns k
      cross join lateral app.campaign_room(k.user_id, k.id) r
      where k.id = any (array(select l.campaign_id from call_lanes l where l.id = any (v_lanes) and l.campaign_id is not null))
        and k.status = 'running'
    ),
    -- lanes differ in few hours: each is looked up once
    hours as materialized (
      select d.*, o.opens_at, o.closes_at, r.country as rule_country, r.version as rule_version, r.consent
      from (
        select distinct l.zone_set, l.country, t.rule_set, coalesce(k."window", 'null') as "window"
        from call_lanes l
        join tenant t on t.user_id = l.user_id
        left join campaign k on k.id = l.campaign_id
        where l.id = any (v_lanes)
      ) d
      left join lateral app.next_open(d.zone_set, d.country, d.rule_set, d."window", v_now) o on true
      left join lateral (
        select r.country, r.version, r.consent from calling_rules r
        where r.rule_set = d.rule_set and r.country in (d.country, '**') order by r.country = '**' limit 1
      ) r on true
    ),
    lane as materialized (
      select l.id, l.user_id, l.campaign_id, l.zone_set, l.hold_credits, k.pace_at,
        h.closes_at as open_until, h.rule_set, h.rule_country, h.rule_version, h.consent,
        case
          when h.opens_at is null or h.opens_at > v_now then 'closed'
          when t.concurrent_limit - t.live <= 0 then 'user_limit'
          when t.available < l.hold_credits then 'credits'
          when k.cap_room <= 0 then 'campaign_cap'
          when k.budget_left < l.hold_credits then 'budget'
          when k.pace_at > v_wall then 'pace'
        end as blocked_by,
        least(v_free, k.cap_room, k.budget_left / l.hold_credits, case when k.pace_at is not null then 1 end)::int as room
      from call_lanes l
      join tenant t on t.user_id = l.user_id
      left join campaign k on k.id = l.campaign_id
      join hours h on h.zone_set = l.zone_set and h.country = l.country and h.rule_set = t.rule_set
        and h."window" = coalesce(k."window", 'null')
      where l.id = any (v_lanes) and (l.campaign_id is null or k.id is not null)
    ),
    open_lane as materialized (select * from lane where blocked_by is null),
    room as materialized (
      select t.user_id, t.turn, t.live,
        least(t.concurrent_limit - t.live, v_free, t.available / min(l.hold_credits), sum(l.room))::int as room
      from tenant t
      join (select distinct on (user_id, campaign_id) * from open_lane order by user_id, campaign_id, hold_credits) l on l.user_id = t.user_id
      group by t.user_id, t.turn, t.live, t.concurrent_limit, t.available
    ),
    share as materialized (
      select s.user_id, s.quota, array_agg(l.id) as lanes, array_agg(l.room) as rooms
      from (
        select user_id, count(*)::int as quota
        from (
          select r.user_id from room r, generate_series(r.live + 1, r.live + r.room) level
          order by level, r.turn
          limit v_free
        ) level
        group by user_id
      ) s
      join open_lane l on l.user_id = s.user_id
      group by s.user_id, s.quota
    ),
    -- one more than there are lines for: it tells that the lane has more to come
    looked as materialized (
      select s.user_id, s.quota, q.*
      from share s
      cross join lateral app.queue_head(s.lanes, s.rooms, s.quota + 1, v_now) q
    ),
    -- offset 0: judged item by item; joined as a set, the planner may read the whole queue for it
    head as materialized (
      select k.*, v.verdict, v.reason, v.until
      from looked k
      cross join lateral (select * from app.item_verdict(k.id, v_now) offset 0) v
      where k.place <= k.quota
    ),
    -- whose head is blocked: 64 further down, so that a blocked stretch is soon behind
    further as materialized (
      select s.user_id, s.quota, q.*, v.verdict, v.reason, v.until
      from share s
      cross join lateral app.queue_head(s.lanes, null, s.quota + 64, v_now) q
      cross join lateral (select * from app.item_verdict(q.id, v_now) offset 0) v
      where s.user_id in (select user_id from head where verdict <> 'dial')
        and q.id not in (select id from head)
    ),
    mine as materialized (
      select id from call_queue
      where id = any (array(select id from head union all select id from further)) and status = 'pending'
      for update skip locked
    ),
    judged as materialized (
      select j.* from (select * from head union all select * from further) j join mine using (id)
    ),
    dialable as materialized (
      select j.user_id, j.quota, j.id, j.priority, j.due_at,
        a.id as agent_id, a.version as agent_version, a.provider_account_id, a.max_call_seconds,
        ceil(a.max_call_seconds::numeric / t.pulse_seconds)::bigint * t.pulse_credits as hold,
        coalesce(q.from_number, k.from_number, a.from_number) as from_number,
        q.phone_number, q.contact_id, q.campaign_id, q.lane_id, t.available, k.cap_room, k.budget_left, k.pace_at,
        k.calls_per_second
      from judged j
      join call_queue q on q.id = j.id
      join tenant t on t.user_id = j.user_id
      left join campaign k on k.id = q.campaign_id
      join agents a on a.id = coalesce(q.agent_id, k.agent_id)
      where j.verdict = 'dial'
    ),
    within_campaign as materialized (
      select * from (
        select d.*,
          row_number() over of_campaign as campaign_rank,
          sum(d.hold) over of_campaign as campaign_hold
        from dialable d
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
        select generate_series(1, v_open + v_free) as n
        except select c.system_slot from calls c where c.ended_at is null and c.system_slot is not null
      ) free
    ),
    account_slot as materialized (
      select n, row_number() over (order by n) as rank
      from (
        select generate_series(1, (select concurrency_max from provider_accounts where id = v_account) - v_account_room.lines + v_free) as n
        except select c.account_slot from calls c
          where c.provider_account_id = v_account and c.ended_at is null and c.account_slot is not null
      ) free
    ),
    user_slot as materialized (
      select r.user_id, n, row_number() over (partition by r.user_id order by n) as rank
      from room r
      join share s on s.user_id = r.user_id
      cross join lateral (
        select generate_series(1, r.live + s.quota) as n
        except select c.user_slot from calls c where c.user_id = r.user_id and c.ended_at is null and c.user_slot is not null
      ) free
    ),
    call as (
      insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, agent_version, provider_account_id,
        phone_number, from_number, attempt, system_slot, user_slot, account_slot, held_credits, max_call_seconds,
        lease_until, claimed_at, created_at, receipt)
      select c.user_id, c.id, c.campaign_id, c.contact_id, c.agent_id, c.agent_version, c.provider_account_id,
        c.phone_number, c.from_number,
        coalesce((select max(p.attempt) from calls p where p.queue_id = c.id), 0) + 1,
        s.n, us.n, acs.n, c.hold, c.max_call_seconds,
        v_wall + greatest(interval '2 seconds', interval '15 seconds' * v_settings.lease_scale), v_now, v_now,
        jsonb_build_object('ruleSet', l.rule_set, 'ruleCountry', l.rule_country, 'ruleVersion', l.rule_version, 'consent', l.consent,
          'zones', l.zone_set, 'openUntil', l.open_until, 'checkedAt', v_now, 'agentVersion', c.agent_version)
      from chosen c
      join system_slot s on s.rank = c.rank
      join account_slot acs on acs.rank = c.rank
      join user_slot us on us.user_id = c.user_id and us.rank = c.user_rank
      join lane l on l.id = c.lane_id
      on conflict do nothing
      returning id, queue_id, user_id, campaign_id
    ),
    took as (
      update call_queue q
      set status = 'in_progress', attempts = attempts + 1, wait_reason = null
      where q.id = any (array(select queue_id from call))
      returning q.id
    ),
    skipped as (
      update call_queue q
      set status = 'skipped', skip_reason = j.reason, wait_reason = null, closed_at = v_now
      from judged j
      where q.id = j.id and q.id = any (array(select id from judged where verdict = 'skip'))
      returning q.id, q.campaign_id, q.user_id
    ),
    deferred as (
      update call_queue q
      set due_at = j.until, wait_reason = j.reason
      from judged j
      where q.id = j.id and q.id = any (array(select id from judged where verdict = 'defer'))
      returning q.id
    ),
    dropped as (
      update call_queue q
      set due_at = v_now + interval '2 minutes', wait_reason = 'other_call_open'
      where q.id = any (array(select c.id from chosen c join system_slot s on s.rank = c.rank join account_slot acs on acs.rank = c.rank))
        and q.id <> all (array(select queue_id from call))
      returning q.id
    ),
    paced as (
      update campaign_pace p
      set tokens_at = greatest(p.tokens_at, v_wall) + make_interval(secs => n.calls / greatest(k.calls_per_second, 0.0001))
      from (select campaign_id, count(*) as calls from call group by campaign_id) n
      join campaign k on k.id = n.campaign_id
      where p.campaign_id = n.campaign_id and k.calls_per_second is not null
      returning 1
    ),
    served as (
      insert into tenant_turns (user_id, last_served)
      select user_id, nextval('tenant_turns_seq') from (select distinct user_id from call) c
      on conflict (user_id) do update set last_served = excluded.last_served
      returning 1
    ),
    blocked as (
      update call_lanes l
      set next_due_at = case
            when b.blocked_by = 'pace' then v_now + (b.pace_at - v_wall) * v_settings.clock_scale
            when b.blocked_by = 'closed' then v_now
            else 'infinity' end,
          blocked_by = case when b.blocked_by not in ('pace', 'closed') then b.blocked_by end,
          closes_at = case when b.blocked_by = 'closed' then v_now else l.closes_at end
      from lane b
      where l.id = b.id and b.blocked_by is not null
      returning l.user_id
    ),
    told as (
      insert into live_changes (user_id, topic, ref)
      select distinct user_id, 'calls', coalesce(campaign_id::text, '') from call
      union
      select distinct user_id, 'campaigns', campaign_id::text from skipped where campaign_id is not null
      returning user_id
    )
    select
      (select count(*) from took),
      (select count(*) from skipped) + (select count(*) from deferred) + (select count(*) from dropped),
      (select count(*) from blocked),
      (select count(*) from head) + (select count(*) from further) > (select count(*) from mine),
      -- lanes that may have run dry: all that was seen of them is disposed of, or nothing of their tenant is left to see
      array(
        select l.id from share s join open_lane l on l.user_id = s.user_id
        where (select count(*) from looked k where k.user_id = s.user_id) <= s.quota
          or l.id in (select lane_id from looked)
            and not exists (select 1 from looked k where k.lane_id = l.id and k.id not in (
              select id from took union all select id from skipped union all select id from deferred union all select id from dropped))
      ),
      array(select distinct user_id from told),
      coalesce((select jsonb_agg(jsonb_build_object(
          'identifier', 'calls/place', 'payload', jsonb_build_object('userId', user_id, 'callId', id),
          'job_key', 'calls/place:' || id, 'priority', 0, 'max_attempts', 3)) from call), '[]')
        || coalesce((select jsonb_agg(jsonb_build_object(
          'identifier', 'campaigns/finish', 'payload', jsonb_build_object('userId', user_id, 'campaignId', campaign_id),
          'job_key', 'campaigns/finish:' || campaign_id, 'priority', 4, 'max_attempts', 5))
          from (select distinct user_id, campaign_id from skipped where campaign_id is not null) f), '[]')
    into dialled, disposed, v_blocked, v_locked, v_spent, woken, v_jobs
    from (select 1) one
    left join (select count(*) from paced) p on true
    left join (select count(*) from served) s on true;

    -- 4. a lane without due items sleeps until its next one; the lanes are still ours, so no arrival can slip between
    update call_lanes l
    set next_due_at = coalesce(d.at, 'infinity')
    from unnest(v_spent) spent
    cross join lateral (
      select min(h.due_at) as at
      from generate_series(0, 9) p
      cross join lateral (
        select q.due_at from call_queue q
        where q.lane_id = spent and q.status = 'pending' and q.priority = p::smallint
        order by q.due_at, q.id limit 1
      ) h
    ) d
    where l.id = spent and coalesce(d.at > v_now, true);
    get diagnostics v_dry = row_count;

    if dialled > 0 then
      update provider_accounts a
      set post_tokens_at = greatest(a.post_tokens_at, v_wall) + dialled * interval '125 milliseconds'
      where a.id = v_account;
    end if;
    if jsonb_array_length(v_jobs) > 0 then
      perform app.enqueue(v_jobs);
    end if;
    -- Whatever moved may leave lines free and lanes ready: a tick rests only after one that moved nothing, for that one
    -- has put every lane without room or due items to sleep until something wakes it.
    again := again or dialled > 0 or disposed > 0 or v_blocked > 0 or v_dry > 0 or v_locked;
  end if;

  next_wake := app.next_wake(v_now);
  return next;
end $$;
comment on function app.claim_tick() is 'One pass of the dispatcher over all tenants: how many calls it claimed, how many items it disposed of, whether to run again at once, when next (wall time), and what stopped it.';
alter function app.claim_tick() owner to parley_definer;
grant execute on function app.claim_tick() to parley_worker;
