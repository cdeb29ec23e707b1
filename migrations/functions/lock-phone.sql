-- STOP and the last check before a dial meet on this lock: whichever commits first, the other sees.
create or replace function app.lock_phone(p_user_id uuid, p_phone_number text) returns void language sql volatile as $$
  select pg_advisory_xact_lock(hashtextextended(p_user_id::text || p_phone_number, 0))
$$;
comment on function app.lock_phone(uuid, text) is 'Transaction-scoped lock on one person of one tenant; first in the lock order.';
grant execute on function app.lock_phone(uuid, text) to parley_web, parley_worker, parley_definer;
