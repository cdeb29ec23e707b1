import { ParleyError } from "@parley/core/errors";
import { param, row, sql } from "@parley/db";
import type { RequestContext } from "../trpc.ts";
import { changed } from "../audit.ts";
import { auditHere } from "./operator.ts";

type Input = { paused: boolean; reason?: string | undefined };

const stillLooking = () =>
  new ParleyError(
    "conflict",
    "The database has gone back in time, and calls it has forgotten are still being looked for at the provider. Dialling can be resumed once the incident says that they are taken over.",
  );

/** Stops every claim of every tenant, or lets them go on. Calls in the air end by themselves. */
export async function pauseDialling(ctx: RequestContext, { paused, reason }: Input) {
  const before = await row<{ paused: boolean; reason: string | null }>(
    ctx.parts.db.web.pool,
    sql`select dialling_paused as paused, dialling_paused_reason as reason from app.admin_system()`,
  );
  const { inAir } = await row<{ inAir: number }>(
    ctx.parts.db.web.pool,
    sql`select app.admin_pause_dialling(${param(paused)}, ${param(reason ?? null)}, ${param(ctx.visitor?.actor)}) as "inAir"`,
  ).catch((error: unknown) => {
    throw (error as { code?: string }).code === "PY001" ? stillLooking() : error;
  });
  await auditHere(ctx, {
    action: paused ? "dialling.paused" : "dialling.resumed",
    entity: "system",
    changes: changed(before, { paused, reason: paused ? (reason ?? null) : null }),
  });
  ctx.parts.db.web.wake("dispatch");
  return { paused, inAir };
}
