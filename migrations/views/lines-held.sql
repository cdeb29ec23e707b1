drop view if exists ops.lines_held;
create view ops.lines_held with (security_invoker = true) as
select c.system_slot, c.user_slot as tenant_slot, c.account_slot, u.company, coalesce(k.name, '(direct call)') as campaign,
  a.name as agent, p.name as account, c.status, c.created_at as held_since, date_trunc('second', n.at - c.created_at) as held_for,
  case when c.lease_until is not null then app.in_wall(c.lease_until - app.wall()) else c.next_poll_at end as looked_at_again,
  c.held_credits, c.id as call_id, c.queue_id as item_id, c.campaign_id, c.user_id
from calls c
join users u on u.id = c.user_id
join agents a on a.user_id = c.user_id and a.id = c.agent_id
join provider_accounts p on p.id = c.provider_account_id
left join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
cross join (select app.now() as at offset 0) n
where c.ended_at is null and c.system_slot is not null
order by c.created_at;
comment on view ops.lines_held is 'Who holds which line: of the system, of the tenant, of the provider''s account; since when, and when it is looked at again.';
