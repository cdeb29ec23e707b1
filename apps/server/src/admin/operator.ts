import { audit, type Audited } from "../audit.ts";
import { contextFor, type Ctx } from "../context.ts";
import type { RequestContext } from "../trpc.ts";

/** The operator at work in one tenant: its rows are changed in its own transaction, under the operator's name. */
export function actingIn({ parts, visitor, request }: RequestContext, userId: string): Ctx {
  return contextFor(parts, userId, parts.db.web, {
    person: visitor?.person ?? null,
    role: "owner",
    actor: visitor?.actor ?? "system",
    requestId: request.id,
  });
}

/** What concerns the whole installation is written down where the operator works. */
export async function auditHere(ctx: RequestContext, entry: Audited): Promise<void> {
  if (!ctx.visitor?.userId) return;
  const here = actingIn(ctx, ctx.visitor.userId);
  await here.db.tx((tx) => audit(here, tx, entry));
}
