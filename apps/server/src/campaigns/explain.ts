import type { Explanation } from "@parley/core/campaigns/schema";
import { notFound } from "@parley/core/errors";
import { isReasonCode, reasonText } from "@parley/core/reasons";
import { maybeRow, param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";

type Check = {
  name: string;
  ok: boolean;
  reason: string | null;
  detail: string;
  true_again_at: string | null;
};

/** Why an item is not dialled now: the dispatcher's own predicates, one by one, and what follows from them. */
export function explainItem(ctx: Ctx, { itemId }: { itemId: string }): Promise<Explanation> {
  return ctx.db.tx(async (tx) => {
    const verdict = await maybeRow<Pick<Explanation, "verdict" | "reason" | "until">>(
      tx,
      sql`select verdict, reason, case when isfinite(until) then until end as until from app.explain_verdict(${param(itemId)})`,
    );
    if (!verdict) throw notFound("item");
    const checks = await rows<Check>(
      tx,
      sql`select name, ok, reason, detail, case when isfinite(true_again_at) then true_again_at end as true_again_at from app.explain(${param(itemId)})`,
    );
    return {
      ...verdict,
      checks: checks.map(({ name, ok, reason, detail, true_again_at }) => ({
        name,
        ok,
        // A status stands where a reason would: the detail has said it already.
        detail: reason === null || !isReasonCode(reason) ? detail : `${detail} ${reasonText(reason)}`,
        trueAgainAt: true_again_at,
      })),
    };
  });
}
