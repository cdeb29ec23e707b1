import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx } from "../context.ts";
import { testParts } from "../testing/test-parts.ts";
import { placeCall } from "./place.ts";

const db = useDatabase();
let provider: Server;
let says: { status: number; headers?: Record<string, string>; body?: () => string };
let posts: number;
let ctx: Ctx;

beforeAll(async () => {
  provider = createServer((request, response) => {
    posts += 1;
    request.resume();
    response.writeHead(says.status, { "content-type": "application/json", ...says.headers });
    response.end(says.body?.() ?? JSON.stringify({ message: "no", error: "no" }));
  }).listen(0, "127.0.0.1");
  await once(provider, "listening");
});
afterAll(() => void provider.close());

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
      update provider_accounts set status = 'ok', gate_until = null, gate_count = 0, post_tokens_at = app.wall() - interval '1 hour'`);
  const userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 20 });
  const campaignId = await make.campaign(db.owner, userId, await make.agent(db.owner, userId));
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < 2; n++) await make.item(db.owner, userId, { laneId, campaignId });
  posts = 0;
  const { port } = provider.address() as AddressInfo;
  ctx = jobContext(
    testParts(db, { BOLNA_API_URL: `http://127.0.0.1:${port}`, BOLNA_API_KEY: "bn-test" }),
    userId,
  );
});

const bare = { status: 429 };
const accepts = () => ({
  status: 200,
  body: () => JSON.stringify({ message: "done", status: "queued", execution_id: crypto.randomUUID() }),
});

/** Claims what may be claimed and places it; the gate is lifted first. */
async function dial(): Promise<void> {
  await db.owner
    .query(`update provider_accounts set gate_until = app.wall(), post_tokens_at = app.wall() - interval '1 hour';
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
    await dial();
    expect(posts).toBeGreaterThan(1);
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

describe("an answer that says neither yes nor no", () => {
  it("longer than 64 kB is not read to its end, and leaves the call unknown", async () => {
    says = { status: 200, body: () => JSON.stringify({ message: "x".repeat(200_000), status: "queued" }) };
    await dial();
    const { rows } = await db.owner.query("select distinct status, ended_at from calls");
    expect(rows).toEqual([{ status: "unknown", ended_at: null }]);
  });
});
