import type { Task } from "@parley/core/follow-ups/schema";
import { conflict, invalid } from "@parley/core/errors";
import { param, row, rows, sql, type SQLFragment, type Tx } from "@parley/db";
import { keepCallback } from "../campaigns/keep-callback.ts";
import type { Ctx } from "../context.ts";
import { checkMember, lockOpenTask, told } from "./task-row.ts";

type Fact = Parameters<typeof told>[2];

/** One change of an open task; the queue follows in the same transaction, so that a moved time is the dialled time. */
async function change(ctx: Ctx, taskId: string, fact: Fact, sets: SQLFragment): Promise<Task> {
  return ctx.db.tx(async (tx) => changeIn(ctx, tx, taskId, fact, sets));
}

async function changeIn(ctx: Ctx, tx: Tx, taskId: string, fact: Fact, sets: SQLFragment): Promise<Task> {
  await lockCampaign(tx, taskId);
  const before = await lockOpenTask(tx, taskId);
  await rows(
    tx,
    sql`update tasks set ${sets}, changed_at = app.now() where user_id = ${param(ctx.user.id)} and id = ${param(taskId)}`,
  );
  if (before.kind === "callback") await keepCallback(tx, taskId);
  return told(ctx, tx, fact, before, taskId);
}

/** Campaigns are locked before items, by everybody. */
async function lockCampaign(tx: Tx, taskId: string): Promise<void> {
  await rows(
    tx,
    sql`
    select 1 from tasks t
    join calls c on c.user_id = t.user_id and c.id = t.call_id
    join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
    where t.user_id = ${param(tx.userId)} and t.id = ${param(taskId)} for share of k`,
  );
}

/** To a member, or to nobody. A callback that the agent was to make is a person's from then on. */
export function assignTask(
  ctx: Ctx,
  { taskId, assigneeId }: { taskId: string; assigneeId: string | null },
): Promise<Task> {
  return ctx.db.tx(async (tx) => {
    if (assigneeId) await checkMember(tx, assigneeId);
    return changeIn(
      ctx,
      tx,
      taskId,
      "task.assigned",
      sql`assignee_id = ${param(assigneeId)}, agent_calls = false, reason = null`,
    );
  });
}

/** The agent calls at that time; `conflict` says why it could not. */
export function letAgentCall(
  ctx: Ctx,
  { taskId, dueAt }: { taskId: string; dueAt?: string | undefined },
): Promise<Task> {
  return ctx.db.tx(async (tx) => {
    await lockCampaign(tx, taskId);
    const before = await lockOpenTask(tx, taskId);
    if (before.kind !== "callback")
      throw conflict("Only a callback can be left to the agent. Make a callback for this person instead.");
    if (!before.callId)
      throw conflict(
        "This callback comes from no call, so there is no agent to make it. Press Call on the contact's page.",
      );
    await checkAhead(tx, dueAt);
    await rows(
      tx,
      sql`
      update tasks
      set agent_calls = true, reason = null, due_at = coalesce(${param(dueAt ?? null)}, due_at, app.now()), changed_at = app.now()
      where user_id = ${param(ctx.user.id)} and id = ${param(taskId)}`,
    );
    await keepCallback(tx, taskId);
    const after = await told(ctx, tx, "task.assigned", before, taskId);
    if (!after.agentCalls)
      throw conflict(
        "The agent cannot make this call: its campaign was stopped, the agent is not ready, or the number is missing. Call yourself, or sync the agent.",
      );
    return after;
  });
}

export function rescheduleTask(
  ctx: Ctx,
  { taskId, dueAt }: { taskId: string; dueAt: string },
): Promise<Task> {
  return ctx.db.tx(async (tx) => {
    await checkAhead(tx, dueAt);
    return changeIn(ctx, tx, taskId, "task.moved", sql`due_at = ${param(dueAt)}`);
  });
}

const by = (ctx: Ctx) => sql`done_at = app.now(), done_by = ${param(ctx.actor)}`;
const noted = (note: string | undefined) => (note ? sql`, note = ${param(note)}` : sql``);

export const completeTask = (ctx: Ctx, { taskId, note }: { taskId: string; note?: string | undefined }) =>
  change(ctx, taskId, "task.done", sql`status = 'done', agent_calls = false, ${by(ctx)} ${noted(note)}`);

/** Called off: what the agent was to dial for it is taken out of the queue. */
export const cancelTask = (ctx: Ctx, { taskId, note }: { taskId: string; note?: string | undefined }) =>
  change(
    ctx,
    taskId,
    "task.canceled",
    sql`status = 'canceled', agent_calls = false, ${by(ctx)} ${noted(note)}`,
  );

async function checkAhead(tx: Tx, dueAt: string | undefined): Promise<void> {
  if (dueAt === undefined) return;
  const { past } = await row<{ past: boolean }>(
    tx,
    sql`select ${param(dueAt)}::timestamptz < app.now() - interval '1 minute' as past`,
  );
  if (past)
    throw invalid("dueAt: this time has passed. Choose a later one.", [
      { path: "dueAt", message: "has passed" },
    ]);
}
