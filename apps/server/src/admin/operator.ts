import { maybeRow, param, sql } from "@parley/db";
import { audit, type Audited } from "../audit.ts";
import { contextFor, type Ctx } from "../context.ts";
import { tenantContext, type RequestContext } from "../trpc.ts";

/** The operator at work in one tenant: its rows are changed in its own transaction, under the operator's name. */
export function actingIn({ parts, visitor, request }: RequestContext, userId: string): Ctx {
  return contextFor(parts, userId, parts.db.web, {
    person: visitor?.person ?? null,
    role: "owner",
    actor: visitor?.actor ?? "system",
    requestId: request.id,
  });
}

type Found = { user_id: string | null };
const owners = {
  call: (id: string) => sql`select user_id from calls where id = ${param(id)}`,
  incident: (id: string) => sql`select user_id from incidents where id = ${param(id)}`,
};

/** Where a row is changed: in the visitor's workspace, or, for the operator, in the one that it belongs to. */
export async function whereItIs(ctx: RequestContext, what: keyof typeof owners, id: string): Promise<Ctx> {
  const here = tenantContext(ctx);
  const { visitor } = ctx;
  const isOperator = visitor?.isPlatformAdmin && (visitor.scopes?.includes("platform") ?? true);
  const found = isOperator ? await maybeRow<Found>(ctx.parts.db.ro, owners[what](id)) : undefined;
  return found?.user_id && found.user_id !== here.user.id ? actingIn(ctx, found.user_id) : here;
}

/** What concerns the whole installation is written down where the operator works. */
export async function auditHere(ctx: RequestContext, entry: Audited): Promise<void> {
  if (!ctx.visitor?.userId) return;
  const here = actingIn(ctx, ctx.visitor.userId);
  await here.db.tx((tx) => audit(here, tx, entry));
}
