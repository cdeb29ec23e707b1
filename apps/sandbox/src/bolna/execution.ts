import { hex, fraction } from "../random.ts";
import { conversationNamed, speak } from "./conversations.ts";
import type { Plan } from "./plan.ts";
import {
  estimateTurnTimes,
  transcriptTurns,
  type BolnaStatus,
  type ExecutionJson,
} from "@parley/core/wire/bolna";

export interface Reached {
  status: BolnaStatus;
  at: number;
}

/** One call as the sandbox keeps it. What is told about it is made up on request, by `record`. */
export interface Execution {
  readonly id: string;
  readonly agentId: string;
  readonly direction: "outbound" | "inbound";
  /** The human's number. */
  readonly person: string;
  /** Our side's number. */
  readonly line: string;
  readonly userData: Record<string, unknown> | null;
  readonly createdAt: number;
  readonly scheduledAt: number | null;
  readonly plan: Plan;
  /** The agent's greeting when the call was placed. */
  readonly welcome: string | null;
  /** The execution this one answers, for a person who rings back. */
  readonly answers: string | null;
  /** Every status so far, with its instant; the first is `queued` or `scheduled`. */
  readonly reached: Reached[];
}

const terminal = new Set<BolnaStatus>([
  "completed",
  "no-answer",
  "busy",
  "failed",
  "canceled",
  "stopped",
  "error",
  "balance-low",
]);

export const isTerminal = (status: BolnaStatus): boolean => terminal.has(status);
export const endsLine = (status: BolnaStatus): boolean =>
  status === "call-disconnected" || terminal.has(status);

export function statusOf(execution: Execution): BolnaStatus {
  return execution.reached.at(-1)!.status;
}

/** Naive UTC with microseconds, as the vendor writes instants. The microseconds are made up, but always the same. */
export function naiveInstant(at: number, salt: string): string {
  const micros = String(Math.floor(fraction(salt, at) * 1000)).padStart(3, "0");
  return `${new Date(at).toISOString().slice(0, -1)}${micros}`;
}

/** What was said, by line, up to where the line dropped; empty when nobody spoke or nobody listened. */
export function linesOf(execution: Execution, final = true): string[] {
  const { plan } = execution;
  if (!plan.conversation || plan.deaf) return [];
  const lines = spokenWithin(
    speak(conversationNamed(plan.conversation), {
      welcome: execution.welcome,
      userData: execution.userData,
      seed: plan.seed ?? execution.id,
    }),
    plan,
  );
  return plan.revised && final ? [...lines, ...afterthought] : lines;
}

const afterthought = [
  "assistant: One last question before you go. How did you hear about us?",
  "user: A friend of mine at the chamber of commerce told me about you.",
];

/** A call that ran into the agent's limit ends in the middle of the conversation. */
function spokenWithin(lines: string[], plan: Plan): string[] {
  if (plan.hangup?.code !== 4020) return lines;
  const budget = plan.talkSeconds * 15;
  let said = 0;
  return lines.filter((line) => (said += line.length + 10) <= budget);
}

/** The vendor is careless with the blanks after the colon. */
const asTyped = (line: string, index: number): string =>
  `${index % 4 === 2 ? line.replace(": ", ":  ") : line}\n`;

const cents = (value: number): number => Math.round(value * 1000) / 1000;

function cost(
  execution: Execution,
  status: BolnaStatus,
): { total: number; breakdown: Record<string, number> } {
  const { talkSeconds } = execution.plan;
  const free = { llm: 0, network: 0, platform: 0, synthesizer: 0, transcriber: 0 };
  const final = status === "completed";
  if (talkSeconds === 0 || (!final && status !== "call-disconnected")) return { total: 0, breakdown: free };
  const minutes = talkSeconds / 60;
  const breakdown = {
    llm: cents(minutes * 0.9),
    network: final ? cents(Math.ceil(minutes) * 1.4) : 0,
    platform: final ? cents(minutes * 2) : 0,
    synthesizer: cents(minutes * 2.1),
    transcriber: cents(minutes * 0.77),
  };
  const total = Object.values(breakdown).reduce((sum, part) => sum + part, 0);
  return { total: Math.round(total * 100) / 100, breakdown };
}

