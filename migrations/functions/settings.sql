-- Environment variables only seed the limits of an installation: once set, the row is the truth.
create or replace function app.seed_limits(p_concurrent_calls_limit int) returns int language sql security definer
set search_path = public, pg_temp as $$
  update system_settings
  set concurrent_calls_limit = case when limits_seeded then concurrent_calls_limit else p_concurrent_calls_limit end,
    limits_seeded = true
  returning concurrent_calls_limit
$$;
comment on function app.seed_limits(int) is 'At boot: the first process of an installation brings the limit from its environment.';
alter function app.seed_limits(int) owner to parley_definer;
grant execute on function app.seed_limits(int) to parley_web, parley_worker;
