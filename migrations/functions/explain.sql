-- Why is this item not dialled now, and what keeps this campaign from going faster? Both read what the tick reads:
-- item_checks and item_verdict, next_open, and the rooms. Nothing here is a second definition.

-- What the whole installation allows. Lines of other tenants are counted, never shown, hence the definer.
create or replace function app.system_room()
returns table (
  live int, line_limit int, dialling_paused boolean, paused_reason text, account_status text, gate_at timestamptz,
  account_lines int, account_posts int, workers int
) language sql stable security definer
set search_path = public, pg_temp as $$
  select
    (select count(*)::int from calls c where c.ended_at is null and c.system_slot is not null
     and c.id >= (select first_call from line_mark)),
    s.concurrent_calls_limit, s.dialling_paused, s.dialling_paused_reason,
    r.status,
    case when r.gate_until > app.wall() then s.clock_base + (r.gate_until - s.clock_wall) * s.clock_scale end,
    r.lines, r.tokens,
    (select count(*)::int from worker_pools w where w.role in ('worker', 'all') and w.beat_at > app.wall() - interval '30 seconds')
  from system_settings s
  join provider_accounts a on a.name = 'platform'
  cross join lateral app.account_room(a.id) r
$$;
comment on function app.system_room() is 'Lines of the installation and of the provider account, pauses, gate (domain time), and live workers: counts only.';
alter function app.system_room() owner to parley_definer;
grant execute on function app.system_room() to parley_web, parley_worker, parley_ro, parley_definer;

