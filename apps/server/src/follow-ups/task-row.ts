import type { Task } from "@parley/core/follow-ups/schema";
import { taskClosed, type TaskStatus } from "@parley/core/follow-ups/words";
import { conflict, invalid, notFound } from "@parley/core/errors";
import { maybeRow, param, record, sql, touch, type SQLFragment, type Tx } from "@parley/db";
import { audit, changed } from "../audit.ts";
import type { Ctx } from "../context.ts";

/** Columns of a task under the names of its schema, over `tasks t`. */
export const taskColumns: SQLFragment = sql`
  t.id, t.contact_id as "contactId", p.name as "contactName", p.phone_number as "phoneNumber",
  coalesce(p.time_zone, p.zones[1]) as "timeZone", t.kind, t.status, t.title, t.note, t.due_at as "dueAt",
  t.agent_calls as "agentCalls", t.assignee_id as "assigneeId",
  (select n.name from app.names_of(array[t.assignee_id]) n) as "assigneeName", t.reason, t.call_id as "callId", t.item_id as "itemId",
  k.id as "campaignId", k.name as "campaignName", t.created_at as "createdAt", t.done_at as "doneAt"`;

export const taskTables: SQLFragment = sql`
  tasks t
  join contacts p on p.user_id = t.user_id and p.id = t.contact_id
  left join calls c on c.user_id = t.user_id and c.id = t.call_id
  left join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id`;

export async function readTask(tx: Tx, taskId: string): Promise<Task> {
  const task = await maybeRow<Task>(
    tx,
    sql`select ${taskColumns} from ${taskTables} where t.user_id = ${param(tx.userId)} and t.id = ${param(taskId)}`,
  );
  if (!task) throw notFound("task");
  return task;
}

type Locked = { id: string; status: TaskStatus; item_status: string | null };

/** An open task that nobody else changes until commit; its item is locked first, as by everybody who closes items. */
export async function lockOpenTask(tx: Tx, taskId: string): Promise<Task> {
  const item = await maybeRow<{ status: string }>(
    tx,
    sql`
    select q.status from tasks t join call_queue q on q.user_id = t.user_id and q.id = t.item_id
    where t.user_id = ${param(tx.userId)} and t.id = ${param(taskId)} for update of q`,
  );
  const locked = await maybeRow<Locked>(
    tx,
    sql`select id, status from tasks where user_id = ${param(tx.userId)} and id = ${param(taskId)} for no key update`,
  );
  if (!locked) throw notFound("task");
  const closed = taskClosed(locked.status);
  if (closed) throw conflict(closed);
  if (item?.status === "in_progress")
    throw conflict(
      "The agent is calling this person now. Wait for the call to end; it is told here how it went.",
    );
  return readTask(tx, taskId);
}

export async function checkMember(tx: Tx, personId: string): Promise<void> {
  const member = await maybeRow(
    tx,
    sql`select 1 as one from members where user_id = ${param(tx.userId)} and person_id = ${param(personId)}`,
  );
  if (!member)
    throw invalid(
      "assigneeId: this person is no member of the workspace. Choose one under Settings → Team.",
      [{ path: "assigneeId", message: "is no member of this workspace" }],
    );
}

/** History, audit and screens, in the transaction of the change; answers the task as it is now. */
export async function told(
  ctx: Ctx,
  tx: Tx,
  kind: "task.created" | "task.assigned" | "task.moved" | "task.done" | "task.canceled",
  before: Task | null,
  taskId: string,
): Promise<Task> {
  const after = await readTask(tx, taskId);
  const fields = ({ status, dueAt, agentCalls, assigneeName, note, title }: Task) => ({
    status,
    dueAt,
    agentCalls,
    assigneeName,
    note,
    title,
  });
  const none = { status: null, dueAt: null, agentCalls: null, assigneeName: null, note: null, title: null };
  await record(tx, {
    userId: ctx.user.id,
    contactId: after.contactId,
    kind,
    actor: ctx.actor,
    ref: taskId,
    data: { title: after.title, at: after.dueAt, assignee: after.assigneeName, agentCalls: after.agentCalls },
  });
  await audit(ctx, tx, {
    action: kind,
    entity: "task",
    entityId: taskId,
    changes: changed<Record<string, unknown>>(before ? fields(before) : none, fields(after)),
  });
  await touch(tx, "tasks", taskId);
  await touch(tx, "contacts", after.contactId);
  return after;
}
