/**
 * The voice provider. Nothing here retries and nothing here decides: each method makes one request and says what is
 * known afterwards. Never call it inside a transaction.
 */
import type * as z from "zod";
import { ParleyError } from "@parley/core/errors";
import * as wire from "@parley/core/wire/bolna";
import { fetchMedia, type Media } from "./media.ts";

/** No usable answer: the request may be repeated, for it only reads. */
export type Unavailable = {
  kind: "unavailable";
  /** HTTP status; null when no answer came. */
  status: number | null;
  message: string;
  /** 401 and 403: the key is at fault, not the request. */
  credential: boolean;
  /** After a 429: how long to wait, in milliseconds; null when the provider does not say. */
  retryAfterMs: number | null;
};

/** A clear no: nothing was made, and the same request would be refused again. */
export type Refused = { kind: "refused"; status: number; message: string; credential: boolean };
/** 429: nothing was made; null when the provider names no time. */
export type RateLimited = { kind: "rate_limited"; retryAfterMs: number | null };
/** Time-out, reset, 5xx or nonsense: it may have been made. Look before you send it again. */
export type Ambiguous = { kind: "ambiguous"; status: number | null; reason: string };

export type PlaceResult =
  | { kind: "accepted"; executionId: string; status: string }
  | Refused
  | RateLimited
  | Ambiguous;
export type CreateAgentResult = { kind: "accepted"; agentId: string } | Refused | RateLimited | Ambiguous;
/** `refused`: it is past stopping, or gone. */
export type StopResult = { kind: "stopped" } | Refused | Unavailable;
export type ExecutionResult =
  | { kind: "found"; execution: wire.Execution; body: unknown }
  | { kind: "absent" }
  | Unavailable;
export type ExecutionsResult =
  | { kind: "page"; executions: wire.Execution[]; hasMore: boolean }
  | Refused
  | Unavailable;

export type BolnaOptions = {
  /** Base URL without a trailing slash. */
  url: string;
  key: string;
  placeTimeoutMs?: number;
  /** Every other request. */
  timeoutMs?: number;
};

/** Statuses that say for sure that a POST has made nothing. */
const clearRefusals = new Set([400, 401, 403, 404, 422]);
/** An execution carries its transcript; a page holds fifty. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** What was made is told in a few words. */
const MADE_BYTES_MAX = 64 * 1024;

type Answer =
  | { came: true; status: number; body: unknown; parsed: boolean; retryAfterMs: number | null }
  | { came: false; reason: string };

export class Bolna {
  readonly url: string;
  readonly #key: string;
  readonly #placeTimeoutMs: number;
  readonly #timeoutMs: number;

  constructor({ url, key, placeTimeoutMs = 15_000, timeoutMs = 15_000 }: BolnaOptions) {
    this.url = url.replace(/\/+$/, "");
    this.#key = key;
    this.#placeTimeoutMs = placeTimeoutMs;
    this.#timeoutMs = timeoutMs;
  }

  /** Makes a phone ring, at most once: a second request is a second call. */
  async placeCall(call: wire.PlaceCallBody): Promise<PlaceResult> {
    const made = await this.#make("/call", call, wire.placeCallAnswer, this.#placeTimeoutMs);
    return made.kind === "made"
      ? { kind: "accepted", executionId: made.body.execution_id, status: made.body.status }
      : made;
  }

  /** Takes back a call that still waits at the provider. */
  async stopCall(executionId: string): Promise<StopResult> {
    const answer = await this.#send("POST", `/call/${encodeURIComponent(executionId)}/stop`);
    if (answer.came && answer.status < 300) return { kind: "stopped" };
    if (answer.came && clearRefusals.has(answer.status) && !isCredential(answer.status))
      return refused(answer);
    return unavailable(answer);
  }

  /** The provider's own record of a call, parsed and as it came. */
  async getExecution(executionId: string): Promise<ExecutionResult> {
    const answer = await this.#send("GET", `/executions/${encodeURIComponent(executionId)}`);
    if (answer.came && answer.status === 404) return { kind: "absent" };
    const read = readAs(answer, wire.execution);
    return read.ok
      ? { kind: "found", execution: read.body, body: (answer as { body: unknown }).body }
      : read.why;
  }

