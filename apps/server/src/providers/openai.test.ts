import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import type { AnalysisQuestion } from "@parley/core/leads/analysis";
import { createSandbox } from "@parley/sandbox/app";
import { Openai, type AnalysisEnd } from "./openai.ts";

const sandbox = await createSandbox();
const url = await sandbox.listen(0);
afterAll(() => sandbox.close());

const open = (key = "sk-sandbox", more: { model?: string; timeoutMs?: number; url?: string } = {}) =>
  new Openai({ url: `${url}/openai/v1`, key, model: "gpt-6-luna", ...more });

const question: AnalysisQuestion = {
  now: "2026-11-24T08:00:00Z",
  timeZone: "Asia/Kolkata",
  language: "en",
  extractionFields: [],
  transcript:
    "assistant: Hello, am I speaking with Asha?\nuser: Yes. I am interested, send me the prices please.\nassistant: I will.",
  earlierSummaries: [],
};

const endingWith = (ending: string, openai = open()): Promise<AnalysisEnd> =>
  openai.analyse(question, { safetyIdentifier: `sim:${ending}` });

describe("an analysis", () => {
  it("answers with checked values, what it cost, and the request's name at the vendor", async () => {
    const end = await endingWith("ok");
    expect(end).toMatchObject({
      kind: "ok",
      analysis: { outcome: "interested", doNotCall: false },
      modelUsed: "gpt-6-luna",
      requestId: expect.stringMatching(/^req_/),
    });
    expect(end.usage!.tokensIn).toBeGreaterThan(100);
    expect(end.usage!.tokensOut).toBeGreaterThan(50);
  });

  it.each([
    ["refusal", "refused"],
    ["incomplete", "incomplete"],
    ["content_filter", "incomplete"],
    ["invalid_json", "malformed"],
    ["schema_mismatch", "malformed"],
    ["empty", "malformed"],
  ])("that ends in %s is %s, and its cost is known all the same", async (ending, kind) => {
    const end = await endingWith(ending);
    expect(end.kind).toBe(kind);
    expect(end.usage).not.toBeNull();
    expect(end.requestId).toMatch(/^req_/);
  });

  it.each([
    ["failed", "unavailable"],
    ["500", "unavailable"],
    ["500_html", "unavailable"],
    ["503", "unavailable"],
    ["reset", "unavailable"],
    ["400", "rejected"],
    ["401", "credential"],
    ["403", "credential"],
    ["404", "model_gone"],
    ["429", "rate_limited"],
    ["quota", "quota"],
  ])("that ends in %s is %s", async (ending, kind) => {
    expect(await endingWith(ending)).toMatchObject({ kind, detail: expect.stringMatching(/./) });
  });

  it.each([
    ["429", 1],
    ["429_long", 120],
    ["429_bare", null],
  ])("that is told to slow down (%s) says for how long", async (ending, retryAfterSeconds) => {
    expect(await endingWith(ending)).toMatchObject({ kind: "rate_limited", retryAfterSeconds });
  });

  it("that gets no answer in time is given up", async () => {
    const end = await endingWith("hang", open("sk-sandbox", { timeoutMs: 200 }));
    expect(end).toMatchObject({ kind: "unavailable", detail: "No answer in time." });
  });

  it("is asked for once, whatever comes back", async () => {
    const asked = async () => {
      const answer = await fetch(`${url}/sandbox/openai/requests`);
      return ((await answer.json()) as { requests: unknown[] }).requests.length;
    };
    const before = await asked();
    await endingWith("500");
    await endingWith("429");
    expect(await asked()).toBe(before + 2);
  });

  it("without a key asks nobody", async () => {
    expect(await endingWith("ok", open(""))).toMatchObject({ kind: "credential" });
  });

  it("keeps a page of HTML out of the reason", async () => {
    const end = await endingWith("500_html");
    expect((end as { detail: string }).detail.length).toBeLessThanOrEqual(300);
  });

  it("is not sent elsewhere, or as somebody else, by variables of the environment", async () => {
    const headers: Record<string, unknown>[] = [];
    const ear = createServer((request, response) => {
      headers.push(request.headers);
      response.writeHead(500).end();
    }).listen(0, "127.0.0.1");
    await once(ear, "listening");
    const names = ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY"];
    for (const name of names) process.env[name] = "of-the-environment";
    process.env["OPENAI_BASE_URL"] = "http://127.0.0.1:9/elsewhere";
    const here = `http://127.0.0.1:${(ear.address() as AddressInfo).port}/v1`;
    await endingWith("ok", open("sk-mine", { url: here }));
    for (const name of [...names, "OPENAI_BASE_URL"]) delete process.env[name];
    ear.close();
    expect(headers).toHaveLength(1);
    expect(headers[0]).toMatchObject({ authorization: "Bearer sk-mine" });
    expect(JSON.stringify(headers[0])).not.toContain("of-the-environment");
  });
});

describe("a model", () => {
  it("is there, with the day it is shut down", async () => {
    expect(await open().checkModel()).toEqual({ kind: "ok", shutdownOn: null });
    expect(await open().checkModel("gpt-4o")).toEqual({ kind: "ok", shutdownOn: "2027-01-14" });
  });

  it("that nobody knows is gone", async () => {
    expect(await open().checkModel("gpt-of-yesterday")).toMatchObject({ kind: "model_gone" });
  });

  it("cannot be looked up with a wrong key", async () => {
    expect(await open("wrong").checkModel()).toMatchObject({ kind: "credential" });
  });
});
