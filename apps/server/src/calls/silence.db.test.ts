import { execution, type Execution } from "@parley/core/wire/bolna";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx } from "../context.ts";
import type { ExecutionResult } from "../providers/bolna.ts";
import { settleItem } from "../campaigns/settle-item.ts";
import { testParts } from "../testing/test-parts.ts";
import { applyEvent } from "./apply-event.ts";
import { lockCall } from "./row.ts";
import { clockSettings } from "./settings.ts";
import { verifyCall } from "./verify.ts";

const db = useDatabase();
let ctx: Ctx;
let callId: string;
let answer: ExecutionResult;

const inProgress = {
  kind: "found",
  execution: { id: "e", status: "in-progress" } as Execution,
  body: {},
} as const;

/** A call of 60 seconds at most that has been in progress for so long already. */
beforeEach(async () => {
  await db.owner.query(
    `truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
     update provider_accounts set gate_until = null, gate_count = 0`,
  );
  const userId = await make.user(db.owner, { credits: 1000 });
  const agentId = await make.agent(db.owner, userId, { maxCallSeconds: 60 });
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
  await db.worker.pool.query("select * from app.claim_tick()");
  const { rows } = await db.owner.query<{ id: string }>(
    "update calls set status = 'in-progress', bolna_execution_id = 'e', next_poll_at = app.now(), lease_until = null returning id",
  );
  callId = rows[0]!.id;
  const parts = testParts(db);
  ctx = jobContext(
    { ...parts, providers: { ...parts.providers, bolna: { getExecution: async () => answer } as never } },
    userId,
  );
});

const call = async () =>
  (
    await db.owner.query(
      `select status, ended_by, outcome, settled_at is not null as settled, estimated, price_credits, next_poll_at > app.now() as asked_later from calls`,
    )
  ).rows[0];

/** Everything that has happened to the call happened so much earlier. */
const later = (interval: string) =>
  db.owner.query(
    `update calls set created_at = created_at - $1::interval, ended_at = ended_at - $1::interval, next_poll_at = app.now(),
      stages = jsonb_build_object('in-progress', to_char((created_at - $1::interval) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
     update provider_pace set read_tokens_at = app.wall() - interval '1 hour'`.replaceAll(
      "$1",
      `'${interval}'`,
    ),
  );

describe("a call whose end is never told", () => {
  it("gives its line back after twice its longest length, keeps its hold, and is asked about again later", async () => {
    answer = inProgress;
    await later("3 minutes");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({
      ended_by: "clock",
      outcome: "unclear",
      settled: false,
      asked_later: true,
    });
    await later("2 hours");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ settled: false, asked_later: true });
  });

  it("is settled from its last facts after three days, and says that it is an estimate", async () => {
    answer = inProgress;
    await later("3 minutes");
    await verifyCall(ctx, { callId });
    await later("4 days");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({
      settled: true,
      estimated: true,
      price_credits: 0,
      outcome: "unclear",
    });
  });

  it("is charged by the provider's word when that comes after all, and not asked about again", async () => {
    answer = inProgress;
    await later("3 minutes");
    await verifyCall(ctx, { callId });
    answer = {
      kind: "found",
      execution: { id: "e", status: "completed", conversation_duration: 41 } as Execution,
      body: {},
    };
    await later("1 hour");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({
      settled: true,
      estimated: false,
      price_credits: 7,
      outcome: "unclear",
    });
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ asked_later: null });
  });

  it("does not hold its line for ever when the provider has forgotten it", async () => {
    answer = { kind: "absent" };
    await later("3 minutes");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ status: "in-progress", ended_by: "clock", settled: false });
    await later("4 days");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ settled: true, estimated: true });
  });

  it("is freed when the provider lets it ring for ever", async () => {
    answer = { ...inProgress, execution: { id: "e", status: "ringing" } as Execution };
    await db.owner.query("update calls set status = 'ringing'");
    await later("6 minutes");
    await db.owner.query("update calls set stages = jsonb_build_object('ringing', stages -> 'in-progress')");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ ended_by: "clock", outcome: "unclear", settled: false });
  });

  it("is settled after three days when only a webhook ever told its end, by what the webhook said", async () => {
    answer = { ...inProgress, execution: { id: "e", status: "ringing" } as Execution };
    await db.owner.query("update calls set status = 'busy', ended_at = app.now(), ended_by = 'provider'");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ status: "busy", outcome: null, settled: false, asked_later: true });
    await later("4 days");
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({
      outcome: "busy",
      settled: true,
      estimated: true,
      price_credits: 0,
      asked_later: null,
    });
  });

  it("ends by the provider's own word when a webhook had told another end", async () => {
    await ctx.db.tx(async (tx) => {
      const settings = await clockSettings(tx);
      const news = { source: "webhook", status: "completed", at: settings.now } as const;
      await applyEvent(tx, await lockCall(tx, callId), news, settings);
    });
    answer = { ...inProgress, execution: { id: "e", status: "no-answer" } as Execution };
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ status: "no-answer", outcome: "no_answer", settled: true });
    await ctx.db.tx(async (tx) => {
      const settings = await clockSettings(tx);
      const news = { source: "webhook", status: "completed", at: settings.now } as const;
      await applyEvent(tx, await lockCall(tx, callId), news, settings);
    });
    expect(await call()).toMatchObject({ status: "no-answer" });
  });

  it("tells its talk time too when the provider's word comes after our clock has ended it", async () => {
    answer = inProgress;
    await later("3 minutes");
    await verifyCall(ctx, { callId });
    answer = {
      kind: "found",
      execution: { id: "e", status: "completed", conversation_duration: 41 } as Execution,
      body: {},
    };
    await later("1 hour");
    await verifyCall(ctx, { callId });
    const { rows } = await db.owner.query("select talk_seconds from calls");
    expect(rows[0]).toEqual({ talk_seconds: 41 });
  });
});

