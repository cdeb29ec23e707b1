-- A tick waits for nobody: a tenant whose row somebody holds loses no turn by it, but comes first in the next tick.
alter table dispatch_turn add column missed uuid[] not null default '{}';
comment on column dispatch_turn.missed is 'Tenants whose turn it was while their row was locked; they come first in the next tick.';
