drop view if exists ops.jobs;
create view ops.jobs with (security_invoker = true) as
select j.task, j.due, j.running, j.waiting, j.exhausted, w.at - j.oldest_due_at as oldest, j.last_error
from app.ops_jobs() j
cross join (select app.wall() as at offset 0) w
order by j.due desc, j.task;
comment on view ops.jobs is 'Doorbells by task: due and not taken, running, waiting for their time, out of attempts. Losing one loses nothing; the sweeper rings again.';
