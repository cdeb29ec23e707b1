import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { beforeEach, expect, test } from "vitest";
import { testParts } from "../testing/test-parts.ts";
import { drainWebhooks } from "./drain.ts";

const db = useDatabase();
let userId: string;
let agentId: string;
let calls: string[];

beforeEach(async () => {
  await db.owner.query("truncate webhook_events, calls, call_queue, incidents, live_changes cascade");
  userId = await make.user(db.owner, { credits: 100_000 });
  agentId = await make.agent(db.owner, userId);
  calls = await placed(6);
});

/** Calls that the provider has accepted, the n-th as execution `e<n>`. */
async function placed(count: number): Promise<string[]> {
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const item = await make.item(db.owner, userId, { laneId, campaignId });
    const { rows } = await db.owner.query(
      `insert into calls (user_id, status, queue_id, campaign_id, contact_id, agent_id, provider_account_id, bolna_execution_id,
         phone_number, held_credits, max_call_seconds, system_slot)
       select q.user_id, 'queued', q.id, q.campaign_id, q.contact_id, a.id, a.provider_account_id, $3, q.phone_number, 50, 300, $4
       from call_queue q, agents a where q.id = $1 and a.id = $2 returning id`,
      [item, agentId, `e${n}`, n + 1],
    );
    await db.owner.query("update call_queue set status = 'in_progress', attempts = 1 where id = $1", [item]);
    ids.push(rows[0].id);
  }
  return ids;
}

const at = (second: number) => `2026-11-25T06:30:${String(second).padStart(2, "0")}`;
const told = (id: string, status: string, second: number, more: object = {}) => ({
  id,
  status,
  created_at: at(0),
  updated_at: at(second),
  ...more,
});

async function journal(...bodies: (object | string)[]): Promise<void> {
  for (const body of bodies)
    await db.owner.query(
      "insert into webhook_events (user_id, source, endpoint_id, body) values ($1, 'bolna', $2, $3)",
      [userId, agentId, Buffer.from(typeof body === "string" ? body : JSON.stringify(body))],
    );
}
const events = async () =>
  (await db.owner.query("select status, call_id, error, xmin::text as tx from webhook_events order by id"))
    .rows;
const statuses = async () =>
  (
    await db.owner.query("select status from calls where id = any($1) order by array_position($1, id)", [
      calls,
    ])
  ).rows.map(({ status }) => status);

test("a burst is folded in one transaction: every call at its end, each thing that follows asked for once", async () => {
  const stages = ["initiated", "ringing", "in-progress", "call-disconnected", "completed"];
  await journal(
    ...stages.flatMap((status, n) =>
      calls.map((_, of) =>
        told(`e${of}`, status, n + 1, status === "completed" ? { transcript: `user: I am ${of}` } : {}),
      ),
    ),
  );
  expect(await drainWebhooks(testParts(db))).toBe(30);
  const done = await events();
  expect(new Set(done.map(({ status }) => status))).toEqual(new Set(["done"]));
  expect(new Set(done.map(({ tx }) => tx)).size).toBe(1);
  expect(await statuses()).toEqual(calls.map(() => "completed"));
  const { rows } = await db.owner.query(
    `select c.transcript, (select array_agg(e.status order by e.id) from call_events e where e.call_id = c.id) as heard,
       (select array_agg(j.task_identifier order by 1) from graphile_worker.jobs j where j.key like '%' || c.id) as jobs
     from calls c where c.id = any($1) order by array_position($1, c.id)`,
    [calls],
  );
  for (const [n, row] of rows.entries())
    expect(row).toEqual({
      transcript: `user: I am ${n}`,
      heard: stages,
      jobs: ["calls/verify", "leads/analyse"],
    });
  const { rows: screens } = await db.owner.query(
    "select topic, count(*)::int as n, count(distinct ref)::int as refs from live_changes group by 1 order by 1",
  );
  expect(screens).toEqual([
    { topic: "calls", n: 6, refs: 6 },
    { topic: "campaigns", n: 1, refs: 1 },
  ]);
});

test("a poison event in a group fails alone; the others are folded", async () => {
  await db.owner.query(
    "alter table call_events add constraint no_poison check (body ->> 'poison' is null) not valid",
  );
  try {
    await journal(
      told("e0", "initiated", 1),
      told("e1", "initiated", 1, { poison: "yes" }),
      told("e2", "initiated", 1),
    );
    await drainWebhooks(testParts(db));
    expect((await events()).map(({ status }) => status)).toEqual(["done", "pending", "done"]);
    expect(await statuses()).toEqual(["initiated", "queued", "initiated", "queued", "queued", "queued"]);
  } finally {
    await db.owner.query("alter table call_events drop constraint no_poison");
  }
});

const journalled = async () =>
  (
    await db.owner.query(
      "select status, attempts, next_at > app.wall() as later from webhook_events order by id",
    )
  ).rows;
const dueNow = () => db.owner.query("update webhook_events set next_at = app.wall() where status <> 'done'");

/** Whatever folds an event meets this SQLSTATE at its end, until it is mended. */
async function broken<T>(sqlState: string, work: () => Promise<T>): Promise<T> {
  await db.owner.query(`
    create function broken() returns trigger language plpgsql as $$ begin
      raise exception 'broken' using errcode = '${sqlState}'; end $$;
    create trigger broken before insert on call_events for each row execute function broken()`);
  try {
    return await work();
  } finally {
    await db.owner.query("drop trigger broken on call_events; drop function broken()");
  }
}

