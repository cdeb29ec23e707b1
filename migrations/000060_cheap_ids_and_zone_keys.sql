-- The same id as before, as one expression without a query of its own, so that it is computed within the statement
-- that inserts: 48 bits of milliseconds and 12 of their fraction in hexadecimal, the version between them, and the
-- variant and randomness of a random uuid.
create or replace function app.uuid7() returns uuid language sql volatile parallel safe as $$
  select (
    overlay(lpad(to_hex((date_part('epoch', app.wall()) * 4096000)::bigint), 15, '0') placing '7' from 13 for 0)
      || substr(gen_random_uuid()::text, 20)
  )::uuid
$$;

-- Most people can be in one zone only, and that is its own key; computed within the statement that writes the row.
create function app.zones_in_order(zones text[]) returns text language sql immutable parallel safe as
$$ select string_agg(z, ',' order by z) from (select distinct unnest(zones) as z) as distinct_zones $$;
comment on function app.zones_in_order(text[]) is 'Several time zones as one sorted, comma-separated text; ask app.zone_key.';
grant execute on function app.zones_in_order(text[]) to parley_web, parley_worker, parley_ro, parley_definer;

create or replace function app.zone_key(zones text[]) returns text language sql immutable parallel safe as
$$ select case when cardinality(zones) <= 1 then zones[1] else app.zones_in_order(zones) end $$;
