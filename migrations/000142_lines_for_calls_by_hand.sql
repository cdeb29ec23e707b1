-- Somebody who presses Call stands at the phone now; campaigns of others can wait a minute.
alter table system_settings add column direct_reserve int,
  add constraint direct_reserve_is_not_negative check (direct_reserve >= 0);
comment on column system_settings.direct_reserve is 'Lines of the installation that only calls by hand may take; null = one of every twenty.';
create index call_lanes_by_hand on call_lanes (ready_at) where campaign_id is null and not paused and ready_at < 'infinity';
