import { param, row, sql } from "@parley/db";
import { conflict } from "@parley/core/errors";
import { correctable, type Correctable, type Lead, type LeadCorrection } from "@parley/core/leads/schema";
import type { Ctx } from "../context.ts";
import { audit } from "../audit.ts";
import { applyAnalysis } from "./apply-analysis.ts";
import { readLead } from "./get.ts";

/**
 * Puts right what the analysis got wrong. The corrected fields count from now on, for the contact too, and no later
 * analysis of the call overwrites them until they are reset.
 */
export async function correctLead(ctx: Ctx, { callId, reset = [], ...given }: LeadCorrection): Promise<Lead> {
  return ctx.db.tx(async (tx) => {
    const lead = await readLead(tx, callId);
    if (lead.outcome === null)
      throw conflict(
        "This call has no analysis that could be corrected. Analyse it first, or wait until it is done.",
      );
    const { corrected } = await row<{ corrected: Partial<Record<Correctable, unknown>> }>(
      tx,
      sql`select corrected from lead_analytics where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`,
    );
    const kept = { ...corrected, ...definedOf(given) };
    for (const field of reset) delete kept[field];
    await tx.query(
      sql`
      update lead_analytics set corrected = ${param(JSON.stringify(kept))}::jsonb
      where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`.compile(),
    );
    await applyAnalysis(tx, callId);
    const after = await readLead(tx, callId);
    await audit(ctx, tx, {
      action: "lead.corrected",
      entity: "call",
      entityId: callId,
      // The summary speaks of a person: that it was changed is enough.
      changes: Object.fromEntries(
        correctable
          .filter((field) => lead[field] !== after[field])
          .map((field) => [
            field,
            field === "summary" ? (["…", "…"] as const) : ([lead[field], after[field]] as const),
          ]),
      ),
    });
    return after;
  });
}

const definedOf = (given: Partial<Record<Correctable, unknown>>): Partial<Record<Correctable, unknown>> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
