import type * as z from "zod";
import { Id, Instant } from "@parley/core/fields";
import type { Task, tasksProcedures } from "@parley/core/follow-ups/schema";
import { param, rows, sql, type SQLFragment } from "@parley/db";
import { object } from "zod";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";
import { taskColumns, taskTables } from "./task-row.ts";

type Input = z.output<(typeof tasksProcedures)["list"]["input"]>;

/** Open tasks by their time, those without one last; ended ones the latest first. */
export async function listTasks(ctx: Ctx, input: Input) {
  const after = cursorOf(input, object({ at: Instant.nullable(), id: Id }));
  const isOpen = input.status === "open";
  // One expression for order and cursor: what has no time comes last in both.
  const at = isOpen ? sql`coalesce(t.due_at, 'infinity')` : sql`coalesce(t.done_at, '-infinity')`;
  const end = isOpen ? sql`'infinity'` : sql`'-infinity'`;
  const beyond = isOpen ? sql`>` : sql`<`;
  const order = isOpen ? sql`asc` : sql`desc`;
  const given = <T>(value: T | undefined, condition: (value: T) => SQLFragment) =>
    value === undefined ? sql`` : sql`and ${condition(value)}`;
  const found = await ctx.db.tx((tx) =>
    rows<Task>(
      tx,
      sql`
      select ${taskColumns}
      from ${taskTables}
      where t.user_id = ${param(ctx.user.id)} and t.status = ${param(input.status)}
        ${given(input.contactId, (id) => sql`t.contact_id = ${param(id)}`)}
        ${given(input.campaignId, (id) => sql`c.campaign_id = ${param(id)}`)}
        ${given(input.kind, (kind) => sql`t.kind = ${param(kind)}`)}
        ${given(input.dueBefore, (due) => sql`t.due_at < ${param(due)}::timestamptz`)}
        ${given(input.filter, (filter) =>
          filter === "mine"
            ? sql`t.assignee_id = ${param(ctx.person?.id ?? null)} and not t.agent_calls`
            : filter === "agents"
              ? sql`t.agent_calls`
              : sql`t.assignee_id is null and not t.agent_calls`,
        )}
        ${
          after
            ? sql`and (${at}, t.id) ${beyond} (${after.at === null ? end : param(after.at)}::timestamptz, ${param(after.id)}::uuid)`
            : sql``
        }
      order by ${at} ${order}, t.id ${order}
      limit ${param(fetchLimit(input))}`,
    ),
  );
  return pageOf(
    found,
    input,
    ({ id, dueAt, doneAt }) => ({ at: isOpen ? dueAt : doneAt, id }),
    (task) => task,
  );
}
