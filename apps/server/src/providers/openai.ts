/**
 * The language provider. One request, one answer: nothing here retries, for a second request is a second paid
 * generation. Whatever comes back becomes one of the ends below; nothing is thrown. Never call it inside a transaction.
 */
import OpenAI, { APIConnectionTimeoutError, APIError } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import {
  analysisFormName,
  AnalysisAnswer,
  buildAnalysisInput,
  readAnalysis,
  type AnalysisQuestion,
  type AnalysisRead,
} from "@parley/core/leads/analysis";
import * as wire from "@parley/core/wire/openai";

/** Made when the program loads: a form the vendor would refuse stops the start, not the first call. */
const form = zodTextFormat(AnalysisAnswer, analysisFormName);

const TIMEOUT_MS = 90_000;
/** Thinking counts against it; an analysis itself is some 600 tokens. */
export const OUTPUT_TOKENS = 4_000;
const DETAIL_LENGTH = 300;

export type Usage = { tokensIn: number; tokensCached: number; tokensOut: number };

/** What a request cost and how to find it at the vendor; usage is null when nothing was generated or nothing was told. */
export type Receipt = { requestId: string | null; modelUsed: string | null; usage: Usage | null };

export type AnalysisEnd =
  | ({ kind: "ok"; analysis: AnalysisRead; notes: string[]; raw: unknown } & Receipt)
  /** The model would not answer. */
  | ({ kind: "refused"; detail: string } & Receipt)
  /** Cut off before its end: `max_output_tokens`, `content_filter` … */
  | ({ kind: "incomplete"; detail: string } & Receipt)
  /** An answer that does not fit the form. */
  | ({ kind: "malformed"; detail: string } & Receipt)
  | ({ kind: "rate_limited"; detail: string; retryAfterSeconds: number | null } & Receipt)
  /** No money left at the vendor. */
  | ({ kind: "quota"; detail: string } & Receipt)
  /** The key, its project or this address is not allowed to ask. */
  | ({ kind: "credential"; detail: string } & Receipt)
  | ({ kind: "model_gone"; detail: string } & Receipt)
  /** The vendor takes offence at this very request; the same one would be refused again. */
  | ({ kind: "rejected"; detail: string; code: string | null } & Receipt)
  /** Time-out, reset, 5xx or nonsense. It may have been generated and paid. */
  | ({ kind: "unavailable"; detail: string } & Receipt);

export type AnalysisFailure = Exclude<AnalysisEnd, { kind: "ok" }>;

export type ModelCheck =
  | { kind: "ok"; shutdownOn: string | null }
  | { kind: "model_gone" | "credential" | "unavailable"; detail: string };

export type OpenaiOptions = {
  /** With the version: `https://api.openai.com/v1`. */
  url: string;
  key: string;
  /** Given by the operator; models are shut down every few months. */
  model: string;
  timeoutMs?: number;
};

export type AnalyseOptions = {
  /** A hash that stands for the tenant in the vendor's abuse reports; no personal data. */
  safetyIdentifier: string;
  outputTokens?: number;
  signal?: AbortSignal;
};

export class Openai {
  readonly model: string;
  readonly #client: OpenAI | null;

  constructor({ url, key, model, timeoutMs = TIMEOUT_MS }: OpenaiOptions) {
    this.model = model;
    // Every option that would otherwise be read from the environment is named: nobody's data goes where it was not sent.
    this.#client = key
      ? new OpenAI({
          apiKey: key,
          baseURL: url,
          organization: null,
          project: null,
          adminAPIKey: null,
          webhookSecret: null,
          timeout: timeoutMs,
          maxRetries: 0,
          logLevel: "off",
        })
      : null;
  }

