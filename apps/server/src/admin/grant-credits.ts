import { notFound } from "@parley/core/errors";
import { maybeRow, param, sql } from "@parley/db";
import { addCredits } from "@parley/db/ledger";
import { audit } from "../audit.ts";
import type { RequestContext } from "../trpc.ts";
import { actingIn } from "./operator.ts";

type Input = { userId: string; credits: number; reason: string };

/** Gives a tenant credits; what had stopped for want of them goes on. Answers the new balance. */
export async function grantCredits(ctx: RequestContext, { userId, credits, reason }: Input) {
  const there = actingIn(ctx, userId);
  const balance = await there.db.tx(async (tx) => {
    if (!(await maybeRow(tx, sql`select 1 from users where id = ${param(userId)}`))) throw notFound("tenant");
    const after = await addCredits(tx, {
      kind: "grant",
      amount: credits,
      reason,
      createdBy: there.person?.id ?? null,
    });
    await audit(there, tx, {
      action: "credits.granted",
      entity: "workspace",
      entityId: userId,
      changes: { credits: [after - credits, after], reason: [null, reason] },
    });
    return after;
  });
  return { userId, credits: balance };
}
