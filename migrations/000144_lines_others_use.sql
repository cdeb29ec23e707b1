-- An account at the provider may have other users than this installation; what they use is not there for us.
alter table provider_accounts
  add column concurrency_others int not null default 0,
  add constraint others_are_not_negative check (concurrency_others >= 0);
comment on column provider_accounts.concurrency_others is 'Calls under way on the account that are not ours, when the provider was last asked.';
