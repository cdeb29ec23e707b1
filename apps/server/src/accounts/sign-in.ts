import type { Session, SignIn } from "@parley/core/accounts/schema";
import { notAllowed, ParleyError } from "@parley/core/errors";
import { maybeRow, param, rows, sql } from "@parley/db";
import type { Person } from "../context.ts";
import type { RequestContext } from "../trpc.ts";
import { passwordFits } from "./password.ts";
import { sessionView } from "./view.ts";

/** Signs a person in to the workspace used last. The answer to a wrong address and a wrong password is the same. */
export async function signIn(ctx: RequestContext, { email, password }: SignIn): Promise<Session> {
  const personId = await checkPassword(ctx, email, password);
  const [workspace] = await membershipsOf(ctx, personId);
  if (!workspace) throw notAllowed("You belong to no workspace any more. Ask an owner for an invitation.");
  return enter(ctx, personId, workspace.userId);
}

/** The person whose password this is; throws the one refusal there is, after the one amount of work there is. */
export async function checkPassword(ctx: RequestContext, email: string, password: string): Promise<string> {
  ctx.limits.take("password of one person", email);
  const found = await maybeRow<{ person_id: string; password_hash: string | null }>(
    ctx.parts.db.web.pool,
    sql`select person_id, password_hash from app.find_login(${param(email)})`,
  );
  const fits = await passwordFits(found?.password_hash, password);
  if (!found || !fits)
    throw new ParleyError(
      "not_signed_in",
      "E-mail address and password do not fit. Check both, or ask your operator for a reset link.",
    );
  return found.person_id;
}

/** The tenants of a person, the one last used first. */
export async function membershipsOf({ parts }: Pick<RequestContext, "parts">, personId: string) {
  type Found = { user_id: string; company: string; role: Session["member"]["role"] };
  const found = await rows<Found>(parts.db.web.pool, sql`select * from app.memberships(${param(personId)})`);
  return found.map(({ user_id: userId, company, role }) => ({ userId, company, role }));
}

/** A fresh session in a workspace, with its cookie. A session that the browser had before ends. */
export async function enter(ctx: RequestContext, personId: string, userId: string): Promise<Session> {
  const { sessions, visitor, request, cookie, parts } = ctx;
  if (visitor?.sessionId) await sessions.end(visitor.sessionId);
  const token = await sessions.start(personId, userId, request.userAgent);
  const entered = await sessions.read(token);
  cookie.set(token);
  return sessionView(parts, entered?.person as Person, userId);
}
