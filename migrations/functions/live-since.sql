-- What changed since the reader last looked, over all tenants. Ids are handed out before commit, so the reader asks by
-- transaction: everything of transactions not yet finished at its last snapshot is read again, and it drops the ids it sent.
create or replace function app.live_since(p_xmin xid8)
returns table (id bigint, user_id uuid, topic text, ref text, at timestamptz, snapshot_xmin xid8) language sql security definer
set search_path = public, pg_temp as $$
  select c.id, c.user_id, c.topic, c.ref, c.at, pg_snapshot_xmin(pg_current_snapshot())
  from live_changes c
  where c.xid >= p_xmin
  order by c.id
  limit 10000
$$;
comment on function app.live_since(xid8) is 'Changes of transactions from p_xmin on, oldest first, with the xmin to ask from next time.';
alter function app.live_since(xid8) owner to parley_definer;
grant execute on function app.live_since(xid8) to parley_web, parley_worker;

create or replace function app.live_horizon() returns xid8 language sql stable as $$
  select pg_snapshot_xmin(pg_current_snapshot())
$$;
comment on function app.live_horizon() is 'Where a new reader begins.';
grant execute on function app.live_horizon() to parley_web, parley_worker;

create or replace function app.prune() returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  delete from live_changes where at < app.wall() - interval '10 minutes';
  delete from idempotency_keys where created_at < app.wall() - interval '24 hours';
  delete from sessions where least(expires_at, idle_expires_at) < app.wall() - interval '1 day';
  delete from one_time_tokens where expires_at < app.wall() - interval '1 day';
  delete from worker_pools where beat_at < app.wall() - interval '1 day';
  -- used up: given up, or locked by a worker that was killed while its key was rung again
  delete from graphile_worker._private_jobs
  where attempts >= max_attempts and coalesce(locked_at, run_at) < app.wall() - interval '1 day';
  -- a file that nobody committed: the sweeper rings for its undoing, which drops file and staging
  update imports
  set status = 'undoing', error = 'Nobody committed it within seven days.', epoch = epoch + 1, tries = 0, lease_until = app.wall()
  where status in ('mapping', 'ready') and updated_at < app.wall() - interval '7 days';
  -- A body that could not be read is kept as long as one that was: then nobody has mended its cause in a month.
  update webhook_events
  set body = null, error = case when status = 'bad' then left(coalesce(error, '') || ' Its bytes were kept for 30 days and are gone.', 600) else error end
  where id in (select id from webhook_events where status in ('done', 'bad') and body is not null and received_wall < app.wall() - interval '30 days' limit 5000);
  -- A year on nobody asks for the journal's line either. What a delivery is recognised by stays.
  delete from webhook_events
  where id in (select id from webhook_events where status in ('done', 'bad') and received_wall < app.wall() - interval '365 days' limit 5000);
end $$;
comment on function app.prune() is 'Retention: outbox, idempotency keys, expired sessions, used-up jobs, imports that were left lying, bodies of webhooks after 30 days and their lines after a year.';
alter function app.prune() owner to parley_definer;
grant execute on function app.prune() to parley_worker;
