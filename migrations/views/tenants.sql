drop view if exists ops.tenants;
create view ops.tenants with (security_invoker = true) as
select u.company, u.status, u.credits, r.held, r.available, r.live, u.concurrent_limit, u.rule_set,
  (select count(*) from members m where m.user_id = u.id) as members,
  (select count(*) from contacts c where c.user_id = u.id) as contacts,
  (select count(*) from call_campaigns k where k.user_id = u.id and k.status = 'running') as running_campaigns,
  u.created_at, u.id as user_id
from users u
cross join lateral app.tenant_room(u.id) r
order by u.created_at;
comment on view ops.tenants is 'Tenants with their balance, lines, lists and running campaigns.';
