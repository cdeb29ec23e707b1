import type { Execution } from "@parley/core/wire/bolna";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx } from "../context.ts";
import { cancelCampaign } from "../campaigns/cancel.ts";
import { launchCampaign } from "../campaigns/launch.ts";
import type { ExecutionResult } from "../providers/bolna.ts";
import { testParts } from "../testing/test-parts.ts";
import { reconcileAgent } from "./reconcile.ts";

const db = useDatabase();
const bolnaAgentId = "11111111-1111-4111-8111-111111111111";
let ctx: Ctx;
let ids: { userId: string; agentId: string; campaignId: string; laneId: string; callId: string };
/** What the provider has, and every listing it was asked for. */
let executions: Execution[];
let byId: (id: string) => ExecutionResult;
let listings: { agent: string; from: string; to: string; page: number }[];

const execution = (its: Partial<Execution> & { created_at: string; callId?: string }) =>
  ({
    id: crypto.randomUUID(),
    status: "completed",
    updated_at: its.created_at,
    context_details: its.callId ? { recipient_data: { call_id: its.callId } } : null,
    ...its,
  }) as unknown as Execution;

/** A provider that keeps its own rules: the agent's own executions, seven days at most, pages of what was asked. */
async function listExecutions(
  agent: string,
  {
    from,
    to,
    page_number = 1,
    page_size = 20,
  }: { from: string; to: string; page_number?: number; page_size?: number },
) {
  listings.push({ agent, from, to, page: page_number });
  if (Date.parse(to) - Date.parse(from) > 7 * 86_400_000)
    throw new Error("The range is wider than seven days.");
  const within = executions.filter(
    (its) => agent === (its.agent_id ?? bolnaAgentId) && its.created_at! >= from && its.created_at! <= to,
  );
  const start = (page_number - 1) * page_size;
  return {
    kind: "page" as const,
    executions: within.slice(start, start + page_size),
    hasMore: within.length > start + page_size,
  };
}

