import type { Task, TaskDraft } from "@parley/core/follow-ups/schema";
import { taskTitle } from "@parley/core/follow-ups/words";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, row, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { checkMember, told } from "./task-row.ts";

/** Something to do for a person of the workspace, by default for whoever writes it down. */
export function createTask(
  ctx: Ctx,
  { contactId, kind, title, note, dueAt, assigneeId }: TaskDraft,
): Promise<Task> {
  return ctx.db.tx(async (tx) => {
    const contact = await maybeRow<{ who: string | null }>(
      tx,
      sql`
      select coalesce(name, phone_number) as who from contacts
      where user_id = ${param(ctx.user.id)} and id = ${param(contactId)} and erased_at is null`,
    );
    if (!contact) throw notFound("contact");
    if (assigneeId) await checkMember(tx, assigneeId);
    const whose = assigneeId === undefined ? (ctx.person?.id ?? null) : assigneeId;
    const { id } = await row<{ id: string }>(
      tx,
      sql`
      insert into tasks (user_id, contact_id, kind, due_at, title, note, assignee_id, created_by)
      values (${param(ctx.user.id)}, ${param(contactId)}, ${param(kind)}, ${param(dueAt ?? null)}, ${param(title ?? taskTitle(kind, contact.who))},
        ${param(note || null)}, ${param(whose)}, ${param(ctx.person?.id ?? null)})
      returning id`,
    );
    return told(ctx, tx, "task.created", null, id);
  });
}
