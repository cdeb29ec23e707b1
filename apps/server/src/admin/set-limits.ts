import type * as z from "zod";
import type { adminProcedures } from "@parley/core/ops/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, row, sql, touch } from "@parley/db";
import { wakeTenant } from "@parley/db/ledger";
import { audit } from "../audit.ts";
import type { RequestContext } from "../trpc.ts";
import { actingIn, auditHere } from "./operator.ts";

type Limits = (typeof adminProcedures)["setLimits"];

/** How many calls a tenant, and the whole system, may hold at once. What waited for a line is looked at again. */
export async function setLimits(
  ctx: RequestContext,
  { userId, concurrentLimit, systemLimit }: z.output<Limits["input"]>,
): Promise<z.output<Limits["output"]>> {
  if (userId !== undefined && concurrentLimit !== undefined)
    await setTenantLimit(ctx, userId, concurrentLimit);
  const before = await row<{ limit: number }>(
    ctx.parts.db.web.pool,
    sql`select system_limit as "limit" from app.admin_system()`,
  );
  const { limit } = await row<{ limit: number }>(
    ctx.parts.db.web.pool,
    sql`select app.admin_set_limits(${param(systemLimit ?? null)}::int) as limit`,
  );
  if (systemLimit !== undefined)
    await auditHere(ctx, {
      action: "system.limit_set",
      entity: "system",
      changes: { systemLimit: [before.limit, limit] },
    });
  ctx.parts.db.web.wake("dispatch");
  return { userId: userId ?? null, concurrentLimit: concurrentLimit ?? null, systemLimit: limit };
}

async function setTenantLimit(ctx: RequestContext, userId: string, concurrentLimit: number): Promise<void> {
  const there = actingIn(ctx, userId);
  await there.db.tx(async (tx) => {
    const before = await maybeRow<{ limit: number }>(
      tx,
      sql`select concurrent_limit as limit from users where id = ${param(userId)} for no key update`,
    );
    if (!before) throw notFound("tenant");
    await tx.query("update users set concurrent_limit = $2 where id = $1", [userId, concurrentLimit]);
    await wakeTenant(tx, ["user_limit"]);
    await audit(there, tx, {
      action: "limits.set",
      entity: "workspace",
      entityId: userId,
      changes: { concurrentLimit: [before.limit, concurrentLimit] },
    });
    await touch(tx, "settings");
  });
}
