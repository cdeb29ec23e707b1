-- An incident that somebody looks after, and what was done about it.
alter table incidents
  add column acknowledged_at timestamptz,
  add column acknowledged_by text,
  add column resolution text,
  add constraint acknowledged_by_somebody check ((acknowledged_at is null) = (acknowledged_by is null));
comment on column incidents.resolution is 'What was done, in the words of who resolved it; null = the cause went away, or nothing was written.';
