-- What the provider tells about itself, and our own budget of requests to it. All wall time.
create or replace function app.in_wall(p_wait interval) returns timestamptz language sql stable as $$
  select app.now() + p_wait * (select clock_scale from public.system_settings)
$$;
comment on function app.in_wall(interval) is 'The domain instant that comes after so much wall time.';
grant execute on function app.in_wall(interval) to parley_web, parley_worker, parley_definer;

-- 900 reads a minute, at most 60 at once. Returns the seconds to wait; 0 = taken.
create or replace function app.take_read(p_account_id uuid) returns double precision language plpgsql as $$
declare v_wait double precision;
begin
  update public.provider_pace p
  set read_tokens_at = greatest(p.read_tokens_at, app.wall() - interval '4 seconds') + interval '66.667 milliseconds'
  where p.provider_account_id = p_account_id and p.read_tokens_at <= app.wall();
  if found then
    return 0;
  end if;
  select greatest(0.01, extract(epoch from p.read_tokens_at - app.wall())) into v_wait
  from public.provider_pace p where p.provider_account_id = p_account_id;
  return v_wait;
end $$;
comment on function app.take_read(uuid) is 'Spends one request of a provider account''s read budget, or says how long until there is one.';
grant execute on function app.take_read(uuid) to parley_worker;

-- A provider that names no time is asked again after 2, 4, 8 … seconds, a minute at most, each a little earlier by chance so
-- that nobody comes at once. Many refusals of one moment are one: only the first after a gate's end counts.
create or replace function app.gate_account(p_account_id uuid, p_wait interval, p_reason text) returns timestamptz language sql as $$
  update public.provider_accounts a
  set gate_until = case when p_wait is null and a.gate_until > w.at then a.gate_until else greatest(a.gate_until, w.at + least(w.wait, interval '1 minute')) end,
    gate_reason = p_reason,
    gate_count = case when a.gate_until > w.at then a.gate_count else a.gate_count + 1 end
  from (
    select app.wall() as at,
      coalesce(p_wait, make_interval(secs => least(60, 2 ^ least(b.gate_count + 1, 6)) * (0.75 + random() / 4))) as wait
    from public.provider_accounts b where b.id = p_account_id
  ) w
  where a.id = p_account_id
  returning a.gate_until
$$;
comment on function app.gate_account(uuid, interval, text) is 'No call is claimed on this account for so long, a minute at most; null = 2^n seconds with jitter, n counting gates since the last call that was taken. The caller holds no transaction of a call open for it.';
grant execute on function app.gate_account(uuid, interval, text) to parley_worker;

create or replace function app.account_takes_calls(p_account_id uuid) returns void language sql as $$
  update public.provider_accounts a set gate_count = 0
  where a.id = p_account_id and a.gate_count > 0 and coalesce(a.gate_until <= app.wall(), true)
$$;
comment on function app.account_takes_calls(uuid) is 'A call was taken: the next gate is a short one again. An answer that was on its way while a gate stands says nothing.';
grant execute on function app.account_takes_calls(uuid) to parley_worker;