create or replace function app.explain(p_item_id uuid)
returns table (ord int, name text, ok boolean, reason text, detail text, true_again_at timestamptz) language sql stable as $$
  with item as materialized (
    select k.*, q.user_id, q.campaign_id, q.expires_at, l.id as lane_id, l.country, l.zone_set, l.next_due_at, l.blocked_by,
      u.rule_set, u.status as tenant_status, c."window",
      greatest(0, ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits) as hold
    from public.call_queue q
    cross join lateral app.item_checks(q.id) k
    join public.users u on u.id = q.user_id
    join public.call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
    left join public.call_campaigns c on c.user_id = q.user_id and c.id = q.campaign_id
    left join public.agents a on a.user_id = q.user_id and a.id = coalesce(q.agent_id, c.agent_id)
    where q.id = p_item_id
  ),
  hours as (
    select o.opens_at, coalesce(o.opens_at <= i.at, false) as open
    from item i left join lateral app.next_open(i.zone_set, i.country, i.rule_set, i."window", i.at) o on true
  ),
  tenant as (select r.* from item i cross join lateral app.tenant_room(i.user_id) r),
  campaign as (select r.* from item i cross join lateral app.campaign_room(i.user_id, i.campaign_id) r),
  -- a check that does not apply (no campaign, no cap) has no row
  checked (ord, name, ok, reason, detail, true_again_at) as (
    select 1, 'item', i.status = 'pending', i.status,
      'The item is ' || replace(i.status, '_', ' ') || '.', null::timestamptz from item i
    union all
    select 2, 'expiry', not i.expired, 'expired',
      case when i.expired then 'A direct call is dropped when it has waited too long.' else 'Not expired.' end, null
    from item i where i.expires_at is not null
    union all
    select 3, 'contact', not i.erased, 'erased',
      case when i.erased then 'The contact was erased.' else 'The contact exists.' end, null from item i
    union all
    select 4, 'suppression', i.suppressed is null, case when i.suppressed = 'dnc' then 'dnc' else 'suppressed' end,
      coalesce('The number is suppressed: ' || replace(i.suppressed, '_', ' ') || '.', 'The number is not suppressed.'), null from item i
    union all
    select 5, 'consent', i.consent_ok, 'no_consent',
      case when i.consent_need = 'none' then format('The rules (%s) ask for no consent.', i.rule_set)
           when i.consent_ok then format('The rules (%s, %s) ask for %s consent, and it is recorded.', i.rule_set, i.country, i.consent_need)
           else format('The rules (%s, %s) ask for %s consent; none is recorded.', i.rule_set, i.country, i.consent_need) end, null
    from item i
    union all
    select 6, 'campaign', i.campaign_status = 'running' and not i.campaign_over,
      case when i.campaign_over then 'campaign_over' else 'campaign_' || i.campaign_status end,
      'The campaign is ' || i.campaign_status || coalesce(': ' || i.campaign_reason, '')
        || case when i.campaign_over and i.campaign_status not in ('completed', 'canceled') then ', past its end date.' else '.' end, null
    from item i where i.campaign_id is not null
    union all
    select 7, 'due', i.due_at <= i.at, coalesce(i.wait_reason, 'retry_gap'),
      case when i.due_at <= i.at then 'Due.' else 'Not due yet: ' || replace(coalesce(i.wait_reason, 'retry_gap'), '_', ' ') || '.' end,
      case when i.due_at > i.at then i.due_at end from item i
    union all
    select 8, 'hours', h.open, case when h.opens_at is null then 'zone_never_open' else 'window_closed' end,
      case when h.open then format('Open now in %s.', i.zone_set)
           when i.zone_set = '' then 'The time zone of this person is not known.'
           when h.opens_at is null then format('No hour in the next 14 days is allowed in %s.', i.zone_set)
           else format('Closed now in %s.', i.zone_set) end, case when not h.open then h.opens_at end
    from item i cross join hours h
    union all
    select 9, 'agent', i.agent_ready, 'agent_not_ready',
      case when i.agent_ready then 'The agent is ready at the provider.' else 'The agent is archived or not synced to the provider.' end, null
    from item i
    union all
    select 10, 'destination', i.destination_ok, 'destination_not_confirmed',
      case when i.rule_set = 'rehearsal' then 'A rehearsal calls every country.'
           when i.destination_ok then format('This workspace calls %s.', i.country)
           else format('Nobody has confirmed that this workspace calls %s.', i.country) end, null
    from item i
    union all
    select 11, 'other_call', i.other_call_id is null, 'other_call_open',
      case when i.other_call_id is null then 'No other call to this person is open.' else 'Call ' || i.other_call_id || ' to this person is open.' end, null
    from item i
    union all
    select 12, 'frequency', coalesce(i.frequency_until <= i.at, true), 'frequency_cap',
      case when i.frequency_until > i.at then 'This person has been called as often as the cap allows.' else 'Within the frequency cap.' end,
      case when i.frequency_until > i.at then i.frequency_until end from item i
    union all
    select 13, 'dialling', not s.dialling_paused, 'dialling_paused',
      case when s.dialling_paused then 'All dialling is paused' || coalesce(': ' || s.paused_reason, '') || '.' else 'Dialling is not paused.' end, null
    from item i cross join app.system_room() s
    union all
    select 14, 'workspace', i.tenant_status = 'active', 'tenant_suspended', 'The workspace is ' || i.tenant_status || '.', null from item i
    union all
    select 15, 'provider', s.account_status = 'ok' and s.gate_at is null,
      case when s.account_status <> 'ok' then 'provider_suspended' else 'provider_gate' end,
      case when s.account_status <> 'ok' then 'The voice provider refuses our key.'
           when s.gate_at is not null then 'The voice provider asked for a pause.' else 'The voice provider takes calls.' end, s.gate_at
    from item i cross join app.system_room() s
    union all
    select 16, 'system_lines', s.live < s.line_limit - case when i.campaign_id is null then 0 else app.direct_reserve() end, 'system_limit',
      format('%s of %s lines of the installation in use.', s.live, s.line_limit)
        || case when i.campaign_id is not null and app.direct_reserve() > 0
             then format(' %s are kept for calls by hand.', app.direct_reserve()) else '' end, null
    from item i cross join app.system_room() s
    union all
    select 17, 'provider_lines', s.account_lines > 0, 'provider_lines', format('%s free lines at the provider.', greatest(0, s.account_lines)), null
    from item i cross join app.system_room() s
    union all
    select 18, 'lines', t.live < t.concurrent_limit, 'user_limit', format('%s of %s lines of this workspace in use.', t.live, t.concurrent_limit), null
    from item i cross join tenant t
    union all
    select 19, 'credits', t.available >= i.hold, 'credits',
      format('%s credits available (%s posted, %s held); a call holds %s.', t.available, t.credits, t.held, i.hold), null
    from item i cross join tenant t
    union all
    select 20, 'campaign_lines', c.cap_room > 0, 'campaign_cap', format('%s in the air, room for %s more.', c.live, greatest(0, c.cap_room)), null
    from item i cross join campaign c where c.cap_room is not null
    union all
    select 21, 'budget', c.budget_left >= i.hold, 'budget', format('%s credits of the budget left; a call holds %s.', greatest(0, c.budget_left), i.hold), null
    from item i cross join campaign c where c.budget_left is not null
    union all
    select 22, 'pace', c.pace_at <= app.wall(), 'pace',
      case when c.pace_at > app.wall() then 'The pace allows the next call in a moment.' else 'Within the pace.' end,
      case when c.pace_at > app.wall() then app.in_wall(c.pace_at - app.wall()) end
    from item i cross join campaign c where c.pace_at is not null
    union all
    select 23, 'lane', i.next_due_at <= i.at, coalesce(i.blocked_by, 'nothing_due'),
      case when i.next_due_at <= i.at then 'Its lane takes part in the dispatch.'
           when i.blocked_by is not null then 'Its lane is set aside until there is room again: ' || replace(i.blocked_by, '_', ' ') || '.'
           else 'Its lane sleeps until its next item is due.' end,
      case when i.next_due_at > i.at and isfinite(i.next_due_at) then i.next_due_at end
    from item i where i.status = 'pending' and i.due_at <= i.at
  )
  select c.ord, c.name, c.ok, case when not c.ok then c.reason end, c.detail, case when not c.ok then c.true_again_at end
  from checked c
  order by c.ord