describe("a figure that makes no sense", () => {
  it.each([
    ["negative", -12, 0],
    ["a text", "41.2", 7],
    ["no number at all", "soon", 0],
    ["absent", null, 0],
    ["longer than the agent may talk", 100_000, 10],
  ])("%s is charged between nothing and the hold", async (_, seconds, credits) => {
    const read = execution.parse({ id: "e", status: "completed", conversation_duration: seconds });
    answer = { kind: "found", execution: read, body: {} };
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ status: "completed", settled: true, price_credits: credits });
    const { rows } = await db.owner.query("select credits = 1000 - $1::bigint as right from users", [
      credits,
    ]);
    expect(rows).toEqual([{ right: true }]);
    const { rows: incidents } = await db.owner.query("select kind from incidents");
    expect(incidents).toEqual(credits === 10 ? [{ kind: "price_above_hold" }] : []);
  });
});

describe("a call whose final figures are late", () => {
  it("is asked about after 30 seconds, 2, 5, 15 and 60 minutes, then daily", async () => {
    answer = { ...inProgress, execution: { id: "e", status: "call-disconnected" } as Execution };
    await ctx.db.tx(async (tx) => {
      const settings = await clockSettings(tx);
      const news = { source: "webhook", status: "call-disconnected", at: settings.now } as const;
      await applyEvent(tx, await lockCall(tx, callId), news, settings);
    });
    const due: number[] = [];
    for (let look = 0; look < 7; look++) {
      const { rows } = await db.owner.query<{ due: number }>(
        "select round(extract(epoch from next_poll_at - ended_at))::int as due from calls",
      );
      due.push(rows[0]!.due);
      await db.owner.query(
        "update calls set ended_at = app.now() - make_interval(secs => $1), next_poll_at = app.now()",
        [rows[0]!.due],
      );
      await db.owner.query("update provider_pace set read_tokens_at = app.wall() - interval '1 hour'");
      await verifyCall(ctx, { callId });
    }
    const expected = [30, 120, 300, 900, 3600, 86_400, 172_800];
    due.forEach((seconds, look) =>
      expect(Math.abs(seconds - expected[look]!), `look ${look}`).toBeLessThan(20),
    );
  });
});

describe("a call that waits at the provider", () => {
  const reason = async () => (await db.owner.query("select reason from calls")).rows[0].reason;
  const stops = async () =>
    (await db.owner.query("select 1 from graphile_worker.jobs where task_identifier = 'calls/stop'"))
      .rowCount;

  it("is taken back after two minutes, however often it was looked at before", async () => {
    answer = { ...inProgress, execution: { id: "e", status: "queued" } as Execution };
    await db.owner.query(
      `update calls set status = 'queued', polls = 3, next_poll_at = app.now(),
         stages = jsonb_build_object('queued', to_char((created_at - interval '121 seconds') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`,
    );
    await verifyCall(ctx, { callId });
    expect(await stops()).toBe(1);
    const { rows: incidents } = await db.owner.query("select kind from incidents");
    expect(incidents).toEqual([{ kind: "provider_queue" }]);
    const { rows: gates } = await db.owner.query(
      "select gate_until > app.wall() as gated, gate_reason from provider_accounts",
    );
    expect(gates).toEqual([{ gated: true, gate_reason: "provider_queue" }]);

    // It never rang: no try is counted, and the person is due again.
    answer = { ...inProgress, execution: { id: "e", status: "stopped" } as Execution };
    await verifyCall(ctx, { callId });
    expect(await reason()).toBe("provider_queue");
    const { rows } = await db.owner.query<{ id: string }>("select id from call_queue");
    await settleItem(ctx, { itemId: rows[0]!.id });
    const { rows: items } = await db.owner.query("select status, attempts from call_queue");
    expect(items).toEqual([{ status: "pending", attempts: 0 }]);
  });

  it("is asked to stop once per look, not once per answer", async () => {
    answer = { ...inProgress, execution: { id: "e", status: "queued" } as Execution };
    await db.owner.query(
      `update calls set status = 'queued', next_poll_at = app.now() + interval '1 minute',
         stages = jsonb_build_object('queued', to_char((created_at - interval '121 seconds') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`,
    );
    await verifyCall(ctx, { callId });
    expect(await stops()).toBe(0);
  });

  it("gives its line back after three days, though nobody has said its end", async () => {
    answer = { ...inProgress, execution: { id: "e", status: "queued" } as Execution };
    await db.owner.query(
      `update calls set status = 'queued', next_poll_at = app.now(),
         stages = jsonb_build_object('queued', to_char((created_at - interval '73 hours') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`,
    );
    await verifyCall(ctx, { callId });
    expect(await call()).toMatchObject({ ended_by: "clock", outcome: "unclear" });
  });
});
