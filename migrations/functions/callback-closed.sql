-- However the item of an agreed time is closed (settled, skipped by the tick, canceled, suppressed), its task hears of it in
-- the same statement: kept, called off, or a person's to keep.
create or replace function app.callback_closed() returns trigger language plpgsql as $$
begin
  update public.tasks t
  set status = case
        when new.status = 'completed' then 'done'
        when new.status = 'canceled' or new.skip_reason in ('suppressed', 'dnc', 'erased') then 'canceled'
        else 'open' end,
    done_at = case when new.status in ('completed', 'canceled') or new.skip_reason in ('suppressed', 'dnc', 'erased') then app.now() end,
    done_by = case when new.status = 'completed' then 'agent' end,
    agent_calls = agent_calls and new.status in ('completed', 'canceled'),
    reason = case new.status when 'failed' then 'callback_not_reached' when 'skipped' then new.skip_reason else t.reason end,
    changed_at = app.now()
  where t.user_id = new.user_id and t.item_id = new.id and t.status = 'open';
  return null;
end $$;
comment on function app.callback_closed() is 'The task of a callback item that has ended: done, canceled, or handed to a person with the reason.';
create or replace trigger callback_closed after update of status on public.call_queue
  for each row when (new.kind = 'callback' and new.closed_at is not null and old.closed_at is null)
  execute function app.callback_closed();
