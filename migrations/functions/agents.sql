-- At boot, and now and then: agents of any tenant that still have to be mirrored, carry another public address than
-- ours, or were not compared with the provider for a while. Rings agents/sync for each.
create or replace function app.ring_agent_syncs(p_webhook_base text) returns int language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  v_jobs jsonb;
begin
  update agents set sync_status = 'pending'
  where status = 'active' and sync_status in ('synced', 'drifted') and webhook_base is distinct from p_webhook_base;
  select jsonb_agg(jsonb_build_object(
    'identifier', 'agents/sync',
    'payload', jsonb_build_object('userId', a.user_id, 'agentId', a.id),
    'job_key', 'agents/sync:' || a.id,
    'priority', 3,
    'max_attempts', 8))
  into v_jobs
  from agents a
  where a.status = 'active'
    and (a.sync_status = 'pending'
      or (a.sync_status = 'synced' and coalesce(a.drift_checked_at, '-infinity') < app.wall() - interval '1 hour'));
  if v_jobs is null then
    return 0;
  end if;
  return app.enqueue(v_jobs);
end $$;
comment on function app.ring_agent_syncs(text) is 'Rings agents/sync for every agent that must be mirrored or compared; p_webhook_base is the address its webhooks should go to.';
alter function app.ring_agent_syncs(text) owner to parley_definer;
grant execute on function app.ring_agent_syncs(text) to parley_worker;
