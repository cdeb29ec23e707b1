import { row, sql } from "@parley/db";
import type { Ctx } from "../../context.ts";

/** Is anybody being called, of whatever tenant? Then an import does one thing at a time: who dials goes first. */
export async function isCalling(ctx: Ctx): Promise<boolean> {
  const { calling } = await ctx.db.tx((tx) =>
    row<{ calling: boolean }>(tx, sql`select app.is_calling() as calling`),
  );
  return calling;
}
