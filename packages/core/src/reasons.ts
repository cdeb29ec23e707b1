/**
 * Every code that says why something waits, was skipped, is paused or goes no faster, as a sentence with the next
 * step. The codes are what SQL writes (wait_reason, skip_reason, blocked_by, status_reason, limitingFactor); the
 * words are ours alone.
 */
export type Reason = {
  /** What holds it. */
  text: string;
  /** What to do, or what will happen by itself. */
  next: string;
};

export const reasons = {
  // Never dialled: the item is skipped.
  suppressed: {
    text: "The number is suppressed.",
    next: "Lift the suppression on the contact's page if that was a mistake.",
  },
  dnc: { text: "The number is on a do-not-call register.", next: "Nothing to do: it is not called." },
  no_consent: {
    text: "The rules of this country ask for a consent that is not recorded.",
    next: "Record the consent on the contact, then add it to a campaign again.",
  },
  no_phone: {
    text: "The contact has no phone number.",
    next: "Fill it in on the contact's page, then add the contact again.",
  },
  zone_unknown: {
    text: "The country and time zone of the number are not known.",
    next: "Set the person's time zone on the contact's page.",
  },
  erased: { text: "The contact was erased.", next: "Nothing to do." },
  expired: {
    text: "The call waited longer than two minutes and was dropped.",
    next: "Press Call again when the person should be called now.",
  },
  campaign_over: { text: "The campaign has ended.", next: "Duplicate the campaign to call the rest." },
  zone_never_open: {
    text: "No hour in the next 14 days is allowed in every time zone this person may be in.",
    next: "Set the person's time zone, or widen the calling hours.",
  },

  // Deferred: dialled later.
  frequency_cap: {
    text: "The person has been called as often as the cap allows.",
    next: "Due by itself when the oldest call falls out of the period.",
  },
  other_call_open: {
    text: "Another call to this person is still open.",
    next: "Due by itself when that call ends.",
  },
  callback_agreed: {
    text: "The person asked to be called at this time.",
    next: "Due by itself then, within the calling hours; move it on the contact's page.",
  },
  callback_not_reached: {
    text: "The agent called back as agreed and did not reach the person.",
    next: "Call yourself, or let the agent try at another time.",
  },
  callbacks_used_up: {
    text: "The agent has called back as often as the campaign tries one person.",
    next: "Call yourself: somebody who is put off again and again wants a person.",
  },
  callback_not_possible: {
    text: "The agent cannot keep this time: the campaign has ended, the agent is not ready, or the number is missing.",
    next: "Call yourself, or choose another time.",
  },
  destination_not_confirmed: {
    text: "Nobody has confirmed that this workspace calls this country.",
    next: "An owner confirms it under Settings → Calling rules; who waits is due at once.",
  },
  retry_gap: { text: "The next try waits for the gap of your retry rules.", next: "Due by itself." },
  window_closed: {
    text: "It is outside the calling hours where the person is.",
    next: "Due by itself when the hours open.",
  },
  agent_not_ready: {
    text: "The agent is not ready at the voice provider.",
    next: "Open the agent and press Sync.",
  },
  rate_limited: {
    text: "The provider asked for a pause; the call was not placed.",
    next: "Due by itself when the provider takes calls again.",
  },
  provider_unclear: {
    text: "It is not known whether a call exists at the provider; it keeps its line meanwhile.",
    next: "It is looked up every few seconds and never redialled by itself.",
  },

  // Waits in line: nothing is wrong with the item.
  due: { text: "Due, waiting for a free line.", next: "Dialled in order." },
  user_limit: {
    text: "All lines of this workspace are in use.",
    next: "Ask the platform admin for more lines, or wait for a call to end.",
  },
  system_limit: {
    text: "All lines of the installation are in use.",
    next: "Lines are shared fairly; the next free one comes round.",
  },
  campaign_cap: {
    text: "The campaign uses all the lines its own cap allows.",
    next: "Raise the campaign's cap to go faster.",
  },
  pace: {
    text: "The campaign's own calls-per-second pace holds it back.",
    next: "Raise the pace to go faster.",
  },
  credits: {
    text: "The credits left do not cover another call's hold.",
    next: "Top up; dialling goes on by itself.",
  },
  budget: {
    text: "The campaign's budget does not cover another call's hold.",
    next: "Raise the budget; dialling goes on by itself.",
  },
  provider_gate: {
    text: "The voice provider asked for a pause.",
    next: "Dialling goes on by itself when the pause is over.",
  },
  provider_budget: {
    text: "As many calls a minute are placed as the provider takes.",
    next: "Nothing to do.",
  },
  provider_lines: {
    text: "All lines of the voice provider's account are in use.",
    next: "Ask the provider for more concurrent calls.",
  },
  provider_suspended: {
    text: "The voice provider refuses our key.",
    next: "Check BOLNA_API_KEY, then run parley doctor.",
  },
  worker: {
    text: "No worker takes up claimed calls.",
    next: "Check that a process with PARLEY_ROLE worker or all runs.",
  },
  dialling_paused: {
    text: "The operator has paused all dialling.",
    next: "A platform admin resumes it under Operations.",
  },
  launching: { text: "The list is still being put into the queue.", next: "Calls begin while it goes on." },
  nothing_due: { text: "Nothing is due now.", next: "The next try has its own time." },

  // Where the campaign stands.
  campaign_draft: { text: "The campaign is a draft.", next: "Start it." },
  campaign_scheduled: { text: "The campaign waits for its start time.", next: "Starts by itself." },
  campaign_paused: { text: "The campaign is paused.", next: "Resume it." },
  campaign_completed: { text: "The campaign is completed.", next: "Duplicate it to call again." },
  campaign_canceled: { text: "The campaign was stopped.", next: "Duplicate it to call again." },

  // Why a campaign is paused.
  paused: { text: "A person paused it.", next: "Resume it when calls may go on." },
  breaker: {
    text: "Too many of the last calls failed, so it paused itself.",
    next: "Look at the failed calls, cure the cause, then resume.",
  },
  balance_low: {
    text: "The balance at the voice provider is too low.",
    next: "Top up at the provider, then resume.",
  },
  agent_archived: { text: "Its agent was archived.", next: "Choose another agent, then resume." },
  tenant_suspended: { text: "The workspace is suspended.", next: "Ask the platform admin." },

  // What became of a single call.
  lease_expired: {
    text: "The request to dial was never sent.",
    next: "The try is not counted; the person is due again.",
  },
  proven_absent: {
    text: "The provider has no such call: it was never placed.",
    next: "The try is not counted; the person is due again.",
  },
  item_closed: {
    text: "What asked for the call was closed before it was dialled.",
    next: "The try is not counted.",
  },
  no_final_news: {
    text: "The provider never told how the call ended.",
    next: "It is settled from its last known facts after three days.",
  },
  refused: { text: "The provider refused the call.", next: "Read its words on the call's page." },
  credentials: {
    text: "The provider refused our key; the call was not placed.",
    next: "Check BOLNA_API_KEY, then run parley doctor.",
  },
  stopped: { text: "It was stopped before it rang.", next: "Nothing to do." },
  provider_queue: {
    text: "It waited more than two minutes at the provider and was taken back before it rang.",
    next: "The try is not counted; the person is due again.",
  },
  clock: {
    text: "The provider fell silent; our clock freed the line.",
    next: "The price waits for the provider's last word.",
  },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof reasons;

export function isReasonCode(code: string): code is ReasonCode {
  return Object.hasOwn(reasons, code);
}

/** Text and next step of a code; a code nobody has words for is shown as it is, never hidden. */
export function reasonOf(code: string): Reason {
  return isReasonCode(code) ? reasons[code] : { text: code.replaceAll("_", " "), next: "" };
}

/** Both as one line: `All lines of this workspace are in use. Ask …`. */
export function reasonText(code: string): string {
  const { text, next } = reasonOf(code);
  return next ? `${text} ${next}` : text;
}
