-- Why a call that waited at the provider was taken back there: what never began is due again, unless a person stopped it.
alter table calls
  add constraint stop_reason_is_known
  check (stop_reason in ('person', 'provider_queue', 'campaign_paused', 'other_call_open'));
comment on column calls.stop_reason is
  'Why it was taken back at the provider: person = somebody pressed Stop, its item is canceled; provider_queue, campaign_paused and other_call_open = our own doing, its item is due again if no phone rang.';
