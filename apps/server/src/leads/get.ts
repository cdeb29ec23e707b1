import { param, row, sql, type Tx } from "@parley/db";
import type { Lead } from "@parley/core/leads/schema";
import type { Ctx } from "../context.ts";

/** The analysis of one call, corrections included. */
export const getLead = (ctx: Ctx, { callId }: { callId: string }): Promise<Lead> =>
  ctx.db.tx((tx) => readLead(tx, callId));

export const readLead = (tx: Tx, callId: string): Promise<Lead> =>
  row<Lead>(
    tx,
    sql`
    select call_id as "callId", contact_id as "contactId", status, reason, sentiment, sentiment_score as "sentimentScore",
      call_outcome as outcome, summary, levels, score, temperature, meeting_at as "meetingAt", callback_at as "callbackAt",
      do_not_call as "doNotCall", coalesce(extracted_data, '[]') as extracted, model, prompt_version as "promptVersion",
      analysed_at as "analysedAt", array(select jsonb_object_keys(corrected)) as corrected,
      tokens_in as "tokensIn", tokens_out as "tokensOut", cost_nanodollars as "costNanodollars"
    from lead_analytics
    where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`,
    "This call has not been analysed, or there is no such call in this workspace.",
  );
