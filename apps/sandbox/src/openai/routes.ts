import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { reset } from "../bolna/routes.ts";
import type { Clock } from "../clock.ts";
import type { FaultName, Faults } from "../faults.ts";
import { read, transcriptIn } from "./analyst.ts";
import { answerFor, fieldsAsked } from "./answer.ts";
import { checkChat, checkResponses, type Prompt } from "./check-request.ts";
import { Fault } from "./fault.ts";
import type { Generations } from "./generations.ts";
import { modelAt, modelJson, modelsAt } from "./models.ts";
import { Quota } from "./quota.ts";
import { isEnding, type Ending } from "./endings.ts";
import { PrefixCache, tokensOf } from "./tokens.ts";

interface Parts {
  /** Accepted beside every key that begins with `sk-`. */
  key: string;
  clock: Clock;
  faults: Faults;
  generations: Generations;
}

const SLOW_MS = 20_000;
const HANG_MS = 60_000;

const faultEndings: Partial<Record<FaultName, Ending>> = {
  openai_refusal: "refusal",
  openai_incomplete: "incomplete",
  openai_invalid_json: "invalid_json",
  openai_schema_mismatch: "schema_mismatch",
  openai_failed: "failed",
  openai_429: "429",
  openai_quota: "quota",
  openai_500: "500",
  openai_503: "503",
  openai_reset: "reset",
  openai_slow: "slow",
};