/**
 * The execution as Bolna tells it, as of its `upTo`th status: live figures stay 0, figures at `call-disconnected` are
 * partial, and only `completed` has them all.
 */
export function record(
  execution: Execution,
  publicUrl: string,
  upTo: number = execution.reached.length - 1,
): ExecutionJson {
  const { plan } = execution;
  const { status, at } = execution.reached[upTo] ?? execution.reached.at(-1)!;
  const past = execution.reached.slice(0, upTo + 1);
  const disconnected = status === "call-disconnected";
  const completed = status === "completed";
  const over = disconnected || completed;
  const ended = isTerminal(status);
  const lines = over ? linesOf(execution, completed) : [];
  const initiated = past.find((step) => step.status === "initiated");
  const price = cost(execution, status);
  const outbound = execution.direction === "outbound";

  return {
    id: execution.id,
    agent_id: execution.agentId,
    batch_id: null,
    status,
    smart_status: status,
    error_message: ended ? plan.error : null,
    conversation_duration: over ? plan.talkSeconds : 0,
    total_cost: price.total,
    cost_breakdown: {
      ...price.breakdown,
      llm_breakdown: { conversation: price.breakdown["llm"], extraction: 0, summarization: 0, analytics: 0 },
      synthesizer_breakdown: { conversation: price.breakdown["synthesizer"], welcome_message: 0 },
      transcriber_breakdown: { conversation: price.breakdown["transcriber"], analytics: 0 },
    },
    usage_breakdown: over
      ? { llm_model: { "gpt-5.4-mini": { input: lines.length * 410, output: lines.length * 22 } } }
      : {},
    answered_by_voice_mail: completed && plan.machine ? true : null,
    transcript: over ? lines.map(asTyped).join("") : null,
    summary: null,
    extracted_data: null,
    agent_extraction: null,
    custom_extractions: null,
    termination_reason: null,
    created_at: naiveInstant(execution.createdAt, execution.id),
    updated_at: naiveInstant(at, execution.id),
    scheduled_at: execution.scheduledAt === null ? null : naiveInstant(execution.scheduledAt, execution.id),
    rescheduled_at: null,
    initiated_at: initiated ? naiveInstant(initiated.at, execution.id) : null,
    user_number: execution.person,
    agent_number: execution.line,
    telephony_data: {
      duration: completed ? String(Math.ceil(plan.talkSeconds)) : "0.0",
      to_number: outbound ? execution.person : execution.line,
      from_number: outbound ? execution.line : execution.person,
      recording_url:
        completed && plan.talkSeconds > 0
          ? `${publicUrl}/bolna/recordings/call/${execution.id}`
          : over
            ? ""
            : null,
      hosted_telephony: true,
      provider_call_id: hex(32, execution.id, "carrier"),
      call_type: execution.direction,
      provider: "plivo",
      hangup_by: ended ? (plan.hangup?.by ?? null) : null,
      hangup_reason: ended ? (plan.hangup?.reason ?? null) : null,
      hangup_provider_code: ended ? (plan.hangup?.code ?? null) : null,
      ring_duration: ended ? plan.ringSeconds : 0,
      post_dial_delay: ended && plan.ringSeconds > 0 ? 2 : 0,
      to_number_carrier: null,
    },
    transfer_call_data: null,
    batch_run_details: null,
    context_details: {
      recipient_data: outbound ? execution.userData : null,
      // On an inbound call the vendor puts the agent's number here.
      recipient_phone_number: outbound ? execution.person : execution.line,
    },
    latency_data: null,
    retry_config: null,
    retry_count: 0,
    retry_history: null,
    workflow_retries: 0,
    provider: "plivo",
  };
}

/** Who speaks when in the recording. A conversation nobody transcribed still has sound. */
export function soundOf(execution: Execution): ReturnType<typeof estimateTurnTimes> {
  const { plan } = execution;
  const lines = plan.deaf ? ["user: Hello? Hello, is anybody there?"] : linesOf(execution);
  return estimateTurnTimes(transcriptTurns(lines.join("\n")), plan.talkSeconds);
}