$$;
comment on function app.explain(uuid) is 'Every predicate between a queue item and its dial, in the dispatcher''s order: does it hold, why not, and when it can next be true.';

-- The one-line answer. The item's own verdict comes first; if that is dial, the first thing without room decides.
create or replace function app.explain_verdict(p_item_id uuid)
returns table (verdict text, reason text, until timestamptz) language sql stable as $$
  select
    case when v.verdict in ('skip', 'done') then v.verdict
         when v.verdict = 'dial' and f.name is null then 'dial'
         else 'defer' end,
    coalesce(v.reason, f.reason),
    coalesce(v.until, f.true_again_at)
  from app.item_verdict(p_item_id) v
  left join lateral (select e.* from app.explain(p_item_id) e where not e.ok order by e.ord limit 1) f on v.verdict = 'dial'
$$;
comment on function app.explain_verdict(uuid) is 'dial, defer, skip or done: what the next tick would do with an item, with the reason and when it can change.';
grant execute on function app.explain(uuid), app.explain_verdict(uuid) to parley_web, parley_worker, parley_definer;

-- For operators, over all tenants, without names or numbers.
create or replace function app.ops_explain(p_item_id uuid)
returns table (ord int, name text, ok boolean, reason text, detail text, true_again_at timestamptz) language sql stable security definer
set search_path = public, pg_temp as $$
  select 0, 'verdict', v.verdict = 'dial', v.reason, v.verdict, v.until from app.explain_verdict(p_item_id) v
  union all
  select * from app.explain(p_item_id)
  order by 1
$$;
comment on function app.ops_explain(uuid) is 'select * from app.ops_explain(item): the verdict and every check of an item of any tenant.';
alter function app.ops_explain(uuid) owner to parley_definer;
grant execute on function app.ops_explain(uuid) to parley_ro;

