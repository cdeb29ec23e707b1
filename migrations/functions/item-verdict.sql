-- Every predicate of one queue item, evaluated once. The tick asks for the verdict, explain shows the checks:
-- there is no second definition.
drop function if exists app.item_verdict(uuid);
drop function if exists app.item_checks(uuid);
create or replace function app.item_checks(p_item_id uuid, p_at timestamptz default app.now())
returns table (
  item_id uuid, at timestamptz, status text, due_at timestamptz, kind text, wait_reason text,
  expired boolean, erased boolean, suppressed text, campaign_status text, campaign_reason text, campaign_over boolean,
  agent_ready boolean, consent_need text, consent_ok boolean, other_call_id uuid, frequency_until timestamptz, destination_ok boolean
) language sql stable as $$
  select q.id, n.at, q.status, q.due_at, q.kind, q.wait_reason,
    coalesce(q.expires_at <= n.at, false),
    c.erased_at is not null,
    (select s.reason from public.suppressions s
     where s.user_id = q.user_id and s.phone_number = q.phone_number and s.channel in ('all', 'call') limit 1),
    k.status,
    k.status_reason,
    coalesce(k.status in ('completed', 'canceled') or k.ends_at <= n.at, false),
    coalesce(a.status = 'active' and a.bolna_agent_id is not null, false),
    rule.consent,
    rule.consent = 'none' or exists (
      select 1 from public.consents t
      where t.user_id = q.user_id and t.contact_id = q.contact_id and t.channel = 'call' and t.revoked_at is null
        and coalesce(t.expires_at > n.at, true)
        and (rule.consent = 'any' or t.basis = 'written' or (rule.consent = 'express' and t.basis = 'express'))),
    (select o.id from public.calls o
     where o.user_id = q.user_id and o.phone_number = q.phone_number and o.ended_at is null limit 1),
    -- a dial counts when a phone may have rung: not one that never left the provider
    case when q.kind <> 'direct' then greatest(
      (select d.created_at from public.calls d
       where d.user_id = q.user_id and d.phone_number = q.phone_number and d.direction = 'outbound' and d.status <> 'not-placed'
         and d.status <> 'balance-low'
         and not (d.status in ('stopped', 'canceled') and not d.stages ?| array['initiated', 'ringing', 'in-progress', 'call-disconnected'])
         and (d.queue_id is distinct from q.id or d.ended_at is not null) -- its own call, asked about before it is dialled
         and d.created_at > n.at - make_interval(days => cap.days)
       order by d.created_at desc offset cap.dials_max - 1
       limit case when cap.dials_max is null then 0 else 1 end),
      (select d.created_at from public.calls d
       where d.user_id = q.user_id and d.phone_number = q.phone_number and d.outcome = 'answered' and d.talk_seconds >= 10
         and d.created_at > n.at - make_interval(days => cap.days)
       order by d.created_at desc offset cap.answered_max - 1
       limit case when cap.answered_max is null then 0 else 1 end)
    ) + make_interval(days => cap.days) end,
    u.rule_set = 'rehearsal' or l.country = u.default_region or l.country = any (u.destinations)
  from public.call_queue q
  join public.users u on u.id = q.user_id
  join public.contacts c on c.user_id = q.user_id and c.id = q.contact_id
  join public.call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
  left join public.call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
  left join public.agents a on a.user_id = q.user_id and a.id = coalesce(q.agent_id, k.agent_id)
  cross join (select p_at as at offset 0) n -- offset 0: read the clock once, not in every predicate
  cross join lateral (
    select r.consent, r.dials_max, r.answered_max, r.caps_bind from public.calling_rules r
    where r.rule_set = u.rule_set and r.country in (l.country, '**')
    order by r.country = '**' limit 1
  ) rule
  -- a workspace may be stricter than a country, not laxer
  cross join lateral (
    select
      case when rule.caps_bind then least(u.frequency_dials_max, rule.dials_max) else coalesce(u.frequency_dials_max, rule.dials_max) end as dials_max,
      case when rule.caps_bind then least(u.frequency_answered_max, rule.answered_max) else coalesce(u.frequency_answered_max, rule.answered_max) end as answered_max,
      case when rule.caps_bind then greatest(u.frequency_days, 7) else u.frequency_days end as days
  ) cap
  where q.id = p_item_id
$$;
comment on function app.item_checks(uuid, timestamptz) is 'Each predicate that decides whether a queue item may be dialled at that domain time (absent: now), with its value.';

-- dial | skip (never) | defer (until) | hold (its lane, campaign or due time holds it; nothing to write) | done
create or replace function app.item_verdict(p_item_id uuid, p_at timestamptz default app.now())
returns table (verdict text, reason text, until timestamptz) language sql stable as $$
  select
    case
      when k.status <> 'pending' then 'done'
      when k.expired or k.erased or k.suppressed is not null or k.campaign_over or not k.consent_ok then 'skip'
      when k.campaign_status is distinct from 'running' and k.campaign_status is not null then 'hold'
      when k.due_at > k.at then 'hold'
      when not k.agent_ready or not k.destination_ok or k.other_call_id is not null or k.frequency_until > k.at then 'defer'
      else 'dial'
    end,
    case
      when k.status <> 'pending' then k.status
      when k.expired then 'expired'
      when k.erased then 'erased'
      when k.suppressed = 'dnc' then 'dnc'
      when k.suppressed is not null then 'suppressed'
      when k.campaign_over then 'campaign_over'
      when not k.consent_ok then 'no_consent'
      when k.campaign_status is distinct from 'running' and k.campaign_status is not null then 'campaign_' || k.campaign_status
      when k.due_at > k.at then coalesce(k.wait_reason, 'retry_gap')
      when not k.agent_ready then 'agent_not_ready'
      when not k.destination_ok then 'destination_not_confirmed'
      when k.other_call_id is not null then 'other_call_open'
      when k.frequency_until > k.at then 'frequency_cap'
    end,
    case
      when k.due_at > k.at then k.due_at
      when not k.agent_ready then k.at + interval '1 minute'
      when not k.destination_ok then k.at + interval '1 day' -- due at once when it is confirmed
      when k.other_call_id is not null then k.at + interval '2 minutes'
      when k.frequency_until > k.at then k.frequency_until
    end
  from (select * from app.item_checks(p_item_id, p_at) offset 0) k -- offset 0: each check is made once, not wherever it is named
$$;
comment on function app.item_verdict(uuid, timestamptz) is 'dial, skip, defer, hold or done, with the reason code and the first instant at which it can change.';
grant execute on function app.item_checks(uuid, timestamptz), app.item_verdict(uuid, timestamptz) to parley_web, parley_worker, parley_ro, parley_definer;
