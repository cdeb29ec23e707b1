import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { testParts } from "../testing/test-parts.ts";
import { placeCall } from "./place.ts";
import { refreshAccount } from "./refresh-account.ts";

const db = useDatabase();
let provider: Server;
let says: { status: number; headers?: Record<string, string>; body?: () => string };
let posts: number;
/** It answers as soon as so many ask. */
let answersTogether: number;
const kept: (() => void)[] = [];
/** What the account says of itself; null: it answers as everything does. */
let me: object | null;
let parts: Parts;
let ctx: Ctx;

beforeAll(async () => {
  provider = createServer((request, response) => {
    request.resume();
    if (request.method === "GET" && me) {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(JSON.stringify(me));
    }
    posts += 1;
    kept.push(() => {
      response.writeHead(says.status, { "content-type": "application/json", ...says.headers });
      response.end(says.body?.() ?? JSON.stringify({ message: "no", error: "no" }));
    });
    if (kept.length >= answersTogether) for (const answer of kept.splice(0)) answer();
  }).listen(0, "127.0.0.1");
  await once(provider, "listening");
});
afterAll(() => void provider.close());

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
      update provider_accounts set status = 'ok', gate_until = null, gate_count = 0, concurrency_max = 100, concurrency_others = 0;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  const userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 20 });
  const campaignId = await make.campaign(db.owner, userId, await make.agent(db.owner, userId));
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < 2; n++) await make.item(db.owner, userId, { laneId, campaignId });
  posts = 0;
  answersTogether = 1;
  me = null;
  const { port } = provider.address() as AddressInfo;
  parts = testParts(db, { BOLNA_API_URL: `http://127.0.0.1:${port}`, BOLNA_API_KEY: "bn-test" });
  ctx = jobContext(parts, userId);
});

const bare = { status: 429 };
const accepts = () => ({
  status: 200,
  body: () => JSON.stringify({ message: "done", status: "queued", execution_id: crypto.randomUUID() }),
});

/** Claims what may be claimed and places it; the gate is lifted first. */
async function dial(): Promise<void> {
  await db.owner.query(`update provider_accounts set gate_until = app.wall();
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour';
      update call_queue set due_at = app.now() where status = 'pending'; update call_lanes set next_due_at = app.now()`);
  for (let tick = 0; tick < 3; tick++) await db.worker.pool.query("select * from app.claim_tick()");
  const { rows } = await db.owner.query<{ id: string }>(
    "select id from calls where status = 'claimed' order by id",
  );
  await Promise.all(rows.map(({ id }) => placeCall(ctx, { callId: id })));
}
const account = async () =>
  (
    await db.owner.query<{ seconds: number; gate_count: number; status: string }>(
      "select extract(epoch from gate_until - app.wall())::float8 as seconds, gate_count, status from provider_accounts",
    )
  ).rows[0]!;

describe("a provider that answers 429", () => {
  it("is left alone for longer each time when it names no time, a minute at most, and not at once by everybody", async () => {
    says = bare;
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      await dial();
      waits.push((await account()).seconds);
    }
    const bounds = [2, 4, 8, 16, 32, 60];
    waits.forEach((wait, round) => {
      expect(wait, `gate ${round}`).toBeLessThanOrEqual(bounds[round]!);
      // jitter takes a quarter at most; the rest is for a slow machine
      expect(wait, `gate ${round}`).toBeGreaterThan(bounds[round]! * 0.75 - 1.5);
    });
  });

  it("counts a burst of refusals once, and burns nobody's attempt", async () => {
    says = bare;
    answersTogether = 2;
    await dial();
    expect(posts).toBe(2);
    expect(await account()).toMatchObject({ gate_count: 1 });
    const { rows } = await db.owner.query(
      "select distinct q.status, q.attempts, q.wait_reason, q.due_at >= a.gate_until - interval '1 second' as after_gate from call_queue q, provider_accounts a",
    );
    expect(rows).toEqual([{ status: "pending", attempts: 0, wait_reason: "rate_limited", after_gate: true }]);
  });

  it("starts with a short wait again once it has taken a call", async () => {
    says = bare;
    for (let round = 0; round < 3; round++) await dial();
    expect(await account()).toMatchObject({ gate_count: 3 });
    says = accepts();
    await dial();
    expect(await account()).toMatchObject({ gate_count: 0 });
  });

  it("is believed when it names a time, up to a minute", async () => {
    says = { status: 429, headers: { "retry-after": "7" } };
    await dial();
    const { seconds } = await account();
    expect(seconds).toBeGreaterThan(3);
    expect(seconds).toBeLessThanOrEqual(7);
    says = { status: 429, headers: { "retry-after": "86400" } };
    await dial();
    expect((await account()).seconds).toBeLessThanOrEqual(60);
  });
});

