-- Moves the domain clock; only while the voice provider is the sandbox, never backwards.
create or replace function app.set_clock(p_scale double precision, p_advance_to timestamptz)
returns table (base timestamptz, wall timestamptz, scale double precision, refused text) language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  v system_settings;
  v_wall timestamptz := app.wall();
  v_now timestamptz;
begin
  select * into v from system_settings for update;
  v_now := v.clock_base + (v_wall - v.clock_wall) * v.clock_scale;
  if v.voice_provider <> 'sandbox' then
    refused := 'The clock can be moved only while the voice provider is the sandbox.';
  elsif p_advance_to < v_now then
    refused := 'The clock never goes back.';
  elsif p_advance_to is not null and exists (select 1 from calls where ended_at is null and status in ('claimed', 'dialing', 'unknown')) then
    refused := 'A call is being placed or is unknown; try again in a moment.';
  else
    update system_settings
    set clock_base = coalesce(p_advance_to, v_now), clock_wall = v_wall, clock_scale = coalesce(p_scale, v.clock_scale);
    -- what waits for wall time (a reconciliation, the pace) was set down at the old speed
    update calls set next_poll_at = v_now where status = 'unknown' and next_poll_at > v_now;
    update call_lanes set next_due_at = v_now
    where next_due_at > v_now and isfinite(next_due_at) and campaign_id in (select id from call_campaigns where calls_per_second is not null);
  end if;
  return query select s.clock_base, s.clock_wall, s.clock_scale, refused from system_settings s;
end $$;
comment on function app.set_clock(double precision, timestamptz) is 'Changes speed or jumps ahead; answers the triple that both clocks run on, or why it refused.';
alter function app.set_clock(double precision, timestamptz) owner to parley_definer;
grant execute on function app.set_clock(double precision, timestamptz) to parley_web, parley_worker;

-- Boot tells the row which provider is behind it. Away from the sandbox the clock is wall time, whatever it was.
create or replace function app.set_voice_provider(p_provider text, p_lease_scale double precision, p_place_timeout_ms int, p_grace_ms int)
returns void language plpgsql security definer
set search_path = public, pg_temp as $$
declare v_was text;
begin
  select voice_provider into v_was from system_settings for update;
  update system_settings
  set voice_provider = p_provider, lease_scale = p_lease_scale, place_timeout_ms = p_place_timeout_ms, reconcile_grace_ms = p_grace_ms,
    clock_base = case when p_provider = 'sandbox' then clock_base else app.wall() end,
    clock_wall = case when p_provider = 'sandbox' then clock_wall else app.wall() end,
    clock_scale = case when p_provider = 'sandbox' then clock_scale else 1 end;
  if p_provider <> v_was then
    -- The other provider knows none of our agents: they are made there before anybody is dialled.
    update agents set bolna_agent_id = null, sync_status = 'pending', webhook_base = null where status = 'active';
  end if;
  if p_provider = 'bolna' and v_was = 'sandbox' then
    update call_lanes set head_at = null where head_at is not null;
    update users set rule_set = 'by-country' where rule_set = 'rehearsal';
    update call_lanes set closes_at = app.wall(), next_due_at = least(next_due_at, app.wall()) where blocked_by is null;
  end if;
end $$;
comment on function app.set_voice_provider(text, double precision, int, int) is 'At boot: which provider, and its time-outs. Agents are mirrored anew when it changed; leaving the sandbox puts every tenant under the rules of the countries.';
alter function app.set_voice_provider(text, double precision, int, int) owner to parley_definer;
grant execute on function app.set_voice_provider(text, double precision, int, int) to parley_web, parley_worker;