/** The part of the OpenAI API that an analysis of conversations needs: responses, chat completions, models. */
export function openaiRoutes(app: FastifyInstance, parts: Parts): void {
  const { clock, faults, generations } = parts;
  const quota = new Quota();
  const cache = new PrefixCache();

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const fault =
      error instanceof Fault
        ? error
        : (error.statusCode ?? 500) < 500
          ? new Fault(error.statusCode ?? 400, "We could not parse the JSON body of your request.")
          : new Fault(500, "The server had an error while processing your request.", {
              type: "server_error",
            });
    return reply.code(fault.status).headers(fault.headers).send(fault.body);
  });
  app.setNotFoundHandler((request, reply) => {
    const fault = new Fault(404, `Invalid URL (${request.method} ${request.url.replace(/^\/openai/, "")})`);
    return reply.code(404).send(fault.body);
  });

  app.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "x-request-id": `req_${randomUUID().replaceAll("-", "")}`,
      "openai-version": "2020-10-01",
      "openai-organization": "parley-sandbox",
    });
    checkKey(keyOf(request), parts.key);
  });
  app.addHook("onSend", async (request, reply) => {
    reply.headers({
      ...quota.headers(keyOf(request)),
      "openai-processing-ms": String(Math.round(reply.elapsedTime)),
    });
  });

  app.get("/models", async () => ({ object: "list", data: modelsAt(clock.now()).map(modelJson) }));

  app.get<{ Params: { id: string } }>("/models/:id", async (request) => {
    const model = modelAt(request.params.id, clock.now());
    if (!model) throw noModel(request.params.id);
    return modelJson(model);
  });

  app.get<{ Params: { id: string } }>("/responses/:id", async (request) => {
    throw new Fault(404, `Response with id '${request.params.id}' not found.`);
  });

  app.post("/responses", async (request, reply) => generate(request, reply, checkResponses, responsesJson));
  app.post("/chat/completions", async (request, reply) => generate(request, reply, checkChat, chatJson));

  async function generate(
    request: FastifyRequest,
    reply: FastifyReply,
    check: (body: unknown, now: number) => Prompt,
    write: (generated: Generated) => unknown,
  ): Promise<unknown> {
    const key = keyOf(request);
    const note = noteOf(request, reply, key);
    try {
      const prompt = check(request.body, clock.now());
      note.model = prompt.model;
      note.schemaName = prompt.format?.name ?? null;
      const turns = transcriptIn(prompt.said);
      const transcript = turns.map(({ speaker, text }) => `${speaker}: ${text}`).join("\n");
      note.transcriptSha256 = turns.length ? sha256(transcript.normalize("NFC").replace(/\s+/g, " ")) : null;
      keyEnding(key, prompt.model);

      const input = tokensOf(prompt.instructions + prompt.said + JSON.stringify(prompt.format?.schema ?? ""));
      quota.spend(key, input + (prompt.maxOutputTokens ?? 1000));
      const ending = endingOf(prompt, note.bodySha256);
      note.outcome = ending;
      if (ending === "slow") await sleep(SLOW_MS);
      if (ending.startsWith("slow:")) await sleep(Math.min(HANG_MS, Number(ending.slice(5)) || 0));
      if (ending === "hang") {
        note.status = 0;
        return hang(request, reply);
      }
      throwIfError(ending);
      if (ending === "500_html") {
        note.status = 500;
        return reply
          .code(500)
          .type("text/html")
          .send("<html><body><h1>500 Internal Server Error</h1></body></html>");
      }

      const reading = read(turns, `${prompt.instructions}\n${prompt.said}`, clock.now());
      const text = prompt.format
        ? JSON.stringify(
            answerFor(prompt.format.schema, reading, fieldsAsked(prompt.instructions), note.bodySha256),
          )
        : reading.summary;
      const generated = finish(prompt, ending, text, input);
      if (ending === "reset") return reset(request, reply);
      if (ending.startsWith("slow")) note.outcome = "ok";
      return write(generated);
    } catch (error) {
      if (error instanceof Fault) {
        note.status = error.status;
        note.outcome = error.code ?? error.type;
      } else {
        note.status = 500;
        note.outcome = "error";
      }
      throw error;
    } finally {
      generations.record(note);
    }
  }

  function noteOf(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string,
  ): Parameters<Generations["record"]>[0] {
    return {
      at: new Date(clock.now()).toISOString(),
      route: request.routeOptions.url?.replace(/^\/openai\/v1/, "") ?? "",
      requestId: String(reply.getHeader("x-request-id")),
      model: null,
      key: key.slice(-4),
      bodySha256: sha256(JSON.stringify(request.body ?? null)),
      transcriptSha256: null,
      schemaName: null,
      retryCount: Number(request.headers["x-stainless-retry-count"] ?? 0),
      outcome: "ok",
      status: 200,
    };
  }

  /** Asked for by the request, lined up by a test, struck by a fault, or simply ok. */
  function endingOf(prompt: Prompt, occasion: string): Ending {
    const marked = prompt.metadata["sim"] ?? /^sim:(.+)$/.exec(prompt.safetyIdentifier ?? "")?.[1];
    if (marked && isEnding(marked)) return marked;
    const lined = generations.nextEnding();
    if (lined) return lined;
    const nth = generations.counts.requests;
    for (const [fault, ending] of Object.entries(faultEndings)) {
      if (faults.strikes(fault as FaultName, occasion, nth)) return ending;
    }
    return "ok";
  }

  function finish(prompt: Prompt, ending: Ending, text: string, input: number): Generated {
    const thought = prompt.reasoning && prompt.effort !== "none" ? 40 + (input % 60) : 0;
    const cached = cache.hit(prompt.instructions + prompt.said);
    let said = text;
    let end: Generated["end"] = "completed";
    if (ending === "refusal") end = "refusal";
    if (ending === "failed") end = "failed";
    if (ending === "content_filter") end = "content_filter";
    if (ending === "invalid_json") said = text.slice(0, Math.ceil(text.length * 0.7));
    if (ending === "schema_mismatch")
      said = JSON.stringify({ verdict: "positive", note: "Not the shape you asked for." });
    if (ending === "empty") said = "";
    const room = (prompt.maxOutputTokens ?? Infinity) - thought;
    if (ending === "incomplete" || tokensOf(said) > room) {
      end = "max_output_tokens";
      said = said.slice(
        0,
        Math.max(0, Math.min(room * 4, ending === "incomplete" ? said.length / 2 : Infinity)),
      );
    }
    if (end === "refusal") said = "I'm sorry, but I can't help with that.";
    const output = tokensOf(end === "failed" ? "" : said) + thought;
    return {
      id: randomUUID().replaceAll("-", ""),
      prompt,
      text: said,
      end,
      createdAt: Math.floor(clock.now() / 1000),
      usage: { input, cached, output, thought },
    };
  }
}

interface Generated {
  id: string;
  prompt: Prompt;
  text: string;
  end: "completed" | "refusal" | "failed" | "max_output_tokens" | "content_filter";
  createdAt: number;
  usage: { input: number; cached: number; output: number; thought: number };
}

