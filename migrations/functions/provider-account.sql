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
  update public.provider_accounts a
  set read_tokens_at = greatest(a.read_tokens_at, app.wall() - interval '4 seconds') + interval '66.667 milliseconds'
  where a.id = p_account_id and a.read_tokens_at <= app.wall();
  if found then
    return 0;
  end if;
  select greatest(0.01, extract(epoch from a.read_tokens_at - app.wall())) into v_wait
  from public.provider_accounts a where a.id = p_account_id;
  return v_wait;
end $$;
comment on function app.take_read(uuid) is 'Spends one request of a provider account''s read budget, or says how long until there is one.';
grant execute on function app.take_read(uuid) to parley_worker;

create or replace function app.gate_account(p_account_id uuid, p_wait interval, p_reason text) returns timestamptz language sql as $$
  update public.provider_accounts a
  set gate_until = greatest(a.gate_until, app.wall() + p_wait), gate_reason = p_reason, gate_count = a.gate_count + 1
  where a.id = p_account_id
  returning gate_until
$$;
comment on function app.gate_account(uuid, interval, text) is 'No call is claimed on this account for so long; the caller holds no transaction of a call open for it.';
grant execute on function app.gate_account(uuid, interval, text) to parley_worker;
