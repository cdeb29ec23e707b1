-- The one door to the job table: a closed list of tasks (the registry of core/jobs; a test compares the two).
create or replace function app.task_names() returns text[] language sql immutable as $$
  select array[
    'calls/dispatch',
    'calls/place',
    'calls/stop',
    'webhooks/drain',
    'calls/verify',
    'calls/sweep',
    'campaigns/callback',
    'campaigns/settle_item',
    'calls/reconcile',
    'calls/adopt',
    'campaigns/launch',
    'campaigns/finish',
    'provider/refresh',
    'leads/analyse',
    'calls/fetch_recording',
    'agents/sync',
    'agents/repoint',
    'contacts/import',
    'contacts/commit_import',
    'contacts/undo_import',
    'contacts/tidy_import',
    'ops/prune',
    'ops/seal_audit',
    'ops/noop'
  ]
$$;
comment on function app.task_names() is 'Tasks that may be enqueued.';

create or replace function app.enqueue(p_jobs jsonb) returns int language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  v_unknown text;
  v_specs graphile_worker.job_spec[];
  v_mode text;
  v_count int := 0;
begin
  select j ->> 'identifier' into v_unknown
  from jsonb_array_elements(p_jobs) j where not (j ->> 'identifier') = any (app.task_names()) limit 1;
  if v_unknown is not null then
    raise exception 'unknown task %', v_unknown using errcode = 'check_violation';
  end if;
  foreach v_mode in array array['replace', 'preserve_run_at'] loop
    -- one key twice in a batch would be refused: the last one wins
    select array_agg((
        j ->> 'identifier', coalesce(j -> 'payload', '{}')::json, null, (j ->> 'run_at')::timestamptz,
        (j ->> 'max_attempts')::smallint, j ->> 'job_key', (j ->> 'priority')::smallint, null
      )::graphile_worker.job_spec order by n)
    into v_specs
    from (
      select distinct on (coalesce(e.j ->> 'job_key', e.n::text)) e.j, e.n
      from jsonb_array_elements(p_jobs) with ordinality as e (j, n)
      where coalesce(nullif(e.j ->> 'job_key_mode', 'unsafe_dedupe'), 'replace') = v_mode
      order by coalesce(e.j ->> 'job_key', e.n::text), e.n desc
    ) job;
    if v_specs is not null then
      perform graphile_worker.add_jobs(v_specs, v_mode = 'preserve_run_at');
      v_count := v_count + cardinality(v_specs);
    end if;
  end loop;
  return v_count;
end $$;
comment on function app.enqueue(jsonb) is 'Adds jobs [{identifier, payload, job_key?, job_key_mode?, run_at?, priority?, max_attempts?}] in this transaction.';
alter function app.enqueue(jsonb) owner to parley_definer;
grant execute on function app.task_names() to parley_web, parley_worker, parley_ro, parley_definer;
grant execute on function app.enqueue(jsonb) to parley_web, parley_worker, parley_definer;
