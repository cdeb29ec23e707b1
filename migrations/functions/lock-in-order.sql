-- In one round trip: a call's end, its dial and its stop wait on these locks, and each is held until the commit.
create or replace function app.lock_in_order(p_user_id uuid, p_call_id uuid) returns setof calls language plpgsql volatile as $$
declare
  its record;
begin
  select phone_number, campaign_id, queue_id into its from calls where user_id = p_user_id and id = p_call_id;
  if not found then
    return;
  end if;
  perform app.lock_phone(p_user_id, its.phone_number);
  perform 1 from call_campaigns where user_id = p_user_id and id = its.campaign_id for share;
  perform 1 from call_queue where user_id = p_user_id and id = its.queue_id for update;
  return query select * from calls where user_id = p_user_id and id = p_call_id for update;
end
$$;
comment on function app.lock_in_order(uuid, uuid) is
  'Locks a call with all that its end decides, in the one order: person, campaign (shared), item, call. No row: there is no such call.';
grant execute on function app.lock_in_order(uuid, uuid) to parley_web, parley_worker;
