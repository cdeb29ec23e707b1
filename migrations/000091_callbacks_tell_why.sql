-- Why an agreed time is a person's after all: a code of core/reasons.
alter table tasks
  add column reason text,
  add column changed_at timestamptz not null default app.now();
comment on column tasks.reason is 'Why a person keeps the time although the agent was to: a code of core/reasons.';
create index tasks_of_assignee on tasks (user_id, assignee_id, due_at) where status = 'open';
