/**
 * What travels between Parley and the Bolna voice API: one definition for the client and for the sandbox, so that
 * the two cannot drift. Bodies we receive are read tolerantly (the vendor adds keys every few months); bodies we
 * send are strict.
 */
import { z } from "zod";

/** Every status the vendor documents, in the order of a call's life; the last eight are terminal. */
export const bolnaStatuses = [
  "scheduled",
  "prepared",
  "queued",
  "rescheduled",
  "initiated",
  "ringing",
  "in-progress",
  "call-disconnected",
  "completed",
  "no-answer",
  "busy",
  "failed",
  "canceled",
  "stopped",
  "error",
  "balance-low",
] as const;
export type BolnaStatus = (typeof bolnaStatuses)[number];

/** Wire form of a phone number: E.164 without blanks. */
export const e164 = z.string().regex(/^\+[1-9]\d{6,14}$/, "must be an E.164 number such as +919876543210");

/** An instant with a numeric offset. The vendor answers 500 to a trailing Z. */
export const offsetInstant = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?[+-]\d\d:?\d\d$/,
    "must be ISO 8601 with a numeric offset",
  );

// ---- POST /call ------------------------------------------------------------------------------------------------

export const retryConfig = z.object({
  enabled: z.boolean().default(false),
  max_retries: z.int().min(1).max(3).default(3),
  retry_on_statuses: z
    .array(z.enum(["no-answer", "busy", "failed", "error"]))
    .default(["no-answer", "busy", "failed"]),
  retry_on_voicemail: z.boolean().default(false),
  retry_intervals_minutes: z.array(z.int().min(1)).default([30, 60, 120]),
});

export const placeCallBody = z.object({
  agent_id: z.uuid(),
  recipient_phone_number: e164,
  from_phone_number: e164.optional(),
  user_data: z.record(z.string(), z.unknown()).optional(),
  scheduled_at: offsetInstant.optional(),
  agent_data: z.strictObject({ voice_id: z.string().min(1) }).optional(),
  retry_config: retryConfig.optional(),
  bypass_call_guardrails: z.boolean().optional(),
});
export type PlaceCallBody = z.input<typeof placeCallBody>;

export const placeCallAnswer = z.looseObject({
  message: z.string(),
  status: z.string(),
  execution_id: z.string().min(1),
});
export type PlaceCallAnswer = z.infer<typeof placeCallAnswer>;

/** POST /call/{id}/stop: only a queued or scheduled execution can be stopped. */
export const stopCallAnswer = z.looseObject({
  message: z.string(),
  status: z.string(),
  execution_id: z.string(),
});
export type StopCallAnswer = z.infer<typeof stopCallAnswer>;

// ---- executions ------------------------------------------------------------------------------------------------

const text = z.string().nullish();
/** Numbers that arrive as numbers, as strings ("69", "0.0") or not at all. */
const looseNumber = z
  .union([z.number(), z.string()])
  .nullish()
  .transform((value) => {
    const number = typeof value === "string" ? Number.parseFloat(value) : (value ?? 0);
    return Number.isFinite(number) ? number : 0;
  });

export const telephony = z.looseObject({
  duration: looseNumber,
  to_number: text,
  from_number: text,
  recording_url: text,
  hosted_telephony: z.boolean().nullish(),
  provider_call_id: text,
  call_type: text,
  provider: text,
  hangup_by: text,
  hangup_reason: text,
  hangup_provider_code: z.union([z.number(), z.string()]).nullish(),
  ring_duration: looseNumber,
  post_dial_delay: looseNumber,
  to_number_carrier: text,
});

/**
 * The record of one call, as GET /executions/{id} answers and as webhooks carry it. `conversation_duration` is in
 * seconds and `total_cost` in US cents, both fractional; figures are final only at a terminal status.
 */
export const execution = z.looseObject({
  id: z.string().min(1),
  agent_id: text,
  batch_id: text,
  status: z.string().min(1),
  smart_status: text,
  error_message: text,
  conversation_duration: looseNumber,
  total_cost: looseNumber,
  cost_breakdown: z.record(z.string(), z.unknown()).nullish(),
  usage_breakdown: z.unknown().optional(),
  answered_by_voice_mail: z.boolean().nullish(),
  transcript: text,
  summary: text,
  extracted_data: z.unknown().optional(),
  termination_reason: text,
  created_at: text,
  updated_at: text,
  scheduled_at: text,
  rescheduled_at: text,
  initiated_at: text,
  user_number: text,
  agent_number: text,
  telephony_data: telephony.nullish(),
  context_details: z
    .looseObject({
      recipient_data: z.record(z.string(), z.unknown()).nullish(),
      recipient_phone_number: text,
    })
    .nullish(),
  retry_count: z.number().nullish(),
  provider: text,
});
/** An execution after reading. */
export type Execution = z.output<typeof execution>;
/** An execution as it stands on the wire. */
export type ExecutionJson = z.input<typeof execution>;

