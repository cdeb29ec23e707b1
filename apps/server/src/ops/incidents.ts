import type { Incident } from "@parley/core/ops/schema";
import { Id } from "@parley/core/fields";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, rows, sql, touch, type SQLFragment } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";

const columns = sql`id, status, severity, kind, message, cure, times, opened_at as "openedAt", last_at as "lastAt",
  resolved_at as "resolvedAt", resolved_by as "resolvedBy", acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy", resolution`;

/** What needs a person in this workspace, the latest first. The platform's own stand in ops.incidents_open. */
export async function listIncidents(
  ctx: Ctx,
  input: PageInput & { status?: Incident["status"] | undefined },
): Promise<{ items: Incident[]; nextCursor: string | null }> {
  const after = cursorOf(input, Id);
  const found = await ctx.db.tx((tx) =>
    rows<Incident>(
      tx,
      sql`
      select ${columns} from incidents
      where user_id = ${param(ctx.user.id)}
        and (${param(after)}::uuid is null or id < ${param(after)}::uuid)
        and (${param(input.status ?? null)}::text is null or status = ${param(input.status ?? null)}::text)
      order by id desc
      limit ${param(fetchLimit(input))}`,
    ),
  );
  return pageOf(
    found,
    input,
    ({ id }) => id,
    (incident) => incident,
  );
}

/** Somebody looks after it: it stays open, and the others can see that. */
export function acknowledgeIncident(ctx: Ctx, { incidentId }: { incidentId: string }): Promise<Incident> {
  return change(ctx, incidentId, "incident.acknowledged", {
    own: sql`
      update incidents
      set acknowledged_at = coalesce(acknowledged_at, app.now()), acknowledged_by = coalesce(acknowledged_by, ${param(ctx.actor)})
      where user_id = ${param(ctx.user.id)} and id = ${param(incidentId)}
      returning ${columns}`,
    platform: sql`select ${columns} from app.acknowledge_platform_incident(${param(incidentId)}, ${param(ctx.actor)})`,
  });
}

/** Done with, says a person, and what was done. If the cause is still there it opens again. */
export function resolveIncident(
  ctx: Ctx,
  { incidentId, resolution = null }: { incidentId: string; resolution?: string | null | undefined },
): Promise<Incident> {
  return change(ctx, incidentId, "incident.resolved", {
    own: sql`
      update incidents
      set status = 'resolved', resolved_at = coalesce(resolved_at, app.now()), resolved_by = coalesce(resolved_by, ${param(ctx.actor)}),
        resolution = coalesce(${param(resolution)}, resolution)
      where user_id = ${param(ctx.user.id)} and id = ${param(incidentId)}
      returning ${columns}`,
    platform: sql`select ${columns} from app.resolve_platform_incident(${param(incidentId)}, ${param(ctx.actor)}, ${param(resolution)})`,
  });
}

/** An operator may also handle the platform's own. */
async function change(
  ctx: Ctx,
  incidentId: string,
  action: string,
  { own, platform }: { own: SQLFragment; platform: SQLFragment },
): Promise<Incident> {
  return ctx.db.tx(async (tx) => {
    const changed =
      (await maybeRow<Incident>(tx, own)) ??
      (ctx.person?.isPlatformAdmin ? await maybeRow<Incident>(tx, platform) : undefined);
    if (!changed) throw notFound("incident");
    await audit(ctx, tx, {
      action,
      entity: "incident",
      entityId: incidentId,
      changes: changed.resolution ? { resolution: [null, changed.resolution] } : {},
    });
    await touch(tx, "ops");
    return changed;
  });
}
