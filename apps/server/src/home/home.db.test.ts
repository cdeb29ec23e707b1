import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { HomeSummary } from "@parley/core/home/schema";
import { beforeEach, expect, it } from "vitest";
import type { Ctx } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { summarise } from "./summary.ts";

const db = useDatabase();
let ctx: Ctx;
let userId: string;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from worker_pools;
    insert into worker_pools (pool_id, process, role) values ('w', 'test', 'all');
    update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  userId = await make.user(db.owner, { credits: 1000, concurrentLimit: 2 });
  ctx = requestOf(testParts(db), userId);
});

const summary = async () => HomeSummary.parse(await summarise(ctx));

it("teaches the first steps in an empty workspace", async () => {
  expect(await summary()).toMatchObject({
    steps: { agent: false, contacts: false, call: false, campaign: false },
    lines: { used: 0, limit: 2, items: [] },
    credits: { credits: 1000, held: 0, available: 1000, perDay: null, daysLeft: null },
    needs: [],
    needsTotal: 0,
    series: expect.objectContaining({ length: 24 }),
  });
});

it("shows live lines, the queue, campaigns with their limit, and what today came to", async () => {
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < 5; n++) await make.item(db.owner, userId, { laneId, campaignId });
  await db.worker.pool.query("select * from app.claim_tick()");
  await db.owner.query(`
    update calls set status = 'in-progress', stages = jsonb_build_object('in-progress', app.now() - interval '20 seconds')
    where id = (select min(id::text)::uuid from calls)`);
  const live = await summary();
  expect(live).toMatchObject({
    live: { total: 2 },
    lines: { used: 2, systemUsed: 2, items: [{ line: 1 }, { line: 2 }] },
    queue: { due: 3, waiting: 0 },
    campaigns: [
      { id: campaignId, total: 5, byStatus: { pending: 3, inProgress: 2 }, limitingFactor: "user_limit" },
    ],
    today: { calls: 2, finished: 0, answered: 0, spent: 0 },
    credits: { held: 100, available: 900 },
    steps: { agent: true, contacts: true, call: true, campaign: true },
  });
  expect(live.live.byStatus.toSorted((a, b) => a.status.localeCompare(b.status))).toEqual([
    { status: "claimed", count: 1 },
    { status: "in-progress", count: 1 },
  ]);
  expect(live.series.at(-1)).toMatchObject({ inProgress: 2 });

  await db.owner.query(
    `update calls set status = 'completed', outcome = 'answered', ended_at = app.now(), final_at = app.now(), settled_at = app.now(), price_credits = 7, talk_seconds = 40 where user_id = $1`,
    [userId],
  );
  await db.owner.query(
    `with entry as (insert into credit_entries (user_id, kind, amount, balance, call_id) select user_id, 'call', -7, 986, id from calls where user_id = $1)
     insert into lead_analytics (user_id, call_id, contact_id, status, call_outcome, score, temperature, summary)
     select user_id, id, contact_id, 'done', 'appointment', 14, 'hot', 'Wants a visit.' from calls where user_id = $1`,
    [userId],
  );
  expect(await summary()).toMatchObject({
    live: { total: 0 },
    today: { calls: 2, finished: 2, answered: 2, bookings: 2, spent: 14, leads: 2 },
    yesterday: { calls: 0 },
    credits: { perDay: 14 },
    leads: [{ score: 14, summary: "Wants a visit." }, { score: 14 }],
  });
});

it("lists what waits for a person, the worst first, in whole sentences", async () => {
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId, { status: "paused" });
  await db.owner.query("update call_campaigns set status_reason = 'breaker' where id = $1", [campaignId]);
  await db.owner.query(
    "update agents set sync_status = 'failed', sync_error = 'The voice is not known.' where id = $1",
    [agentId],
  );
  await db.owner.query(
    "select app.raise_incident('x', 'y', 'warn', 'A webhook fell silent.', 'Look at it.', $1)",
    [userId],
  );
  const contactId = await make.contact(db.owner, userId, { name: "Asha" });
  await db.owner.query(
    "insert into tasks (user_id, contact_id, kind, due_at, title) values ($1, $2, 'callback', app.now(), 'After lunch')",
    [userId, contactId],
  );
  const { needs, needsTotal } = await summary();
  expect(needsTotal).toBe(4);
  expect(needs.map(({ title, detail }) => `${title} | ${detail}`)).toEqual([
    "“Agent” could not be sent to the provider | The voice is not known.",
    expect.stringContaining("|"),
    expect.stringContaining("|"),
    "Call Asha back | After lunch",
  ]);
  expect(needs.find(({ kind }) => kind === "paused_campaign")).toMatchObject({
    campaignId,
    title: "“Campaign” paused itself",
    detail:
      "Too many of the last calls failed, so it paused itself. Look at the failed calls, cure the cause, then resume.",
  });
});
