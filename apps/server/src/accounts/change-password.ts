import { ParleyError } from "@parley/core/errors";
import type { RequestContext } from "../trpc.ts";
import { auditSelf } from "./audit-self.ts";
import { hashPassword } from "./password.ts";
import { checkPassword, enter } from "./sign-in.ts";

/** Sets a new password. Every other browser is signed out; this one goes on under a new session. */
export async function changePassword(
  ctx: RequestContext,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<{ ok: true }> {
  const person = ctx.visitor?.person;
  if (!person) throw new ParleyError("not_signed_in", "Sign in first.");
  await checkPassword(ctx, person.email, currentPassword).catch((error: unknown) => {
    if (error instanceof ParleyError && error.code === "not_signed_in")
      throw new ParleyError("invalid", "currentPassword: this is not your present password.");
    throw error;
  });
  await ctx.parts.db.web.pool.query("select app.set_password($1, $2)", [
    person.id,
    await hashPassword(newPassword),
  ]);
  await ctx.sessions.endAll(person.id);
  if (ctx.visitor?.userId)
    await auditSelf(ctx, person.id, ctx.visitor.userId, {
      action: "password.changed",
      entity: "person",
      entityId: person.id,
    });
  if (ctx.visitor?.userId) await enter(ctx, person.id, ctx.visitor.userId);
  else ctx.cookie.clear();
  return { ok: true };
}
