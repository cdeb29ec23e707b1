-- Schemas, roles, clocks and ids: what every later migration stands on.
create schema app;
create schema ops;
comment on schema app is 'Functions of Parley: clocks, ids, definer doors, the dispatcher.';
comment on schema ops is 'Views for operators: what every call, slot, job and credit is doing.';

create extension if not exists pg_trgm with schema public;
create extension if not exists btree_gist with schema public;

-- Roles are cluster-wide, so several databases may race to create them. Boot gives the three logins their passwords.
do $$
declare r text;
begin
  foreach r in array array['parley_web', 'parley_worker', 'parley_ro', 'parley_definer'] loop
    begin
      execute format('create role %I nologin noinherit nobypassrls', r);
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
  begin
    execute format('grant parley_definer to %I with set true, inherit true', current_user);
  exception when others then null; -- a superuser needs no membership
  end;
end $$;

revoke all on schema public from public;
grant usage on schema public, app to parley_web, parley_worker, parley_definer;
grant usage on schema public, app, ops to parley_ro;
grant usage on schema ops to parley_worker, parley_definer;
grant create on schema app to parley_definer;
alter default privileges in schema app revoke execute on functions from public;
alter default privileges revoke execute on functions from public;

-- Wall time bounds our own processes and sockets.
create function app.wall() returns timestamptz language sql volatile parallel safe as
$$ select clock_timestamp() $$;
comment on function app.wall() is 'Wall time: leases of our own processes, sessions, rate limits, budgets.';

-- The one row that several processes must agree on.
create table system_settings (
  id boolean primary key default true,
  concurrent_calls_limit int not null default 10,
  limits_seeded boolean not null default false,
  dialling_paused boolean not null default false,
  dialling_paused_reason text,
  dialling_paused_by text,
  voice_provider text not null default 'sandbox',
  clock_scale double precision not null default 1,
  clock_base timestamptz not null default app.wall(),
  clock_wall timestamptz not null default app.wall(),
  lease_scale double precision not null default 1,
  place_timeout_ms int not null default 15000,
  reconcile_grace_ms int not null default 180000,
  updated_at timestamptz not null default app.wall(),
  constraint system_settings_has_one_row check (id),
  constraint concurrent_calls_limit_in_range check (concurrent_calls_limit between 0 and 10000),
  constraint voice_provider_is_known check (voice_provider in ('sandbox', 'bolna')),
  constraint clock_scale_is_positive check (clock_scale > 0 and clock_scale <= 100000),
  constraint lease_scale_is_positive check (lease_scale > 0 and lease_scale <= 1)
);
comment on table system_settings is 'One row: limits and clocks on which all processes agree. Environment variables only seed it.';
insert into system_settings default values;
grant select on system_settings to parley_web, parley_worker, parley_ro, parley_definer;
grant update on system_settings to parley_definer;

-- Domain time runs with the sandbox: hours, retries, polls, caps. Stable, so that an index condition may use it.
create function app.now() returns timestamptz language sql stable parallel safe as
$$ select clock_base + (clock_timestamp() - clock_wall) * clock_scale from public.system_settings $$;
comment on function app.now() is 'Domain time: base + (wall - wall at base) x scale; equal to wall time unless the voice provider is the sandbox.';

create function app.wall_at(domain_at timestamptz) returns timestamptz language sql stable parallel safe as
$$ select case when not isfinite(domain_at) then domain_at else clock_wall + (domain_at - clock_base) / clock_scale end from public.system_settings $$;
comment on function app.wall_at(timestamptz) is 'The wall instant at which domain time reaches domain_at.';

-- Time-ordered ids that tell an outsider nothing about how many there are. The twelve bits after the milliseconds are
-- their fraction, so that rows written one after the other are listed in that order.
create function app.uuid7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(set_bit(overlay(overlay(
      uuid_send(gen_random_uuid())
      placing substring(int8send(floor(t.ms)::bigint) from 3) from 1 for 6)
      placing int2send(floor((t.ms - floor(t.ms)) * 4096)::int2) from 7 for 2), 52, 1), 53, 1), 54, 1), 'hex')::uuid
  from (select extract(epoch from clock_timestamp()) * 1000 as ms) t
$$;
comment on function app.uuid7() is 'UUID version 7: milliseconds and their fraction first, then randomness.';

create function app.user_id() returns uuid language sql stable parallel safe as
$$ select nullif(current_setting('app.user_id', true), '')::uuid $$;
comment on function app.user_id() is 'The tenant of this transaction; null outside one, and then no tenant row is visible.';

create function app.zone_key(zones text[]) returns text language sql immutable parallel safe as
$$ select string_agg(z, ',' order by z) from (select distinct unnest(zones) as z) as distinct_zones $$;
comment on function app.zone_key(text[]) is 'A set of time zones as one sorted, comma-separated text.';

grant execute on function app.zone_key(text[]), app.wall(), app.now(), app.wall_at(timestamptz), app.uuid7(), app.user_id()
  to parley_web, parley_worker, parley_ro, parley_definer;

create function app.touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;
comment on function app.touch_updated_at() is 'The only trigger: keeps updated_at.';

-- Makes a table a tenant table: forced row-level security, one policy per kind of reader.
create procedure app.tenant_table(t regclass, has_updated_at boolean default false) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', t);
  execute format('alter table %s force row level security', t);
  execute format('create policy tenant on %s to parley_web, parley_worker
    using (user_id = nullif(current_setting(''app.user_id'', true), '''')::uuid)
    with check (user_id = nullif(current_setting(''app.user_id'', true), '''')::uuid)', t);
  execute format('create policy definer on %s to parley_definer using (true) with check (true)', t);
  execute format('create policy ro on %s for select to parley_ro using (true)', t);
  execute format('grant select, insert, update, delete on %s to parley_web, parley_worker, parley_definer', t);
  if has_updated_at then
    execute format('create trigger updated_at before update on %s for each row execute function app.touch_updated_at()', t);
  end if;
end $$;
comment on procedure app.tenant_table(regclass, boolean) is 'Used by migrations: forced row-level security, its policies and the grants of a tenant table.';
revoke all on procedure app.tenant_table(regclass, boolean) from public;

-- The canonical phone form: +[ISD] [Number].
create domain phone_number as text
  constraint phone_number_is_canonical check (value ~ '^\+[1-9][0-9]{0,3} [0-9]{3,14}$');
comment on domain phone_number is 'Canonical phone number, "+91 9876543210"; the wire form drops the space.';
