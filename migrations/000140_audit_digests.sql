-- The log is append-only by grants, but a database has an owner. Each day of it is sealed the night after, with a key
-- that the database does not hold: what is changed or taken away later is noticed.
create table audit_digests (
  user_id uuid not null constraint digest_of_a_user references users (id),
  day date not null,
  entries int not null,
  rows_sha256 text not null,
  seal text not null,
  at timestamptz not null default app.wall(),
  constraint audit_digests_pkey primary key (user_id, day),
  constraint digest_of_something check (entries > 0)
);
comment on table audit_digests is 'One row for each day (UTC) on which a tenant''s audit log has entries: the hash of its rows in order, and a seal over it and the tenant''s seal before, made with a key outside the database.';
call app.tenant_table('audit_digests');
revoke update, delete on audit_digests from parley_web, parley_worker, parley_definer;
create index audit_log_by_time on audit_log using brin (at);
