import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { openRig } from "./testing/rig.ts";

const SECRET = "secret";

/** A Parley that owns the clock and answers as it is told. */
async function parley(answer: {
  status: number;
  body: unknown;
}): Promise<AsyncDisposable & { url: string; asked: any[] }> {
  const asked: any[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      asked.push({ path: request.url, key: request.headers.authorization, body: JSON.parse(text) });
      response
        .writeHead(answer.status, { "content-type": "application/json" })
        .end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const later = { base: "2030-01-01T00:00:00.000Z", wall: new Date().toISOString(), scale: 0 };

test("Parley's clock changes first, and the sandbox takes over what it says", async () => {
  await using owner = await parley({ status: 200, body: later });
  await using rig = await openRig({ parleyUrl: owner.url, serviceSecret: SECRET });
  const change = { scale: 60, advanceTo: "2030-01-01T00:00:00Z" };
  const answer = await rig.send("POST", "/sandbox/clock", change);
  expect(owner.asked).toEqual([{ path: "/internal/clock", key: `Bearer ${SECRET}`, body: change }]);
  expect(answer.body).toEqual({ now: later.base, scale: 0, base: later.base, wall: later.wall });
});

test("when Parley refuses, nothing changes and its reason is passed on", async () => {
  await using owner = await parley({ status: 409, body: { error: { message: "A call is being dialled." } } });
  await using rig = await openRig({ parleyUrl: owner.url, serviceSecret: SECRET });
  const before = rig.sandbox.clock.reading;
  const answer = await rig.send("POST", "/sandbox/clock", { scale: 60 });
  expect(answer).toEqual({ status: 409, body: { error: "A call is being dialled." } });
  expect(rig.sandbox.clock.reading).toEqual(before);
});

test("when Parley is away, the answer says so", async () => {
  const owner = await parley({ status: 200, body: later });
  await owner[Symbol.asyncDispose]();
  await using rig = await openRig({ parleyUrl: owner.url });
  const answer = await rig.send("POST", "/sandbox/clock", { scale: 60 });
  expect(answer.status).toBe(502);
  expect(answer.body.error).toContain("no clock was changed");
});

test("only who knows the service secret sets the common clock", async () => {
  await using rig = await openRig({ serviceSecret: SECRET });
  const sync = (key: string): Promise<Response> =>
    fetch(`${rig.url}/sandbox/clock/sync`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(later),
    });
  expect((await sync("wrong")).status).toBe(401);
  expect((await sync(SECRET)).status).toBe(200);
  expect((await rig.get("/sandbox/clock")).body.now).toBe(later.base);
});

test("a clock of its own never runs backwards, and impossible changes are named", async () => {
  await using rig = await openRig();
  expect((await rig.send("POST", "/sandbox/clock", { advanceTo: "2020-01-01T00:00:00Z" })).status).toBe(409);
  expect((await rig.send("POST", "/sandbox/clock", { scale: -1 })).status).toBe(400);
  expect((await rig.send("POST", "/sandbox/clock", { speed: 2 })).body.error).toContain("speed");
});

test("a page in a browser cannot post to the controls as plain text", async () => {
  await using rig = await openRig();
  const answer = await fetch(`${rig.url}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: '{"drop_webhook":1}',
  });
  expect(answer.status).toBe(415);
  expect((await rig.get("/sandbox/faults")).body.rates).toEqual({});
});

test("the truth can be read from where one left off, and in numbers", async () => {
  await using rig = await openRig();
  await rig.place("+919876510005", { user_data: { call_id: "a" } });
  const { next } = (await rig.get("/sandbox/truth")).body;
  await rig.place("+919876510006", { user_data: { call_id: "b" } });
  const { rings } = (await rig.get(`/sandbox/truth?since=${next}`)).body;
  expect(rings).toMatchObject([{ to: "+919876510006", userData: { call_id: "b" } }]);
  expect((await rig.get("/sandbox/truth/count")).body).toMatchObject({
    rings: 2,
    openLines: 2,
    executions: { queued: 2 },
  });
});

test("a reset forgets the calls but keeps the agents", async () => {
  await using rig = await openRig();
  await rig.place("+919876510005");
  await rig.send("POST", "/sandbox/reset", {});
  expect((await rig.get("/sandbox/truth/count")).body).toMatchObject({
    rings: 0,
    openLines: 0,
    peaks: { system: 0 },
  });
  expect((await rig.get("/bolna/v2/agent/all")).body).toHaveLength(1);
  await rig.forward(600);
  expect(rig.events).toEqual([]);
});

test("somebody can ring the agent", async () => {
  await using rig = await openRig();
  await rig.send("POST", "/sandbox/inbound", { agentId: rig.agentId, from: "+14155550177" });
  await rig.forward(120);
  const event = await rig.heard(({ status }) => status === "completed");
  expect(event).toMatchObject({ telephony_data: { call_type: "inbound", from_number: "+14155550177" } });
});

test("the desk shows what was asked, and what people are called cannot run in it", async () => {
  await using rig = await openRig();
  const answer = await fetch(rig.url);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
  await rig.place("+919876510005");
  const page = await (await fetch(rig.url)).text();
  expect(page).toContain("+919876510005");
  expect(page).not.toContain("<script>");
  for (const path of ["/desk.css", "/desk.js"]) expect((await fetch(rig.url + path)).status).toBe(200);
});
