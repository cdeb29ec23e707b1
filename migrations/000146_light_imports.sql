-- What an import writes for each contact it makes is paid a million times. Three things said again what its row says.

-- The number a contact is called under stands in contacts.phone_number, which is unique.
delete from contact_identities i using contacts c
where c.user_id = i.user_id and c.id = i.contact_id and i.channel = 'call' and i.kind = 'phone' and i.value = c.phone_number;
comment on table contact_identities is 'How a contact is known beside its own number: names and numbers on other channels, numbers of contacts that were merged into it.';

-- What each step of a commit came to, written with it: two go side by side. Contacts that one step makes share their
-- updated_at: who has another was touched since.
create table import_chunks (
  user_id uuid not null,
  import_id uuid not null,
  chunk int not null,
  rows int not null,
  created int not null,
  updated int not null,
  left_at timestamptz not null,
  constraint import_chunks_pkey primary key (user_id, import_id, chunk),
  constraint chunk_of_an_import foreign key (user_id, import_id) references imports (user_id, id) on delete cascade
);
comment on table import_chunks is 'Chunks of an import that have become contacts. left_at: the updated_at of those it made; who has another was touched since.';
call app.tenant_table('import_chunks');
create index import_chunks_left on import_chunks (user_id, import_id, left_at);

-- Below 0 they are no chunks of a file: an import that is under way goes through its file once more and finds them there.
insert into import_chunks (user_id, import_id, chunk, rows, created, updated, left_at)
select user_id, import_id, -row_number() over (partition by user_id, import_id order by left_at), 0, count(*), 0, left_at
from import_effects where created
group by user_id, import_id, left_at;
delete from import_effects where created;
alter table import_effects drop column created;
comment on table import_effects is 'Contacts that were known before and that an import met: left_at is their updated_at as it left them, before the fields it replaced.';
alter table imports drop column committed_chunk;

comment on column import_staging.raw is 'The cells as they stand of rejected rows and of the first twenty, which are shown; else empty.';

-- That an import made a contact stands in its row, and its history begins with that; no entry has to say it again.
alter table contacts add column import_row int;
comment on column contacts.import_row is 'The row of the file that the import made it from, counted from 1 below the header.';
alter table contacts disable trigger updated_at; -- nobody has touched them
update contacts c set import_row = (t.summary ->> 'row')::int
from timeline_entries t
where t.user_id = c.user_id and t.contact_id = c.id and t.kind = 'contact.imported' and t.ref = c.import_id::text;
alter table contacts enable trigger updated_at;
delete from timeline_entries t using contacts c
where t.user_id = c.user_id and t.contact_id = c.id and t.kind = 'contact.imported' and t.ref = c.import_id::text;
comment on table timeline_entries is 'What happened to a contact, a fact each, beside its being made by an import.';

-- Nothing refers to single entries.
alter table timeline_entries drop constraint timeline_entries_tenant_key;
