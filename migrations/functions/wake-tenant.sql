-- Gives back the lanes a tick had put aside for want of room. The tick holds the tenant's row while it decides, so
-- waiting for that row first means that a room freed during a tick is never overlooked.
create or replace function app.wake_tenant(p_user_id uuid, p_reasons text[]) returns int language plpgsql as $$
declare v_woken int;
begin
  perform 1 from public.users where id = p_user_id for no key update;
  update public.call_lanes
  set next_due_at = '-infinity', blocked_by = null
  where user_id = p_user_id and blocked_by = any (p_reasons);
  get diagnostics v_woken = row_count;
  -- calls by hand that were too dear wait one by one, not with their lane
  if 'credits' = any (p_reasons) then
    with redue as (
      update public.call_queue
      set due_at = app.now(), wait_reason = null
      where lane_id = any (array(select l.id from public.call_lanes l where l.user_id = p_user_id and l.campaign_id is null))
        and status = 'pending' and wait_reason = 'credits'
      returning lane_id
    )
    update public.call_lanes set next_due_at = least(next_due_at, app.now())
    where id = any (array(select lane_id from redue)) and blocked_by is null;
  end if;
  return v_woken;
end $$;
comment on function app.wake_tenant(uuid, text[]) is 'Lanes blocked by one of the reasons (credits, budget, campaign_cap, user_limit, pace) are ready again, and calls by hand that waited for credits are due. Inside the tenant''s transaction.';
grant execute on function app.wake_tenant(uuid, text[]) to parley_web, parley_worker, parley_definer;

-- What ended calls free: their tenant's line, their campaign's line, and the people who waited for those numbers.
create or replace function app.lines_freed(p_user_id uuid, p_phone_numbers text[]) returns void language plpgsql as $$
begin
  perform app.wake_tenant(p_user_id, array['user_limit', 'campaign_cap']);
  with redue as (
    update public.call_queue
    set due_at = app.now(), wait_reason = null
    where user_id = p_user_id and phone_number = any (p_phone_numbers) and status = 'pending' and wait_reason = 'other_call_open'
    returning lane_id
  )
  update public.call_lanes set next_due_at = least(next_due_at, app.now())
  where id = any (array(select lane_id from redue)) and blocked_by is null;
end $$;
comment on function app.lines_freed(uuid, text[]) is 'After calls ended: lanes blocked by a limit are ready, items that waited for these numbers are due.';
grant execute on function app.lines_freed(uuid, text[]) to parley_web, parley_worker, parley_definer;

create or replace function app.line_freed(p_user_id uuid, p_phone_number text) returns void language sql as
$$ select app.lines_freed(p_user_id, array[p_phone_number]) $$;
comment on function app.line_freed(uuid, text) is 'As lines_freed, for one call.';
grant execute on function app.line_freed(uuid, text) to parley_web, parley_worker, parley_definer;

-- An item became due (again): its lane must know. A blocked lane stays blocked until room comes back. What is due before
-- the lane's head has it read from the beginning.
create or replace function app.lanes_due(p_lane_ids uuid[], p_due_at timestamptz) returns void language sql as $$
  update public.call_lanes
  set next_due_at = least(next_due_at, p_due_at), head_at = case when p_due_at > head_due_at then head_at end
  where id = any (p_lane_ids) and blocked_by is null
$$;
comment on function app.lanes_due(uuid[], timestamptz) is 'Lowers the next due time of lanes; called by every verb that adds or re-dues items, after it has written them.';
grant execute on function app.lanes_due(uuid[], timestamptz) to parley_web, parley_worker, parley_definer;

create or replace function app.item_due(p_user_id uuid, p_item_id uuid, p_due_at timestamptz) returns void language plpgsql as $$
begin
  perform app.follow_contacts(p_user_id, array[p_item_id]);
  perform app.lanes_due(array[q.lane_id], p_due_at) from public.call_queue q where q.user_id = p_user_id and q.id = p_item_id;
end $$;
comment on function app.item_due(uuid, uuid, timestamptz) is 'An item waits again after a call: it follows its contact, and its lane knows when it is due.';
grant execute on function app.item_due(uuid, uuid, timestamptz) to parley_web, parley_worker;
