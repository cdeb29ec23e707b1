-- graphile-worker keeps a job locked for four hours after its worker died, and says nothing when a job has killed
-- everyone who ran it. Each of our processes publishes who locks for it and what it has in hand; the sweep looks.
create or replace function app.free_jobs() returns int language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  v_wall timestamptz := app.wall();
  v_freed int;
begin
  with pool as materialized (
    -- gone: silent for long, or silent for a moment and without any connection
    select p.*, p.beat_at < v_wall - interval '30 seconds'
        or p.beat_at < v_wall - interval '7 seconds' and p.connection_name is not null and not exists (
          select from pg_stat_activity a where a.datname = current_database() and a.application_name = p.connection_name) as gone
    from worker_pools p
  ),
  lost as (
    select j.id
    from graphile_worker._private_jobs j
    left join pool p on j.locked_by = any (p.worker_ids)
    where j.locked_at is not null and case
      when p.pool_id is null then j.locked_at < v_wall - interval '60 seconds'
      when p.gone then true
      -- its end could not be written down: the process lives, and has forgotten it
      else not j.id = any (p.job_ids) and p.beat_at > j.locked_at + interval '60 seconds'
    end
    for update of j skip locked
  ),
  -- The tick rings without a key. Any other job that has none has lost it to one that was rung since.
  keyless as (
    select id from graphile_worker._private_tasks where identifier = 'calls/place'
  ),
  superseded as (
    delete from graphile_worker._private_jobs j using lost
    where j.id = lost.id and j.key is null and j.attempts >= j.max_attempts and j.task_id is distinct from (select id from keyless)
    returning j.id
  ),
  freed as (
    update graphile_worker._private_jobs j
    set locked_at = null, locked_by = null, updated_at = v_wall,
      attempts = case when j.attempts >= j.max_attempts then 0 else j.attempts end,
      run_at = case when j.attempts >= j.max_attempts then v_wall + interval '5 minutes' else v_wall end
    from lost
    where j.id = lost.id and j.id not in (select id from superseded)
    returning j.id, j.key, j.task_id, j.attempts = 0 as used_up
  ),
  -- nobody holds it, no error was noted, and its tries are used up: whoever ran it last is gone
  dead as (
    update graphile_worker._private_jobs j
    set attempts = 0, run_at = v_wall + interval '5 minutes', updated_at = v_wall
    where j.locked_at is null and j.attempts >= j.max_attempts and j.last_error is null
      and (j.key is not null or j.task_id = (select id from keyless))
    returning j.id, j.key, j.task_id
  ),
  told as (
    select app.raise_incident('job_died', coalesce(d.key, d.id::text), 'bad',
      format('The job %s was begun as often as it may be, and each time the worker went down with it.', t.identifier),
      'Look into the log before each start of a worker. It is tried again every five minutes; its row says what it is about.', null)
    from (select id, key, task_id from freed where used_up union all select id, key, task_id from dead) d
    join graphile_worker._private_tasks t on t.id = d.task_id
  )
  select (select count(*) from freed) + (select count(*) from superseded) + (select count(*) from dead) + 0 * (select count(*) from told)
  into v_freed;
  delete from worker_pools where beat_at < v_wall - interval '1 hour';
  return v_freed;
end $$;
comment on function app.free_jobs() is 'Frees jobs whose worker is dead, or alive but without them; a job that was used up by crashes becomes an incident and is tried again later. Returns how many.';
alter function app.free_jobs() owner to parley_definer;
grant execute on function app.free_jobs() to parley_worker;
