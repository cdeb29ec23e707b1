-- How much more may be dialled: by tenant, by campaign, by the whole system. The tick and explain read the same.
-- Only what has a line holds credits, and nothing with a line is open or unsettled before the mark (decision 0026).
create or replace function app.tenant_room(p_user_id uuid)
returns table (live int, concurrent_limit int, credits bigint, held bigint, available bigint) language sql stable as $$
  select
    (select count(*)::int from public.calls c where c.user_id = u.id and c.ended_at is null and c.system_slot is not null
     and c.id >= (select first_call from public.line_mark)),
    u.concurrent_limit,
    u.credits,
    coalesce(h.held, 0),
    u.credits - coalesce(h.held, 0)
  from public.users u
  cross join lateral (
    select sum(c.held_credits)::bigint as held from public.calls c
    where c.user_id = u.id and c.settled_at is null and c.id >= (select first_call from public.line_mark)
  ) h
  where u.id = p_user_id
$$;
comment on function app.tenant_room(uuid) is 'A tenant''s open lines against its limit, and its credits less the holds of unsettled calls.';

create or replace function app.campaign_room(p_user_id uuid, p_campaign_id uuid)
returns table (live int, cap_room int, budget_left bigint, pace_at timestamptz) language sql stable as $$
  select
    l.live,
    k.max_concurrent - l.live,
    k.budget_credits - coalesce(s.spent_credits, 0) - coalesce(h.held, 0),
    case when k.calls_per_second is not null then p.tokens_at end
  from public.call_campaigns k
  left join public.campaign_spend s on s.campaign_id = k.id
  left join public.campaign_pace p on p.campaign_id = k.id
  cross join lateral (
    select count(*)::int as live from public.calls c
    where c.user_id = p_user_id and c.campaign_id = k.id and c.ended_at is null and c.system_slot is not null
      and c.id >= (select first_call from public.line_mark)
  ) l
  cross join lateral (
    select sum(c.held_credits)::bigint as held from public.calls c
    where c.user_id = p_user_id and c.campaign_id = k.id and c.settled_at is null
      and c.id >= (select first_call from public.line_mark)
  ) h
  where k.user_id = p_user_id and k.id = p_campaign_id
$$;
comment on function app.campaign_room(uuid, uuid) is 'A campaign''s open lines against its cap, what its budget still allows, and when its pace gives the next token. Null = no such limit.';

create or replace function app.account_room(p_account_id uuid)
returns table (status text, gate_until timestamptz, lines int, tokens int) language sql stable as $$
  select a.status,
    a.gate_until,
    a.concurrency_max - a.concurrency_others - (select count(*)::int from public.calls c
                         where c.provider_account_id = a.id and c.ended_at is null and c.system_slot is not null
                           and c.id >= (select first_call from public.line_mark)),
    -- 480 POST a minute, at most 16 at once: GCRA on one instant
    least(16, greatest(0, floor(extract(epoch from (w.at - p.post_tokens_at)) / 0.125)::int + 16))
  from public.provider_accounts a join public.provider_pace p on p.provider_account_id = a.id, (select app.wall() as at) w
  where a.id = p_account_id
$$;
comment on function app.account_room(uuid) is 'A provider account: state, gate, free lines, and POSTs its request budget allows now.';

create or replace function app.calls_at_provider(p_account_id uuid) returns int language sql stable security definer
set search_path = public, pg_temp as $$
  select count(*)::int from (
    select c.id from calls c where c.provider_account_id = p_account_id and c.ended_at is null and c.account_slot is not null
    union
    select c.id from calls c where c.provider_account_id = p_account_id and c.next_poll_at is not null
  ) ours
$$;
comment on function app.calls_at_provider(uuid) is 'Our calls that the provider may count as under way: open ones, inbound ones, and those ended here that it has not been asked about again.';
alter function app.calls_at_provider(uuid) owner to parley_definer;
grant execute on function app.calls_at_provider(uuid) to parley_worker;

create or replace function app.direct_reserve() returns int language sql stable security definer
set search_path = public, pg_temp as $$
  select least(coalesce(s.direct_reserve, s.concurrent_calls_limit / 20), s.concurrent_calls_limit) from system_settings s
$$;
comment on function app.direct_reserve() is 'Lines of the installation that campaigns leave to calls by hand.';
alter function app.direct_reserve() owner to parley_definer;
grant execute on function app.direct_reserve() to parley_web, parley_worker, parley_ro, parley_definer;

create or replace function app.is_calling() returns boolean language sql stable security definer
set search_path = public, pg_temp as $$
  select exists (
    select from calls c
    where c.ended_at is null and c.system_slot is not null and c.status <> 'unknown' and c.id >= (select first_call from line_mark))
$$;
comment on function app.is_calling() is 'Whether anybody is being called. A call that nobody knows about keeps its line for days, and says nothing of that.';
alter function app.is_calling() owner to parley_definer;
grant execute on function app.is_calling() to parley_worker;

grant execute on function app.tenant_room(uuid), app.campaign_room(uuid, uuid), app.account_room(uuid)
  to parley_web, parley_worker, parley_ro, parley_definer;
