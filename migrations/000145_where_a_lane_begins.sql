-- A report that holds a snapshot keeps the index entries of all that was claimed meanwhile; who looks for the head of a
-- lane reads them one by one. So a lane remembers how far its head has come.
alter table call_lanes
  add column head_priority smallint,
  add column head_due_at timestamptz,
  add column head_id uuid,
  add column head_at timestamptz;
comment on column call_lanes.head_at is 'When (domain time) the lane was last read from its very beginning. Since then nothing waits in it with head_priority before (head_due_at, head_id). Believed for ten minutes.';
