-- "Do not contact me again" takes hold in the moment it commits: nobody is dialled under this number afterwards, what
-- waits is skipped, what waits at the provider is called back. Shared by people, imports of lists and the analysis.
create or replace function app.suppress(
  p_user_id uuid, p_phone_number text, p_channel text, p_reason text, p_source text,
  p_call_id uuid default null, p_note text default null, p_created_by uuid default null
)
returns table (added boolean, skipped int, stopping int, in_air int) language plpgsql as $$
declare
  v_campaigns uuid[];
begin
  perform app.lock_phone(p_user_id, p_phone_number);
  insert into public.suppressions (user_id, phone_number, channel, reason, source, call_id, note, created_by)
  values (p_user_id, p_phone_number, p_channel, p_reason, p_source, p_call_id, p_note, p_created_by)
  on conflict on constraint one_suppression_per_number do nothing;
  added := found;
  skipped := 0; stopping := 0; in_air := 0;
  if p_channel = 'whatsapp' then
    return next;
    return;
  end if;
  with closed as (
    update public.call_queue
    set status = 'skipped', skip_reason = case p_reason when 'dnc' then 'dnc' else 'suppressed' end,
      wait_reason = null, closed_at = app.now()
    where user_id = p_user_id and phone_number = p_phone_number and status = 'pending'
    returning campaign_id
  )
  select count(*), array_agg(distinct campaign_id) filter (where campaign_id is not null)
  into skipped, v_campaigns
  from closed;
  -- a claimed call is withdrawn by its own job, which looks here under the same lock before it dials
  select count(*) filter (where c.status in ('claimed', 'prepared', 'scheduled', 'queued', 'rescheduled')),
    count(*) filter (where c.status not in ('claimed', 'prepared', 'scheduled', 'queued', 'rescheduled'))
  into stopping, in_air
  from public.calls c
  where c.user_id = p_user_id and c.phone_number = p_phone_number and c.ended_at is null and c.direction = 'outbound';
  perform app.enqueue(coalesce((
    select jsonb_agg(jsonb_build_object(
      'identifier', j.task, 'payload', j.payload || jsonb_build_object('userId', p_user_id), 'job_key', j.task || ':' || j.ref,
      'priority', j.priority, 'max_attempts', 5))
    from (
      select 'calls/stop' as task, jsonb_build_object('callId', c.id) as payload, c.id as ref, 1 as priority
      from public.calls c
      where c.user_id = p_user_id and c.phone_number = p_phone_number and c.ended_at is null and c.direction = 'outbound'
        and c.status in ('prepared', 'scheduled', 'queued', 'rescheduled')
      union all
      select 'campaigns/finish', jsonb_build_object('campaignId', k), k, 4 from unnest(v_campaigns) k
    ) j), '[]'));
  return next;
end $$;
comment on function app.suppress(uuid, text, text, text, text, uuid, text, uuid) is
  'Suppresses a number: whether it is new, items skipped, calls being taken back, calls that can no longer be stopped.';
grant execute on function app.suppress(uuid, text, text, text, text, uuid, text, uuid) to parley_web, parley_worker;
