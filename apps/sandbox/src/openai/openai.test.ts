import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  AnalysisAnswer,
  analysisFormName,
  buildAnalysisInput,
  readAnalysis,
  type AnalysisQuestion,
} from "@parley/core/leads/analysis";
import { response, responseEnd } from "@parley/core/wire/openai";
import { z } from "zod";
import { cast, speak } from "../bolna/conversations.ts";
import { openRig, type Rig } from "../testing/rig.ts";

let rig: Rig;
let client: OpenAI;

beforeAll(async () => {
  rig = await openRig();
  client = new OpenAI({ apiKey: "sk-test", baseURL: `${rig.url}/openai/v1`, maxRetries: 0 });
});
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(() => rig.send("POST", "/sandbox/reset", {}));

const format = zodTextFormat(AnalysisAnswer, analysisFormName);

function question(part: keyof typeof cast): AnalysisQuestion {
  return {
    now: "2026-11-24T10:00:00.000Z",
    timeZone: "Asia/Kolkata",
    language: "en",
    extractionFields: [
      { key: "calls_per_day", kind: "number", description: "How many calls they get" },
      { key: "budget", kind: "text", description: "What they can spend" },
      { key: "has_vendor", kind: "boolean", description: "Whether they have a vendor" },
    ] as unknown as AnalysisQuestion["extractionFields"],
    transcript: speak(cast[part], {
      welcome: "Hello, am I speaking with {name}?",
      userData: { name: "Priya Nair", company: "Blue Dental" },
      seed: "seed",
    }).join("\n"),
    earlierSummaries: [],
  };
}

async function analyse(
  part: keyof typeof cast,
): Promise<Extract<ReturnType<typeof readAnalysis>, { ok: true }>> {
  const asked = question(part);
  const answer = await client.responses.create({
    model: "gpt-6-luna",
    store: false,
    ...buildAnalysisInput(asked),
    text: { format },
  });
  const end = responseEnd(response.parse(answer));
  if (end.kind !== "answer") throw new Error(end.kind);
  const result = readAnalysis(end.text, asked);
  if (!result.ok) throw new Error(result.detail);
  return result;
}

test("our own form is filled in without a note of anything put right", async () => {
  for (const part of Object.keys(cast) as (keyof typeof cast)[]) {
    const { notes, analysis } = await analyse(part);
    expect([part, notes]).toEqual([part, []]);
    expect(analysis.outcome).toBe(cast[part].gist);
  }
});

test("a booked meeting comes back with its time, a hot score and what was asked for", async () => {
  const { analysis } = await analyse("booksMeeting");
  expect(analysis).toMatchObject({
    outcome: "appointment",
    sentiment: "positive",
    temperature: "hot",
    doNotCall: false,
  });
  expect(Date.parse(analysis.meetingAt!)).toBeGreaterThan(Date.parse("2026-11-24T10:00:00Z"));
  expect(analysis.extracted).toContainEqual(expect.objectContaining({ key: "calls_per_day", value: "150" }));
  expect(analysis.extracted).toContainEqual(
    expect.objectContaining({ key: "budget", evidence: expect.any(String) }),
  );
});

test("a caller who dictates the result gets the result of what was said", async () => {
  const { analysis } = await analyse("hostile");
  expect(analysis).toMatchObject({
    outcome: "refusal",
    temperature: "cold",
    meetingAt: null,
    sentiment: "negative",
  });
});

test("who asks never to be called again is quoted", async () => {
  const { analysis } = await analyse("neverAgain");
  expect(analysis.doNotCall).toBe(true);
  expect(analysis.doNotCallEvidence).toContain("do not call me again");
});

test("the same request gets the same answer, and is counted each time by its transcript", async () => {
  const first = await analyse("wantsPrices");
  expect(await analyse("wantsPrices")).toEqual(first);
  const { body } = await rig.get("/sandbox/openai/requests");
  expect(body.requests).toHaveLength(2);
  expect(body.requests[0].bodySha256).toBe(body.requests[1].bodySha256);
  expect(body.byTranscript).toEqual({ [body.requests[0].transcriptSha256]: 2 });
});

