import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { finishCampaign } from "../campaigns/finish.ts";
import { queueCallback } from "../campaigns/keep-callback.ts";
import { settleItem } from "../campaigns/settle-item.ts";
import { suppressContact } from "../contacts/suppress.ts";
import { listTimeline } from "../contacts/words.ts";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { addNote } from "./add-note.ts";
import { assignTask, cancelTask, completeTask, letAgentCall, rescheduleTask } from "./change-task.ts";
import { createTask } from "./create-task.ts";
import { listTasks } from "./list-tasks.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;
let campaignId: string;
let laneId: string;
let contactId: string;
let ben: string;

beforeEach(async () => {
  await db.owner.query(
    "truncate users, people, incidents cascade; delete from graphile_worker._private_jobs",
  );
  parts = testParts(db);
  userId = await make.user(db.owner, { credits: 100_000, concurrentLimit: 5 });
  agentId = await make.agent(db.owner, userId);
  ctx = requestOf(parts, userId);
  job = jobContext(parts, userId);
  campaignId = await make.campaign(db.owner, userId, agentId);
  laneId = await make.lane(db.owner, userId, campaignId);
  contactId = await make.contact(db.owner, userId, { name: "Asha" });
  ben = await member("Ben");
  await db.owner.query("update call_campaigns set callbacks = 'agent' where id = $1", [campaignId]);
});

async function member(name: string): Promise<string> {
  const { rows } = await db.owner.query<{ id: string }>(
    "insert into people (email, name) values ($1, $2) returning id",
    [`${name.toLowerCase()}@example.com`, name],
  );
  await db.owner.query("insert into members (user_id, person_id, role) values ($1, $2, 'agent')", [
    userId,
    rows[0]!.id,
  ]);
  return rows[0]!.id;
}

/** A conversation of the campaign in which a time was agreed, and the task that the analysis made of it. */
async function agreed(dueAt: string, its: { agentCalls?: boolean; campaign?: string } = {}): Promise<string> {
  const its_campaign = its.campaign ?? campaignId;
  const item = await db.owner.query<{ id: string }>(
    `insert into call_queue (user_id, campaign_id, contact_id, phone_number, lane_id, status, closed_at, attempts)
     select $1, $2, c.id, c.phone_number, $3, 'completed', app.now(), 1 from contacts c where c.id = $4
     on conflict (user_id, campaign_id, contact_id) where kind = 'campaign' do update set attempts = 1 returning id`,
    [userId, its_campaign, laneId, contactId],
  );
  const { rows } = await db.owner.query<{ id: string }>(
    `with call as (
       insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, attempt, status, outcome,
         ended_at, final_at, settled_at, price_credits, max_call_seconds)
       select $1, $2, $3, c.id, a.id, a.provider_account_id, c.phone_number, (select count(*) + 1 from calls where queue_id = $2), 'completed',
         'answered', app.now(), app.now(), app.now(), 0, 300
       from contacts c, agents a where c.id = $4 and a.id = $5 returning id
     )
     insert into tasks (user_id, contact_id, kind, due_at, title, call_id, agent_calls)
     select $1, $4, 'callback', $6, 'Call back Asha', id, $7 from call returning id`,
    [userId, item.rows[0]!.id, its_campaign, contactId, agentId, dueAt, its.agentCalls ?? true],
  );
  return rows[0]!.id;
}

const task = async (taskId: string) =>
  (
    await db.owner.query(
      "select status, agent_calls, item_id, reason, due_at, assignee_id, done_by from tasks where id = $1",
      [taskId],
    )
  ).rows[0];
const callbackItems = async () =>
  (
    await db.owner.query(
      "select id, status, campaign_id, due_at, wait_reason, kind, agent_id from call_queue where kind = 'callback' order by id",
    )
  ).rows;
const laneDue = async (itemId: string) =>
  (
    await db.owner.query(
      "select l.next_due_at <= q.due_at as knows from call_queue q join call_lanes l on l.id = q.lane_id where q.id = $1",
      [itemId],
    )
  ).rows[0].knows;
const thursday = "2090-01-05T11:30:00.000Z";
const friday = "2090-01-06T11:30:00.000Z";

