import type { ReasonCode } from "@parley/core/reasons";
import { isReasonCode, reasonOf } from "@parley/core/reasons";

/** Why somebody waits or is passed over, in a few words; `reasonOf` has the sentence. */
const brief: Partial<Record<ReasonCode, string>> = {
  suppressed: "Suppressed",
  dnc: "On a do-not-call register",
  no_consent: "No consent recorded",
  erased: "Erased",
  expired: "Waited too long, dropped",
  campaign_over: "The campaign has ended",
  zone_never_open: "No allowed hour in their zone",
  frequency_cap: "Frequency cap reached",
  other_call_open: "On another call",
  callback_agreed: "Agreed time",
  destination_not_confirmed: "Country not confirmed",
  retry_gap: "Retry not due yet",
  window_closed: "Outside calling hours",
  agent_not_ready: "Agent not ready",
  rate_limited: "Provider asked to wait",
  provider_unclear: "A call is being looked up",
  due: "Due, no free line",
  user_limit: "Due, all your lines in use",
  system_limit: "Due, all lines in use",
  campaign_cap: "Due, campaign cap reached",
  pace: "Due, held by the pace",
  credits: "Not enough credits",
  budget: "Budget used up",
  provider_gate: "Provider asked for a pause",
  provider_budget: "Provider's calls a minute",
  provider_lines: "Provider's lines in use",
  provider_suspended: "Provider refuses the key",
  worker: "No worker running",
  dialling_paused: "All dialling paused",
  launching: "List being taken up",
  campaign_paused: "Campaign paused",
  campaign_scheduled: "Before the start time",
  campaign_draft: "Campaign is a draft",
};

export function briefReason(code: string): string {
  const words = isReasonCode(code) ? brief[code] : undefined;
  return words ?? reasonOf(code).text.replace(/\.$/, "");
}