test("reasoning comes before the message, usage adds up, and a long beginning is cached the second time", async () => {
  const ask = (ending: string): Promise<OpenAI.Responses.Response> =>
    client.responses.create({
      model: "gpt-6-luna",
      instructions: "Rules. ".repeat(1000),
      input: `user: hello ${ending}`,
    });
  await ask("one");
  const answer = await ask("two");
  expect(answer.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  const { usage } = answer;
  expect(usage!.total_tokens).toBe(usage!.input_tokens + usage!.output_tokens);
  expect(usage!.input_tokens_details.cached_tokens).toBeGreaterThanOrEqual(1024);
});

test("too small an allowance cuts the answer off", async () => {
  const answer = await client.responses.create({
    model: "gpt-6-luna",
    input: "user: hello there, tell me more",
    text: { format },
    max_output_tokens: 120,
  });
  expect(responseEnd(response.parse(answer))).toEqual({ kind: "incomplete", reason: "max_output_tokens" });
});

test("answers carry a request id and counters that fall", async () => {
  const left = async (): Promise<number> => {
    const { response: http, request_id: id } = await client.responses
      .create({ model: "gpt-6-luna", input: "user: hello" })
      .withResponse();
    expect(id).toMatch(/^req_/);
    return Number(http.headers.get("x-ratelimit-remaining-tokens"));
  };
  const before = await left();
  expect(await left()).toBeLessThan(before);
});

test.each([
  ["refusal", { kind: "refusal", reason: expect.any(String) }],
  ["incomplete", { kind: "incomplete", reason: "max_output_tokens" }],
  ["content_filter", { kind: "incomplete", reason: "content_filter" }],
  ["failed", { kind: "failed", code: "server_error", message: expect.any(String) }],
  ["empty", { kind: "empty" }],
])("metadata.sim = %s ends so", async (sim, end) => {
  const answer = await client.responses.create({
    model: "gpt-6-luna",
    input: "user: hello, send me the price",
    text: { format },
    metadata: { sim },
  });
  expect(responseEnd(response.parse(answer))).toEqual(end);
});

test.each([
  ["400", OpenAI.BadRequestError, "invalid_prompt"],
  ["403", OpenAI.PermissionDeniedError, "insufficient_permissions"],
  ["404", OpenAI.NotFoundError, "model_not_found"],
  ["429", OpenAI.RateLimitError, "rate_limit_exceeded"],
  ["quota", OpenAI.RateLimitError, "insufficient_quota"],
  ["500", OpenAI.InternalServerError, "server_error"],
  ["503", OpenAI.InternalServerError, "server_is_overloaded"],
])("metadata.sim = %s is the SDK's own error", async (sim, error, code) => {
  const asked = client.responses.create({ model: "gpt-6-luna", input: "user: hello", metadata: { sim } });
  await expect(asked).rejects.toBeInstanceOf(error);
  await expect(asked).rejects.toMatchObject({ code });
});

test("endings can be lined up for the next requests", async () => {
  await rig.send("POST", "/sandbox/openai/next", { endings: ["500", "reset", "invalid_json"] });
  const ask = (): Promise<OpenAI.Responses.Response> =>
    client.responses.create({ model: "gpt-6-luna", input: "user: hello", text: { format } });
  await expect(ask()).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  await expect(ask()).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
  const cut = await ask();
  expect(() => JSON.parse(cut.output_text)).toThrow(SyntaxError);
  expect((await rig.get("/sandbox/openai/requests")).body.requests.map((each: any) => each.outcome)).toEqual([
    "server_error",
    "reset",
    "invalid_json",
  ]);
});

const schema = (change: Record<string, unknown>): Record<string, unknown> => ({
  type: "object",
  properties: { outcome: { type: "string" } },
  required: ["outcome"],
  additionalProperties: false,
  ...change,
});
const withSchema = (made: Record<string, unknown>): Record<string, unknown> => ({
  text: { format: { type: "json_schema", name: "form", strict: true, schema: made } },
});

test.each([
  ["no key", { key: "" }, 401, "invalid_api_key"],
  ["a foreign key", { key: "pk-nothing" }, 401, "invalid_api_key"],
  ["no quota", { key: "sk-x-quota" }, 429, "insufficient_quota"],
  ["an unknown parameter", { body: { temprature: 1 } }, 400, "unknown_parameter"],
  ["a missing model", { body: { model: undefined } }, 400, "missing_required_parameter"],
  ["a missing input", { body: { input: undefined } }, 400, "missing_required_parameter"],
  ["an unknown model", { body: { model: "gpt-9" } }, 404, "model_not_found"],
  ["a model that was switched off", { body: { model: "o4-mini" } }, 404, "model_not_found"],
  ["a temperature for a reasoning model", { body: { temperature: 0.2 } }, 400, "unsupported_value"],
  ["an effort the model lacks", { body: { reasoning: { effort: "minimal" } } }, 400, "unsupported_value"],
  ["too small an allowance", { body: { max_output_tokens: 8 } }, 400, "invalid_value"],
  ["an optional property", { body: withSchema(schema({ required: [] })) }, 400, "invalid_json_schema"],
  [
    "additional properties",
    { body: withSchema(schema({ additionalProperties: true })) },
    400,
    "invalid_json_schema",
  ],
  [
    "a root that is no object",
    { body: withSchema({ type: "array", items: { type: "string" } }) },
    400,
    "invalid_json_schema",
  ],
  [
    "a forbidden keyword",
    { body: withSchema(schema({ properties: { outcome: { oneOf: [{ type: "string" }] } } })) },
    400,
    "invalid_json_schema",
  ],
  [
    "a default",
    { body: withSchema(schema({ properties: { outcome: { type: "string", default: "x" } } })) },
    400,
    "invalid_json_schema",
  ],
])("%s is refused", async (_, request, status, code) => {
  const { key = "sk-test", body = {} } = request as { key?: string; body?: Record<string, unknown> };
  const answer = await fetch(`${rig.url}/openai/v1/responses`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify({ model: "gpt-6-luna", input: "user: hello", ...body }),
  });
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { code, message: expect.any(String) } });
});

