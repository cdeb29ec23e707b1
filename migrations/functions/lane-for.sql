-- The lane an item belongs to, made when it is the first of its kind. A new lane sleeps (next due: infinity) until
-- app.lanes_due wakes it, which every verb does after its items are written.
drop function if exists app.lane_for(uuid, uuid, text, text, text, jsonb, bigint);
create function app.lane_for(
  p_user_id uuid, p_campaign_id uuid, p_country text, p_zone_set text, p_rule_set text, p_window jsonb, p_hold_credits bigint
)
returns table (lane_id uuid, opens_at timestamptz) language plpgsql as $$
#variable_conflict use_column
declare
  v_country text := coalesce(p_country, '**');
  v_zone_set text := coalesce(p_zone_set, '');
  v_hold bigint := greatest(p_hold_credits, 1);
  v_lane public.call_lanes;
begin
  for attempt in 1..2 loop
    if p_campaign_id is null then
      select * into v_lane from public.call_lanes l
      where l.user_id = p_user_id and l.campaign_id is null and l.country = v_country and l.zone_set = v_zone_set;
    else
      select * into v_lane from public.call_lanes l
      where l.user_id = p_user_id and l.campaign_id = p_campaign_id and l.country = v_country and l.zone_set = v_zone_set;
    end if;
    exit when v_lane.id is not null;
    insert into public.call_lanes (user_id, campaign_id, country, zone_set, paused, opens_at, closes_at, next_due_at, hold_credits)
    select p_user_id, p_campaign_id, v_country, v_zone_set,
      exists (select 1 from public.call_campaigns k where k.id = p_campaign_id and k.status = 'paused'),
      coalesce(n.opens_at, 'infinity'), coalesce(n.closes_at, d.at + interval '1 day'), 'infinity', v_hold
    from (select app.now() as at) d
    left join lateral app.next_open(v_zone_set, v_country, p_rule_set, p_window, d.at) n on true
    on conflict on constraint one_lane_per_zone_set do nothing
    returning * into v_lane;
    exit when v_lane.id is not null;
  end loop;
  -- direct calls go through several agents: the cheapest longest call decides whether their lane has room
  if p_campaign_id is null and v_lane.hold_credits > v_hold then
    update public.call_lanes l set hold_credits = v_hold, blocked_by = nullif(l.blocked_by, 'credits') where l.id = v_lane.id;
  end if;
  return query select v_lane.id, v_lane.opens_at;
end $$;
comment on function app.lane_for(uuid, uuid, text, text, text, jsonb, bigint) is
  'Lane of a campaign (null: direct calls) for a country and a set of zones, made if missing; opens_at infinity = never within 14 days. Call app.lanes_due after writing its items.';
grant execute on function app.lane_for(uuid, uuid, text, text, text, jsonb, bigint) to parley_web, parley_worker;

-- Waiting items follow their contact: its number now, and the lane of its country and zones, made if there is none. Also an
-- item that was on the phone while somebody corrected the number: its next try is to the new one.
create or replace function app.follow_contacts(p_user_id uuid, p_items uuid[])
returns table (lane_id uuid, due_at timestamptz) language sql as $$
  with waiting as (
    select q.id, q.campaign_id, k."window", u.rule_set, coalesce(c.phone_number, q.phone_number) as phone_number, c.country, c.zone_set,
      greatest(1, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits) as hold
    from public.call_queue q
    join public.users u on u.id = q.user_id
    join public.contacts c on c.user_id = q.user_id and c.id = q.contact_id
    join public.call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
    left join public.call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
    join public.agents a on a.user_id = q.user_id and a.id = coalesce(q.agent_id, k.agent_id)
    where q.user_id = p_user_id and q.id = any (p_items) and q.status = 'pending'
      and (c.phone_number is distinct from q.phone_number or coalesce(c.country, '**') <> l.country or coalesce(c.zone_set, '') <> l.zone_set)
  ),
  placed as materialized (
    select w.id, w.phone_number, l.lane_id
    from waiting w, lateral app.lane_for(p_user_id, w.campaign_id, w.country, w.zone_set, w.rule_set, w."window", w.hold) l
  )
  update public.call_queue q
  set lane_id = p.lane_id, phone_number = p.phone_number
  from placed p
  where q.user_id = p_user_id and q.id = p.id and q.status = 'pending'
  returning q.lane_id, q.due_at
$$;
comment on function app.follow_contacts(uuid, uuid[]) is 'Gives pending items whose contact has another number, country or zone by now what it has; answers their lanes. Call app.lanes_due with them.';
grant execute on function app.follow_contacts(uuid, uuid[]) to parley_web, parley_worker;

-- New hours or a new longest call: every lane of a campaign gets its next stretch and its hold, in one statement.
create or replace function app.relane(p_user_id uuid, p_campaign_id uuid) returns int language plpgsql as $$
declare v_lanes int;
begin
  perform 1 from public.users where id = p_user_id for no key update;
  update public.call_lanes l
  set opens_at = coalesce(n.opens_at, 'infinity'), closes_at = coalesce(n.closes_at, n.at + interval '1 day'),
    hold_credits = n.hold, next_due_at = least(l.next_due_at, n.at), blocked_by = null
  from (
    select c.id, d.at, o.opens_at, o.closes_at,
      greatest(1, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits) as hold
    from public.call_lanes c
    cross join (select app.now() as at) d
    join public.users u on u.id = c.user_id
    join public.call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
    join public.agents a on a.user_id = k.user_id and a.id = k.agent_id
    left join lateral app.next_open(c.zone_set, c.country, u.rule_set, k."window", d.at) o on true
    where c.user_id = p_user_id and c.campaign_id = p_campaign_id
  ) n
  where l.id = n.id;
  get diagnostics v_lanes = row_count;
  return v_lanes;
end $$;
comment on function app.relane(uuid, uuid) is 'After an edit of a campaign''s hours, agent, budget, cap or pace: opening hours and hold of its lanes anew, blocks lifted; the tick judges again.';
grant execute on function app.relane(uuid, uuid) to parley_web, parley_worker;
