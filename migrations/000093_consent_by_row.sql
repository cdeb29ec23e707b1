-- What each person on a list agreed to, told by columns of the file.
alter table import_staging add column consent jsonb;
comment on column import_staging.consent is '{ basis, source, obtainedAt, evidence } of this row; null where the file says nothing of it.';
