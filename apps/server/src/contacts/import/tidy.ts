import { maybeRow, param, sql } from "@parley/db";
import type { Ctx } from "../../context.ts";
import { sheetPath, spoolPath } from "./row.ts";
import { dropStaging } from "./stage.ts";

/**
 * contacts/tidy_import: of an import that has ended nothing is kept but its row and what undoing it needs. Its lease stands
 * until that is done, so that the sweeper rings for those whose process died before.
 */
export async function tidy(ctx: Ctx, importId: string): Promise<void> {
  const ended = sql`
    user_id = ${param(ctx.user.id)} and id = ${param(importId)} and status in ('done', 'failed', 'undone') and lease_until is not null`;
  const its = await ctx.db.tx((tx) => maybeRow(tx, sql`select 1 as one from imports where ${ended}`));
  if (!its) return;
  await dropStaging(ctx, importId);
  await ctx.files.remove(spoolPath(importId));
  await ctx.files.remove(sheetPath(importId));
  await ctx.db.tx((tx) => tx.query(sql`update imports set lease_until = null where ${ended}`.compile()));
}
