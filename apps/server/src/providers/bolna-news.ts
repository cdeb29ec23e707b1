import { fromWire } from "@parley/core/phone";
import type { Artefacts } from "@parley/core/calls/lifecycle";
import * as wire from "@parley/core/wire/bolna";

/** A provider's execution in our words. */
export type ExecutionNews = Artefacts & {
  executionId: string;
  /** The provider's id of the agent. */
  agentId: string | null;
  status: string;
  at: string;
  /** Our call's id, which we sent along with the call. */
  callId: string | null;
  /** The item it was for, sent along too. */
  itemId: string | null;
  direction: "outbound" | "inbound";
  /** The person's number and the agent's, canonical; null if they are no phone numbers. */
  personNumber: string | null;
  agentNumber: string | null;
  createdAt: string | null;
  /** How often the provider dialled again by itself, which we never ask for. */
  retries: number;
};

/**
 * Reads a webhook body: an execution, or null for what only looks like one. A tool that an agent calls posts to the
 * same address with the status "in-progress" and keys of its own, and must not be taken for a stage of the call.
 */
export function readWebhook(body: unknown): { execution: wire.Execution } | { tool: true } | { bad: string } {
  const read = wire.execution.safeParse(body);
  if (!read.success)
    return {
      bad: `The body is not an execution: ${read.error.issues[0]?.path.join(".") || "body"} ${read.error.issues[0]?.message ?? ""}`.trim(),
    };
  const { data } = read;
  if (!data.created_at && !data.telephony_data) return { tool: true };
  return { execution: data };
}

/** What an execution says, as the fold of core/calls/lifecycle takes it. `heardAt` stands in where it names no time. */
export function newsOf(execution: wire.Execution, heardAt: string): ExecutionNews {
  const { telephony_data: line, context_details: context } = execution;
  const callId = context?.recipient_data?.["call_id"];
  const itemId = context?.recipient_data?.["item_id"];
  const direction = line?.call_type === "inbound" ? "inbound" : "outbound";
  return {
    executionId: execution.id,
    agentId: execution.agent_id ?? null,
    status: execution.status,
    at: wire.bolnaInstant(execution.updated_at) ?? heardAt,
    callId: typeof callId === "string" ? callId : null,
    itemId: typeof itemId === "string" ? itemId : null,
    direction,
    personNumber: canonical(
      execution.user_number ?? (direction === "inbound" ? line?.from_number : line?.to_number),
    ),
    agentNumber: canonical(
      execution.agent_number ?? (direction === "inbound" ? line?.to_number : line?.from_number),
    ),
    createdAt: wire.bolnaInstant(execution.created_at),
    retries: execution.retry_count ?? 0,
    transcript: execution.transcript ?? null,
    recordingUrl: line?.recording_url ?? null,
    conversationSeconds: Math.max(0, execution.conversation_duration),
    answeredByVoicemail: execution.answered_by_voice_mail ?? null,
    hangupBy: line?.hangup_by ?? null,
    hangupReason: line?.hangup_reason ?? null,
    terminationReason: execution.termination_reason ?? null,
    errorMessage: execution.error_message ?? null,
    providerCostCents: execution.total_cost,
  };
}

function canonical(number: string | null | undefined): string | null {
  return number ? fromWire(number) : null;
}
