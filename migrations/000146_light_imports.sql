-- What an import writes for each contact it makes is paid a million times. Two things said again what its row says.

-- The number a contact is called under stands in contacts.phone_number, which is unique.
delete from contact_identities i using contacts c
where c.user_id = i.user_id and c.id = i.contact_id and i.channel = 'call' and i.kind = 'phone' and i.value = c.phone_number;
comment on table contact_identities is 'How a contact is known beside its own number: names and numbers on other channels, numbers of contacts that were merged into it.';

-- Contacts that one statement makes share their updated_at: who has another was touched since.
create table import_stamps (
  user_id uuid not null,
  import_id uuid not null,
  left_at timestamptz not null,
  constraint import_stamps_pkey primary key (user_id, import_id, left_at),
  constraint stamp_of_an_import foreign key (user_id, import_id) references imports (user_id, id) on delete cascade
);
comment on table import_stamps is 'The updated_at with which an import left the contacts it made, one for each step; a contact of the import with another was touched since.';
call app.tenant_table('import_stamps');

insert into import_stamps (user_id, import_id, left_at)
select distinct user_id, import_id, left_at from import_effects where created;
delete from import_effects where created;
alter table import_effects drop column created;
comment on table import_effects is 'Contacts that were known before and that an import met: left_at is their updated_at as it left them, before the fields it replaced.';

-- That an import made a contact stands in its row, and its history begins with that; no entry has to say it again.
alter table contacts add column import_row int;
comment on column contacts.import_row is 'The row of the file that the import made it from, counted from 1 below the header.';
update contacts c set import_row = (t.summary ->> 'row')::int
from timeline_entries t
where t.user_id = c.user_id and t.contact_id = c.id and t.kind = 'contact.imported' and t.ref = c.import_id::text;
delete from timeline_entries t using contacts c
where t.user_id = c.user_id and t.contact_id = c.id and t.kind = 'contact.imported' and t.ref = c.import_id::text;
comment on table timeline_entries is 'What happened to a contact, a fact each, beside its being made by an import.';

-- Nothing refers to single entries.
alter table timeline_entries drop constraint timeline_entries_tenant_key;
