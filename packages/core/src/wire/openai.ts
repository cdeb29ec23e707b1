/**
 * What travels between Parley and the OpenAI API: one definition for the client and for the sandbox. Answers are read
 * tolerantly; a request carries only parameters the vendor knows.
 */
import { z } from "zod";

const text = z.string().nullish();
const count = z.int().min(0).nullish();

// ---- POST /v1/responses ----------------------------------------------------------------------------------------

/** `text.format` of a structured answer. */
export const jsonSchemaFormat = z.looseObject({
  type: z.literal("json_schema"),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: text,
  schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
});
export type JsonSchemaFormat = z.infer<typeof jsonSchemaFormat>;

const inputText = z.looseObject({ type: z.literal("input_text"), text: z.string() });
const inputItem = z.looseObject({
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.union([z.string(), z.array(inputText)]),
});

export const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;
const metadata = z.record(z.string().max(64), z.string().max(512)).nullish();

/** The part of a request to /v1/responses that Parley uses; the vendor knows many more parameters. */
export const responsesRequest = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(inputItem)]),
  instructions: text,
  text: z
    .looseObject({
      format: z
        .union([jsonSchemaFormat, z.looseObject({ type: z.enum(["text", "json_object"]) })])
        .optional(),
      verbosity: z.enum(["low", "medium", "high"]).nullish(),
    })
    .optional(),
  /** Reasoning tokens count against it. */
  max_output_tokens: z.int().min(16).nullish(),
  reasoning: z.looseObject({ effort: z.enum(efforts).nullish() }).nullish(),
  store: z.boolean().nullish(),
  metadata,
  safety_identifier: z.string().max(128).nullish(),
  prompt_cache_key: text,
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority", "fast"]).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
});
export type ResponsesRequest = z.infer<typeof responsesRequest>;

export const responsesUsage = z.looseObject({
  input_tokens: z.int().min(0),
  input_tokens_details: z.looseObject({ cached_tokens: count, cache_write_tokens: count }).nullish(),
  output_tokens: z.int().min(0),
  output_tokens_details: z.looseObject({ reasoning_tokens: count }).nullish(),
  total_tokens: z.int().min(0),
});
export type ResponsesUsage = z.infer<typeof responsesUsage>;

const outputContent = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
});
const outputItem = z.looseObject({
  id: text,
  type: z.string(),
  role: text,
  status: text,
  content: z.array(outputContent).nullish(),
});

/** A response of any status. The message is not always the first item: reasoning comes before it. */
export const response = z.looseObject({
  id: z.string(),
  object: z.literal("response"),
  created_at: z.number(),
  status: z.string(),
  model: z.string(),
  error: z.looseObject({ code: text, message: text }).nullish(),
  incomplete_details: z.looseObject({ reason: text }).nullish(),
  output: z.array(outputItem),
  usage: responsesUsage.nullish(),
});
export type OpenaiResponse = z.infer<typeof response>;

// ---- POST /v1/chat/completions ---------------------------------------------------------------------------------

export const chatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["developer", "system", "user", "assistant", "tool", "function"]),
        content: z
          .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))])
          .nullish(),
      }),
    )
    .min(1),
  response_format: z
    .union([
      z.looseObject({ type: z.literal("json_schema"), json_schema: jsonSchemaFormat.omit({ type: true }) }),
      z.looseObject({ type: z.enum(["text", "json_object"]) }),
    ])
    .optional(),
  max_completion_tokens: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  reasoning_effort: z.enum(efforts).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  store: z.boolean().nullish(),
  metadata,
  stream: z.boolean().nullish(),
});
export type ChatRequest = z.infer<typeof chatRequest>;

export const chatCompletion = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.number(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.number(),
      finish_reason: z.string(),
      message: z.looseObject({ role: z.string(), content: text, refusal: text }),
    }),
  ),
  usage: z
    .looseObject({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
    .nullish(),
});
export type ChatCompletion = z.infer<typeof chatCompletion>;

// ---- GET /v1/models and errors ---------------------------------------------------------------------------------

export const model = z.looseObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.number(),
  owned_by: z.string(),
  /** Calendar day of the vendor's announcement, null while none is known. */
  shutdown_date: z.string().nullish(),
});
export type OpenaiModel = z.infer<typeof model>;

export const modelList = z.looseObject({ object: z.literal("list"), data: z.array(model) });

/** Body of every error. */
export const openaiError = z.looseObject({
  error: z.looseObject({ message: z.string(), type: text, param: text, code: text }),
});
export type OpenaiError = z.infer<typeof openaiError>;

// ---- reading ---------------------------------------------------------------------------------------------------

/** What an HTTP 200 came to. Only `answer` holds text that may be parsed. */
export type ResponseEnd =
  | { kind: "answer"; text: string }
  | { kind: "refusal"; reason: string }
  /** Cut off: `max_output_tokens`, `content_filter` … */
  | { kind: "incomplete"; reason: string }
  | { kind: "failed"; code: string; message: string }
  | { kind: "empty" };

/** Reads a response item by item: completed, not refused and with text, or why not. */
export function responseEnd(given: OpenaiResponse): ResponseEnd {
  if (given.status === "failed" || given.status === "cancelled") {
    return {
      kind: "failed",
      code: given.error?.code ?? given.status,
      message: given.error?.message ?? "The run did not finish.",
    };
  }
  const contents = given.output.flatMap((item) => (item.type === "message" ? (item.content ?? []) : []));
  const refusal = contents.find((content) => content.type === "refusal");
  if (refusal) return { kind: "refusal", reason: refusal.refusal ?? "" };
  if (given.status !== "completed") {
    return { kind: "incomplete", reason: given.incomplete_details?.reason ?? given.status };
  }
  const said = contents
    .filter((content) => content.type === "output_text")
    .map((content) => content.text ?? "")
    .join("");
  return said.trim() ? { kind: "answer", text: said } : { kind: "empty" };
}
