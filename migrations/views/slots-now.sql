drop view if exists ops.slots_now;
create view ops.slots_now with (security_invoker = true) as
select 'system' as scope, 'all tenants' as company, r.live, r.line_limit as "limit", r.line_limit - r.live as free,
  null::bigint as unknown, null::timestamptz as oldest_at, null::uuid as user_id
from app.system_room() r
union all
select 'provider', a.name, a.concurrency_max - r.lines, a.concurrency_max, r.lines, null, null, null
from provider_accounts a cross join lateral app.account_room(a.id) r
union all
select 'tenant', u.company, count(c.id)::int, u.concurrent_limit, u.concurrent_limit - count(c.id)::int,
  count(c.id) filter (where c.status = 'unknown'), min(c.created_at), u.id
from users u
left join calls c on c.user_id = u.id and c.ended_at is null and c.system_slot is not null
group by u.id, u.company, u.concurrent_limit
having count(c.id) > 0;
comment on view ops.slots_now is 'Lines in use against their limits: the system, the provider account, every tenant that holds one.';
