-- "Do not contact me again" takes hold in the moment it commits: nobody is dialled under these numbers afterwards, what
-- waits is skipped, what waits at the provider is called back. One statement each, however long the list is; numbers are
-- locked in order, so that two lists never wait for each other crosswise.
create or replace function app.suppress_many(
  p_user_id uuid, p_entries jsonb, p_source text, p_call_id uuid default null, p_created_by uuid default null
)
returns table (added text[], skipped int, stopping int, in_air int) language plpgsql as $$
declare
  v_numbers text[];
  v_campaigns uuid[];
begin
  perform app.lock_phone(p_user_id, n.phone_number)
  from (select distinct e ->> 'phoneNumber' as phone_number from jsonb_array_elements(p_entries) e order by 1 offset 0) n;
  with entry as (
    select distinct on (e ->> 'phoneNumber', e ->> 'channel') e ->> 'phoneNumber' as phone_number, e ->> 'channel' as channel,
      e ->> 'reason' as reason, e ->> 'note' as note
    from jsonb_array_elements(p_entries) e
  ),
  fresh as (
    insert into public.suppressions (user_id, phone_number, channel, reason, source, call_id, note, created_by)
    select p_user_id, phone_number, channel, reason, p_source, p_call_id, note, p_created_by from entry
    on conflict on constraint one_suppression_per_number do nothing
    returning phone_number
  )
  select coalesce((select array_agg(distinct phone_number::text) from fresh), '{}'),
    array(select distinct phone_number from entry where channel <> 'whatsapp')
  into added, v_numbers;
  with closed as (
    update public.call_queue q
    set status = 'skipped', wait_reason = null, closed_at = app.now(),
      skip_reason = case when exists (
        select 1 from public.suppressions s
        where s.user_id = q.user_id and s.phone_number = q.phone_number and s.channel in ('all', 'call') and s.reason = 'dnc'
      ) then 'dnc' else 'suppressed' end
    where q.user_id = p_user_id and q.phone_number = any (v_numbers) and q.status = 'pending'
    returning q.campaign_id
  )
  select count(*), array_agg(distinct campaign_id) filter (where campaign_id is not null)
  into skipped, v_campaigns
  from closed;
  -- nor does a person call back who had promised to
  update public.tasks t
  set status = 'canceled', done_at = app.now(), reason = 'suppressed', changed_at = app.now()
  from public.contacts c
  where t.user_id = p_user_id and t.status = 'open' and t.kind = 'callback'
    and c.user_id = t.user_id and c.id = t.contact_id and c.phone_number = any (v_numbers);
  -- a claimed call is withdrawn by its own job, which looks here under the same lock before it dials
  select count(*) filter (where c.status in ('claimed', 'prepared', 'scheduled', 'queued', 'rescheduled')),
    count(*) filter (where c.status not in ('claimed', 'prepared', 'scheduled', 'queued', 'rescheduled'))
  into stopping, in_air
  from public.calls c
  where c.user_id = p_user_id and c.phone_number = any (v_numbers) and c.ended_at is null and c.direction = 'outbound';
  perform app.enqueue(coalesce((
    select jsonb_agg(jsonb_build_object(
      'identifier', j.task, 'payload', j.payload || jsonb_build_object('userId', p_user_id), 'job_key', j.task || ':' || j.ref,
      'priority', j.priority, 'max_attempts', 5))
    from (
      select 'calls/stop' as task, jsonb_build_object('callId', c.id) as payload, c.id as ref, 1 as priority
      from public.calls c
      where c.user_id = p_user_id and c.phone_number = any (v_numbers) and c.ended_at is null and c.direction = 'outbound'
        and c.status in ('prepared', 'scheduled', 'queued', 'rescheduled')
      union all
      select 'campaigns/finish', jsonb_build_object('campaignId', k), k, 4 from unnest(v_campaigns) k
    ) j), '[]'));
  return next;
end $$;
comment on function app.suppress_many(uuid, jsonb, text, uuid, uuid) is
  'Suppresses numbers [{phoneNumber, channel, reason, note}]: which are new, items skipped, calls being taken back, calls that can no longer be stopped.';
grant execute on function app.suppress_many(uuid, jsonb, text, uuid, uuid) to parley_web, parley_worker;

-- One number: people and the analysis.
create or replace function app.suppress(
  p_user_id uuid, p_phone_number text, p_channel text, p_reason text, p_source text,
  p_call_id uuid default null, p_note text default null, p_created_by uuid default null
)
returns table (added boolean, skipped int, stopping int, in_air int) language sql as $$
  select m.added <> '{}', m.skipped, m.stopping, m.in_air
  from app.suppress_many(p_user_id, jsonb_build_array(jsonb_build_object(
    'phoneNumber', p_phone_number, 'channel', p_channel, 'reason', p_reason, 'note', p_note)), p_source, p_call_id, p_created_by) m
$$;
comment on function app.suppress(uuid, text, text, text, text, uuid, text, uuid) is
  'Suppresses a number: whether it is new, items skipped, calls being taken back, calls that can no longer be stopped.';
grant execute on function app.suppress(uuid, text, text, text, text, uuid, text, uuid) to parley_web, parley_worker;