-- The factor named on the campaign's page: the first thing, in the dispatcher's order, that keeps it from going faster.
create or replace function app.limiting_factor(p_user_id uuid, p_campaign_id uuid)
returns table (factor text, amount bigint, most bigint, until timestamptz) language sql stable as $$
  with campaign as materialized (
    select k.id, k.status, k."window", k.launch_lease_until, u.rule_set, u.status as tenant_status, n.at
    from public.call_campaigns k
    join public.users u on u.id = k.user_id
    cross join (select app.now() as at offset 0) n
    where k.user_id = p_user_id and k.id = p_campaign_id
  ),
  lane as materialized (
    select l.id, l.hold_credits, head.due_at, head.wait_reason,
      case when l.closes_at > k.at then l.opens_at else coalesce(o.opens_at, 'infinity') end as opens_at
    from campaign k
    join public.call_lanes l on l.user_id = p_user_id and l.campaign_id = k.id
    cross join lateral (
      select q.due_at, q.wait_reason
      from generate_series(0, 9) p
      cross join lateral (
        select i.due_at, i.wait_reason from public.call_queue i
        where i.lane_id = l.id and i.status = 'pending' and i.priority = p::smallint
        order by i.due_at, i.id limit 1
      ) q
      order by q.due_at limit 1
    ) head
    left join lateral app.next_open(l.zone_set, l.country, k.rule_set, k."window", k.at) o on l.closes_at <= k.at
  ),
  work as (
    select k.at, k.status, k.tenant_status, k.launch_lease_until,
      count(l.id) as lanes,
      min(l.due_at) as next_due_at,
      (array_agg(l.wait_reason order by l.due_at))[1] as wait_reason,
      min(l.opens_at) filter (where l.due_at <= k.at) as opens_at,
      coalesce(bool_or(l.due_at <= k.at), false) as due,
      coalesce(bool_or(l.due_at <= k.at and l.opens_at <= k.at), false) as open,
      min(l.hold_credits) filter (where l.due_at <= k.at and l.opens_at <= k.at) as hold
    from campaign k left join lane l on true
    group by k.at, k.status, k.tenant_status, k.launch_lease_until
  ),
  unclear as (
    select count(*) as calls from public.calls c
    where c.user_id = p_user_id and c.ended_at is null and c.system_slot is not null and c.status = 'unknown'
  ),
  stranded as (
    select count(*) as calls from public.calls c
    where c.user_id = p_user_id and c.ended_at is null and c.system_slot is not null
      and c.status = 'claimed' and c.lease_until < app.wall() - interval '10 seconds'
  )
  select f.factor,
    case f.factor
      when 'provider_unclear' then x.calls when 'worker' then d.calls
      when 'system_limit' then s.live when 'user_limit' then t.live when 'campaign_cap' then c.live
      when 'credits' then greatest(0, t.available) when 'budget' then greatest(0, c.budget_left) end,
    case f.factor
      when 'system_limit' then s.line_limit - app.direct_reserve() when 'user_limit' then t.concurrent_limit when 'campaign_cap' then c.live + c.cap_room
      when 'credits' then w.hold when 'budget' then w.hold end,
    case f.factor
      when 'window_closed' then w.opens_at when 'provider_gate' then s.gate_at
      when 'pace' then app.in_wall(c.pace_at - app.wall())
      when coalesce(w.wait_reason, 'nothing_due') then case when not w.due then w.next_due_at end end
  from work w
  cross join app.system_room() s
  cross join app.tenant_room(p_user_id) t
  cross join app.campaign_room(p_user_id, p_campaign_id) c
  cross join unclear x
  cross join stranded d
  cross join lateral (
    select case
      when w.status <> 'running' then null
      when s.dialling_paused then 'dialling_paused'
      when w.tenant_status <> 'active' then 'tenant_suspended'
      when s.account_status <> 'ok' then 'provider_suspended'
      when w.lanes = 0 then case when w.launch_lease_until is not null then 'launching' end
      when not w.due then coalesce(w.wait_reason, 'nothing_due')
      when not w.open then case when isfinite(w.opens_at) then 'window_closed' else 'zone_never_open' end
      when s.gate_at is not null then 'provider_gate'
      when s.workers = 0 or d.calls > 0 then 'worker'
      when t.available < w.hold then 'credits'
      when c.budget_left < w.hold then 'budget'
      when x.calls > 0 and (t.live >= t.concurrent_limit or c.cap_room <= 0) then 'provider_unclear'
      when c.cap_room <= 0 then 'campaign_cap'
      when t.live >= t.concurrent_limit then 'user_limit'
      when s.live >= s.line_limit - app.direct_reserve() then 'system_limit'
      when s.account_lines <= 0 then 'provider_lines'
      when c.pace_at > app.wall() then 'pace'
      when s.account_posts <= 0 then 'provider_budget'
    end as factor
  ) f
$$;
comment on function app.limiting_factor(uuid, uuid) is 'What keeps a running campaign from going faster now (a code of core/reasons; null = nothing, or nothing left), with its figures.';
grant execute on function app.limiting_factor(uuid, uuid) to parley_web, parley_worker, parley_ro;
