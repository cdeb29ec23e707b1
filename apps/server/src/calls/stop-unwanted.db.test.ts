import type { Tx } from "@parley/db";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { cancelCampaign } from "../campaigns/cancel.ts";
import { pauseCampaign } from "../campaigns/pause.ts";
import { settleItem } from "../campaigns/settle-item.ts";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import type { PlaceResult } from "../providers/bolna.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { drainWebhooks } from "./drain.ts";
import { placeCall } from "./place.ts";
import { reconcileAgent } from "./reconcile.ts";
import { stopCall } from "./stop.ts";
import { verifyCall } from "./verify.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let ids: { userId: string; agentId: string; campaignId: string; laneId: string; callId: string };
let answer: () => Promise<PlaceResult>;
/** What the provider's own record says of every execution, and what its listing shows. */
let record: { id: string; status: string } & Record<string, unknown>;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents, webhook_keys, webhook_events cascade;
    delete from graphile_worker._private_jobs; delete from provider_executions;
    update system_settings set concurrent_calls_limit = 10, reconcile_grace_ms = 1000;
    update provider_accounts set status = 'ok', gate_until = null, gate_count = 0;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour', read_tokens_at = app.wall() - interval '1 hour'`);
  const userId = await make.user(db.owner, { credits: 1000 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
  ids = { userId, agentId, campaignId, laneId, callId: "" };
  ids.callId = await claim();
  answer = async () => ({ kind: "accepted", executionId: "e", status: "queued" });
  record = { id: "e", status: "queued" };
  const bolna = {
    placeCall: () => answer(),
    getExecution: async () => ({ kind: "found", execution: record, body: {} }),
    listExecutions: async () => ({ kind: "page", executions: [record], hasMore: false }),
  };
  const made = testParts(db);
  parts = { ...made, providers: { ...made.providers, bolna: bolna as never } };
  ctx = jobContext(parts, userId);
});

async function claim(): Promise<string> {
  await db.worker.pool.query("select * from app.claim_tick()");
  const { rows } = await db.owner.query<{ id: string }>("select id from calls where status = 'claimed'");
  return rows[0]!.id;
}
const call = async (id = ids.callId) =>
  (
    await db.owner.query("select status, reason, stop_reason, outcome, adopted from calls where id = $1", [
      id,
    ])
  ).rows[0];
const item = async () =>
  (await db.owner.query("select status, wait_reason, attempts from call_queue")).rows[0];
const settle = async () => {
  const { rows } = await db.owner.query<{ id: string }>("select id from call_queue");
  await settleItem(ctx, { itemId: rows[0]!.id });
};
const stops = async () =>
  (
    await db.owner.query<{ id: string }>(
      "select substr(key, 12) as id from graphile_worker.jobs where task_identifier = 'calls/stop' order by 1",
    )
  ).rows.map(({ id }) => id);
const carrying = (callId: string) => ({ context_details: { recipient_data: { call_id: callId } } });

/** A webhook of the agent, not folded yet. */
async function told(id: string, status: string, more: object = {}): Promise<void> {
  const at = new Date().toISOString();
  await db.owner.query(
    "insert into webhook_events (user_id, source, endpoint_id, body) values ($1, 'bolna', $2, $3)",
    [ids.userId, ids.agentId, JSON.stringify({ id, status, created_at: at, updated_at: at, ...more })],
  );
}
const webhook = async (...its: Parameters<typeof told>) => {
  await told(...its);
  await drainWebhooks(parts);
};
const suppress = (tx: Tx) =>
  tx.query(
    "select app.suppress($1, (select phone_number from calls where id = $2), 'all', 'asked', 'person')",
    [ids.userId, ids.callId],
  );
/** On a machine so slow that the wait for the lock was given up, the event is tried again. */
const folded = (status: string) =>
  vi.waitFor(
    async () => {
      await drainWebhooks(parts);
      expect(await call()).toMatchObject({ status });
    },
    { timeout: 20_000, interval: 200 },
  );
/** A transaction that has done something and waits before its commit. */
async function holding(act: (tx: Tx) => Promise<unknown>) {
  const held = Promise.withResolvers<number>();
  const end = Promise.withResolvers<void>();
  const done = db.worker.tx(ids.userId, async (tx) => {
    await act(tx);
    held.resolve((await tx.query("select pg_backend_pid() as pid")).rows[0].pid);
    await end.promise;
  });
  const pid = await held.promise;
  return {
    isWaitedFor: () =>
      vi
        .waitFor(
          async () => {
            const waiting = "select from pg_stat_activity where $1 = any(pg_blocking_pids(pid))";
            expect((await db.owner.query(waiting, [pid])).rowCount).toBeGreaterThan(0);
          },
          { timeout: 15_000, interval: 20 },
        )
        .catch((error: unknown) => {
          end.resolve();
          throw error;
        }),
    commit: () => {
      end.resolve();
      return done;
    },
  };
}
/** Its worker is gone with the answer, or without one. */
const dialled = (status: "dialing" | "unknown", id = ids.callId) =>
  db.owner.query(
    `update calls set status = $2, dialing_at = app.now() - interval '10 minutes', dialing_wall = app.wall() - interval '10 minutes',
       dialing_lease_end = app.wall() - interval '9 minutes', lease_until = null, next_poll_at = app.now() where id = $1`,
    [id, status],
  );

