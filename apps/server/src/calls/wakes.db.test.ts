import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { addCredits, settleCall } from "@parley/db/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import { updateSettings } from "../accounts/settings.ts";
import { pauseDialling } from "../admin/pause-dialling.ts";
import { setLimits } from "../admin/set-limits.ts";
import { updateAgent } from "../agents/update.ts";
import { launchCampaign } from "../campaigns/launch.ts";
import { pauseCampaign } from "../campaigns/pause.ts";
import { resumeCampaign } from "../campaigns/resume.ts";
import { settleItem } from "../campaigns/settle-item.ts";
import { updateCampaign } from "../campaigns/update.ts";
import { updateContact } from "../contacts/update.ts";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { startTimers } from "../timers.ts";
import type { RequestContext } from "../trpc.ts";
import { applyEvent } from "./apply-event.ts";
import { startDispatcher } from "./dispatcher.ts";
import { placeDirect } from "./place-direct.ts";
import { refreshAccount } from "./refresh-account.ts";
import { lockCall } from "./row.ts";
import { clockSettings } from "./settings.ts";
import { withdraw } from "./withdraw.ts";

// One test for each row of the table of wake sources in docs/lifecycle.md.
const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let operator: RequestContext;
let userId: string;
let agentId: string;
let campaignId: string;
let laneId: string;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10, dialling_paused = false;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 100;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  // Nobody listens there: what a verb tells the provider fails at once, and is not what is looked at.
  parts = testParts(db, { SANDBOX_URL: "http://127.0.0.1:9" });
  userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 1 });
  agentId = await make.agent(db.owner, userId);
  campaignId = await make.campaign(db.owner, userId, agentId, { maxConcurrent: 1, budgetCredits: 1000 });
  laneId = await make.lane(db.owner, userId, campaignId);
  ctx = requestOf(parts, userId);
  operator = {
    parts,
    visitor: null,
    request: { id: "test", ip: "", userAgent: null, idempotencyKey: null },
  } as unknown as RequestContext;
});

const never = new AbortController().signal;
const one = async <T>(text: string, values: unknown[] = []): Promise<T> =>
  (await db.owner.query(text, values)).rows[0] as T;
const tick = () => db.worker.pool.query("select * from app.claim_tick()");

/** Puts the lane aside as a tick does, and forgets every ring so far. */
async function setAside(blockedBy: string | null): Promise<void> {
  await new Promise((done) => setTimeout(done, 30));
  await db.owner.query("update call_lanes set next_due_at = 'infinity', blocked_by = $1", [blockedBy]);
  await db.owner.query("delete from graphile_worker._private_jobs");
}

/** A doorbell job is there, and (unless a ring is all there is to it) the lane takes part in the next tick. */
async function awake(lane: string | null = laneId): Promise<boolean> {
  await expect
    .poll(() => one("select exists (select from graphile_worker.jobs where key = 'calls/dispatch') as rung"))
    .toEqual({ rung: true });
  if (lane === null) return true;
  const { ready } = await one<{ ready: boolean }>(
    "select next_due_at <= app.now() and blocked_by is null and not paused as ready from call_lanes where id = $1",
    [lane],
  );
  return ready;
}

/** An item of the lane on the phone: what a tick made of it. */
async function claimed(): Promise<{ itemId: string; callId: string }> {
  const itemId = await make.item(db.owner, userId, { laneId, campaignId });
  await tick();
  const { id: callId } = await one<{ id: string }>("select id from calls where queue_id = $1", [itemId]);
  return { itemId, callId };
}

async function hear(callId: string, status: string): Promise<void> {
  await db.worker.tx(userId, async (tx) => {
    const settings = await clockSettings(tx);
    const news = { source: "webhook" as const, status, at: settings.now, executionId: callId };
    await applyEvent(tx, await lockCall(tx, callId), news, settings);
  });
}

