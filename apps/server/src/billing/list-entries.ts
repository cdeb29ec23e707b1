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
      sql`select e.id, e.kind, e.amount, e.balance, coalesce(e.call_id::text, e.payment_ref) as ref,
          coalesce(p.name, c.phone_number) as callee, e.campaign_id as "campaignId", k.name as "campaignName", e.reason, e.at
        from credit_entries e
        left join calls c on c.user_id = e.user_id and c.id = e.call_id
        left join contacts p on p.user_id = c.user_id and p.id = c.contact_id
        left join call_campaigns k on k.user_id = e.user_id and k.id = e.campaign_id
        where e.user_id = app.user_id()
          and (${param(before)}::uuid is null or e.id < ${param(before)}::uuid)
          and (${param(kind)}::text is null or e.kind = ${param(kind)})
          and (${param(campaignId)}::uuid is null or e.campaign_id = ${param(campaignId)}::uuid)
        order by e.id desc
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
