import type * as z from "zod";
import type { billingProcedures, LedgerEntry } from "@parley/core/billing/schema";
import { Id } from "@parley/core/fields";
import { param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";

type Input = z.output<(typeof billingProcedures)["ledger"]["input"]>;

/** The ledger, latest entry first; `balance` is the posted balance after each. */
export async function listEntries({ db }: Ctx, input: Input) {
  const before = cursorOf(input, Id);
  const { kind = null, campaignId = null } = input;
  const found = await db.tx((tx) =>
    rows<LedgerEntry>(
      tx,
      sql`select id, kind, amount, balance, coalesce(call_id::text, payment_ref) as ref, campaign_id as "campaignId", reason, at
        from credit_entries
        where user_id = app.user_id()
          and (${param(before)}::uuid is null or id < ${param(before)}::uuid)
          and (${param(kind)}::text is null or kind = ${param(kind)})
          and (${param(campaignId)}::uuid is null or campaign_id = ${param(campaignId)}::uuid)
        order by id desc
        limit ${param(fetchLimit(input))}`,
    ),
  );
  return pageOf(
    found,
    input,
    ({ id }) => id,
    (entry) => entry,
  );
}
