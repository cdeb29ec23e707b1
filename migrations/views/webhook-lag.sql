drop view if exists ops.webhook_lag;
create view ops.webhook_lag with (security_invoker = true) as
select u.company, e.source,
  count(*) filter (where e.status = 'pending') as pending,
  count(*) filter (where e.status = 'parked') as parked,
  count(*) filter (where e.status = 'bad') as bad,
  w.at - min(e.received_wall) filter (where e.status in ('pending', 'parked')) as oldest_waits,
  count(*) filter (where e.received_wall > w.at - interval '1 hour') as last_hour,
  max(e.received_wall) as last_received_wall,
  (array_agg(e.error order by e.id desc) filter (where e.error is not null))[1] as last_error,
  e.user_id
from webhook_events e
join users u on u.id = e.user_id
cross join (select app.wall() as at offset 0) w
where e.status <> 'done' or e.received_wall > w.at - interval '1 day'
group by u.company, e.source, e.user_id, w.at
order by pending desc, bad desc;
comment on view ops.webhook_lag is 'Webhooks of the last day by tenant and source: not folded yet, parked, unreadable, and how long the oldest waits (wall time).';