describe("what wakes the dispatcher:", () => {
  it("a list is put into the queue", async () => {
    const contactId = await make.contact(db.owner, userId);
    await db.owner.query(
      "update call_campaigns set audience = $2, launch_lease_until = app.wall() where id = $1",
      [campaignId, { contactIds: [contactId] }],
    );
    await setAside(null);
    await launchCampaign(jobContext(parts, userId), campaignId, never);
    expect(await awake()).toBe(true);
  });

  it("somebody presses Call", async () => {
    const contactId = await make.contact(db.owner, userId);
    await placeDirect(ctx, { contactId, agentId });
    const lane = await one<{ id: string }>("select id from call_lanes where campaign_id is null");
    expect(await awake(lane.id)).toBe(true);
  });

  it("a line is free again: for the workspace, for the campaign", async () => {
    for (const limit of ["user_limit", "campaign_cap"]) {
      const { callId } = await claimed();
      await setAside(limit);
      await hear(callId, "call-disconnected");
      expect(await awake()).toBe(true);
      await db.owner.query("update calls set settled_at = app.now(), price_credits = 0");
    }
  });

  it("a line is free again: for who waited for that person", async () => {
    const { callId } = await claimed();
    const { contact_id } = await one<{ contact_id: string }>("select contact_id from calls where id = $1", [
      callId,
    ]);
    const other = await make.campaign(db.owner, userId, agentId);
    const lane = await make.lane(db.owner, userId, other);
    const itemId = await make.item(db.owner, userId, {
      laneId: lane,
      campaignId: other,
      contactId: contact_id,
    });
    await db.owner.query(
      "update call_queue set due_at = app.now() + interval '2 minutes', wait_reason = 'other_call_open' where id = $1",
      [itemId],
    );
    await setAside(null);
    await hear(callId, "busy");
    expect(await awake(lane)).toBe(true);
  });

  it("a call is settled: its hold is free", async () => {
    for (const wants of ["credits", "budget"]) {
      const { callId } = await claimed();
      await hear(callId, "completed");
      await setAside(wants);
      await db.worker.tx(userId, (tx) => settleCall(tx, callId, 3));
      expect(await awake()).toBe(true);
    }
  });

  it("a call is withdrawn: its item is due again", async () => {
    const { callId } = await claimed();
    await setAside(null);
    await db.worker.tx(userId, async (tx) =>
      withdraw(tx, await lockCall(tx, callId), { reason: "proven_absent" }),
    );
    expect(await awake()).toBe(true);
  });

  it("an attempt is final and another follows: the lane knows when", async () => {
    const { itemId, callId } = await claimed();
    await hear(callId, "busy");
    await db.owner.query("update calls set outcome = 'busy', final_at = app.now() where id = $1", [callId]);
    await setAside(null);
    await settleItem(jobContext(parts, userId), { itemId });
    expect(await awake(null)).toBe(true);
    const { knows } = await one<{ knows: boolean }>(
      "select l.next_due_at = q.due_at and q.due_at > app.now() as knows from call_queue q join call_lanes l on l.id = q.lane_id where q.id = $1",
      [itemId],
    );
    expect(knows).toBe(true);
  });

  it("credits arrive", async () => {
    await setAside("credits");
    await db.web.tx(userId, (tx) => addCredits(tx, { kind: "grant", amount: 1 }));
    expect(await awake()).toBe(true);
  });

  it("a workspace gets more lines", async () => {
    await setAside("user_limit");
    await setLimits(operator, { userId, concurrentLimit: 5 });
    expect(await awake()).toBe(true);
  });

  it("the installation gets more lines", async () => {
    await setAside(null);
    await setLimits(operator, { systemLimit: 20 });
    expect(await awake(null)).toBe(true);
  });

  it("all dialling is resumed", async () => {
    await setAside(null);
    await pauseDialling(operator, { paused: false });
    expect(await awake(null)).toBe(true);
  });

  it("a campaign gets another cap, budget, pace or hours", async () => {
    for (const [blockedBy, patch] of [
      ["campaign_cap", { maxConcurrent: 5 }],
      ["budget", { budgetCredits: 5000 }],
      ["pace", { callsPerSecond: 5 }],
    ] as const) {
      await setAside(blockedBy);
      await updateCampaign(ctx, { campaignId, ...patch });
      expect(await awake()).toBe(true);
    }
  });

  it("a campaign is resumed", async () => {
    await pauseCampaign(ctx, { campaignId });
    await setAside(null);
    await resumeCampaign(ctx, { campaignId });
    expect(await awake()).toBe(true);
  });

  it("an agent's longest call changes, and with it what a call holds", async () => {
    await setAside("credits");
    await updateAgent(ctx, { agentId, maxCallSeconds: 60 });
    expect(await awake()).toBe(true);
  });

  it("a contact moves to another zone", async () => {
    const contactId = await make.contact(db.owner, userId);
    const itemId = await make.item(db.owner, userId, { laneId, campaignId, contactId });
    await setAside(null);
    await updateContact(ctx, { contactId, timeZone: "Asia/Dubai" });
    const { lane_id: lane } = await one<{ lane_id: string }>("select lane_id from call_queue where id = $1", [
      itemId,
    ]);
    expect(lane).not.toBe(laneId);
    expect(await awake(lane)).toBe(true);
  });

  it("a workspace gets other rules or another frequency cap", async () => {
    const itemId = await make.item(db.owner, userId, { laneId, campaignId });
    await db.owner.query(
      "update call_queue set due_at = app.now() + interval '7 days', wait_reason = 'frequency_cap' where id = $1",
      [itemId],
    );
    await setAside(null);
    await updateSettings(ctx, { frequencyCap: { dialsMax: 50, answeredMax: null, days: 7 } });
    expect(await awake()).toBe(true);
    const { due } = await one<{ due: boolean }>(
      "select due_at <= app.now() as due from call_queue where id = $1",
      [itemId],
    );
    expect(due).toBe(true);
  });

  it("the provider takes our key again, or more calls at once", async () => {
    const me = { wallet: 1, concurrency: { max: 50, current: 0 } };
    parts = { ...parts, providers: { ...parts.providers, bolna: { me: async () => me } as never } };
    for (const before of ["status = 'suspended'", "concurrency_max = 1", "concurrency_others = 40"]) {
      await db.owner.query(`update provider_accounts set ${before}`);
      await setAside(null);
      await refreshAccount(parts);
      expect(await awake(null)).toBe(true);
    }
  });

  it("a time comes: the tick leaves it as a job of its own and as a timer", async () => {
    await make.item(db.owner, userId, { laneId, campaignId });
    await db.owner.query(
      "update call_lanes set opens_at = app.now() + interval '300 milliseconds', closes_at = app.now() + interval '1 day'",
    );
    const dispatcher = startDispatcher(parts);
    try {
      dispatcher.ring();
      await expect
        .poll(() =>
          one<{ there: boolean }>(
            "select exists (select from graphile_worker.jobs where key = 'dispatch:at' and task_identifier = 'calls/dispatch') as there",
          ),
        )
        .toEqual({ there: true });
      // No job runs here: the timer alone must have ticked.
      await expect
        .poll(() => one<{ calls: number }>("select count(*)::int as calls from calls"), { timeout: 5_000 })
        .toEqual({ calls: 1 });
    } finally {
      await dispatcher.stop();
    }
  });

  it("another process was ticking: the one that came too late looks again", async () => {
    await make.item(db.owner, userId, { laneId, campaignId });
    const other = await db.owner.connect();
    const dispatcher = startDispatcher(parts);
    try {
      await other.query("begin; select pg_advisory_xact_lock(hashtext('app.claim_tick'))");
      dispatcher.ring();
      await new Promise((done) => setTimeout(done, 60));
      expect(await one("select count(*)::int as calls from calls")).toEqual({ calls: 0 });
      await other.query("commit");
      await expect
        .poll(() => one<{ calls: number }>("select count(*)::int as calls from calls"))
        .toEqual({ calls: 1 });
    } finally {
      other.release();
      await dispatcher.stop();
    }
  });

  it("nobody rang: the heartbeat does", async () => {
    await setAside(null);
    const beating = testParts(db, { SANDBOX_URL: "http://127.0.0.1:9", QUEUE_PROCESSOR_INTERVAL_MS: "50" });
    const timers = startTimers(beating, {
      role: "all",
      inHand: () => ({ connectionName: "test", workerIds: [], jobIds: [] }),
    });
    try {
      expect(await awake(null)).toBe(true);
    } finally {
      await timers.stop();
    }
  });
});
