import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Bolna } from "./bolna.ts";
import { isPublic, refusalOf } from "./media.ts";

let server: Server;
let base = "";
let asked: { method: string; url: string; authorization: string | undefined; body: string }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {};

beforeAll(async () => {
  server = createServer((request, response) => {
    void hear(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.closeAllConnections());
beforeEach(() => void (asked = []));

async function hear(request: IncomingMessage, response: ServerResponse) {
  const { method, url, headers } = request;
  asked.push({ method: method!, url: url!, authorization: headers.authorization, body: await text(request) });
  answer(request, response);
}

const client = (options = {}) => new Bolna({ url: base, key: "bn-test", ...options });
const says = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  answer = (_, response) => {
    response.writeHead(status, headers);
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
};
const call = { agent_id: "8c1f7a4e-5a53-4e7f-9a3a-0d2b6f6e9b10", recipient_phone_number: "+919876543210" };

test("an accepted call yields its execution id, and one request was made with the key", async () => {
  says(200, { message: "done", status: "queued", execution_id: "e1" });
  expect(await client().placeCall(call)).toEqual({ kind: "accepted", executionId: "e1", status: "queued" });
  expect(asked).toEqual([
    { method: "POST", url: "/call", authorization: "Bearer bn-test", body: JSON.stringify(call) },
  ]);
});

test.each([400, 403, 404, 422])("%i is a clear refusal with the provider's own words", async (status) => {
  says(status, { detail: "Unrecognized access token" });
  expect(await client().placeCall(call)).toEqual({
    kind: "refused",
    status,
    message: `Unrecognized access token (HTTP ${status}).`,
    credential: status === 403,
  });
});

test("429 says how long to wait, when the provider does", async () => {
  says(429, {}, { "retry-after": "7" });
  expect(await client().placeCall(call)).toEqual({ kind: "rate_limited", retryAfterMs: 7000 });
  says(429, {});
  expect(await client().placeCall(call)).toEqual({ kind: "rate_limited", retryAfterMs: null });
});

test.each([
  ["a server error", 500, { message: "oops" }],
  ["a page of a proxy", 200, "<html>Bad gateway</html>"],
  ["an answer without an execution", 200, { message: "done", status: "queued" }],
  ["a cut-off answer", 200, '{"message":"done","execution_id":"e'],
  ["a redirect", 302, ""],
])("%s leaves it open whether the call was placed, and it is not sent again", async (_, status, body) => {
  says(status, body);
  expect(await client().placeCall(call)).toMatchObject({ kind: "ambiguous", status });
  expect(asked).toHaveLength(1);
});

test("a time-out and a reset leave it open, after one request each", async () => {
  answer = () => {};
  expect(await client({ placeTimeoutMs: 50 }).placeCall(call)).toMatchObject({
    kind: "ambiguous",
    reason: "No answer within 0.05 s.",
  });
  answer = (request) => void request.socket.destroy();
  expect(await client().placeCall(call)).toMatchObject({ kind: "ambiguous", status: null });
  expect(asked).toHaveLength(2);
});

test("an execution is found, absent or unavailable, and nonsense is never absence", async () => {
  says(200, { id: "e1", status: "completed", conversation_duration: "27.2", surprise: { new: 1 } });
  expect(await client().getExecution("e1")).toMatchObject({
    kind: "found",
    execution: { status: "completed", conversation_duration: 27.2 },
    body: { surprise: { new: 1 } },
  });
  says(404, { message: "no" });
  expect(await client().getExecution("e1")).toEqual({ kind: "absent" });
  for (const [status, body] of [
    [200, "[]"],
    [200, "nonsense"],
    [500, {}],
    [403, {}],
  ] as const) {
    says(status, body);
    expect(await client().getExecution("e1")).toMatchObject({ kind: "unavailable", status });
  }
});

test("only what waits can be stopped", async () => {
  says(200, { message: "done", status: "stopped", execution_id: "e1" });
  expect(await client().stopCall("e1")).toEqual({ kind: "stopped" });
  says(400, { message: "call is live" });
  expect(await client().stopCall("e1")).toMatchObject({
    kind: "refused",
    message: "call is live (HTTP 400).",
  });
  says(503, {});
  expect(await client().stopCall("e1")).toMatchObject({ kind: "unavailable" });
});

test("agents: a missing one is null, a refused key says which setting to look at", async () => {
  says(404, {});
  expect(await client().getAgent("a1")).toBeNull();
  says(401, { error: 401, message: "Access denied" });
  await expect(client().listAgents()).rejects.toThrow(/Access denied.*BOLNA_API_KEY/);
});

test("a recording comes through the provider's host with the key, by range", async () => {
  answer = (request, response) => {
    response.writeHead(request.headers.range ? 206 : 200, {
      "content-type": "audio/wav",
      "content-length": "4",
      ...(request.headers.range ? { "content-range": "bytes 0-3/9" } : {}),
    });
    response.end("RIFF");
  };
  const media = await client().fetchRecording("e1", "bytes=0-3");
  expect(media).toMatchObject({
    kind: "found",
    status: 206,
    contentType: "audio/wav",
    contentRange: "bytes 0-3/9",
  });
  expect(media.kind === "found" && (await text(media.body))).toBe("RIFF");
  expect(asked[0]).toMatchObject({ url: "/recordings/call/e1", authorization: "Bearer bn-test" });
  says(404, "");
  expect(await client().fetchRecording("e1")).toEqual({ kind: "missing" });
});

test("a recording's address outside the provider has to be https and public, at every hop", async () => {
  const refused = [
    "http://example.com/a.wav",
    "https://127.0.0.1/a",
    "https://[::1]/a",
    "https://169.254.169.254/latest",
    "https://u:p@example.com/",
  ];
  expect(refused.filter((url) => refusalOf(new URL(url), base) === null)).toEqual([]);
  expect(refusalOf(new URL("https://storage.example.com/a.wav"), base)).toBeNull();
  expect(await client().fetchRecording("https://localhost/a.wav")).toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/public/),
  });
  answer = (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/secret" }).end();
  expect(await client().fetchRecording("e1")).toMatchObject({ kind: "unavailable" });
  expect(["::ffff:10.0.0.1", "fd00::1", "100.64.3.4", "0.0.0.0"].filter(isPublic)).toEqual([]);
  expect(isPublic("8.8.8.8")).toBe(true);
  expect(isPublic("2606:4700::1111")).toBe(true);
});
