-- What a tick asks first, as one probe each: is a lane ready, which one will be next, whose turn is it.

-- A lane is ready from the moment it is both open and due until it closes. Sleeping lanes are in no index at all.
alter table call_lanes add column ready_at timestamptz not null generated always as (greatest(opens_at, next_due_at)) stored;
comment on column call_lanes.ready_at is 'When it is both open and due; until closes_at.';
drop index call_lanes_due;
drop index call_lanes_opening;
drop index call_lanes_closing;
create index call_lanes_ready on call_lanes (ready_at) where not paused and ready_at < 'infinity';
create index call_lanes_turn on call_lanes (user_id, ready_at, closes_at) where not paused and ready_at < 'infinity';
-- hours that have passed matter to a lane that has something to dial
create index call_lanes_closing on call_lanes (closes_at) where not paused and next_due_at < 'infinity';

-- Tenants take turns in the order of their ids, round and round: one position instead of a row per tenant, so that
-- finding the next ones costs as many probes as are wanted, however many tenants there are.
drop table tenant_turns cascade;
drop sequence tenant_turns_seq;
create table dispatch_turn (
  id boolean primary key default true,
  served_upto uuid not null default '00000000-0000-0000-0000-000000000000',
  constraint dispatch_turn_has_one_row check (id)
) with (fillfactor = 50);
comment on table dispatch_turn is 'One row, written by the tick alone: the tenant that was served last. The next one in the order of ids is first in turn.';
insert into dispatch_turn default values;
grant select, update on dispatch_turn to parley_definer;
grant select on dispatch_turn to parley_ro;
