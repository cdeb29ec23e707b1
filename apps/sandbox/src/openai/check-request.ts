import { chatRequest, responsesRequest, type JsonSchemaFormat } from "@parley/core/wire/openai";
import type { z } from "zod";
import { checkSchema } from "./check-schema.ts";
import { Fault } from "./fault.ts";
import { modelAt } from "./models.ts";

/** A request to either route, in one shape. */
export interface Prompt {
  route: "responses" | "chat";
  model: string;
  reasoning: boolean;
  effort: string;
  instructions: string;
  /** What the user side says, in order. */
  said: string;
  format: { name: string; schema: Record<string, unknown> } | null;
  maxOutputTokens: number | null;
  metadata: Record<string, string>;
  safetyIdentifier: string | null;
  raw: Record<string, unknown>;
}

const responsesParameters = new Set(
  `background context_management conversation include input instructions max_output_tokens max_tool_calls metadata
   model moderation parallel_tool_calls previous_response_id prompt prompt_cache_key prompt_cache_options
   prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options temperature text
   tool_choice tools top_logprobs top_p truncation user access_programs`.split(/\s+/),
);

const chatParameters = new Set(
  `messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
   metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
   prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier
   stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity
   web_search_options`.split(/\s+/),
);

export function checkResponses(body: unknown, now: number): Prompt {
  const raw = checkParameters(body, responsesParameters);
  required(raw, "model");
  required(raw, "input");
  const read = parse(responsesRequest, raw);
  const model = checkModel(read.model, now);
  refuseUnsupported(raw, ["stream", "background", "tools", "previous_response_id", "conversation", "prompt"]);
  if (model.reasoning) checkSampling(raw, read.model);
  const effort = read.reasoning?.effort ?? "medium";
  if (model.reasoning) checkEffort(effort, read.model, "reasoning.effort");
  checkMetadata(read.metadata);
  const format = read.text?.format?.type === "json_schema" ? (read.text.format as JsonSchemaFormat) : null;
  if (format?.strict) checkSchema(format.schema, format.name, "text.format.schema");
  const items = typeof read.input === "string" ? [{ role: "user", content: read.input }] : read.input;
  const spoken = items.map(({ role, content }) => ({ role, text: textOf(content) }));
  return {
    route: "responses",
    model: read.model,
    reasoning: model.reasoning,
    effort,
    instructions: [read.instructions ?? "", ...spoken.filter(isRule).map(({ text }) => text)].join("\n"),
    said: spoken
      .filter((each) => !isRule(each))
      .map(({ text }) => text)
      .join("\n"),
    format: format && { name: format.name, schema: format.schema },
    maxOutputTokens: read.max_output_tokens ?? null,
    metadata: read.metadata ?? {},
    safetyIdentifier: read.safety_identifier ?? null,
    raw,
  };
}

export function checkChat(body: unknown, now: number): Prompt {
  const raw = checkParameters(body, chatParameters);
  required(raw, "model");
  required(raw, "messages");
  const read = parse(chatRequest, raw);
  const model = checkModel(read.model, now);
  refuseUnsupported(raw, ["stream", "tools", "functions", "audio"]);
  if (model.reasoning) {
    checkSampling(raw, read.model);
    if (raw["max_tokens"] !== undefined && raw["max_tokens"] !== null) {
      throw new Fault(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        { code: "unsupported_parameter", param: "max_tokens" },
      );
    }
  }
  const effort = read.reasoning_effort ?? "medium";
  if (model.reasoning) checkEffort(effort, read.model, "reasoning_effort");
  checkMetadata(read.metadata);
  const wanted = read.response_format;
  const format =
    wanted?.type === "json_schema" ? (wanted["json_schema"] as Omit<JsonSchemaFormat, "type">) : null;
  if (format?.strict)
    checkSchema(format["schema"] as Record<string, unknown>, String(format["name"]), "response_format");
  const spoken = read.messages.map(({ role, content }) => ({ role, text: textOf(content ?? "") }));
  return {
    route: "chat",
    model: read.model,
    reasoning: model.reasoning,
    effort,
    instructions: spoken
      .filter(isRule)
      .map(({ text }) => text)
      .join("\n"),
    said: spoken
      .filter((each) => !isRule(each))
      .map(({ text }) => text)
      .join("\n"),
    format: format && { name: String(format["name"]), schema: format["schema"] as Record<string, unknown> },
    maxOutputTokens: read.max_completion_tokens ?? read.max_tokens ?? null,
    metadata: read.metadata ?? {},
    safetyIdentifier: typeof raw["safety_identifier"] === "string" ? raw["safety_identifier"] : null,
    raw,
  };
}

