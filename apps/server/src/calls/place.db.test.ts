import type { Execution } from "@parley/core/wire/bolna";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { addCredits, settleCall } from "@parley/db/ledger";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { cancelCampaign } from "../campaigns/cancel.ts";
import { launchCampaign } from "../campaigns/launch.ts";
import type { PlaceResult } from "../providers/bolna.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { drainWebhooks } from "./drain.ts";
import { placeDirect } from "./place-direct.ts";
import { placeCall } from "./place.ts";
import { listCalls } from "./read.ts";
import { stopAtProvider } from "./stop.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let ids: { userId: string; agentId: string; campaignId: string; laneId: string; callId: string };
let posts: number;
let answer: () => Promise<PlaceResult>;

beforeEach(async () => {
  await db.owner
    .query(`truncate users, people, incidents, webhook_keys, webhook_events cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10;
    update provider_accounts set status = 'ok', gate_until = null;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  const userId = await make.user(db.owner, { credits: 1000 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
  ids = { userId, agentId, campaignId, laneId, callId: await claim() };
  posts = 0;
  answer = async () => ({ kind: "accepted", executionId: crypto.randomUUID(), status: "queued" });
  const bolna = {
    placeCall: () => {
      posts += 1;
      return answer();
    },
  };
  const made = testParts(db);
  parts = { ...made, providers: { ...made.providers, bolna: bolna as never } };
  ctx = jobContext(parts, userId);
});
afterEach(() => vi.useRealTimers());

async function claim(): Promise<string> {
  await db.worker.pool.query("select * from app.claim_tick()");
  const { rows } = await db.owner.query<{ id: string }>("select id from calls where status = 'claimed'");
  return rows[0]!.id;
}
const call = async (id = ids.callId) =>
  (await db.owner.query("select status, reason, adopted, next_poll_at from calls where id = $1", [id]))
    .rows[0];
const item = async () =>
  (await db.owner.query("select status, wait_reason, attempts from call_queue")).rows[0];

/** A webhook of the agent, folded at once. */
async function webhook(execution: Partial<Execution>): Promise<void> {
  const { bolna_agent_id } = (
    await db.owner.query("select bolna_agent_id from agents where id = $1", [ids.agentId])
  ).rows[0];
  await db.owner.query(
    "insert into webhook_events (user_id, source, endpoint_id, body) values ($1, 'bolna', $2, $3)",
    [
      ids.userId,
      ids.agentId,
      Buffer.from(
        JSON.stringify({
          agent_id: bolna_agent_id,
          created_at: new Date().toISOString(),
          updated_at: new Date().toISOString(),
          ...execution,
        }),
      ),
    ],
  );
  await drainWebhooks(parts);
}
const carrying = (callId: string) =>
  ({ context_details: { recipient_data: { call_id: callId } } }) as Partial<Execution>;

describe("placing a call", () => {
  it("dials nobody once its own lease may be over: somebody else may have given the call back", async () => {
    const slow: Ctx = {
      ...ctx,
      db: {
        ...ctx.db,
        tx: async (fn) => {
          const result = await ctx.db.tx(fn);
          vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 600_000 });
          return result;
        },
      },
    };
    await placeCall(slow, { callId: ids.callId });
    expect(posts).toBe(0);
    expect(await call()).toMatchObject({ status: "not-placed", reason: "lease_expired" });
  });

  it("waits when the person is on the line with us already", async () => {
    await webhook({
      id: "inbound-1",
      status: "in-progress",
      user_number: "+919800000001",
      telephony_data: { call_type: "inbound" } as never,
    });
    await db.owner.query(
      "update calls set phone_number = (select phone_number from calls where direction = 'outbound') where direction = 'inbound'",
    );
    await placeCall(ctx, { callId: ids.callId });
    expect(posts).toBe(0);
    expect(await call()).toMatchObject({ status: "not-placed", reason: "other_call_open" });
    expect(await item()).toMatchObject({ status: "pending", attempts: 0 });
  });

  it("cancels the item when the campaign was canceled while the request was on its way and came to nothing", async () => {
    answer = async () => {
      await cancelCampaign(ctx, { campaignId: ids.campaignId });
      await launchCampaign(ctx, ids.campaignId, new AbortController().signal);
      return { kind: "rate_limited", retryAfterMs: 1000 };
    };
    await placeCall(ctx, { callId: ids.callId });
    expect(await item()).toMatchObject({ status: "canceled", attempts: 0 });
  });
});

describe("the last minute of the calling hours", () => {
  const hours = (from: string, to: string) =>
    db.owner.query(
      `update call_campaigns set "window" = jsonb_build_object('days', '["mon","tue","wed","thu","fri","sat","sun"]'::jsonb,
         'open', to_char(app.now() at time zone 'Asia/Kolkata' + $1::interval, 'HH24:MI'), 'close', to_char(app.now() at time zone 'Asia/Kolkata' + $2::interval, 'HH24:MI'))`,
      [from, to],
    );

  it("is no time to dial: it would ring after hours, so the person is due when they open again", async () => {
    // Whole minutes: what closes at the next one is open for less than sixty seconds more.
    await hours("-3 hours", "1 minute");
    await placeCall(ctx, { callId: ids.callId });
    expect(posts).toBe(0);
    expect(await call()).toMatchObject({ status: "not-placed", reason: "window_closed" });
    const { rows } = await db.owner.query(
      "select status, attempts, due_at > app.now() + interval '10 hours' as tomorrow from call_queue",
    );
    expect(rows).toEqual([{ status: "pending", attempts: 0, tomorrow: true }]);
  });

  it("is not the minute before it", async () => {
    await hours("-3 hours", "3 minutes");
    await placeCall(ctx, { callId: ids.callId });
    expect(posts).toBe(1);
  });
});

describe("an answer that comes after its lease was taken over", () => {
  it.each([
    ["a refusal", { kind: "refused", status: 422, message: "No.", credential: false }],
    ["a 429", { kind: "rate_limited", retryAfterMs: 1 }],
    ["silence", { kind: "ambiguous", status: null, reason: "No answer." }],
  ] as [string, PlaceResult][])(
    "changes nothing when it is %s: the epoch is another one",
    async (_, late) => {
      answer = async () => {
        await db.owner.query("update calls set lease_epoch = lease_epoch + 1");
        return late;
      };
      await placeCall(ctx, { callId: ids.callId });
      expect(await call()).toMatchObject({ status: "dialing", reason: null });
      expect(await item()).toMatchObject({ status: "in_progress", attempts: 1 });
    },
  );
});

describe("a request that was on its way when somebody said stop", () => {
  it("is taken back at the provider as soon as it is known there", async () => {
    answer = async () => {
      await ctx.db.tx((tx) =>
        tx.query(
          "select app.suppress($1, (select phone_number from calls where id = $2), 'all', 'asked', 'person')",
          [ids.userId, ids.callId],
        ),
      );
      return { kind: "accepted", executionId: "e", status: "queued" };
    };
    await placeCall(ctx, { callId: ids.callId });
    const { rowCount } = await db.owner.query("select 1 from graphile_worker.jobs where key = $1", [
      `calls/stop:${ids.callId}`,
    ]);
    expect(rowCount).toBe(1);
  });
});

describe("a call that was thought never placed", () => {
  it("takes its item back from the queue when it shows itself, so that nobody is dialled twice", async () => {
    answer = async () => ({ kind: "rate_limited", retryAfterMs: 1000 });
    await placeCall(ctx, { callId: ids.callId });
    expect(await item()).toMatchObject({ status: "pending" });
    await webhook({ id: "late", status: "ringing", ...carrying(ids.callId) });
    expect(await call()).toMatchObject({ status: "ringing", adopted: true });
    expect(await item()).toEqual({ status: "in_progress", wait_reason: null, attempts: 1 });
  });

  it("keeps its item while a younger attempt is withheld before its dial", async () => {
    answer = async () => ({ kind: "rate_limited", retryAfterMs: 1000 });
    await placeCall(ctx, { callId: ids.callId });
    await db.owner.query(
      "update provider_accounts set gate_until = null; update call_queue set due_at = app.now(); update call_lanes set next_due_at = app.now()",
    );
    const younger = await claim();
    await webhook({ id: "late", status: "in-progress", ...carrying(ids.callId) });
    await placeCall(ctx, { callId: younger });
    expect(posts).toBe(1);
    expect(await call(younger)).toMatchObject({ status: "not-placed", reason: "other_call_open" });
    expect(await item()).toMatchObject({ status: "in_progress" });
  });
});

describe("a call by hand", () => {
  it("takes no line from others when its workspace cannot pay for it", async () => {
    await db.owner.query(
      "truncate calls cascade; update call_queue set status = 'canceled', closed_at = app.now()",
    );
    await db.owner.query(
      "update users set credits = 10; update system_settings set concurrent_calls_limit = 1",
    );
    await placeDirect(ctx, { agentId: ids.agentId, phoneNumber: "+91 9812345678" });
    const rich = await make.user(db.owner, { credits: 1000 });
    const campaignId = await make.campaign(db.owner, rich, await make.agent(db.owner, rich));
    await make.item(db.owner, rich, { laneId: await make.lane(db.owner, rich, campaignId), campaignId });
    for (let round = 0; round < 3; round++) await db.worker.pool.query("select * from app.claim_tick()");
    const { rows } = await db.owner.query("select user_id from calls");
    expect(rows).toEqual([{ user_id: rich }]);
  });

  it("pressed twice at once is one call, and the second press names it", async () => {
    const contactId = await make.contact(db.owner, ids.userId);
    await make.lane(db.owner, ids.userId, null, { holdCredits: 1 });
    const press = () => placeDirect(ctx, { agentId: ids.agentId, contactId });
    const both = await Promise.allSettled([press(), press(), press()]);
    const placed = both.filter((one) => one.status === "fulfilled");
    expect(placed).toHaveLength(1);
    for (const one of both)
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({
          code: "conflict",
          issues: [{ message: placed[0]!.value.itemId }],
        });
  });
});

describe("an execution that is not the one we follow", () => {
  it("is told as an incident when it carries the id of a call that has another", async () => {
    await placeCall(ctx, { callId: ids.callId });
    await webhook({ id: "second", status: "ringing", ...carrying(ids.callId) });
    const { rows } = await db.owner.query("select kind from incidents");
    expect(rows).toEqual([{ kind: "second_execution" }]);
  });
});

describe("a call that the provider dials again by itself", () => {
  it("is an incident and is stopped, even after its end", async () => {
    answer = async () => ({ kind: "accepted", executionId: "e", status: "queued" });
    await placeCall(ctx, { callId: ids.callId });
    await webhook({ id: "e", status: "no-answer", retry_count: 0 });
    await db.owner.query("delete from graphile_worker._private_jobs");
    await webhook({ id: "e", status: "queued", retry_count: 1 });
    expect(await call()).toMatchObject({ status: "no-answer" });
    const { rows } = await db.owner.query("select kind, severity from incidents");
    expect(rows).toEqual([{ kind: "provider_retried", severity: "bad" }]);
    const stops: string[] = [];
    parts.providers.bolna.stopCall = async (id) => {
      stops.push(id);
      return { kind: "stopped" };
    };
    await stopAtProvider(ctx, { callId: ids.callId });
    expect(stops).toEqual(["e"]);
  });
});

describe("an inbound call", () => {
  it("from somebody who withholds the number is a call like any other, without a contact", async () => {
    await webhook({
      id: "hidden",
      status: "in-progress",
      user_number: "anonymous",
      telephony_data: { call_type: "inbound" } as never,
    });
    const { items } = await listCalls(requestOf(parts, ids.userId), {});
    expect(items).toContainEqual(
      expect.objectContaining({
        direction: "inbound",
        phoneNumber: null,
        contactId: null,
        status: "in-progress",
      }),
    );
    await webhook({
      id: "hidden",
      status: "call-disconnected",
      telephony_data: { call_type: "inbound" } as never,
    });
    const { rows } = await db.owner.query(
      "select count(*)::int as calls from calls where direction = 'inbound'",
    );
    expect(rows).toEqual([{ calls: 1 }]);
  });

  it("is not believed when it names another agent than the one whose address it came to", async () => {
    const execution = {
      id: "somebody-elses",
      status: "in-progress",
      user_number: "+919800000001",
      telephony_data: { call_type: "inbound" } as never,
    };
    await webhook({ ...execution, agent_id: crypto.randomUUID() });
    const calls = () => db.owner.query("select 1 from calls where direction = 'inbound'");
    expect((await calls()).rowCount).toBe(0);
    expect((await db.owner.query("select status from webhook_events")).rows).toEqual([{ status: "done" }]);
    await webhook(execution);
    expect((await calls()).rowCount).toBe(1);
  });

  it("is asked about even if nothing more is heard of it", async () => {
    await webhook({
      id: "inbound-2",
      status: "queued",
      user_number: "+919800000001",
      telephony_data: { call_type: "inbound" } as never,
    });
    const { rows } = await db.owner.query("select next_poll_at from calls where direction = 'inbound'");
    expect(rows).toHaveLength(1);
    expect(rows[0].next_poll_at).not.toBeNull();
  });
});

describe("taking credits back", () => {
  it("leaves what calls in the air may cost", async () => {
    await expect(
      db.worker.tx(ids.userId, (tx) => addCredits(tx, { kind: "adjustment", amount: -1000 })),
    ).rejects.toMatchObject({ code: "no_credits" });
    await db.worker.tx(ids.userId, (tx) => addCredits(tx, { kind: "adjustment", amount: -950 }));
    await db.owner.query("update calls set status = 'completed', ended_at = app.now()");
    const settled = await db.worker.tx(ids.userId, (tx) => settleCall(tx, ids.callId, 50));
    expect(settled).toMatchObject({ charged: 50 });
  });
});
