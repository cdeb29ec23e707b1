drop view if exists ops.ledger_check;
create view ops.ledger_check with (security_invoker = true) as
select 'tenant' as scope, u.company as name, u.credits as posted, coalesce(e.sum, 0) as entries,
  u.credits - coalesce(e.sum, 0) as difference, coalesce(h.held, 0) as held, u.credits - coalesce(h.held, 0) as available,
  u.id as user_id, null::uuid as campaign_id
from users u
left join lateral (select sum(c.amount)::bigint as sum from credit_entries c where c.user_id = u.id) e on true
left join lateral (select sum(c.held_credits)::bigint as held from calls c where c.user_id = u.id and c.settled_at is null) h on true
union all
select 'campaign', k.name, s.spent_credits, coalesce(e.sum, 0), s.spent_credits - coalesce(e.sum, 0), coalesce(h.held, 0), null,
  s.user_id, s.campaign_id
from campaign_spend s
join call_campaigns k on k.user_id = s.user_id and k.id = s.campaign_id
left join lateral (
  select -sum(c.amount)::bigint as sum from credit_entries c where c.user_id = s.user_id and c.campaign_id = s.campaign_id
) e on true
left join lateral (
  select sum(c.held_credits)::bigint as held from calls c where c.user_id = s.user_id and c.campaign_id = s.campaign_id and c.settled_at is null
) h on true;
comment on view ops.ledger_check is 'Posted balance against the sum of its entries, by tenant and by campaign. difference is 0 in every row, always.';