function responsesJson({ id, prompt, text, end, createdAt, usage }: Generated): unknown {
  const status =
    end === "failed" ? "failed" : end === "completed" || end === "refusal" ? "completed" : "incomplete";
  const content =
    end === "refusal"
      ? { type: "refusal", refusal: text }
      : { type: "output_text", text, annotations: [], logprobs: [] };
  const message = { id: `msg_${id}`, type: "message", role: "assistant", status, content: [content] };
  const reasoning = { id: `rs_${id}`, type: "reasoning", summary: [] };
  const { raw } = prompt;
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: createdAt,
    completed_at: status === "completed" ? createdAt : null,
    status,
    error: end === "failed" ? { code: "server_error", message: "The model run failed." } : null,
    incomplete_details: status === "incomplete" ? { reason: end } : null,
    model: prompt.model,
    instructions: raw["instructions"] ?? null,
    max_output_tokens: prompt.maxOutputTokens,
    output: [
      ...(usage.thought ? [reasoning] : []),
      // Thinking may eat the whole allowance: then there is no message at all.
      ...(end === "failed" || (end === "max_output_tokens" && !text) ? [] : [message]),
    ],
    parallel_tool_calls: true,
    tool_choice: "auto",
    tools: [],
    temperature: raw["temperature"] ?? 1,
    top_p: raw["top_p"] ?? 1,
    reasoning: { effort: prompt.reasoning ? prompt.effort : null, summary: null },
    text: { verbosity: "medium", ...(raw["text"] as object | undefined) },
    store: raw["store"] ?? true,
    service_tier: "default",
    metadata: prompt.metadata,
    previous_response_id: null,
    truncation: "disabled",
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached, cache_write_tokens: 0 },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.thought },
      total_tokens: usage.input + usage.output,
    },
  };
}

function chatJson({ id, prompt, text, end, createdAt, usage }: Generated): unknown {
  // Chat has no failed run: the vendor answers 500 instead.
  if (end === "failed")
    throw new Fault(500, "The model run failed.", { type: "server_error", code: "server_error" });
  const finish =
    end === "max_output_tokens" ? "length" : end === "content_filter" ? "content_filter" : "stop";
  const refused = end === "refusal";
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created: createdAt,
    model: prompt.model,
    service_tier: "default",
    system_fingerprint: null,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: refused ? null : text,
          refusal: refused ? text : null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage: {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: usage.thought,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
  };
}

const keyOf = (request: FastifyRequest): string =>
  (request.headers.authorization ?? "").replace(/^Bearer\s+/i, "");

function checkKey(key: string, own: string): void {
  if (/^sk-./.test(key) || key.startsWith(own)) return;
  const message = key
    ? `Incorrect API key provided: ${key.slice(0, 3)}***. You can find your API key at https://platform.openai.com/account/api-keys.`
    : "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.";
  throw new Fault(401, message, { code: "invalid_api_key" });
}

/** Keys that end so belong to accounts in trouble. */
function keyEnding(key: string, model: string): void {
  if (key.endsWith("-quota")) throwIfError("quota");
  if (key.endsWith("-forbidden")) throwIfError("403");
  if (key.endsWith("-nomodel")) throw noModel(model);
}

const noModel = (id: string): Fault =>
  new Fault(404, `The model '${id}' does not exist or you do not have access to it.`, {
    code: "model_not_found",
    param: "model",
  });

function throwIfError(ending: Ending): void {
  const fault = errors[ending as keyof typeof errors]?.();
  if (fault) throw fault;
}

const rateMessage = "Rate limit reached for requests. Please try again later.";
const errors = {
  "400": () => new Fault(400, "Invalid prompt: your prompt was flagged.", { code: "invalid_prompt" }),
  "401": () => new Fault(401, "Incorrect API key provided.", { code: "invalid_api_key" }),
  "403": () =>
    new Fault(403, "You are not allowed to generate from this model.", {
      type: "forbidden",
      code: "insufficient_permissions",
    }),
  "404": () => noModel("as asked"),
  "429": () =>
    new Fault(429, rateMessage, {
      type: "requests",
      code: "rate_limit_exceeded",
      headers: { "retry-after": "1" },
    }),
  "429_long": () =>
    new Fault(429, rateMessage, {
      type: "requests",
      code: "rate_limit_exceeded",
      headers: { "retry-after": "120" },
    }),
  "429_bare": () => new Fault(429, rateMessage, { type: "requests", code: "rate_limit_exceeded" }),
  quota: () =>
    new Fault(429, "You exceeded your current quota, please check your plan and billing details.", {
      type: "insufficient_quota",
      code: "insufficient_quota",
    }),
  "500": () =>
    new Fault(500, "The server had an error while processing your request.", {
      type: "server_error",
      code: "server_error",
    }),
  "503": () =>
    new Fault(503, "The engine is currently overloaded, please try again later.", {
      type: "server_error",
      code: "server_is_overloaded",
    }),
};

function hang(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  const { socket } = request.raw;
  const timer = setTimeout(() => socket.destroy(), HANG_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  return reply;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