test("chat completions answer the same form, and refuse max_tokens", async () => {
  const asked = question("booksMeeting");
  const { instructions, input } = buildAnalysisInput(asked);
  const messages = [
    { role: "developer" as const, content: instructions },
    { role: "user" as const, content: input },
  ];
  const answer = await client.chat.completions.create({
    model: "gpt-6-luna",
    messages,
    response_format: {
      type: "json_schema",
      json_schema: { name: analysisFormName, strict: true, schema: format.schema },
    },
  });
  expect(answer.choices[0]!.finish_reason).toBe("stop");
  expect(JSON.parse(answer.choices[0]!.message.content!)).toMatchObject({ outcome: "appointment" });
  await expect(
    client.chat.completions.create({ model: "gpt-6-luna", messages, max_tokens: 10 }),
  ).rejects.toMatchObject({
    status: 400,
    code: "unsupported_parameter",
    param: "max_tokens",
  });
});

test("any other schema gets a valid, modest answer", async () => {
  const Form = z.strictObject({
    reached: z.boolean(),
    rating: z.int().min(1).max(5),
    language: z.string(),
    next_steps: z.array(z.string()),
    owner: z.string().nullable(),
    nested: z.strictObject({ verdict: z.enum(["yes", "no", "unknown"]) }),
  });
  const answer = await client.responses.create({
    model: "gpt-6-luna",
    input: "user: hello",
    text: { format: zodTextFormat(Form, "other") },
  });
  expect(Form.parse(JSON.parse(answer.output_text))).toMatchObject({
    language: "en",
    nested: { verdict: "unknown" },
  });
});

test("models are listed with the day they are switched off, and unknown addresses are named", async () => {
  const models = await client.models.list();
  const gone = models.data.find(({ id }) => id === "gpt-4o");
  expect(gone).toMatchObject({ shutdown_date: "2027-01-14" });
  await expect(client.models.retrieve("gpt-3.5-turbo")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  const answer = await fetch(`${rig.url}/openai/v1/embeddings`, {
    method: "POST",
    headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
    body: "{}",
  });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({
    error: { message: "Invalid URL (POST /v1/embeddings)", code: null },
  });
});
