import type { Session } from "@parley/core/accounts/schema";
import { conflict, invalid, ParleyError } from "@parley/core/errors";
import { maybeRow, param, row, sql, type Queryable } from "@parley/db";
import type { RequestContext } from "../trpc.ts";
import { auditSelf } from "./audit-self.ts";
import { hashPassword } from "./password.ts";
import { sha256 } from "./session.ts";
import { checkPassword, enter } from "./sign-in.ts";

type Invitation = {
  userId: string;
  email: string | null;
  role: Session["member"]["role"];
  company: string;
  expiresAt: string;
  knownPerson: boolean;
};

/** What a link invites to. */
export async function readInvitation({ parts }: RequestContext, { token }: { token: string }) {
  const { userId: _tenant, ...invitation } = await find(parts.db.web.pool, token);
  return invitation;
}

async function find(on: Queryable, token: string): Promise<Invitation> {
  return row<Invitation>(
    on,
    sql`select user_id as "userId", email, role, company, expires_at as "expiresAt", known_person as "knownPerson"
      from app.invitation(${param(sha256(token))})`,
    "This invitation is used, withdrawn or out of date. Ask for a new link.",
  );
}

/**
 * Joins a workspace. Whoever signs in here already proves it with the present password, which stays what it is;
 * a new person sets one.
 */
export async function acceptInvitation(
  ctx: RequestContext,
  input: { token: string; email?: string | undefined; name?: string | undefined; password: string },
): Promise<Session> {
  const { pool } = ctx.parts.db.web;
  const invitation = await find(pool, input.token);
  const email = invitation.email ?? input.email;
  if (!email) throw invalid("email: say with which address you will sign in.");
  if (input.email && input.email !== email)
    throw invalid(`email: this invitation is for another address. Ask for one to ${input.email}.`);
  const person = await newPerson(pool, email, input);
  const personId = person ? null : await checkPassword(ctx, email, input.password);
  const accepted = await maybeRow<{ user_id: string; person_id: string }>(
    pool,
    sql`select * from app.accept_invitation(${param(sha256(input.token))}, ${param(personId)}::uuid, ${param(email)},
      ${param(person?.name ?? null)}, ${param(person?.passwordHash ?? null)})`,
  ).catch((error: { constraint?: string }) => {
    if (error.constraint === "people_email_is_unique")
      throw conflict("email: somebody has just signed up with this address. Try again with its password.");
    throw error;
  });
  if (!accepted)
    throw new ParleyError("not_found", "This invitation has just been used. Ask for a new link.");
  await auditSelf(ctx, accepted.person_id, accepted.user_id, {
    action: "member.joined",
    entity: "member",
    changes: { role: [null, invitation.role] },
  });
  return enter(ctx, accepted.person_id, accepted.user_id);
}

/** What a person has to bring who does not sign in here yet; null for one who does. */
async function newPerson(
  on: Queryable,
  email: string,
  input: { name?: string | undefined; password: string },
) {
  const known = await maybeRow(on, sql`select 1 from app.find_login(${param(email)})`);
  if (known) return null;
  if (!input.name) throw invalid("name: say what you are called.");
  if (input.password.length < 10) throw invalid("password: must have at least 10 characters.");
  return { name: input.name, passwordHash: await hashPassword(input.password) };
}
