-- The row is always locked, also where it says nothing new: a tick that moves the mark meanwhile has to wait, and reads
-- after it.
create or replace function app.line_taken_again() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  update line_mark set first_call = least(first_call, new.id);
  return null;
end $$;
alter function app.line_taken_again() owner to parley_definer;

-- An account without a pace could not be dialled through.
create function app.account_has_pace() returns trigger language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  insert into provider_pace (provider_account_id) values (new.id) on conflict do nothing;
  return null;
end $$;
comment on function app.account_has_pace() is 'Trigger: each provider account has its budget of requests.';
alter function app.account_has_pace() owner to parley_definer;
grant insert on provider_pace to parley_definer;
create trigger account_has_pace after insert on provider_accounts for each row execute function app.account_has_pace();
insert into provider_pace (provider_account_id) select id from provider_accounts on conflict do nothing;