describe("a time that the agent keeps", () => {
  it("is an item of its own in the campaign, due at that time and not before, once however often the job comes", async () => {
    const taskId = await agreed(thursday);
    await Promise.all([queueCallback(job, { taskId }), queueCallback(job, { taskId })]);
    await queueCallback(job, { taskId });
    const [item, ...more] = await callbackItems();
    expect(more).toEqual([]);
    expect(item).toMatchObject({
      status: "pending",
      campaign_id: campaignId,
      due_at: thursday,
      wait_reason: "callback_agreed",
    });
    expect(await laneDue(item.id)).toBe(true);
    expect(await task(taskId)).toMatchObject({ item_id: item.id, agent_calls: true, status: "open" });
    const { items } = await listTasks(ctx, { status: "open", filter: "agents" });
    expect(items).toMatchObject([
      { id: taskId, agentCalls: true, campaignId, contactName: "Asha", itemId: item.id },
    ]);
  });

  it("keeps the campaign open until it is kept, and closes task and campaign with it", async () => {
    const taskId = await agreed(thursday);
    await finishCampaign(job, campaignId);
    const status = async () =>
      (await db.owner.query("select status from call_campaigns where id = $1", [campaignId])).rows[0].status;
    expect(await status()).toBe("running"); // on its way into the queue
    await queueCallback(job, { taskId });
    await finishCampaign(job, campaignId);
    expect(await status()).toBe("running");
    const [item] = await callbackItems();
    await db.owner.query("update call_queue set status = 'in_progress' where id = $1", [item.id]);
    await expect(rescheduleTask(ctx, { taskId, dueAt: friday })).rejects.toThrow(
      /is calling this person now/,
    );
    await db.owner.query(
      `insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, status, outcome, ended_at, final_at,
         settled_at, price_credits, max_call_seconds)
       select q.user_id, q.id, q.campaign_id, q.contact_id, a.id, a.provider_account_id, q.phone_number, 'completed', 'answered', app.now(), app.now(),
         app.now(), 0, 300 from call_queue q, agents a where q.id = $1`,
      [item.id],
    );
    await settleItem(job, { itemId: item.id });
    expect(await task(taskId)).toMatchObject({ status: "done", done_by: "agent" });
    await finishCampaign(job, campaignId);
    expect(await status()).toBe("completed");
  });

  it("moves with its task, and leaves the queue when a person takes it over or calls it off", async () => {
    const taskId = await agreed(thursday);
    await queueCallback(job, { taskId });
    const moved = await rescheduleTask(ctx, { taskId, dueAt: friday });
    expect(moved).toMatchObject({ dueAt: friday, agentCalls: true });
    expect(await callbackItems()).toMatchObject([{ status: "pending", due_at: friday }]);

    expect(await assignTask(ctx, { taskId, assigneeId: ben })).toMatchObject({
      agentCalls: false,
      assigneeName: "Ben",
      status: "open",
      itemId: null,
    });
    expect(await callbackItems()).toMatchObject([{ status: "canceled" }]);

    expect(await letAgentCall(ctx, { taskId })).toMatchObject({ agentCalls: true, dueAt: friday });
    expect((await callbackItems()).filter(({ status }) => status === "pending")).toHaveLength(1);
    expect(await cancelTask(ctx, { taskId, note: "bought elsewhere" })).toMatchObject({
      status: "canceled",
      note: "bought elsewhere",
    });
    expect((await callbackItems()).map(({ status }) => status)).toEqual(["canceled", "canceled"]);
    await expect(completeTask(ctx, { taskId })).rejects.toThrow("The task was called off.");
  });

  it("is a person's, with the reason, when the agent did not reach them or may not call", async () => {
    const taskId = await agreed(thursday);
    await queueCallback(job, { taskId });
    const [item] = await callbackItems();
    await db.owner.query("update call_queue set status = 'failed', closed_at = app.now() where id = $1", [
      item.id,
    ]);
    expect(await task(taskId)).toMatchObject({
      status: "open",
      agent_calls: false,
      reason: "callback_not_reached",
    });

    await db.owner.query("update call_queue set attempts = 3 where id = $1", [item.id]);
    const tired = await agreed(friday);
    await queueCallback(job, { taskId: tired });
    expect(await task(tired)).toMatchObject({
      agent_calls: false,
      reason: "callbacks_used_up",
      item_id: null,
    });

    await db.owner.query("update agents set status = 'archived', archived_at = app.now() where id = $1", [
      agentId,
    ]);
    const orphan = await agreed(friday);
    await queueCallback(job, { taskId: orphan });
    expect(await task(orphan)).toMatchObject({ agent_calls: false, reason: "callback_not_possible" });
    await expect(letAgentCall(ctx, { taskId: orphan })).rejects.toThrow(/The agent cannot make this call/);
  });

  it("goes the way of calls by hand when its campaign is over by then", async () => {
    await db.owner.query(
      "update call_campaigns set status = 'completed', completed_at = app.now() where id = $1",
      [campaignId],
    );
    const taskId = await agreed(thursday);
    await queueCallback(job, { taskId });
    expect(await callbackItems()).toMatchObject([
      { campaign_id: null, agent_id: agentId, due_at: thursday, status: "pending" },
    ]);
  });

  it("is called off in the moment the person asks never to be called again, and so is a person's promise", async () => {
    const taskId = await agreed(thursday);
    await queueCallback(job, { taskId });
    const own = await createTask(ctx, { contactId, kind: "callback", dueAt: friday });
    await suppressContact(ctx, { contactId, channel: "all", reason: "asked" });
    expect(await callbackItems()).toMatchObject([{ status: "skipped" }]);
    expect(await task(taskId)).toMatchObject({ status: "canceled" });
    expect(await task(own.id)).toMatchObject({ status: "canceled", reason: "suppressed" });
  });

  it("is found by the sweep when its job was lost, and asked for twice it is one call at the later wish", async () => {
    const first = await agreed(thursday);
    const { rows } = await db.worker.pool.query<{ task: string; rung: number }>("select * from app.sweep()");
    expect(rows).toContainEqual({ task: "campaigns/callback", rung: 1 });
    await queueCallback(job, { taskId: first });
    const second = await agreed(friday);
    await queueCallback(job, { taskId: second });
    expect(await callbackItems()).toMatchObject([{ due_at: friday, status: "pending" }]);
    expect(await task(first)).toMatchObject({ status: "canceled" });
    expect(await task(second)).toMatchObject({ status: "open" });
  });
});

