-- What the read-only login of operators may see: an allow-list by column. Numbers of people, transcripts, prompts,
-- message bodies, keys and addresses are not on it; a test holds the list against such names.
revoke select on all tables in schema public from parley_ro;
grant select on
  system_settings, calling_rules, provider_accounts, provider_pace, worker_pools,
  campaign_pace, campaign_spend, call_lanes, dispatch_turn, line_mark, incidents, credit_entries
  to parley_ro;
grant select (id, company, status, credits, concurrent_limit, time_zone, default_region, rule_set, frequency_dials_max,
  frequency_answered_max, frequency_days, pulse_seconds, pulse_credits, message_credits, seeded, created_at, updated_at)
  on users to parley_ro;
grant select (id, user_id, person_id, role, created_at, last_seen_at) on members to parley_ro;
grant select (id, user_id, at, actor, action, entity, entity_id, request_id) on audit_log to parley_ro;
grant select (user_id, day, entries, at) on audit_digests to parley_ro;
grant select (id, user_id, topic, ref, at, xid) on live_changes to parley_ro;
grant select (id, user_id, name, status, sync_status, sync_error, synced_at, bolna_agent_id, provider_account_id, language,
  max_call_seconds, drift_checked_at, webhook_base, version, created_at, updated_at, archived_at) on agents to parley_ro;
grant select (id, user_id, country, time_zone, zones, zone_set, stage_id, temperature, score, source, import_id, last_call_at,
  created_at, updated_at, erased_at) on contacts to parley_ro;
grant select (id, user_id, status, error, size_bytes, format, encoding, delimiter, default_region, overwrite, rows, accepted,
  rejected, duplicates, created, updated, reasons, rows_done, bytes_done, epoch, lease_until, created_at,
  started_at, finished_at, updated_at) on imports to parley_ro;
grant select (id, user_id, status, status_reason, name, agent_id, "window", retry, max_concurrent, calls_per_second,
  budget_credits, starts_at, ends_at, launch_total, launched, launch_cursor, launch_skipped, launch_lease_until, breaker_from,
  started_at, completed_at, summary, created_at, updated_at) on call_campaigns to parley_ro;
grant select (id, user_id, campaign_id, at, kind, actor) on campaign_events to parley_ro;
grant select (id, user_id, status, due_at, attempts, wait_reason, skip_reason, last_outcome, kind, priority, campaign_id,
  contact_id, lane_id, agent_id, expires_at, created_at, closed_at) on call_queue to parley_ro;
grant select (id, user_id, status, outcome, reason, ended_at, final_at, settled_at, direction, attempt, queue_id, campaign_id,
  contact_id, agent_id, agent_version, provider_account_id, bolna_execution_id, system_slot, user_slot, account_slot,
  held_credits, price_credits, waived_credits, estimated, talk_seconds, conversation_seconds, max_call_seconds, lease_until,
  lease_epoch, next_poll_at, polls, disagreements, adopted, ended_by, claimed_at, dialing_at, dialing_wall, dialing_lease_end,
  placed_at, stages, absent_since, voicemail, hangup_by, hangup_reason, termination_reason, error_message,
  recording_status, recording_bytes, recording_type, recording_attempts, recording_next_at, provider_cost_cents, receipt,
  created_at) on calls to parley_ro;
grant select (id, user_id, call_id, status, arrived_at, provider_at, source, applied, webhook_event_id, note) on call_events to parley_ro;
grant select (id, status, received_at, received_wall, attempts, next_at, user_id, source, endpoint_id, call_id, error, done_at)
  on webhook_events to parley_ro;
grant select (provider_account_id, id, user_id, call_id, status, read_at) on provider_executions to parley_ro;
grant select (id, user_id, call_id, status, reason, contact_id, sentiment, sentiment_score, call_outcome, levels, score,
  temperature, model, model_used, prompt_version, request_id, attempts, lease_until, next_at, analysed_at, created_at)
  on lead_analytics to parley_ro;
grant select (id, user_id, contact_id, status, kind, due_at, call_id, assignee_id, created_at, done_at) on tasks to parley_ro;
grant select on all tables in schema ops to parley_ro;
grant execute on function app.in_wall(interval) to parley_ro;
