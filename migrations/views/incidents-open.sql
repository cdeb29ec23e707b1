drop view if exists ops.incidents_open;
create view ops.incidents_open with (security_invoker = true) as
select i.severity, i.kind, i.message, i.cure, i.times, i.opened_at, i.last_at, i.acknowledged_at,
  coalesce(u.company, '(platform)') as company, i.ref, i.id, i.user_id
from incidents i
left join users u on u.id = i.user_id
where i.status = 'open'
order by array_position(array['bad', 'warn', 'info'], i.severity), i.last_at desc;
comment on view ops.incidents_open is 'What needs a person now, the worst first, each with its cure; acknowledged_at = somebody looks after it.';
