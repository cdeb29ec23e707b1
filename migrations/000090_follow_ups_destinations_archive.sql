-- Callbacks that are dialled or handed to a person, countries a workspace may call, campaigns put away.

alter table tasks
  add column agent_calls boolean not null default false,
  add column item_id uuid,
  add column note text,
  add column done_by text,
  add constraint task_with_an_item foreign key (user_id, item_id) references call_queue (user_id, id),
  add constraint only_callbacks_are_dialled check (not agent_calls or (kind = 'callback' and due_at is not null)),
  add constraint task_note_length check (length(note) <= 2000);
comment on column tasks.agent_calls is 'The agent calls back at due_at; false: a person does. With item_id null it still has to be put into the queue.';
comment on column tasks.item_id is 'The queue item that dials it.';
create index tasks_of_item on tasks (user_id, item_id) where item_id is not null;
create index tasks_to_queue on tasks (user_id, id) where agent_calls and item_id is null and status = 'open';

-- A person who asks twice is called back once.
create unique index one_open_callback_per_contact on call_queue (user_id, campaign_id, contact_id) nulls not distinct
  where kind = 'callback' and status in ('pending', 'in_progress');

alter table call_campaigns
  add column callbacks text not null default 'person',
  add column callback_assignee_id uuid constraint callbacks_for_a_person references people (id),
  add column archived_at timestamptz,
  add constraint callbacks_are_by_somebody check (callbacks in ('person', 'agent')),
  add constraint archived_campaign_is_at_rest check (archived_at is null or status in ('draft', 'completed', 'canceled'));
comment on column call_campaigns.callbacks is 'Who keeps an agreed time: the agent, by an item of the kind callback, or a person, by a task.';
comment on column call_campaigns.callback_assignee_id is 'Whose task it is, where a person calls back; null = whoever looks after the contact, or made the campaign.';

-- Where calls may go, beside the workspace's own country. What has been called before stays allowed.
alter table users add column destinations text[] not null default '{}';
comment on column users.destinations is 'Countries that somebody has confirmed may be called, beside default_region; a guard against stolen accounts and costly numbers.';
update users u
set destinations = array(
  select distinct t.country from calls c join contacts t on t.user_id = c.user_id and t.id = c.contact_id
  where c.user_id = u.id and c.direction = 'outbound' and t.country is not null and t.country <> u.default_region);