describe("a provider that refuses our key", () => {
  it.each([401, 403])("with %i suspends the account and burns nobody's attempt", async (status) => {
    says = { status };
    await dial();
    expect(await account()).toMatchObject({ status: "suspended" });
    const { rows } = await db.owner.query("select distinct status, attempts from call_queue");
    expect(rows).toEqual([{ status: "pending", attempts: 0 }]);
    const before = posts;
    await dial();
    expect(posts).toBe(before);
    const incidents = await db.owner.query("select kind from incidents");
    expect(incidents.rows).toContainEqual({ kind: "provider_credentials" });
  });
});

const holding = (wallet: number) => ({
  id: "u",
  name: "Acme",
  email: "a@example.com",
  wallet,
  concurrency: { max: 100, current: 0 },
});

describe("a provider that does not allow one call (403) with a key that works", () => {
  it("ends that call with its words and goes on with the others", async () => {
    says = { status: 403, body: () => JSON.stringify({ message: "Agent belongs to another account" }) };
    me = holding(100);
    await dial();
    expect(await account()).toMatchObject({ status: "ok" });
    const { rows } = await db.owner.query(
      "select distinct status, reason, ended_at is not null as ended from calls",
    );
    expect(rows).toEqual([
      { status: "failed", reason: expect.stringContaining("another account"), ended: true },
    ]);
    expect((await db.owner.query("select from incidents where kind = 'provider_credentials'")).rowCount).toBe(
      0,
    );
  });
});

describe("a provider whose wallet is empty", () => {
  it("is not asked to dial until there is something in it, and is then at once", async () => {
    says = accepts();
    me = holding(0);
    await refreshAccount(parts);
    await db.owner.query("update call_lanes set next_due_at = app.now()");
    const tick = async () =>
      (await db.worker.pool.query("select dialled, stopped_by from app.claim_tick()")).rows[0];
    expect(await tick()).toEqual({ dialled: 0, stopped_by: "provider_gate" });
    const { rows: asked } = await db.owner.query(
      "select 1 from graphile_worker.jobs where task_identifier = 'provider/refresh' and run_at > now()",
    );
    expect(asked).toHaveLength(1);
    me = holding(5);
    await refreshAccount(parts);
    expect(await tick()).toMatchObject({ dialled: 2 });
  });
});

describe("an account that somebody else uses too", () => {
  it("leaves us the lines that are not in use: theirs are not taken for free, ours not for theirs", async () => {
    says = accepts();
    const at = (current: number) => ({ ...holding(5), concurrency: { max: 10, current } });
    const free = async () =>
      (await db.owner.query("select r.lines from provider_accounts a, app.account_room(a.id) r")).rows[0]
        .lines;
    me = at(9);
    await refreshAccount(parts);
    expect(await free()).toBe(1);
    await dial();
    expect(posts).toBe(1);
    me = at(10);
    await refreshAccount(parts);
    expect(await free()).toBe(0);
    me = at(1);
    await refreshAccount(parts);
    expect(await free()).toBe(9);
  });
});

describe("an answer that says neither yes nor no", () => {
  it("longer than 64 kB is not read to its end, and leaves the call unknown", async () => {
    says = { status: 200, body: () => JSON.stringify({ message: "x".repeat(200_000), status: "queued" }) };
    await dial();
    const { rows } = await db.owner.query("select distinct status, ended_at from calls");
    expect(rows).toEqual([{ status: "unknown", ended_at: null }]);
  });
});
