import { maybeRow, param, sql } from "@parley/db";
import { audit, type Audited } from "../audit.ts";
import { contextFor } from "../context.ts";
import type { RequestContext } from "../trpc.ts";

/** What people do to their own account stands in the audit log of the workspace in which they do it. */
export async function auditSelf(
  { parts, request }: RequestContext,
  personId: string,
  userId: string,
  entry: Audited,
): Promise<void> {
  const ctx = contextFor(parts, userId, parts.db.web, {
    person: null,
    role: "viewer",
    actor: `person:${personId}`,
    requestId: request.id,
  });
  await ctx.db.tx(async (tx) => {
    const who = await maybeRow<{ id: string; name: string }>(
      tx,
      sql`select id, name from app.names_of(array[${param(personId)}::uuid])`,
    );
    await audit({ ...ctx, person: who ? { ...who, email: "", isPlatformAdmin: false } : null }, tx, entry);
  });
}
