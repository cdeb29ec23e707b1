import type * as z from "zod";
import type { adminProcedures } from "@parley/core/ops/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, row, sql, touch } from "@parley/db";
import { wakeTenant } from "@parley/db/ledger";
import { audit } from "../audit.ts";
import type { RequestContext } from "../trpc.ts";
import { actingIn, auditHere } from "./operator.ts";

type Limits = (typeof adminProcedures)["setLimits"];
type System = { systemLimit: number; directReserve: number };

/**
 * How many calls a tenant, and the whole system, may hold at once, and how many lines campaigns leave to calls by hand.
 * What waited for a line is looked at again.
 */
export async function setLimits(
  ctx: RequestContext,
  { userId, concurrentLimit, systemLimit, directReserve }: z.output<Limits["input"]>,
): Promise<z.output<Limits["output"]>> {
  if (userId !== undefined && concurrentLimit !== undefined)
    await setTenantLimit(ctx, userId, concurrentLimit);
  const before = await row<System>(
    ctx.parts.db.web.pool,
    sql`select system_limit as "systemLimit", app.direct_reserve() as "directReserve" from app.admin_system()`,
  );
  const after = await row<System>(
    ctx.parts.db.web.pool,
    sql`
    select system_limit as "systemLimit", direct_reserve as "directReserve"
    from app.admin_set_limits(${param(systemLimit ?? null)}::int, ${param(directReserve !== undefined)}, ${param(directReserve ?? null)}::int)`,
  );
  if (systemLimit !== undefined || directReserve !== undefined)
    await auditHere(ctx, {
      action: "system.limit_set",
      entity: "system",
      changes: {
        ...(systemLimit === undefined ? {} : { systemLimit: [before.systemLimit, after.systemLimit] }),
        ...(directReserve === undefined
          ? {}
          : { directReserve: [before.directReserve, after.directReserve] }),
      },
    });
  ctx.parts.db.web.wake("dispatch");
  return { userId: userId ?? null, concurrentLimit: concurrentLimit ?? null, ...after };
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
