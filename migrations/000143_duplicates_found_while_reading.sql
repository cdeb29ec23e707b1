-- The thread that reads a file knows which numbers it has seen; the database need not look each of them up.
drop index import_staging_phones;
drop index import_staging_chunks;
alter table import_staging drop constraint import_staging_pkey,
  add constraint import_staging_pkey primary key (import_id, chunk, row_no);
