-- graphile's own tables are closed to operators: payloads name people. Counts and ages are enough to see a jam.
create or replace function app.ops_jobs()
returns table (task text, waiting bigint, due bigint, running bigint, exhausted bigint, oldest_due_at timestamptz, last_error text)
language sql stable security definer
set search_path = public, pg_temp as $$
  select t.identifier,
    count(*) filter (where j.run_at > w.at and j.attempts < j.max_attempts),
    count(*) filter (where j.run_at <= w.at and j.locked_at is null and j.attempts < j.max_attempts),
    count(*) filter (where j.locked_at is not null),
    count(*) filter (where j.attempts >= j.max_attempts and j.locked_at is null),
    min(j.run_at) filter (where j.run_at <= w.at and j.locked_at is null and j.attempts < j.max_attempts),
    left((array_agg(j.last_error order by j.updated_at desc) filter (where j.last_error is not null))[1], 300)
  from graphile_worker._private_jobs j
  join graphile_worker._private_tasks t on t.id = j.task_id
  cross join (select app.wall() as at) w
  group by t.identifier
$$;
comment on function app.ops_jobs() is 'Jobs by task: waiting, due, running, out of attempts, the oldest due (wall time), the last error.';
alter function app.ops_jobs() owner to parley_definer;
grant execute on function app.ops_jobs() to parley_ro;
