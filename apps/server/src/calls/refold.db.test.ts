import type { Execution } from "@parley/core/wire/bolna";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { drainWebhooks } from "./drain.ts";
import { refoldCall } from "./refold.ts";
import { verifyCall } from "./verify.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let userId: string;
let callId: string;
let agentId: string;
let answer: object;

const at = (second: number) => new Date(Date.now() + second * 1000).toISOString();
const told = (status: string, second: number, more: object = {}) => ({
  id: "e1",
  status,
  created_at: at(0),
  updated_at: at(second),
  conversation_duration: 0,
  telephony_data: { call_type: "outbound" },
  context_details: { recipient_data: { call_id: callId } },
  ...more,
});
const talk = { transcript: "assistant: Hello\nuser: Yes, tell me more please", conversation_duration: 41 };

beforeEach(async () => {
  await db.owner.query(
    `truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
     update provider_pace set read_tokens_at = app.wall() - interval '1 hour', post_tokens_at = app.wall() - interval '1 hour'`,
  );
  userId = await make.user(db.owner, { credits: 1000 });
  agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
  await db.worker.pool.query("select * from app.claim_tick()");
  callId = (await db.owner.query("select id from calls")).rows[0].id;
  const made = testParts(db);
  const getExecution = async () => ({ kind: "found", execution: answer as Execution, body: answer });
  parts = { ...made, providers: { ...made.providers, bolna: { getExecution } as never } };
  ctx = requestOf(parts, userId);
});

const deliver = async (...bodies: object[]) => {
  for (const body of bodies)
    await db.owner.query(
      "insert into webhook_events (user_id, source, endpoint_id, body) values ($1, 'bolna', $2, $3)",
      [userId, agentId, Buffer.from(JSON.stringify(body))],
    );
  await drainWebhooks(parts);
};
const row = async () => (await db.owner.query("select * from calls")).rows[0];
const credits = async () => (await db.owner.query("select credits from users")).rows[0].credits;
const drift = async () => (await db.owner.query("select * from ops.ledger_check where difference <> 0")).rows;

/** A call that was answered, told in full, verified and settled. */
async function lived() {
  await deliver(
    told("initiated", 1),
    told("ringing", 2),
    told("in-progress", 4),
    told("call-disconnected", 45, talk),
    told("completed", 50, {
      ...talk,
      telephony_data: { call_type: "outbound", recording_url: "https://x/r.mp3" },
    }),
  );
  answer = told("completed", 50, talk);
  await verifyCall(jobContext(parts, userId), { callId });
  expect(await row()).toMatchObject({ status: "completed", outcome: "answered", price_credits: 7 });
}

describe("folding a call again", () => {
  it("comes to the same row, whatever was told how often, and writes nothing", async () => {
    await lived();
    const before = await row();
    expect(await refoldCall(ctx, { callId, apply: true, correctCredits: true })).toEqual({
      callId,
      events: 6,
      changed: [],
      differences: [],
      credits: null,
      applied: false,
      corrected: false,
    });
    expect(await row()).toEqual(before);
  });

  it("says field by field what is wrong with a row, and mends it when asked, leaving the credits alone", async () => {
    await lived();
    await db.owner.query(
      `update calls set status = 'busy', outcome = 'busy', transcript = 'x', sources = sources - 'transcript', conversation_seconds = 90, talk_seconds = 90,
         stages = stages - 'ringing', recording_url = null`,
    );
    const before = await row();
    const shown = await refoldCall(ctx, { callId });
    expect(shown.changed.toSorted()).toEqual(
      [
        "conversationSeconds",
        "outcome",
        "recordingUrl",
        "stages",
        "status",
        "talkSeconds",
        "transcript",
      ].toSorted(),
    );
    expect(shown.differences).toContainEqual({
      field: "status",
      stored: "busy",
      rebuilt: "completed",
      kept: null,
    });
    expect(shown).toMatchObject({ applied: false, credits: null });
    expect(await row()).toEqual(before);

    const balance = await credits();
    expect(await refoldCall(ctx, { callId, apply: true })).toMatchObject({ applied: true, corrected: false });
    expect(await row()).toMatchObject({
      status: "completed",
      outcome: "answered",
      transcript: talk.transcript,
      talk_seconds: 41,
      conversation_seconds: 41,
    });
    expect(await credits()).toBe(balance);
    expect(await refoldCall(ctx, { callId })).toMatchObject({ changed: [] });
    const { rows: written } = await db.owner.query(
      "select action, entity_id from audit_log where action = 'call.refolded'",
    );
    expect(written).toEqual([{ action: "call.refolded", entity_id: callId }]);
  });

  it("names a price that comes out otherwise, and makes it right by an entry of its own, once, when told to", async () => {
    await lived();
    // Charged for a talk of 90 seconds: 15 credits, of which the provider confirms 41 seconds.
    await db.owner.query(`
      update calls set conversation_seconds = 90, talk_seconds = 90, price_credits = 15;
      update credit_entries set amount = -15, balance = balance - 8 where call_id is not null;
      update campaign_spend set spent_credits = 15; update users set credits = credits - 8`);
    expect(await drift()).toEqual([]);
    const balance = await credits();
    expect(await refoldCall(ctx, { callId, apply: true })).toMatchObject({
      applied: true,
      corrected: false,
      credits: { charged: 15, rebuilt: 7 },
    });
    expect(await credits()).toBe(balance);
    await db.owner.query("update calls set conversation_seconds = 90, talk_seconds = 90");
    expect(await refoldCall(ctx, { callId, apply: true, correctCredits: true })).toMatchObject({
      corrected: true,
    });
    expect(await credits()).toBe(balance + 8);
    expect(await refoldCall(ctx, { callId, apply: true, correctCredits: true })).toMatchObject({
      credits: null,
      corrected: false,
    });
    expect(await credits()).toBe(balance + 8);
    expect(await drift()).toEqual([]);
  });

  it("does not open an ended call again, nor forget what only the provider's answer told", async () => {
    await lived();
    await db.owner.query("delete from call_events where status in ('completed', 'call-disconnected')");
    const shown = await refoldCall(ctx, { callId, apply: true });
    expect(shown.applied).toBe(shown.changed.length > 0);
    expect(shown.differences.find(({ field }) => field === "endedAt")?.kept).toMatch(/not opened again/);
    expect(await row()).toMatchObject({
      status: "completed",
      outcome: "answered",
      transcript: talk.transcript,
    });
    expect((await row()).ended_at).not.toBeNull();
  });

  it("leaves our own conclusions as they are: withdrawn, unknown, refused", async () => {
    for (const status of ["claimed", "dialing", "unknown"]) {
      await db.owner.query("update calls set status = $1", [status]);
      expect(await refoldCall(ctx, { callId }), status).toMatchObject({ changed: [], differences: [] });
    }
  });

  it("tells an operator of another workspace no words of the call", async () => {
    await lived();
    await db.owner.query("update calls set transcript = 'user: private', sources = sources - 'transcript'");
    const { differences } = await refoldCall(ctx, { callId }, { discreet: true });
    expect(differences.find(({ field }) => field === "transcript")).toMatchObject({
      stored: "13 characters",
    });
    expect(JSON.stringify(differences)).not.toContain("private");
  });
});
