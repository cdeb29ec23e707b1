import { param, row, sql, type Tx } from "@parley/db";
import { neverBegan, statusRank, type CallFacts, type CallStatus } from "@parley/core/calls/lifecycle";
import { finalWords, type Outcome } from "@parley/core/calls/outcome";

/** Why we had it taken back at the provider; all but a person's wish are our own doing, and its item is due again. */
export type StopReason = "person" | "provider_queue" | "campaign_paused" | "other_call_open";

/** A row of `calls`, as far as the verbs of this room read it. */
export type CallRow = {
  id: string;
  user_id: string;
  status: CallStatus;
  outcome: Outcome | null;
  reason: string | null;
  direction: "outbound" | "inbound";
  attempt: number;
  queue_id: string | null;
  campaign_id: string | null;
  contact_id: string | null;
  agent_id: string;
  provider_account_id: string;
  bolna_execution_id: string | null;
  /** Null: an inbound caller withheld it. */
  phone_number: string | null;
  from_number: string | null;
  system_slot: number | null;
  held_credits: number;
  price_credits: number | null;
  talk_seconds: number | null;
  estimated: boolean;
  max_call_seconds: number;
  lease_until: string | null;
  lease_epoch: number;
  next_poll_at: string | null;
  polls: number;
  disagreements: number;
  adopted: boolean;
  stop_reason: StopReason | null;
  provider_retries: number;
  absent_since: string | null;
  dialing_at: string | null;
  dialing_lease_end: string | null;
  created_at: string;
  ended_at: string | null;
  ended_by: "provider" | "clock" | null;
  final_at: string | null;
  settled_at: string | null;
  stages: CallFacts["stages"];
  sources: CallFacts["sources"];
  transcript: string | null;
  transcript_final: boolean;
  recording_url: string | null;
  recording_status: "none" | "fetching" | "ready" | "missing";
  conversation_seconds: number | null;
  voicemail: boolean | null;
  hangup_by: string | null;
  hangup_reason: string | null;
  termination_reason: string | null;
  error_message: string | null;
  provider_cost_cents: number | null;
};

/** Locks one call of the tenant until the transaction ends. Item and phone locks, where needed, come before it. */
export function lockCall(tx: Tx, callId: string): Promise<CallRow> {
  return row<CallRow>(
    tx,
    sql`select *, provider_cost_cents::float8 from calls where user_id = ${param(tx.userId)} and id = ${param(callId)} for update`,
    "There is no such call in this workspace.",
  );
}

/**
 * Locks a call together with what its end decides, in the one order of all who end calls: person, campaign (shared, so
 * that a pause or a cancel comes before or after), item, call.
 */
export function lockInOrder(tx: Tx, callId: string): Promise<CallRow> {
  return row<CallRow>(
    tx,
    sql`select *, provider_cost_cents::float8 from app.lock_in_order(${param(tx.userId)}, ${param(callId)})`,
    "There is no such call in this workspace.",
  );
}

/**
 * Locks a call for what was heard of it. One that is not known to be accepted may begin to wait at the provider by it,
 * and is then asked whether it is still wanted: together with the person, so that a STOP comes before or after.
 */
export async function lockForNews(tx: Tx, callId: string): Promise<CallRow> {
  const { status } = await row<{ status: CallStatus }>(
    tx,
    sql`select status from calls where user_id = ${param(tx.userId)} and id = ${param(callId)}`,
  );
  return isAccepted(status) ? lockCall(tx, callId) : lockInOrder(tx, callId);
}

/** Known to be at the provider. From then on a call never goes back to where it is not. */
export function isAccepted(status: CallStatus): boolean {
  return status !== "not-placed" && statusRank[status] >= statusRank.queued;
}

/** Taken back by ourselves before any phone rang: no attempt is counted, and the item is due again. */
export function wasTakenBack(call: Pick<CallRow, "stop_reason">, facts: Parameters<typeof neverBegan>[0]) {
  return call.stop_reason !== null && call.stop_reason !== "person" && neverBegan(facts);
}

/** The part of a row that the fold of core/calls/lifecycle works on. */
export function factsOf(call: CallRow): CallFacts {
  return {
    status: call.status,
    createdAt: call.created_at,
    stages: call.stages,
    endedAt: call.ended_at,
    endedBy: call.ended_by,
    sources: call.sources,
    transcript: call.transcript,
    recordingUrl: call.recording_url,
    conversationSeconds: call.conversation_seconds,
    answeredByVoicemail: call.voicemail,
    hangupBy: call.hangup_by,
    hangupReason: call.hangup_reason,
    terminationReason: call.termination_reason,
    errorMessage: call.error_message,
    providerCostCents: call.provider_cost_cents,
  };
}

/** What is written down of a call once its facts are final. */
export function finalWordsOf(call: Pick<CallRow, "stop_reason">, facts: CallFacts): FinalWords {
  const words = finalWords(facts);
  // Taken back by ourselves, and the provider says no more than that it was.
  const isOurs = words.reason === "stopped" && wasTakenBack(call, facts);
  return isOurs ? { ...words, reason: call.stop_reason } : words;
}
export type FinalWords = ReturnType<typeof finalWords>;

/** Which column keeps which fact. */
export const factColumns = {
  status: "status",
  stages: "stages",
  sources: "sources",
  endedAt: "ended_at",
  endedBy: "ended_by",
  transcript: "transcript",
  recordingUrl: "recording_url",
  conversationSeconds: "conversation_seconds",
  answeredByVoicemail: "voicemail",
  hangupBy: "hangup_by",
  hangupReason: "hangup_reason",
  terminationReason: "termination_reason",
  errorMessage: "error_message",
  providerCostCents: "provider_cost_cents",
} as const satisfies Record<Exclude<keyof CallFacts, "createdAt">, string>;