test.for([
  { sqlState: "57P03", way: "is starting" },
  { sqlState: "55P03", way: "cannot give a lock" },
  { sqlState: "53300", way: "has no connection left" },
])(
  "an event that meets a database that $way is tried again as often as it takes, and never set aside for it",
  async ({ sqlState }) => {
    await journal(told("e0", "initiated", 1));
    await broken(sqlState, async () => {
      for (let n = 0; n < 12; n++) {
        await dueNow();
        await drainWebhooks(testParts(db));
        expect(await journalled()).toEqual([{ status: "pending", attempts: 0, later: true }]);
      }
    });
    await dueNow();
    await drainWebhooks(testParts(db));
    expect(await events()).toMatchObject([{ status: "done", call_id: calls[0], error: null }]);
  },
);

test("an event that several processes fail at together has failed once", async () => {
  await journal(told("e0", "initiated", 1));
  await broken("P0001", () => Promise.all(Array.from({ length: 6 }, () => drainWebhooks(testParts(db)))));
  expect(await journalled()).toEqual([{ status: "pending", attempts: 1, later: true }]);
});

test("an event that one process fails at while another folds it is folded", async () => {
  await journal(told("e0", "initiated", 1));
  const parts = testParts(db);
  const { worker } = parts.db;
  let steps = 0;
  const failing: typeof worker.tx = async (user, work) => {
    if (steps++ > 0) return worker.tx(user, work);
    await drainWebhooks(testParts(db));
    throw new Error("Only here.");
  };
  const txWithoutTenant: typeof worker.txWithoutTenant = (work) => worker.txWithoutTenant(work);
  await drainWebhooks({
    ...parts,
    db: { ...parts.db, worker: { tx: failing, txWithoutTenant } as typeof worker },
  });
  expect(steps).toBe(2);
  expect(await journalled()).toEqual([{ status: "done", attempts: 0, later: false }]);
});

test("an event that comes before its call waits as often as it is due, however many processes look at once", async () => {
  await journal(
    told("early", "initiated", 1, { context_details: { recipient_data: { call_id: crypto.randomUUID() } } }),
  );
  await Promise.all(Array.from({ length: 6 }, () => drainWebhooks(testParts(db))));
  expect(await journalled()).toEqual([{ status: "parked", attempts: 1, later: true }]);
});

test("what is odd in a group goes its own way: no JSON, no execution, a tool's, a stranger's, one that comes too early, an inbound call", async () => {
  const { rows } = await db.owner.query("select bolna_agent_id from agents where id = $1", [agentId]);
  const asked = rows[0];
  await journal(
    told("e0", "initiated", 1),
    "{ cut off",
    { status: "in-progress" },
    { id: "tool-1", status: "in-progress", lead: "hot" },
    told("stranger", "initiated", 1),
    told("early", "initiated", 1, { context_details: { recipient_data: { call_id: crypto.randomUUID() } } }),
    told("inbound", "in-progress", 1, {
      agent_id: asked.bolna_agent_id,
      telephony_data: { call_type: "inbound", from_number: "+916000000009", to_number: "+918035735900" },
    }),
    told("e1", "initiated", 1),
  );
  await drainWebhooks(testParts(db));
  expect((await events()).map(({ status, call_id }) => [status, call_id !== null])).toEqual([
    ["done", true],
    ["bad", false],
    ["bad", false],
    ["done", false],
    ["done", false],
    ["parked", false],
    ["done", true],
    ["done", true],
  ]);
});

test("a call that is not bound yet follows the first of two executions that name it, and says so", async () => {
  await db.owner.query("update calls set bolna_execution_id = null, status = 'unknown' where id = $1", [
    calls[0],
  ]);
  const naming = { context_details: { recipient_data: { call_id: calls[0] } } };
  await journal(
    told("first", "initiated", 1, naming),
    told("second", "ringing", 2, naming),
    told("e1", "initiated", 1),
  );
  await drainWebhooks(testParts(db));
  const { rows } = await db.owner.query("select status, bolna_execution_id from calls where id = $1", [
    calls[0],
  ]);
  expect(rows[0]).toEqual({ status: "initiated", bolna_execution_id: "first" });
  const { rows: incidents } = await db.owner.query("select kind, ref from incidents");
  expect(incidents).toEqual([{ kind: "second_execution", ref: calls[0] }]);
});

test("a call thought not placed is taken back by any sighting of it in a group", async () => {
  await db.owner.query(
    "update calls set status = 'not-placed', ended_at = app.now(), ended_by = 'clock', final_at = app.now(), settled_at = app.now(), price_credits = 0 where id = $1",
    [calls[0]],
  );
  await journal(told("e0", "ringing", 2), told("e1", "ringing", 2));
  await drainWebhooks(testParts(db));
  const { rows } = await db.owner.query(
    "select status, adopted, system_slot, final_at from calls where id = $1",
    [calls[0]],
  );
  expect(rows[0]).toEqual({ status: "ringing", adopted: true, system_slot: null, final_at: null });
});