  /** Reads one conversation, once. */
  async analyse(question: AnalysisQuestion, options: AnalyseOptions): Promise<AnalysisEnd> {
    if (!this.#client) return { kind: "credential", detail: "No key is set.", ...nothingSpent };
    const { safetyIdentifier, outputTokens = OUTPUT_TOKENS, signal } = options;
    const { instructions, input } = buildAnalysisInput(question);
    let answered;
    try {
      answered = await this.#client.responses
        .create(
          {
            model: this.model,
            instructions,
            input: [{ role: "user", content: input }],
            text: { format: form },
            max_output_tokens: outputTokens,
            safety_identifier: safetyIdentifier,
            // Kept by default: a transcript is personal data.
            store: false,
          },
          { signal },
        )
        .withResponse();
    } catch (error) {
      return failureOf(error);
    }
    const read = wire.response.safeParse(answered.data);
    const requestId = answered.request_id;
    if (!read.success)
      return { kind: "unavailable", detail: "The answer is none of this API.", ...nothingSpent, requestId };
    const receipt: Receipt = { requestId, modelUsed: read.data.model, usage: usageOf(read.data) };
    return { ...readEnd(wire.responseEnd(read.data), question), ...receipt };
  }

  /** Does the key work, is the model there, and until when? Costs nothing. */
  async checkModel(id = this.model): Promise<ModelCheck> {
    if (!this.#client) return { kind: "credential", detail: "No key is set." };
    try {
      const model = wire.model.parse(await this.#client.models.retrieve(id, { timeout: 10_000 }));
      return { kind: "ok", shutdownOn: model.shutdown_date ?? null };
    } catch (error) {
      const { kind, detail } = failureOf(error);
      return { kind: kind === "model_gone" || kind === "credential" ? kind : "unavailable", detail };
    }
  }
}

type Read<Kind extends AnalysisEnd["kind"]> = Omit<Extract<AnalysisEnd, { kind: Kind }>, keyof Receipt>;

/** What an HTTP 200 amounts to. */
function readEnd(
  end: wire.ResponseEnd,
  question: AnalysisQuestion,
): Read<"ok"> | Read<"malformed" | "refused" | "incomplete" | "unavailable"> | Read<"rejected"> {
  if (end.kind === "refusal") return { kind: "refused", detail: short(end.reason) };
  if (end.kind === "incomplete") return { kind: "incomplete", detail: end.reason };
  if (end.kind === "empty") return { kind: "malformed", detail: "The answer is empty." };
  if (end.kind === "failed")
    return end.code === "invalid_prompt"
      ? { kind: "rejected", detail: short(end.message), code: end.code }
      : { kind: "unavailable", detail: short(end.message) };
  const result = readAnalysis(end.text, question);
  return result.ok
    ? { kind: "ok", analysis: result.analysis, notes: result.notes, raw: JSON.parse(end.text) }
    : { kind: "malformed", detail: result.detail };
}

const nothingSpent: Receipt = { requestId: null, modelUsed: null, usage: null };

/** `insufficient_quota` arrives as a 429 like the others, but waiting does not help. */
const noMoney = new Set(["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"]);
const worthAnotherTry = new Set([408, 409]);

function failureOf(error: unknown): AnalysisFailure {
  if (!(error instanceof APIError)) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: "unavailable", detail: short(detail), ...nothingSpent };
  }
  const receipt: Receipt = { ...nothingSpent, requestId: error.requestID ?? null };
  const status: number | undefined = error.status;
  const code = error.code ?? null;
  // The message of an answer that is not JSON is its whole body.
  const detail = short(error.message);
  if (status === undefined) {
    const timedOut = error instanceof APIConnectionTimeoutError;
    return { kind: "unavailable", detail: timedOut ? "No answer in time." : detail, ...receipt };
  }
  if (status === 401 || status === 403) return { kind: "credential", detail, ...receipt };
  if (status === 404) return { kind: "model_gone", detail, ...receipt };
  if (
    status === 429 &&
    (noMoney.has(code ?? "") || (error.type === "insufficient_quota" && code !== "slow_down"))
  )
    return { kind: "quota", detail, ...receipt };
  if (status === 429)
    return { kind: "rate_limited", detail, retryAfterSeconds: retryAfter(error.headers), ...receipt };
  if (status >= 500 || worthAnotherTry.has(status)) return { kind: "unavailable", detail, ...receipt };
  return { kind: "rejected", detail, code, ...receipt };
}

/** Seconds to wait, from `retry-after-ms`, or `retry-after` as seconds or date; null when the vendor names none. */
function retryAfter(headers: Headers | undefined): number | null {
  const ms = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(ms) && ms >= 0) return ms / 1000;
  const text = headers?.get("retry-after");
  if (!text) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000);
}

function usageOf({ usage }: wire.OpenaiResponse): Usage | null {
  if (!usage) return null;
  return {
    tokensIn: usage.input_tokens,
    tokensCached: usage.input_tokens_details?.cached_tokens ?? 0,
    tokensOut: usage.output_tokens,
  };
}

const short = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= DETAIL_LENGTH ? line : `${line.slice(0, DETAIL_LENGTH - 1)}…`;
};
