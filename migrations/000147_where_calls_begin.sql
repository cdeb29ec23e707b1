-- A report that holds a snapshot also keeps the index entries of all calls that have ended meanwhile, and the tick asks for
-- the open ones a dozen times. So it remembers before which call nothing is open or unsettled; the ids of calls ascend.
create table line_mark (
  id boolean primary key default true,
  first_call uuid not null default '00000000-0000-0000-0000-000000000000',
  constraint line_mark_has_one_row check (id)
);
comment on table line_mark is 'One row, written by the tick: no call with a line and an id before first_call is open or unsettled.';
insert into line_mark default values;
grant select, update on line_mark to parley_definer;
grant select on line_mark to parley_web, parley_worker, parley_ro;

drop index calls_open;
create index calls_open on calls (user_id, id, campaign_id) where system_slot is not null and ended_at is null;
create index calls_at_work on calls (id) where system_slot is not null and ended_at is null;
drop index calls_unsettled;
create index calls_unsettled on calls (user_id, id, campaign_id) include (held_credits) where settled_at is null;

-- Nothing in Parley opens a call again that has a line. Should a hand do it, the call is seen.
create function app.line_taken_again() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  update line_mark set first_call = new.id where first_call > new.id;
  return null;
end $$;
comment on function app.line_taken_again() is 'Trigger: a call that is open or unsettled again may stand before the mark.';
alter function app.line_taken_again() owner to parley_definer;
create trigger line_taken_again after update of ended_at, settled_at, system_slot on calls for each row
  when (new.system_slot is not null and (old.ended_at is not null and new.ended_at is null
    or old.settled_at is not null and new.settled_at is null or old.system_slot is null))
  execute function app.line_taken_again();

-- What changes with every request stands apart from the row that every call refers to: looking that up would read all its
-- versions, which a held snapshot keeps as well.
create table provider_pace (
  provider_account_id uuid primary key constraint pace_of_an_account references provider_accounts (id),
  post_tokens_at timestamptz not null default app.wall(),
  read_tokens_at timestamptz not null default app.wall()
);
comment on table provider_pace is 'Budgets of requests to a provider account, each as one instant (GCRA, wall time).';
insert into provider_pace select id, post_tokens_at, read_tokens_at from provider_accounts;
comment on table provider_accounts is 'Accounts at the voice provider: state, gate after a 429, concurrency. Version 1 has one row, "platform".';
alter table provider_accounts drop column post_tokens_at, drop column read_tokens_at;
grant select on provider_pace to parley_web, parley_worker, parley_ro, parley_definer;
grant update on provider_pace to parley_worker, parley_definer;
