-- Jobs are doorbells and may be lost; the rows are the truth. The sweep finds every row whose next step is overdue and
-- rings again, so losing a job, or all of them, loses time and nothing else. The one thing it closes itself are calls by
-- hand that nobody wants any more: their lane may be blocked, and then no tick would look at them.
create or replace function app.sweep() returns table (task text, rung int) language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  v_now timestamptz := app.now();
  v_wall timestamptz := app.wall();
  v_jobs jsonb;
  v_users uuid[];
begin
  if not pg_try_advisory_xact_lock(hashtext('app.sweep')) then
    return;
  end if;
  perform app.free_jobs();

  -- A lane that was made at the moment its campaign was paused or resumed may have missed it. Under the account lock, so
  -- that the campaign is read as it stands.
  v_users := array(
    select u.id from users u
    where u.id in (
      select k.user_id from call_campaigns k join call_lanes l on l.user_id = k.user_id and l.campaign_id = k.id
      where k.status in ('running', 'paused') and l.paused <> (k.status = 'paused'))
    order by u.id for no key update skip locked);
  if cardinality(v_users) > 0 then
    update call_lanes l
    set paused = k.status = 'paused', next_due_at = case when l.blocked_by is null then least(l.next_due_at, v_now) else l.next_due_at end
    from call_campaigns k
    where k.user_id = l.user_id and k.id = l.campaign_id and l.id = any (array(
      select m.id
      from call_campaigns c join call_lanes m on m.user_id = c.user_id and m.campaign_id = c.id
      where c.user_id = any (v_users) and c.status in ('running', 'paused') and m.paused <> (c.status = 'paused')
      for no key update of m skip locked));
  end if;

  with late as (
    select q.id from call_queue q where q.status = 'pending' and q.expires_at <= v_now
    order by q.expires_at limit 500 for update skip locked
  ),
  expired as (
    update call_queue q
    set status = 'skipped', skip_reason = 'expired', wait_reason = null, closed_at = v_now
    where q.id = any (array(select id from late))
    returning q.user_id, q.id
  )
  insert into live_changes (user_id, topic, ref) select user_id, 'calls', id::text from expired;

  with overdue as (
    -- claimed past its lease: never sent. dialing past its lease: unknown. The job decides under the row lock.
    (select 'place' as kind, 'calls/place' as task, jsonb_build_object('userId', c.user_id, 'callId', c.id) as payload,
       'calls/place:' || c.id as key, 0 as priority
     from calls c where c.lease_until < v_wall order by c.lease_until limit 500)
    union all
    (select 'unknown', 'calls/reconcile', jsonb_build_object('userId', c.user_id, 'agentId', c.agent_id),
       'calls/reconcile:' || c.agent_id, 3
     from calls c where c.status = 'unknown' and c.ended_at is null and coalesce(c.next_poll_at, v_now) <= v_now
     group by c.user_id, c.agent_id limit 200)
    union all
    (select 'poll', 'calls/verify', jsonb_build_object('userId', c.user_id, 'callId', c.id), 'calls/verify:' || c.id, 2
     from calls c where c.next_poll_at <= v_now and c.status <> 'unknown' order by c.next_poll_at limit 500)
    union all
    (select 'settle', 'campaigns/settle_item', jsonb_build_object('userId', q.user_id, 'itemId', q.id),
       'campaigns/settle_item:' || q.id, 2
     from call_queue q
     where q.status = 'in_progress'
       and not exists (select 1 from calls c where c.queue_id = q.id and c.final_at is null)
     limit 500)
    union all
    (select 'webhooks', 'webhooks/drain', '{}', 'webhooks/drain', 1
     from webhook_events e where e.status in ('pending', 'parked') and e.next_at <= v_wall - interval '1 second' limit 1)
    union all
    (select 'finish', 'campaigns/finish', jsonb_build_object('userId', k.user_id, 'campaignId', k.id),
       'campaigns/finish:' || k.id, 4
     from call_campaigns k
     where k.status in ('running', 'paused') and k.launch_lease_until is null
       and (k.ends_at <= v_now
         or k.status = 'running' and not exists (select 1 from call_queue q where q.campaign_id = k.id and q.status in ('pending', 'in_progress')))
     limit 100)
    union all
    (select 'callback', 'campaigns/callback', jsonb_build_object('userId', t.user_id, 'taskId', t.id), 'campaigns/callback:' || t.id, 3
     from tasks t where t.agent_calls and t.item_id is null and t.status = 'open' limit 100)
    union all
    (select 'launch', 'campaigns/launch', jsonb_build_object('userId', k.user_id, 'campaignId', k.id),
       'campaigns/launch:' || k.id, 4
     from call_campaigns k
     where k.launch_lease_until < v_wall or (k.status = 'scheduled' and k.starts_at <= v_now)
     limit 100)
    union all
    (select 'import', t.task, jsonb_build_object('userId', i.user_id, 'importId', i.id), t.task || ':' || i.id, 6
     from imports i
     cross join lateral (
       select case
         when i.status in ('receiving', 'validating') then 'contacts/import'
         when i.status = 'committing' then 'contacts/commit_import'
         when i.status = 'undoing' then 'contacts/undo_import'
         when i.status in ('done', 'failed', 'undone') then 'contacts/tidy_import' end as task
     ) t
     where i.lease_until < v_wall and t.task is not null limit 100)
    union all
    (select 'analysis', 'leads/analyse', jsonb_build_object('userId', a.user_id, 'callId', a.call_id), 'leads/analyse:' || a.call_id, 4
     from lead_analytics a where a.next_at < v_wall order by a.next_at limit 200)
    union all
    (select 'recording', 'calls/fetch_recording', jsonb_build_object('userId', c.user_id, 'callId', c.id), 'calls/fetch_recording:' || c.id, 5
     from calls c where c.recording_status = 'fetching' and c.recording_next_at <= v_now order by c.recording_next_at limit 200)
    union all
    (select 'adopt', 'calls/adopt', jsonb_build_object('userId', a.user_id, 'agentId', a.id), 'calls/adopt:' || a.id, 3
     from agents a cross join (
       select reconcile_only_at + make_interval(secs => reconcile_grace_ms / 1000.0) as at from system_settings
     ) from_then
     where a.bolna_agent_id is not null and from_then.at <= v_wall and coalesce(a.adopted_at < from_then.at, true)
     order by a.id
     limit 200)
  )
  -- What waits its turn or its back-off is left alone: rung anew, it would never run out of tries and nobody would hear of
  -- it. So is what a living worker has in hand; but whether it may still dial is the lease's to say, not the job's.
  select jsonb_agg(jsonb_build_object('identifier', o.task, 'payload', o.payload, 'job_key', o.key, 'priority', o.priority))
  into v_jobs
  from overdue o
  left join graphile_worker._private_jobs j on j.key = o.key
  where j.id is null
    or o.kind = 'place'
    or j.locked_at is null and (j.attempts >= j.max_attempts or j.attempts = 0 and j.run_at > v_wall)
    or j.locked_at < v_wall - interval '2 minutes';
  if v_jobs is null then
    return;
  end if;
  perform app.enqueue(v_jobs);
  return query select j ->> 'identifier', count(*)::int from jsonb_array_elements(v_jobs) j group by 1;
end $$;
comment on function app.sweep() is 'Rings again for every row whose next step is overdue; returns what it rang for, by task.';
alter function app.sweep() owner to parley_definer;
grant execute on function app.sweep() to parley_worker;
