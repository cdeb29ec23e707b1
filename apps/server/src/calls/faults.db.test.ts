import type { Execution } from "@parley/core/wire/bolna";
import { addCredits } from "@parley/db/ledger";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { testParts } from "../testing/test-parts.ts";
import { drainWebhooks } from "./drain.ts";
import { placeCall } from "./place.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let ids: { userId: string; agentId: string; campaignId: string; laneId: string };
let during: (callId: string) => Promise<void>;

beforeEach(async () => {
  await db.owner
    .query(`truncate users, people, incidents, webhook_keys, webhook_events cascade; delete from graphile_worker._private_jobs;
      update system_settings set concurrent_calls_limit = 10;
      update provider_accounts set status = 'ok', gate_until = null;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  const userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 3 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < 5; n++) await make.item(db.owner, userId, { laneId, campaignId });
  ids = { userId, agentId, campaignId, laneId };
  during = async () => {};
  const made = testParts(db);
  const bolna = {
    placeCall: async ({ user_data }: { user_data: { call_id: string } }) => {
      await during(user_data.call_id);
      return { kind: "accepted", executionId: `e-${user_data.call_id}`, status: "queued" };
    },
  };
  parts = { ...made, providers: { ...made.providers, bolna: bolna as never } };
  ctx = jobContext(parts, userId);
});

const tick = async () => (await db.worker.pool.query("select * from app.claim_tick()")).rows[0];
const claim = async () => {
  for (let n = 0; n < 3; n++) await tick();
  const { rows } = await db.owner.query<{ id: string }>(
    "select id from calls where status = 'claimed' order by id",
  );
  return rows.map(({ id }) => id);
};
const rung = async () =>
  (await db.worker.pool.query("select task, rung from app.sweep() order by 1")).rows as {
    task: string;
    rung: number;
  }[];
const receive = (body: string | Buffer) =>
  db.owner.query(
    "insert into webhook_events (user_id, source, endpoint_id, body) values ($1, 'bolna', $2, $3)",
    [ids.userId, ids.agentId, Buffer.from(body as string)],
  );
const news = (execution: Partial<Execution>) =>
  JSON.stringify({
    created_at: new Date().toISOString(),
    updated_at: new Date().toISOString(),
    ...execution,
  });

describe("the lock of the dispatcher", () => {
  it("ends with the connection that held it: whoever was killed in a tick stops nobody", async () => {
    const dead = await db.owner.connect();
    dead.on("error", () => {});
    await dead.query("begin; select pg_advisory_xact_lock(hashtext('app.claim_tick'))");
    expect(await tick()).toMatchObject({ ran: false });
    const { rows } = await dead.query<{ pid: number }>("select pg_backend_pid() as pid");
    await db.owner.query("select pg_terminate_backend($1)", [rows[0]!.pid]);
    await expect.poll(tick).toMatchObject({ ran: true });
    dead.release(true);
  });
});

describe("a limit that is lowered while lines are busy", () => {
  it("hangs nobody up and lets no new call begin before enough have ended", async () => {
    expect(await claim()).toHaveLength(3);
    await db.owner.query(
      "update users set concurrent_limit = 1; update call_lanes set next_due_at = '-infinity', blocked_by = null",
    );
    await claim();
    const open = async () =>
      (await db.owner.query("select count(*)::int as open from calls where ended_at is null")).rows[0].open;
    expect(await open()).toBe(3);
    await db.owner.query(
      "update calls set ended_at = app.now(), status = 'busy' where user_slot > 1; update call_lanes set next_due_at = '-infinity', blocked_by = null",
    );
    await claim();
    expect(await open()).toBe(1);
  });
});

describe("a worker that died", () => {
  it("before it dialled has rung nobody: the call goes back and no try is counted", async () => {
    const [callId] = await claim();
    await db.owner.query(
      "delete from graphile_worker._private_jobs; update calls set lease_until = app.wall()",
    );
    expect(await rung()).toContainEqual({ task: "calls/place", rung: 3 });
    await placeCall(ctx, { callId: callId! });
    const { rows } = await db.owner.query(
      "select c.status, c.reason, q.status as item, q.attempts from calls c join call_queue q on q.id = c.queue_id where c.id = $1",
      [callId],
    );
    expect(rows).toEqual([{ status: "not-placed", reason: "lease_expired", item: "pending", attempts: 0 }]);
  });

  it("while it dialled may have rung: the call is looked up, keeps its line, and is not dialled again", async () => {
    const [callId] = await claim();
    let posts = 0;
    during = async () => void posts++;
    await db.owner.query(
      "update calls set status = 'dialing', dialing_at = app.now(), dialing_wall = app.wall(), dialing_lease_end = app.wall(), lease_until = app.wall() where id = $1",
      [callId],
    );
    await placeCall(ctx, { callId: callId! });
    await placeCall(ctx, { callId: callId! });
    const { rows } = await db.owner.query(
      "select status, ended_at, system_slot is not null as line, held_credits > 0 as held from calls where id = $1",
      [callId],
    );
    expect(rows).toEqual([{ status: "unknown", ended_at: null, line: true, held: true }]);
    expect(posts).toBe(0);
    const jobs = await db.owner.query("select 1 from graphile_worker.jobs where key = $1", [
      `calls/reconcile:${ids.agentId}`,
    ]);
    expect(jobs.rowCount).toBe(1);
  });
});

describe("a webhook", () => {
  it("that is faster than the answer to the dial finds its call by our own id, and the answer changes nothing", async () => {
    const [callId] = await claim();
    during = async (id) => {
      await receive(
        news({
          id: `e-${id}`,
          status: "in-progress",
          context_details: { recipient_data: { call_id: id } } as never,
        }),
      );
      await drainWebhooks(parts);
    };
    await placeCall(ctx, { callId: callId! });
    const { rows } = await db.owner.query("select status, bolna_execution_id from calls where id = $1", [
      callId,
    ]);
    expect(rows).toEqual([{ status: "in-progress", bolna_execution_id: `e-${callId}` }]);
  });

  it("that names a call which is not there yet waits for it, and is no loss", async () => {
    const early = crypto.randomUUID();
    await receive(
      news({ id: "e", status: "ringing", context_details: { recipient_data: { call_id: early } } as never }),
    );
    await drainWebhooks(parts);
    const { rows } = await db.owner.query(
      "select status, next_at > app.wall() - interval '1 second' as later from webhook_events",
    );
    expect(rows).toEqual([{ status: "parked", later: true }]);
  });

  it("that nobody can read fails alone: it is kept, told, and the ones behind it are folded", async () => {
    const [callId] = await claim();
    await placeCall(ctx, { callId: callId! });
    for (const poison of [
      "not json",
      '{"id": "e", "status": "\\u0000\\ud800"',
      '{"id": 1e400, "status": {}}',
      `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
      Buffer.from([0xff, 0xfe, 0x00, 0x80]),
    ])
      await receive(poison);
    await receive(news({ id: `e-${callId}`, status: "ringing", transcript: "a\u0000b\ud800" }));
    await drainWebhooks(parts);
    const { rows } = await db.owner.query(
      "select status, count(*)::int as events from webhook_events group by 1 order by 1",
    );
    expect(rows).toEqual([
      { status: "bad", events: 5 },
      { status: "done", events: 1 },
    ]);
    const call = await db.owner.query("select status, transcript from calls where id = $1", [callId]);
    expect(call.rows).toEqual([{ status: "ringing", transcript: "a\ufffdb\ufffd" }]);
    const incidents = await db.owner.query("select kind, times from incidents");
    expect(incidents.rows).toEqual([{ kind: "bad_webhook", times: 5 }]);
  });

  it("whose fold breaks half-way leaves nothing of itself, and is folded whole later", async () => {
    const [callId] = await claim();
    await placeCall(ctx, { callId: callId! });
    await db.owner.query(`
      create function public.break() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
      grant execute on function public.break() to public;
      create trigger break before update on webhook_events for each row when (new.status = 'done') execute function public.break()`);
    await receive(news({ id: `e-${callId}`, status: "ringing" }));
    await drainWebhooks(parts);
    const state = async () =>
      (
        await db.owner.query(
          `select c.status, e.status as event, e.attempts, (select count(*)::int from call_events v where v.call_id = c.id and v.status = 'ringing') as folded
           from calls c, webhook_events e where c.id = $1`,
          [callId],
        )
      ).rows[0];
    expect(await state()).toEqual({ status: "queued", event: "pending", attempts: 1, folded: 0 });
    await db.owner.query("drop trigger break on webhook_events; drop function public.break()");
    await db.owner.query("update webhook_events set next_at = app.wall()");
    await drainWebhooks(parts);
    expect(await state()).toEqual({ status: "ringing", event: "done", attempts: 1, folded: 1 });
  });
});

describe("a payment", () => {
  it("that is told twice, also at the same moment, is credited once", async () => {
    const pay = () =>
      db.worker
        .tx(ids.userId, (tx) => addCredits(tx, { kind: "purchase", amount: 500, paymentRef: "pay_1" }))
        .catch(() => {});
    await Promise.all([pay(), pay(), pay()]);
    await pay();
    const { rows } = await db.owner.query("select credits::int from users");
    expect(rows).toEqual([{ credits: 10_500 }]);
  });
});