/** GET /v2/agent/{id}/executions: `from` and `to` go together and span at most seven days. */
export const executionsQuery = z.object({
  from: z.string(),
  to: z.string(),
  page_number: z.int().min(1).default(1),
  page_size: z.int().min(1).max(50).default(20),
  status: z.string().optional(),
  call_type: z.enum(["inbound", "outbound"]).optional(),
  provider: z.enum(["plivo", "twilio", "websocket", "web-call"]).optional(),
  answered_by_voice_mail: z.boolean().optional(),
  batch_id: z.string().optional(),
});
export type ExecutionsQuery = z.input<typeof executionsQuery>;

/** A page of executions, newest first. Rely on `data` and `has_more` only. */
export const executionsPage = z.looseObject({
  data: z.array(execution),
  has_more: z.boolean(),
  total: z.number().nullish(),
  page_number: z.number().nullish(),
  page_size: z.number().nullish(),
});
export type ExecutionsPage = z.output<typeof executionsPage>;

// ---- agents ----------------------------------------------------------------------------------------------------

const model = z.looseObject({
  provider: z.string().optional(),
  family: z.string().optional(),
  model: z.string().optional(),
  max_tokens: z.int().positive().optional(),
  temperature: z.number().optional(),
  reasoning_effort: z.string().optional(),
});

export const agentTask = z.looseObject({
  task_type: z.enum(["conversation", "extraction", "summarization"]).default("conversation"),
  toolchain: z.looseObject({
    execution: z.enum(["parallel", "sequential"]),
    pipelines: z.array(z.array(z.string())),
  }),
  tools_config: z.looseObject({
    llm_agent: z
      .looseObject({
        agent_type: z.string().optional(),
        agent_flow_type: z.string().optional(),
        llm_config: model.nullish(),
      })
      .nullish(),
    synthesizer: z
      .looseObject({ provider: z.string(), provider_config: z.record(z.string(), z.unknown()) })
      .nullish(),
    transcriber: z.looseObject({ provider: z.string(), model: z.string(), language: z.string() }).nullish(),
    input: z.looseObject({ provider: z.string(), format: z.string().optional() }).nullish(),
    output: z.looseObject({ provider: z.string(), format: z.string().optional() }).nullish(),
  }),
  task_config: z
    .looseObject({
      /** Longest call, in seconds. */
      call_terminate: z.int().positive().optional(),
      hangup_after_silence: z.number().nonnegative().optional(),
      voicemail: z.boolean().optional(),
    })
    .nullish(),
});
export type AgentTask = z.input<typeof agentTask>;

export const agentConfig = z.looseObject({
  agent_name: z.string().min(1),
  agent_welcome_message: z.string().nullish(),
  webhook_url: z.url({ protocol: /^https?$/ }).nullish(),
  agent_type: z.string().optional(),
  tasks: z.array(agentTask).min(1),
  ingest_source_config: z.unknown().optional(),
  calling_guardrails: z
    .strictObject({ call_start_hour: z.int().min(0).max(23), call_end_hour: z.int().min(0).max(23) })
    .nullish(),
});
export type AgentConfig = z.input<typeof agentConfig>;

export const agentPrompts = z.record(
  z.string().regex(/^task_\d+$/),
  z.looseObject({ system_prompt: z.string().min(1) }),
);
export type AgentPrompts = z.input<typeof agentPrompts>;

/** Body of POST and PUT /v2/agent. */
export const agentBody = z.object({ agent_config: agentConfig, agent_prompts: agentPrompts });
export type AgentBody = z.input<typeof agentBody>;

/** Answer of every agent write. The vendor has said `state` and `status` at different times. */
export const agentAnswer = z.looseObject({
  agent_id: text,
  state: text,
  status: text,
  message: text,
});

