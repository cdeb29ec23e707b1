import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { reasons } from "@parley/core/reasons";
import { beforeEach, describe, expect, it } from "vitest";
import type { Ctx, Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { explainItem } from "./explain.ts";
import { progress } from "./progress.ts";

const db = useDatabase();
let parts: Parts;

beforeEach(async () => {
  await db.owner
    .query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs; delete from worker_pools;
    insert into worker_pools (pool_id, process, role) values ('w', 'test', 'all');
    update system_settings set concurrent_calls_limit = 1000, dialling_paused = false;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 1000;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  parts = testParts(db);
});

/** Small, seeded, good enough to mix states (mulberry32). */
function random(seed: number) {
  let bits = seed;
  const next = () => {
    bits = (bits + 0x6d2b79f5) | 0;
    let t = Math.imul(bits ^ (bits >>> 15), 1 | bits);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    chance: (p: number) => next() < p,
    pick: <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)]!,
  };
}

/** One tenant with one item, every predicate of the dispatcher set at random: nothing competes with it. */
async function state(seed: number): Promise<{ userId: string; itemId: string }> {
  const { chance, pick } = random(seed);
  const userId = await make.user(db.owner, {
    credits: chance(0.15) ? 40 : 1000,
    concurrentLimit: chance(0.1) ? 0 : 2,
    ruleSet: chance(0.5) ? "rehearsal" : "by-country",
  });
  if (chance(0.05)) await db.owner.query("update users set status = 'suspended' where id = $1", [userId]);
  const agentId = await make.agent(db.owner, userId, {
    bolnaAgentId: chance(0.1) ? null : crypto.randomUUID(),
  });
  const direct = chance(0.25);
  const campaignId = direct
    ? null
    : await make.campaign(db.owner, userId, agentId, {
        status: pick(["running", "running", "running", "running", "paused"]),
        ...(chance(0.2) ? { maxConcurrent: 1 } : {}),
        ...(chance(0.2) ? { budgetCredits: pick([40, 500]) } : {}),
        ...(chance(0.2) ? { callsPerSecond: 0.01 } : {}),
        ...(chance(0.2)
          ? {
              window: {
                days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                open: pick(["00:00", "12:00"]),
                close: pick(["24:00", "00:30"]),
              },
            }
          : {}),
      });
  if (campaignId && chance(0.1))
    await db.owner.query(
      "update call_campaigns set ends_at = app.now() - interval '1 minute' where id = $1",
      [campaignId],
    );
  if (campaignId && chance(0.3))
    await db.owner.query(
      "update campaign_pace set tokens_at = app.wall() + interval '1 minute' where campaign_id = $1",
      [campaignId],
    );
  const contactId = await make.contact(db.owner, userId, {
    zones: pick([["Asia/Kolkata"], ["America/New_York", "America/Los_Angeles"], ["Pacific/Auckland"]]),
    country: pick(["IN", "US", "NZ"]),
  });
  const { zone_set, country, phone_number } = (
    await db.owner.query("select zone_set, country, phone_number from contacts where id = $1", [contactId])
  ).rows[0];
  const { rows } = await db.owner.query(
    "select lane_id from app.lane_for($1, $2, $3, $4, (select rule_set from users where id = $1), $5, 50)",
    [
      userId,
      campaignId,
      country,
      zone_set,
      campaignId
        ? JSON.stringify(
            (await db.owner.query('select "window" from call_campaigns where id = $1', [campaignId])).rows[0]
              .window,
          )
        : null,
    ],
  );
  const laneId = rows[0].lane_id;
  if (campaignId)
    await db.owner.query(
      "update call_lanes set paused = (select status <> 'running' from call_campaigns where id = $2) where id = $1",
      [laneId, campaignId],
    );
  const itemId = await make.item(db.owner, userId, {
    laneId,
    campaignId,
    contactId,
    agentId,
    ...(chance(0.15) ? { dueAt: new Date(Date.now() + 3_600_000).toISOString() } : {}),
  });
  if (chance(0.1))
    await db.owner.query("update call_queue set expires_at = app.now() - interval '1 second' where id = $1", [
      itemId,
    ]);
  if (chance(0.15))
    await db.owner.query(
      "insert into suppressions (user_id, phone_number, reason, source, channel) values ($1, $2, $3, 'test', $4)",
      [userId, phone_number, pick(["dnc", "asked"]), pick(["all", "call", "whatsapp"])],
    );
  if (chance(0.5))
    await db.owner.query(
      "insert into consents (user_id, contact_id, channel, basis, source, obtained_at) values ($1, $2, 'call', $3, 'form', app.now())",
      [userId, contactId, pick(["express", "written", "existing"])],
    );
  if (chance(0.1))
    await db.owner.query("update contacts set erased_at = app.now() where id = $1", [contactId]);
  if (chance(0.3)) await earlierCalls(userId, contactId, agentId, pick([2, 6]), pick(["answered", "busy"]));
  if (chance(0.1)) await openCall(userId, contactId, agentId);
  return { userId, itemId };
}