describe("a call whose dial had no clear answer, found waiting at the provider", () => {
  it.each([
    ["STOP", () => ctx.db.tx(suppress)],
    ["a cancel", () => cancelCampaign(ctx, { campaignId: ids.campaignId })],
  ])("by reconciliation after %s is taken back", async (_, unwanted) => {
    await dialled("unknown");
    await unwanted();
    record = { ...record, created_at: new Date().toISOString(), ...carrying(ids.callId) };
    await reconcileAgent(ctx, { agentId: ids.agentId });
    expect(await call()).toMatchObject({ status: "queued" });
    expect(await stops()).toEqual([ids.callId]);
  });

  it.each([
    ["alone", "dialing", 0],
    ["in a burst", "unknown", 3],
  ] as const)("by a webhook after STOP, %s, is taken back", async (_, status, others) => {
    await dialled(status);
    await ctx.db.tx(suppress);
    for (let n = 0; n < others; n++) await told(`stranger-${n}`, "queued");
    await webhook("e", "queued", carrying(ids.callId));
    expect(await call()).toMatchObject({ status: "queued" });
    expect(await stops()).toEqual([ids.callId]);
  });

  it("by a burst of webhooks while STOP is being set: the one waits for the other, and the call is taken back", async () => {
    await dialled("unknown");
    const stopping = await holding((tx) => suppress(tx));
    for (let copy = 0; copy < 2; copy++) await told("e", "queued", carrying(ids.callId));
    const draining = drainWebhooks(parts);
    await stopping.isWaitedFor();
    await stopping.commit();
    await draining;
    await folded("queued");
    expect(await stops()).toEqual([ids.callId]);
  });

  it("is left to ring when it is wanted", async () => {
    await dialled("unknown");
    await webhook("e", "queued", carrying(ids.callId));
    expect(await call()).toMatchObject({ status: "queued", stop_reason: null });
    expect(await stops()).toEqual([]);
  });

  it("in a paused campaign is taken back, and its person is due again", async () => {
    await dialled("unknown");
    await pauseCampaign(ctx, { campaignId: ids.campaignId });
    await webhook("e", "queued", carrying(ids.callId));
    expect(await stops()).toEqual([ids.callId]);
    record = { id: "e", status: "stopped" };
    await verifyCall(ctx, { callId: ids.callId });
    await settle();
    expect(await item()).toEqual({ status: "pending", wait_reason: "campaign_paused", attempts: 0 });
  });
});