/** GET /v2/agent/{id}. Welcome message and webhook URL are absent from the declared schema, present in practice. */
export const agent = z.looseObject({
  id: z.string().min(1),
  agent_name: z.string(),
  agent_type: text,
  agent_status: text,
  agent_welcome_message: text,
  webhook_url: text,
  created_at: text,
  updated_at: text,
  tasks: z.array(z.looseObject({})).nullish(),
  ingest_source_config: z.unknown().optional(),
  calling_guardrails: z.unknown().optional(),
  agent_prompts: z.record(z.string(), z.looseObject({ system_prompt: text })).nullish(),
});
export type BolnaAgent = z.output<typeof agent>;

// ---- account ---------------------------------------------------------------------------------------------------

/** GET /user/me. The unit of `wallet` is disputed between the vendor's pages: show it, do not calculate with it. */
export const userMe = z.looseObject({
  id: z.string(),
  name: text,
  email: text,
  wallet: looseNumber,
  concurrency: z.looseObject({ max: z.number(), current: z.number() }),
});
export type UserMe = z.output<typeof userMe>;

export const phoneNumber = z.looseObject({
  id: z.string(),
  phone_number: z.string(),
  agent_id: text,
  telephony_provider: text,
  price: text,
  rented: z.boolean().nullish(),
  created_at: text,
  updated_at: text,
  renewal_at: text,
});
export type BolnaPhoneNumber = z.output<typeof phoneNumber>;

/** GET /me/voices. */
export const voice = z.looseObject({
  id: z.string(),
  voice_id: z.string(),
  provider: z.string(),
  name: z.string(),
  model: text,
  accent: text,
});
export type BolnaVoice = z.output<typeof voice>;

// ---- reading helpers -------------------------------------------------------------------------------------------

/**
 * An instant as the vendor writes it, usually naive UTC with microseconds (`2026-01-28T13:17:50.116924`), as ISO-8601
 * UTC with milliseconds; null when it is no instant.
 */
export function bolnaInstant(value: string | null | undefined): string | null {
  if (!value) return null;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : `${value.replace(" ", "T")}Z`;
  const at = Date.parse(zoned);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/**
 * The sentence in an error body of any of the vendor's shapes: `{message}`, `{detail}`, `{error}` as text. For people
 * only, never for control flow; at most 300 characters.
 */
export function bolnaErrorText(body: unknown): string | null {
  if (typeof body === "string") return body.trim() ? body.trim().slice(0, 300) : null;
  if (typeof body !== "object" || body === null) return null;
  for (const key of ["message", "detail", "error"]) {
    const value = (body as Record<string, unknown>)[key];
    if (typeof value === "string" && value.trim()) return value.trim().slice(0, 300);
  }
  return null;
}

export interface TranscriptTurn {
  speaker: "assistant" | "user";
  text: string;
}

/** The turns of a transcript (`assistant: …` / `user: …` by line); a line without a speaker continues the turn above. */
export function transcriptTurns(transcript: string | null | undefined): TranscriptTurn[] {
  const turns: TranscriptTurn[] = [];
  for (const line of (transcript ?? "").split(/\r?\n/)) {
    const spoken = /^\s*(assistant|user)\s*:\s*(.*)$/i.exec(line);
    const last = turns.at(-1);
    if (spoken) {
      turns.push({ speaker: spoken[1]!.toLowerCase() as TranscriptTurn["speaker"], text: spoken[2]!.trim() });
    } else if (line.trim() && last) {
      last.text = `${last.text} ${line.trim()}`.trim();
    }
  }
  return turns;
}

export interface TimedTurn extends TranscriptTurn {
  /** Seconds from the start of the conversation. */
  startSeconds: number;
  endSeconds: number;
}

const BREATH = 6;

/**
 * When each turn was probably spoken. Bolna gives no times with a transcript, so the conversation is shared out by the
 * length of what was said, with a breath between turns. The sandbox speaks its recordings by the same rule.
 */
export function estimateTurnTimes(
  turns: readonly TranscriptTurn[],
  conversationSeconds: number,
): TimedTurn[] {
  const weights = turns.map((turn) => Math.max(4, turn.text.length));
  const total = weights.reduce((sum, weight) => sum + weight + BREATH, BREATH);
  const unit = Math.max(0, conversationSeconds) / total;
  let position = BREATH;
  return turns.map((turn, index) => {
    const startSeconds = position * unit;
    position += weights[index]!;
    const endSeconds = position * unit;
    position += BREATH;
    return { ...turn, startSeconds, endSeconds };
  });
}