const earlierCalls = (userId: string, contactId: string, agentId: string, count: number, outcome: string) =>
  db.owner.query(
    `insert into calls (user_id, direction, contact_id, agent_id, provider_account_id, phone_number, status, outcome, talk_seconds, created_at, ended_at, final_at, settled_at, price_credits, max_call_seconds, queue_id, attempt)
     select $1, 'outbound', c.id, $3, a.provider_account_id, c.phone_number, 'completed', $5, 30, t.at, t.at, t.at, t.at, 0, 300, q.id, n
     from generate_series(1, $4::int) n, contacts c, agents a, call_queue q, lateral (select app.now() - make_interval(hours => n) as at) t
     where c.id = $2 and a.id = $3 and q.contact_id = c.id`,
    [userId, contactId, agentId, count, outcome],
  );
/** Somebody who calls us: no line of ours, but the person is on the phone. */
const openCall = (userId: string, contactId: string, agentId: string) =>
  db.owner.query(
    `insert into calls (user_id, direction, contact_id, agent_id, provider_account_id, phone_number, status, max_call_seconds)
     select $1, 'inbound', c.id, a.id, a.provider_account_id, c.phone_number, 'in-progress', 300 from contacts c, agents a where c.id = $2 and a.id = $3`,
    [userId, contactId, agentId],
  );
const tick = async () =>
  (await db.worker.pool.query("select * from app.claim_tick()")).rows[0] as {
    again: boolean;
    dialled: number;
  };

describe("explain", () => {
  it("names only reasons there are words for, and shows operators the same checks without a name or number", async () => {
    const { userId, itemId } = await state(7);
    const mine = await explainItem(requestOf(parts, userId), { itemId });
    for (const { reason } of (await db.ro.query("select reason from app.ops_explain($1)", [itemId])).rows)
      if (reason) expect(Object.keys(reasons)).toContain(reason);
    const { rows } = await db.ro.query("select name, ok, detail from app.ops_explain($1) order by ord", [
      itemId,
    ]);
    expect(rows[0]).toMatchObject({ name: "verdict", detail: mine.verdict });
    expect(rows.slice(1).map(({ name, ok }) => [name, ok])).toEqual(
      mine.checks.map(({ name, ok }) => [name, ok]),
    );
    const { phone_number, name } = (
      await db.owner.query("select phone_number, name from contacts where user_id = $1", [userId])
    ).rows[0];
    expect(JSON.stringify(rows)).not.toContain(phone_number);
    expect(JSON.stringify(rows)).not.toContain(name);
  });

  it("knows no item of another tenant", async () => {
    const { itemId } = await state(1);
    const stranger = await make.user(db.owner);
    await expect(explainItem(requestOf(parts, stranger), { itemId })).rejects.toThrow(/No such item/);
  });
});