describe("a task for a person", () => {
  it("is made, given to somebody, moved and done, each step in history and audit", async () => {
    const made = await createTask(ctx, { contactId, kind: "follow_up", dueAt: thursday, assigneeId: null });
    expect(made).toMatchObject({ title: "Follow up with Asha", assigneeId: null, status: "open" });
    await assignTask(ctx, { taskId: made.id, assigneeId: ben });
    await rescheduleTask(ctx, { taskId: made.id, dueAt: friday });
    expect(await completeTask(ctx, { taskId: made.id, note: "sent the papers" })).toMatchObject({
      status: "done",
      note: "sent the papers",
      doneAt: expect.any(String),
    });
    const { items } = await listTimeline(ctx, { contactId });
    expect(items.map(({ kind }) => kind)).toEqual([
      "task.done",
      "task.moved",
      "task.assigned",
      "task.created",
    ]);
    const { rows } = await db.owner.query(
      "select action, changes from audit_log where entity_id = $1 order by id",
      [made.id],
    );
    expect(rows.map(({ action, changes }) => [action, changes])).toEqual([
      ["task.created", expect.objectContaining({ status: [null, "open"], dueAt: [null, thursday] })],
      ["task.assigned", { assigneeName: [null, "Ben"] }],
      ["task.moved", { dueAt: [thursday, friday] }],
      ["task.done", { status: ["open", "done"], note: [null, "sent the papers"] }],
    ]);
  });

  it("is refused to strangers, in the past, and to the agent where there was no call", async () => {
    const made = await createTask(ctx, { contactId, kind: "callback", dueAt: thursday });
    await expect(assignTask(ctx, { taskId: made.id, assigneeId: crypto.randomUUID() })).rejects.toThrow(
      /no member/,
    );
    await expect(rescheduleTask(ctx, { taskId: made.id, dueAt: "2020-01-01T00:00:00Z" })).rejects.toThrow(
      /has passed/,
    );
    await expect(letAgentCall(ctx, { taskId: made.id })).rejects.toThrow(/comes from no call/);
  });

  it("is listed by its time without losing or repeating one, and by whose it is", async () => {
    for (const dueAt of [friday, undefined, thursday, undefined, thursday])
      await createTask(ctx, { contactId, kind: "follow_up", dueAt, assigneeId: ben });
    const seen: (string | null)[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await listTasks(ctx, { status: "open", limit: 2, cursor });
      seen.push(...page.items.map(({ dueAt }) => dueAt));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual([thursday, thursday, friday, null, null]);
    expect((await listTasks(ctx, { status: "open", dueBefore: friday })).items).toHaveLength(2);
    expect((await listTasks(ctx, { status: "open", filter: "unassigned" })).items).toHaveLength(0);
    expect((await listTasks(ctx, { status: "done" })).items).toHaveLength(0);
  });
});

it("keeps a note in the timeline, in the words it was written in", async () => {
  await addNote(ctx, { contactId, body: "Prefers mornings.\nHas a dog." });
  const { items } = await listTimeline(ctx, { contactId });
  expect(items).toMatchObject([{ kind: "note.added", summary: { body: "Prefers mornings.\nHas a dog." } }]);
});
