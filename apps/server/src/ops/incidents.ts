import type { Incident } from "@parley/core/ops/schema";
import { Id } from "@parley/core/fields";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, rows, sql, touch } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";

const columns = sql`id, status, severity, kind, message, cure, times, opened_at as "openedAt", last_at as "lastAt", resolved_at as "resolvedAt", resolved_by as "resolvedBy"`;

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

/** Done with, says a person. If the cause is still there it opens again. An operator may also close the platform's own. */
export async function resolveIncident(ctx: Ctx, { incidentId }: { incidentId: string }): Promise<Incident> {
  return ctx.db.tx(async (tx) => {
    const resolved =
      (await maybeRow<Incident>(
        tx,
        sql`
        update incidents
        set status = 'resolved', resolved_at = coalesce(resolved_at, app.now()), resolved_by = coalesce(resolved_by, ${param(ctx.actor)})
        where user_id = ${param(ctx.user.id)} and id = ${param(incidentId)}
        returning ${columns}`,
      )) ??
      (ctx.person?.isPlatformAdmin
        ? await maybeRow<Incident>(
            tx,
            sql`select ${columns} from app.resolve_platform_incident(${param(incidentId)}, ${param(ctx.actor)})`,
          )
        : undefined);
    if (!resolved) throw notFound("incident");
    await audit(ctx, tx, { action: "incident.resolved", entity: "incident", entityId: incidentId });
    await touch(tx, "ops");
    return resolved;
  });
}
