import * as z from "zod";
import type { AuditEntry, auditProcedures } from "@parley/core/accounts/schema";
import { param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";

type Input = z.output<(typeof auditProcedures)["list"]["input"]>;

/** Who changed what, latest first; days are those of the workspace's zone. */
export async function listAudit({ db }: Ctx, input: Input) {
  const before = cursorOf(input, z.int());
  const found = await db.tx((tx) =>
    rows<AuditEntry>(
      tx,
      sql`select a.id, a.at, coalesce(n.name, a.actor) as actor, a.action, a.entity, a.entity_id as "entityId", a.changes,
          a.request_id as "requestId"
        from audit_log a
        join users u on u.id = a.user_id
        left join lateral app.names_of(array[a.person_id]) n on true
        where a.user_id = app.user_id()
          and (${param(before)}::bigint is null or a.id < ${param(before)}::bigint)
          and (${param(input.action ?? null)}::text is null or a.action = ${param(input.action ?? null)})
          and (${param(input.actor ?? null)}::text is null or a.actor = ${param(input.actor ?? null)})
          and (${param(input.from ?? null)}::date is null or a.at >= (${param(input.from ?? null)}::date)::timestamp at time zone u.time_zone)
          and (${param(input.to ?? null)}::date is null or a.at < (${param(input.to ?? null)}::date + 1)::timestamp at time zone u.time_zone)
        order by a.id desc
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
