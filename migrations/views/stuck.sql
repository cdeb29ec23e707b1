drop view if exists ops.stuck;
create view ops.stuck with (security_invoker = true) as
with clock as (select app.now() as now, app.wall() as wall)
select s.kind, s.status, s.late, s.next_action, u.company, s.id, s.user_id
from (
  select 'call' as kind, c.status, k.wall - c.lease_until as late, c.id::text as id, c.user_id,
    case c.status when 'claimed' then 'withdrawn: it was never sent'
                  when 'dialing' then 'becomes unknown and is looked up'
                  else 'the provider is asked' end as next_action
  from calls c cross join clock k where c.lease_until < k.wall
  union all
  select 'call', c.status, k.now - c.next_poll_at, c.id::text, c.user_id,
    case c.status when 'unknown' then 'looked up among the agent''s executions' else 'the provider is asked for the final facts' end
  from calls c cross join clock k where c.next_poll_at < k.now - interval '1 minute'
  union all
  select 'item', q.status, k.now - max(c.final_at), q.id::text, q.user_id, 'settled: retried or closed'
  from call_queue q cross join clock k left join calls c on c.queue_id = q.id
  where q.status = 'in_progress'
  group by q.id, q.status, q.user_id, k.now
  having count(c.id) filter (where c.final_at is null) = 0
  union all
  select 'item', q.status, k.now - q.expires_at, q.id::text, q.user_id, 'skipped: expired'
  from call_queue q cross join clock k where q.status = 'pending' and q.expires_at < k.now
  union all
  select 'launch', c.status, k.wall - c.launch_lease_until, c.id::text, c.user_id, 'goes on where it stopped'
  from call_campaigns c cross join clock k where c.launch_lease_until < k.wall
  union all
  select 'import', i.status, k.wall - i.lease_until, i.id::text, i.user_id, 'goes on where it stopped'
  from imports i cross join clock k
  where i.lease_until < k.wall and i.status in ('receiving', 'validating', 'committing', 'undoing')
  union all
  select 'analysis', a.status, k.wall - a.next_at, a.call_id::text, a.user_id, 'tried again'
  from lead_analytics a cross join clock k where a.status in ('pending', 'running') and a.next_at < k.wall
  union all
  select 'webhook', w.status, k.wall - w.next_at, w.id::text, w.user_id, 'folded into its call'
  from webhook_events w cross join clock k
  where w.status in ('pending', 'parked') and w.next_at < k.wall - interval '5 seconds'
) s
join users u on u.id = s.user_id
order by s.late desc nulls first;
comment on view ops.stuck is 'Everything past its deadline, how late, and what the sweeper does about it. Rows that stay for a minute need a person.';