  /** One page of an agent's executions, newest first. `from` and `to` are UTC instants at most seven days apart. */
  async listExecutions(agentId: string, query: wire.ExecutionsQuery): Promise<ExecutionsResult> {
    const text = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as [string, string]],
      ),
    );
    const answer = await this.#send("GET", `/v2/agent/${encodeURIComponent(agentId)}/executions?${text}`);
    if (answer.came && clearRefusals.has(answer.status) && !isCredential(answer.status))
      return refused(answer);
    const read = readAs(answer, wire.executionsPage);
    return read.ok ? { kind: "page", executions: read.body.data, hasMore: read.body.has_more } : read.why;
  }

  /** Not idempotent: after `ambiguous` look for our webhook URL in `listAgents` before creating again. */
  async createAgent(agent: wire.AgentBody): Promise<CreateAgentResult> {
    const made = await this.#make("/v2/agent", agent, wire.agentAnswer, this.#timeoutMs);
    if (made.kind !== "made") return made;
    return made.body.agent_id
      ? { kind: "accepted", agentId: made.body.agent_id }
      : { kind: "ambiguous", status: 200, reason: "The answer names no agent." };
  }

  /** Null when the provider knows no such agent. */
  async getAgent(agentId: string): Promise<wire.BolnaAgent | null> {
    const answer = await this.#send("GET", `/v2/agent/${encodeURIComponent(agentId)}`);
    if (answer.came && answer.status === 404) return null;
    return this.#orThrow(answer, wire.agent);
  }

  /** Replaces the whole agent; what is left out is dropped. */
  async putAgent(agentId: string, agent: wire.AgentBody): Promise<void> {
    this.#orThrow(
      await this.#send("PUT", `/v2/agent/${encodeURIComponent(agentId)}`, agent),
      wire.agentAnswer,
    );
  }

  /** Name, welcome message, webhook URL, voice and prompts only; the provider silently ignores the rest. */
  async patchAgent(agentId: string, patch: unknown): Promise<void> {
    this.#orThrow(
      await this.#send("PATCH", `/v2/agent/${encodeURIComponent(agentId)}`, patch),
      wire.agentAnswer,
    );
  }

  async listAgents(): Promise<wire.BolnaAgent[]> {
    return this.#orThrow(await this.#send("GET", "/v2/agent/all"), wire.agent.array());
  }

  /** The account: wallet and concurrency. */
  async me(): Promise<wire.UserMe> {
    return this.#orThrow(await this.#send("GET", "/user/me"), wire.userMe);
  }

  async phoneNumbers(): Promise<wire.BolnaPhoneNumber[]> {
    return this.#orThrow(await this.#send("GET", "/phone-numbers/all"), wire.phoneNumber.array());
  }

  async voices(): Promise<wire.BolnaVoice[]> {
    return this.#orThrow(await this.#send("GET", "/me/voices"), wire.voice.array());
  }

  /**
   * A call's recording, by the address in its record or by execution id. `range` is an HTTP Range header. The key goes
   * to the provider's own host only; any other address has to be https and public.
   */
  fetchRecording(urlOrExecutionId: string, range?: string, signal?: AbortSignal): Promise<Media> {
    const url = /^https?:/i.test(urlOrExecutionId)
      ? urlOrExecutionId
      : `${this.url}/recordings/call/${encodeURIComponent(urlOrExecutionId)}`;
    return fetchMedia(url, { ownOrigin: new URL(this.url).origin, key: this.#key, range, signal });
  }

  /** A POST that makes something: only a listed status proves that it made nothing. */
  async #make<Schema extends z.ZodType>(
    path: string,
    body: unknown,
    schema: Schema,
    timeoutMs: number,
  ): Promise<{ kind: "made"; body: z.output<Schema> } | Refused | RateLimited | Ambiguous> {
    const answer = await this.#send("POST", path, body, timeoutMs, MADE_BYTES_MAX);
    if (!answer.came) return { kind: "ambiguous", status: null, reason: answer.reason };
    if (answer.status === 429) return { kind: "rate_limited", retryAfterMs: answer.retryAfterMs };
    if (clearRefusals.has(answer.status)) return refused(answer);
    if (answer.status < 200 || answer.status > 299)
      return { kind: "ambiguous", status: answer.status, reason: sentence(answer) };
    const read = schema.safeParse(answer.body);
    return answer.parsed && read.success
      ? { kind: "made", body: read.data }
      : { kind: "ambiguous", status: answer.status, reason: "The answer could not be understood." };
  }

  #orThrow<Schema extends z.ZodType>(answer: Answer, schema: Schema): z.output<Schema> {
    const read = readAs(answer, schema);
    if (read.ok) return read.body;
    const { status, message, credential, retryAfterMs } = read.why;
    throw new ParleyError(
      "provider_failed",
      credential
        ? `The voice provider does not accept our key (${message}). Check BOLNA_API_KEY.`
        : `The voice provider did not do it: ${message} Try again in a moment.`,
      {
        retryable: status === null || status === 429 || status >= 500,
        ...(status === null ? {} : { vendorStatus: status }),
        ...(retryAfterMs === null ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
      },
    );
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    timeoutMs = this.#timeoutMs,
    bytesMax = BODY_BYTES_MAX,
  ): Promise<Answer> {
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        redirect: "manual",
        headers: {
          authorization: `Bearer ${this.#key}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await readText(response, bytesMax);
      const retryAfterMs = retryAfter(response.headers.get("retry-after"));
      try {
        return { came: true, status: response.status, body: JSON.parse(text), parsed: true, retryAfterMs };
      } catch {
        return { came: true, status: response.status, body: text, parsed: false, retryAfterMs };
      }
    } catch (error) {
      return { came: false, reason: whyNoAnswer(error, timeoutMs) };
    }
  }
}

const isCredential = (status: number) => status === 401 || status === 403;

/** What an answer says in words; the vendor has three shapes for it, and sometimes none. */
function sentence(answer: { status: number; body: unknown }): string {
  const text = bolnaText(answer.body);
  return text ? `${text.replace(/[.\s]+$/, "")} (HTTP ${answer.status}).` : `HTTP ${answer.status}.`;
}

function bolnaText(body: unknown): string | null {
  // An HTML page of some proxy on the way is no sentence for people.
  return typeof body === "string" && body.includes("<") ? null : wire.bolnaErrorText(body);
}

const refused = (answer: { status: number; body: unknown }): Refused => ({
  kind: "refused",
  status: answer.status,
  message: sentence(answer),
  credential: isCredential(answer.status),
});

function unavailable(answer: Answer, message?: string): Unavailable {
  if (!answer.came)
    return {
      kind: "unavailable",
      status: null,
      message: answer.reason,
      credential: false,
      retryAfterMs: null,
    };
  return {
    kind: "unavailable",
    status: answer.status,
    message: message ?? sentence(answer),
    credential: isCredential(answer.status),
    retryAfterMs: answer.retryAfterMs,
  };
}

function readAs<Schema extends z.ZodType>(
  answer: Answer,
  schema: Schema,
): { ok: true; body: z.output<Schema> } | { ok: false; why: Unavailable } {
  if (!answer.came || answer.status < 200 || answer.status > 299)
    return { ok: false, why: unavailable(answer) };
  const read = schema.safeParse(answer.body);
  return answer.parsed && read.success
    ? { ok: true, body: read.data }
    : { ok: false, why: unavailable(answer, "The answer could not be understood.") };
}

/** `Retry-After` in either of its two forms, as milliseconds from now. */
function retryAfter(header: string | null): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

async function readText(response: Response, bytesMax: number): Promise<string> {
  if (!response.body) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`The answer is larger than ${bytesMax} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function whyNoAnswer(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `No answer within ${timeoutMs / 1000} s.`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code;
  return `No answer: ${code ?? (cause instanceof Error ? cause.message : String(cause))}.`;
}
