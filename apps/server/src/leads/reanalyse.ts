import { enqueue, maybeRow, param, row, sql, touch } from "@parley/db";
import { conflict, invalid } from "@parley/core/errors";
import { unreadable } from "@parley/core/leads/transcript";
import { unreadableWords } from "@parley/core/leads/words";
import type { Ctx } from "../context.ts";
import { audit } from "../audit.ts";

const missing = "There is no such call in this workspace.";

/**
 * Reads a call's transcript once more, on a person's word: a new run under a version of its own, since the old ones
 * stay as they are. What was found before is shown until the new answer replaces it.
 */
export async function reanalyse(
  ctx: Ctx,
  { callId }: { callId: string },
): Promise<{ callId: string; status: "pending" }> {
  return ctx.db.tx(async (tx) => {
    const call = await row<{ transcript: string | null }>(
      tx,
      sql`select transcript from calls where user_id = ${param(ctx.user.id)} and id = ${param(callId)} for key share`,
      missing,
    );
    const why = unreadable(call.transcript);
    if (why) throw invalid(`${unreadableWords[why]} Nothing can be analysed.`);
    const asked = await maybeRow(
      tx,
      sql`
      insert into lead_analytics as l (user_id, call_id, next_at) values (${param(ctx.user.id)}, ${param(callId)}, app.wall())
      on conflict (user_id, call_id) do update
      set status = 'pending', reason = null, next_at = app.wall(), reruns = l.reruns + 1
      where l.status in ('done', 'failed', 'skipped')
      returning 1 as one`,
    );
    if (!asked)
      throw conflict("This call is being analysed already. Its result appears here when it is done.");
    await enqueue(tx, "leads/analyse", { userId: ctx.user.id, callId });
    await audit(ctx, tx, { action: "lead.reanalysed", entity: "call", entityId: callId });
    await touch(tx, "calls", callId);
    return { callId, status: "pending" as const };
  });
}
