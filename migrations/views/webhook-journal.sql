drop view if exists ops.webhook_journal;
create view ops.webhook_journal with (security_invoker = true) as
select e.id, case when e.status = 'done' and e.call_id is null then 'unmatched' else e.status end as state,
  e.received_at, u.company, e.source, e.attempts, e.error, e.done_at,
  case when e.status in ('pending', 'parked') then e.next_at end as next_at_wall, e.call_id, e.user_id
from webhook_events e
join users u on u.id = e.user_id
order by e.id desc;
comment on view ops.webhook_journal is 'Every stored webhook, the latest first: pending, parked, bad, done, or unmatched (read, but of no call of ours). Bodies are shown to their own workspace only.';