describe("a call that was held to be not placed and shows itself late", () => {
  /** The first is given back, the person is claimed again. */
  async function withYounger(): Promise<string> {
    answer = async () => ({ kind: "rate_limited", retryAfterMs: 1000 });
    await placeCall(ctx, { callId: ids.callId });
    await db.owner.query(
      "update provider_accounts set gate_until = null; update call_queue set due_at = app.now(); update call_lanes set next_due_at = app.now()",
    );
    return claim();
  }

  it("while the younger is being dialled: that one is taken back when its answer comes", async () => {
    const younger = await withYounger();
    answer = async () => {
      await webhook("late", "ringing", carrying(ids.callId));
      return { kind: "accepted", executionId: "younger", status: "queued" };
    };
    await placeCall(ctx, { callId: younger });
    expect(await call()).toMatchObject({ status: "ringing", adopted: true });
    expect(await call(younger)).toMatchObject({ status: "queued", stop_reason: "other_call_open" });
    expect(await stops()).toEqual([younger]);
  });

  it("while the younger waits at the provider too: the younger is taken back, the older may ring", async () => {
    const younger = await withYounger();
    answer = async () => ({ kind: "accepted", executionId: "younger", status: "queued" });
    await placeCall(ctx, { callId: younger });
    await webhook("late", "queued", carrying(ids.callId));
    expect(await stops()).toEqual([younger]);
    expect(await call()).toMatchObject({ status: "queued", adopted: true, stop_reason: null });

    record = { id: "younger", status: "stopped" };
    await verifyCall(ctx, { callId: younger });
    record = { id: "late", status: "no-answer" };
    await verifyCall(ctx, { callId: ids.callId });
    await settle();
    // The older decides, and not that the younger came to nothing: nobody is dialled again at once.
    expect(await item()).toEqual({ status: "pending", wait_reason: "retry_gap", attempts: 1 });
  });

  it.each([["ringing"], ["no-answer"]])(
    "waiting, after the younger has come to %s: the older is taken back and counts as no try",
    async (stage) => {
      const younger = await withYounger();
      answer = async () => ({ kind: "accepted", executionId: "younger", status: "queued" });
      await placeCall(ctx, { callId: younger });
      await webhook("younger", "ringing");
      if (stage !== "ringing") await webhook("younger", stage);
      await webhook("late", "queued", carrying(ids.callId));
      expect(await stops()).toEqual([ids.callId]);
      expect(await call()).toMatchObject({ status: "queued", stop_reason: "other_call_open" });
      record = { id: "late", status: "stopped" };
      await verifyCall(ctx, { callId: ids.callId });
      record = { id: "younger", status: "no-answer" };
      await webhook("younger", "no-answer");
      await verifyCall(ctx, { callId: younger });
      await settle();
      expect(await item()).toMatchObject({ attempts: 1, wait_reason: "retry_gap" });
    },
  );

  it("lets the older be taken back when the younger begins to ring although it was to be stopped", async () => {
    const younger = await withYounger();
    answer = async () => ({ kind: "accepted", executionId: "younger", status: "queued" });
    await placeCall(ctx, { callId: younger });
    await webhook("late", "queued", carrying(ids.callId));
    await db.owner.query("delete from graphile_worker._private_jobs");
    await webhook("younger", "ringing");
    expect(await stops()).toEqual([ids.callId]);
  });

  it("waits for whoever decides about the person's next dial, so that one of the two sees the other", async () => {
    await withYounger();
    const deciding = await holding((tx) =>
      tx.query("select app.lock_phone($1, (select phone_number from calls where id = $2))", [
        ids.userId,
        ids.callId,
      ]),
    );
    await told("late", "ringing", carrying(ids.callId));
    const draining = drainWebhooks(parts);
    await deciding.isWaitedFor();
    expect(await call()).toMatchObject({ status: "not-placed" });
    await deciding.commit();
    await draining;
    await folded("ringing");
  });
});

describe("a call taken back while it waits at the provider", () => {
  beforeEach(async () => {
    await placeCall(ctx, { callId: ids.callId });
  });
  const waitsLong = () =>
    db.owner.query(
      `update calls set next_poll_at = app.now(),
         stages = stages || jsonb_build_object('queued', to_char((created_at - interval '121 seconds') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`,
    );

  it("by a pause is due again, no try counted", async () => {
    expect(await pauseCampaign(ctx, { campaignId: ids.campaignId })).toEqual({ status: "paused", inAir: 1 });
    expect(await stops()).toEqual([ids.callId]);
    record = { id: "e", status: "stopped" };
    await verifyCall(ctx, { callId: ids.callId });
    await settle();
    expect(await call()).toMatchObject({ status: "stopped", reason: "campaign_paused" });
    expect(await item()).toEqual({ status: "pending", wait_reason: "campaign_paused", attempts: 0 });
  });

  it("by a person is not dialled again, though it waited so long that we would have taken it back ourselves", async () => {
    await stopCall(requestOf(parts, ids.userId), { callId: ids.callId });
    await waitsLong();
    await verifyCall(ctx, { callId: ids.callId });
    record = { id: "e", status: "stopped" };
    await verifyCall(ctx, { callId: ids.callId });
    await settle();
    expect(await call()).toMatchObject({ stop_reason: "person", reason: "stopped" });
    expect(await item()).toMatchObject({ status: "canceled" });
  });

  it("by a person is not dialled again, though we had begun to take it back before", async () => {
    await waitsLong();
    await verifyCall(ctx, { callId: ids.callId });
    await stopCall(requestOf(parts, ids.userId), { callId: ids.callId });
    record = { id: "e", status: "stopped" };
    await verifyCall(ctx, { callId: ids.callId });
    await settle();
    expect(await item()).toMatchObject({ status: "canceled" });
  });

  it("too late, for it rang, counts as a try and is not dialled again at once", async () => {
    await waitsLong();
    await verifyCall(ctx, { callId: ids.callId });
    expect(await call()).toMatchObject({ stop_reason: "provider_queue" });
    await webhook("e", "ringing");
    record = { id: "e", status: "canceled" };
    await verifyCall(ctx, { callId: ids.callId });
    await settle();
    expect(await call()).toMatchObject({ outcome: "canceled", reason: "stopped" });
    expect(await item()).toMatchObject({ status: "canceled", attempts: 1 });
  });
});
