drop view if exists ops.queue_now;
create view ops.queue_now with (security_invoker = true) as
select u.company, k.name as campaign, coalesce(k.status, 'direct') as status,
  count(*) filter (where q.status = 'pending' and q.due_at <= n.at) as due,
  count(*) filter (where q.status = 'pending' and q.due_at > n.at) as waiting,
  count(*) filter (where q.status = 'in_progress') as in_progress,
  min(q.due_at) filter (where q.status = 'pending' and q.due_at <= n.at) as oldest_due_at,
  min(q.due_at) filter (where q.status = 'pending' and q.due_at > n.at) as next_due_at,
  q.user_id, q.campaign_id
from call_queue q
join users u on u.id = q.user_id
left join call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
cross join (select app.now() as at offset 0) n
where q.status in ('pending', 'in_progress')
group by u.company, k.name, k.status, q.user_id, q.campaign_id, n.at
order by due desc, waiting desc;
comment on view ops.queue_now is 'Open items by campaign: due now, waiting for their time, on the phone.';