const isRule = ({ role }: { role: string }): boolean => role === "system" || role === "developer";

function textOf(content: string | readonly { text?: string | undefined }[]): string {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("\n");
}

function checkParameters(body: unknown, known: ReadonlySet<string>): Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new Fault(400, "We could not parse the JSON body of your request.");
  }
  const stranger = Object.keys(body).find((key) => !known.has(key));
  if (stranger !== undefined) {
    throw new Fault(400, `Unknown parameter: '${stranger}'.`, { code: "unknown_parameter", param: stranger });
  }
  return body as Record<string, unknown>;
}

function required(raw: Record<string, unknown>, param: string): void {
  if (raw[param] === undefined || raw[param] === null || raw[param] === "") {
    throw new Fault(400, `Missing required parameter: '${param}'.`, {
      code: "missing_required_parameter",
      param,
    });
  }
}

function parse<T extends z.ZodType>(schema: T, raw: Record<string, unknown>): z.output<T> {
  const read = schema.safeParse(raw);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  const param = issue.path.map(String).join(".");
  throw new Fault(400, `Invalid value for '${param}': ${issue.message}.`, { code: "invalid_value", param });
}

function checkModel(id: string, now: number): NonNullable<ReturnType<typeof modelAt>> {
  const model = modelAt(id, now);
  if (model) return model;
  throw new Fault(404, `The model '${id}' does not exist or you do not have access to it.`, {
    code: "model_not_found",
    param: "model",
  });
}

/** The real API streams and calls tools; this one says so instead of pretending. */
function refuseUnsupported(raw: Record<string, unknown>, params: readonly string[]): void {
  for (const param of params) {
    const value = raw[param];
    if (value === undefined || value === null || value === false || (Array.isArray(value) && !value.length))
      continue;
    throw new Fault(400, `The sandbox does not simulate '${param}'.`, {
      code: "unsupported_parameter",
      param,
    });
  }
}

function checkSampling(raw: Record<string, unknown>, model: string): void {
  for (const param of ["temperature", "top_p"]) {
    const value = raw[param];
    if (value === undefined || value === null || value === 1) continue;
    throw new Fault(
      400,
      `Unsupported value: '${param}' does not support ${String(value)} with this model. Only the default (1) value is supported.`,
      { code: "unsupported_value", param },
    );
  }
  if (raw["seed"] !== undefined && model.startsWith("gpt-6")) {
    throw new Fault(400, "Unsupported parameter: 'seed' is not supported with this model.", {
      code: "unsupported_parameter",
      param: "seed",
    });
  }
}

function checkEffort(effort: string, model: string, param: string): void {
  const allowed = model.startsWith("gpt-6")
    ? ["none", "low", "medium", "high", "xhigh", "max"]
    : ["none", "minimal", "low", "medium", "high", "xhigh"];
  if (allowed.includes(effort)) return;
  throw new Fault(
    400,
    `Unsupported value: '${effort}' is not supported with the '${model}' model. Supported values are: ${allowed.map((each) => `'${each}'`).join(", ")}.`,
    { code: "unsupported_value", param },
  );
}

function checkMetadata(metadata: Record<string, string> | null | undefined): void {
  if (metadata && Object.keys(metadata).length > 16) {
    throw new Fault(400, "Invalid 'metadata': too many properties. Expected at most 16.", {
      code: "object_above_max_properties",
      param: "metadata",
    });
  }
}