/** One call whose dial had no clear answer, long enough ago for two listings to prove something. */
beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    delete from provider_executions;
    update system_settings set reconcile_grace_ms = 1000, concurrent_calls_limit = 10;
    update provider_accounts set gate_until = null;
      update provider_pace set read_tokens_at = app.wall() - interval '1 hour'`);
  const userId = await make.user(db.owner, { credits: 1000 });
  const agentId = await make.agent(db.owner, userId, { bolnaAgentId });
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
  await db.worker.pool.query("select * from app.claim_tick()");
  const { rows } = await db.owner.query<{ id: string }>("update calls set lease_until = null returning id");
  ids = { userId, agentId, campaignId, laneId, callId: rows[0]!.id };
  await becameUnknown("10 minutes");
  executions = [];
  listings = [];
  byId = () => ({ kind: "absent" });
  const parts = testParts(db);
  const bolna = { listExecutions, getExecution: async (id: string) => byId(id) };
  ctx = jobContext({ ...parts, providers: { ...parts.providers, bolna: bolna as never } }, userId);
});

const becameUnknown = (ago: string) =>
  db.owner.query(
    `update calls set status = 'unknown', dialing_at = app.now() - $1::interval, dialing_wall = app.wall() - $1::interval,
       dialing_lease_end = app.wall() - least($1::interval, interval '5 minutes'), next_poll_at = app.now()`,
    [ago],
  );
/** The second listing comes a grace after the first. */
const aGraceLater = () =>
  db.owner.query(
    "update calls set absent_since = absent_since - interval '1 hour', next_poll_at = app.now()",
  );
const reconcile = () => reconcileAgent(ctx, { agentId: ids.agentId });
const call = async () =>
  (await db.owner.query("select *, provider_cost_cents::float8 from calls where id = $1", [ids.callId]))
    .rows[0];
const item = async () => (await db.owner.query("select * from call_queue")).rows[0];

describe("looking for a call whose dial had no clear answer", () => {
  it("gives it back only after two complete listings without it", async () => {
    await reconcile();
    expect(await call()).toMatchObject({ status: "unknown", ended_at: null });
    await aGraceLater();
    await reconcile();
    expect(await call()).toMatchObject({ status: "not-placed", reason: "proven_absent" });
    expect(await item()).toMatchObject({ status: "pending", attempts: 0 });
  });

  it("looks as far back as the dial, in stretches that the provider allows, before it believes in absence", async () => {
    await becameUnknown("16 days");
    await db.owner.query("update calls set dialing_wall = app.wall() - interval '1 day'");
    const dialled = new Date(Date.parse((await call()).dialing_at) + 2_000).toISOString();
    executions = [execution({ created_at: dialled, callId: ids.callId })];
    await reconcile();
    expect(await call()).toMatchObject({ status: "completed", bolna_execution_id: executions[0]!.id });
    expect(listings.length).toBe(3);
  });

  it("looks where it was dialled, although the agent has been made anew at the provider since", async () => {
    await db.owner.query(
      `update calls set receipt = receipt || jsonb_build_object('providerAgentId', $1::text)`,
      [bolnaAgentId],
    );
    await db.owner.query("update agents set bolna_agent_id = gen_random_uuid()::text");
    executions = [
      execution({ created_at: new Date(Date.now() - 540_000).toISOString(), callId: ids.callId }),
    ];
    await reconcile();
    expect(await call()).toMatchObject({ status: "completed" });
  });

  it("comes to the last page of a long list, however small the read budget", async () => {
    const at = new Date(Date.now() - 540_000).toISOString();
    await db.owner.query("update provider_pace set read_tokens_at = app.wall()");
    executions = Array.from({ length: 200 }, () =>
      execution({ created_at: at, callId: crypto.randomUUID() }),
    );
    executions.push(execution({ created_at: at, callId: ids.callId }));
    for (let run = 0; run < 3 && (await call()).status === "unknown"; run++) await reconcile();
    expect(await call()).toMatchObject({ status: "completed" });
  }, 60_000);

  it("does not ask without end about a listed execution that cannot be read", async () => {
    executions = [execution({ created_at: new Date(Date.now() - 540_000).toISOString() })];
    await reconcile();
    await aGraceLater();
    const again = await reconcile();
    expect(again).toBeUndefined();
    expect(await call()).toMatchObject({ status: "unknown", ended_at: null });
    const { rows } = await db.owner.query("select kind from incidents");
    expect(rows).toContainEqual({ kind: "reconcile_unreachable" });
    expect(Date.parse((await call()).next_poll_at)).toBeGreaterThan(Date.now() + 5_000);
  });

  const number = "+919876543210";
  const shown = (its: Omit<Partial<Execution>, "created_at"> & { created_at?: string } = {}) => {
    const found = execution({ created_at: new Date(Date.now() - 540_000).toISOString(), ...its });
    executions.push(found);
    byId = (id) => ({ kind: "found", execution: executions.find((one) => one.id === id)!, body: {} });
    return found;
  };

  it.each([
    ["is taken for the only call that it can be, by number and time", { user_number: number }, "completed"],
    ["of which not even the number is shown, proves nothing", {}, "unknown"],
  ])("an execution without our id %s", async (_, its, status) => {
    await db.owner.query("update calls set phone_number = '+91 9876543210'");
    shown(its);
    await reconcile();
    await aGraceLater();
    await reconcile();
    expect(await call()).toMatchObject({ status });
    expect(await item()).toMatchObject({ status: "in_progress", attempts: 1 });
  });

  it("an execution without our id, first seen while its call is still being dialled, is not remembered as a stranger's", async () => {
    await db.owner.query("update calls set phone_number = '+91 9876543210', status = 'dialing'");
    await make.item(db.owner, ids.userId, { laneId: ids.laneId, campaignId: ids.campaignId });
    await db.worker.pool.query("select * from app.claim_tick()");
    const other =
      "update calls set status = 'unknown', lease_until = null, dialing_at = app.now() - interval '10 minutes', dialing_wall = app.wall() - interval '10 minutes', dialing_lease_end = app.wall() - interval '9 minutes' where id <> $1";
    await db.owner.query(other, [ids.callId]);
    const ours = shown({ user_number: number });
    await reconcile();
    expect((await db.owner.query("select id from provider_executions")).rows).toEqual([]);
    await db.owner.query("update calls set status = 'unknown' where id = $1", [ids.callId]);
    await reconcile();
    expect(await call()).toMatchObject({ status: "completed", bolna_execution_id: ours.id });
  });

  it.each([
    ["to another number", { user_number: "+919812345678" }],
    [
      "from before the dial",
      { user_number: number, created_at: new Date(Date.now() - 720_000).toISOString() },
    ],
  ])("an execution without our id %s is somebody else's: the call is proven absent", async (_, its) => {
    await db.owner.query("update calls set phone_number = '+91 9876543210'");
    shown(its);
    await reconcile();
    await aGraceLater();
    await reconcile();
    expect(await call()).toMatchObject({ status: "not-placed", reason: "proven_absent" });
  });

  it("takes a word it does not know for a sign that the call is there", async () => {
    executions = [
      execution({
        created_at: new Date(Date.now() - 540_000).toISOString(),
        callId: ids.callId,
        status: "dreaming",
      }),
    ];
    await reconcile();
    expect(await call()).toMatchObject({ status: "queued", bolna_execution_id: executions[0]!.id });
    expect((await call()).next_poll_at).not.toBeNull();
  });

  it("cancels the item, instead of leaving it pending for ever, when its campaign has been canceled meanwhile", async () => {
    await cancelCampaign(ctx, { campaignId: ids.campaignId });
    await launchCampaign(ctx, ids.campaignId, new AbortController().signal);
    await reconcile();
    await aGraceLater();
    await reconcile();
    expect(await item()).toMatchObject({ status: "canceled", attempts: 0 });
  });

  it("gives its line back after three days in which the provider could not be asked, and never dials it again", async () => {
    await becameUnknown("73 hours");
    ctx.providers.bolna.listExecutions = async () => ({
      kind: "refused",
      status: 404,
      message: "No such agent.",
      credential: false,
    });
    await reconcile();
    expect(await call()).toMatchObject({
      outcome: "unclear",
      ended_by: "clock",
      price_credits: 0,
      estimated: true,
    });
    expect(
      (await db.owner.query("select task, rung from app.sweep()")).rows.map(({ task }) => task),
    ).not.toContain("calls/reconcile");
  });

  it("follows an execution that shows itself after all, and does not dial the person before it has ended", async () => {
    await reconcile();
    await aGraceLater();
    await reconcile();
    expect(await item()).toMatchObject({ status: "pending" });
    executions = [
      execution({
        created_at: new Date(Date.now() - 540_000).toISOString(),
        callId: ids.callId,
        status: "in-progress",
      }),
    ];
    // Another unknown call of the agent is the reason to look again.
    await make.item(db.owner, ids.userId, { laneId: ids.laneId, campaignId: ids.campaignId });
    await db.owner.query(
      "update call_queue set due_at = app.now() + interval '1 hour' where attempts = 0 and id = $1",
      [(await item()).id],
    );
    await db.worker.pool.query("select * from app.claim_tick()");
    await db.owner.query(
      `update calls set status = 'unknown', lease_until = null, dialing_at = app.now() - interval '10 minutes', dialing_wall = app.wall() - interval '10 minutes',
         dialing_lease_end = app.wall() - interval '9 minutes' where ended_at is null`,
    );
    await reconcile();
    expect(await call()).toMatchObject({ status: "in-progress", adopted: true, system_slot: null });
    const { rows } = await db.owner.query("select status, attempts from call_queue where id = $1", [
      (await call()).queue_id,
    ]);
    expect(rows[0]).toEqual({ status: "in_progress", attempts: 1 });
  });
});
