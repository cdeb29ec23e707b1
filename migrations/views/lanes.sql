drop view if exists ops.lanes;
create view ops.lanes with (security_invoker = true) as
select u.company, coalesce(k.name, '(direct calls)') as campaign, l.country, l.zone_set,
  case
    when l.paused then 'paused'
    when l.blocked_by is not null then 'blocked: ' || l.blocked_by
    when not isfinite(l.opens_at) then 'never opens'
    when l.opens_at > n.at then 'closed'
    when l.next_due_at > n.at then 'nothing due'
    else 'ready'
  end as state,
  l.opens_at, l.closes_at, l.next_due_at, l.hold_credits,
  (select count(*) from (select from call_queue q where q.lane_id = l.id and q.status = 'pending' limit 10001) p) as pending_to_10001,
  l.id as lane_id, l.user_id, l.campaign_id
from call_lanes l
join users u on u.id = l.user_id
left join call_campaigns k on k.user_id = l.user_id and k.id = l.campaign_id
cross join (select app.now() as at offset 0) n
where k.id is null or k.status in ('running', 'paused')
order by l.next_due_at;
comment on view ops.lanes is 'Lanes of running and paused campaigns and of direct calls: ready, or what holds them. Pending is counted up to 10001.';
