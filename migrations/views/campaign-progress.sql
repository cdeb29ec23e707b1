drop view if exists ops.campaign_progress;
create view ops.campaign_progress with (security_invoker = true) as
select u.company, k.name as campaign, k.status, k.status_reason, coalesce(i.total, 0) as total, coalesce(i.pending, 0) as pending,
  coalesce(i.in_progress, 0) as in_progress, coalesce(i.completed, 0) as completed, coalesce(i.failed, 0) as failed,
  coalesce(i.canceled, 0) as canceled, coalesce(i.skipped, 0) as skipped,
  coalesce(s.spent_credits, 0) as spent, k.budget_credits, f.factor as limiting_factor, f.until as limited_until,
  k.started_at, k.completed_at, k.id as campaign_id, k.user_id
from call_campaigns k
join users u on u.id = k.user_id
left join campaign_spend s on s.campaign_id = k.id
left join lateral (
  select count(*) as total,
    count(*) filter (where q.status = 'pending') as pending,
    count(*) filter (where q.status = 'in_progress') as in_progress,
    count(*) filter (where q.status = 'completed') as completed,
    count(*) filter (where q.status = 'failed') as failed,
    count(*) filter (where q.status = 'canceled') as canceled,
    count(*) filter (where q.status = 'skipped') as skipped
  from call_queue q where q.user_id = k.user_id and q.campaign_id = k.id
) i on true
left join lateral app.limiting_factor(k.user_id, k.id) f on k.status = 'running'
where k.status <> 'draft'
order by k.status = 'running' desc, k.started_at desc nulls first;
comment on view ops.campaign_progress is 'Campaigns, running first: items by status (they sum to total), spend against budget, and what limits the pace.';