describe("the limiting factor", () => {
  let userId: string;
  let agentId: string;
  let ctx: Ctx;
  beforeEach(async () => {
    userId = await make.user(db.owner, { credits: 1000, concurrentLimit: 2 });
    agentId = await make.agent(db.owner, userId);
    ctx = requestOf(parts, userId);
  });
  async function running(items: number, rules: Parameters<typeof make.campaign>[3] = {}) {
    const campaignId = await make.campaign(db.owner, userId, agentId, rules);
    const laneId = await make.lane(db.owner, userId, campaignId);
    for (let n = 0; n < items; n++) await make.item(db.owner, userId, { laneId, campaignId });
    const limiting = async () => {
      const { limitingFactor, limiting: figures } = await progress(ctx, { campaignId });
      if (limitingFactor) expect(Object.keys(reasons)).toContain(limitingFactor);
      return { factor: limitingFactor, ...figures };
    };
    return { campaignId, laneId, limiting };
  }
  const set = (text: string, values: unknown[] = []) => db.owner.query(text, values);

  it("is nothing while lines are free, and while nothing is left", async () => {
    const { limiting } = await running(1);
    expect(await limiting()).toEqual({ factor: null });
    await set("update call_queue set status = 'completed', closed_at = app.now() where user_id = $1", [
      userId,
    ]);
    expect(await limiting()).toEqual({ factor: null });
  });

  it("names each room that is used up, with its figures", async () => {
    const { limiting } = await running(5);
    await tick();
    expect(await limiting()).toEqual({ factor: "user_limit", count: 2, limit: 2, until: null });
    await set("update calls set status = 'unknown' where user_id = $1", [userId]);
    expect(await limiting()).toMatchObject({ factor: "provider_unclear", count: 2 });
    await set("update users set concurrent_limit = 10 where id = $1", [userId]);
    await set("update system_settings set concurrent_calls_limit = 2");
    expect(await limiting()).toMatchObject({ factor: "system_limit", count: 2, limit: 2 });
    await set(
      "update system_settings set concurrent_calls_limit = 100; update provider_accounts set concurrency_max = 2",
    );
    expect(await limiting()).toMatchObject({ factor: "provider_lines" });
    await set("update users set credits = 120 where id = $1", [userId]);
    expect(await limiting()).toMatchObject({ factor: "credits", count: 20, limit: 50 });
    await set("delete from worker_pools");
    expect(await limiting()).toMatchObject({ factor: "worker" });
    await set("update provider_accounts set gate_until = app.wall() + interval '1 minute'");
    expect(await limiting()).toMatchObject({ factor: "provider_gate", until: expect.stringMatching(/Z$/) });
    await set("update provider_accounts set status = 'suspended'");
    expect(await limiting()).toMatchObject({ factor: "provider_suspended" });
    await set("update system_settings set dialling_paused = true");
    expect(await limiting()).toMatchObject({ factor: "dialling_paused" });
  });

  it("names the campaign's own cap, budget and pace", async () => {
    const capped = await running(3, { maxConcurrent: 1 });
    await tick();
    expect(await capped.limiting()).toMatchObject({ factor: "campaign_cap", count: 1, limit: 1 });
    const poor = await running(3, { budgetCredits: 60 });
    await tick();
    expect(await poor.limiting()).toMatchObject({ factor: "budget", count: 10, limit: 50 });
    await set("update users set concurrent_limit = 10 where id = $1", [userId]);
    const slow = await running(3, { callsPerSecond: 0.01 });
    await tick();
    expect(await slow.limiting()).toMatchObject({ factor: "pace", until: expect.stringMatching(/Z$/) });
  });

  it("names what the people wait for, and until when", async () => {
    const { laneId, limiting } = await running(1);
    await set(
      "update call_lanes set opens_at = app.now() + interval '2 hours', closes_at = app.now() + interval '3 hours' where id = $1",
      [laneId],
    );
    const closed = await limiting();
    expect(closed.factor).toBe("window_closed");
    expect(Date.parse(closed.until!)).toBeGreaterThan(Date.now() + 7_000_000);
    await set("update call_lanes set opens_at = 'infinity' where id = $1", [laneId]);
    expect(await limiting()).toMatchObject({ factor: "zone_never_open", until: null });
    await set(
      "update call_queue set due_at = app.now() + interval '1 hour', wait_reason = 'retry_gap' where user_id = $1",
      [userId],
    );
    expect(await limiting()).toMatchObject({ factor: "retry_gap", until: expect.stringMatching(/Z$/) });
  });
});
