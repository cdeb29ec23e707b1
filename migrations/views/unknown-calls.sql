drop view if exists ops.unknown_calls;
create view ops.unknown_calls with (security_invoker = true) as
select c.id, u.company, c.reason, n.at - c.dialing_at as age, c.polls, c.next_poll_at,
  c.absent_since, c.dialing_lease_end,
  c.held_credits, a.name as agent, c.agent_id, c.queue_id as item_id, c.campaign_id, c.user_id
from calls c
join users u on u.id = c.user_id
join agents a on a.user_id = c.user_id and a.id = c.agent_id
cross join (select app.now() as at offset 0) n
where c.status = 'unknown'
order by c.dialing_at;
comment on view ops.unknown_calls is 'Calls of which it is not known whether they exist: each keeps its line and hold and is looked up, never redialled.';
