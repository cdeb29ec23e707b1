import type { Session, SignUp } from "@parley/core/accounts/schema";
import { systemStages } from "@parley/core/contacts/stages";
import { conflict } from "@parley/core/errors";
import { param, row, sql, type Tx } from "@parley/db";
import { addCredits } from "@parley/db/ledger";
import type { RequestContext } from "../trpc.ts";
import { audit } from "../audit.ts";
import { hashPassword } from "./password.ts";
import { enter } from "./sign-in.ts";

/** A person with a workspace of their own: stages, first credits, default limits, signed in. */
export async function signUp(ctx: RequestContext, input: SignUp): Promise<Session> {
  const { db, config } = ctx.parts;
  const passwordHash = await hashPassword(input.password);
  const { id: userId } = await row<{ id: string }>(db.web.pool, sql`select app.uuid7() as id`);
  // The transaction is the new tenant's own before there is one: what belongs to it can belong to no other.
  const personId = await db.web.tx(userId, async (tx) => {
    const made = await found(tx, input, passwordHash, config);
    if (config.signupCredits > 0)
      await addCredits(tx, { kind: "grant", amount: config.signupCredits, reason: "Sign-up credits" });
    await audit({ person: { id: made } as never, actor: `person:${made}`, requestId: ctx.request.id }, tx, {
      action: "workspace.created",
      entity: "workspace",
      entityId: userId,
    });
    return made;
  });
  return enter(ctx, personId, userId);
}

async function found(
  tx: Tx,
  input: SignUp,
  passwordHash: string,
  config: { defaultRuleSet: string; userLimit: number },
): Promise<string> {
  const { personId } = await row<{ personId: string | null }>(
    tx,
    sql`select app.sign_up(
      ${param(input.email)}, ${param(input.name)}, ${param(passwordHash)}, ${param(input.company ?? `${input.name}’s workspace`)},
      ${param(input.timeZone ?? "UTC")}, ${param(input.defaultRegion ?? "IN")}, ${param(config.defaultRuleSet)},
      ${param(config.userLimit)}, ${param(JSON.stringify(systemStages))}) as "personId"`,
  );
  if (!personId)
    throw conflict("email: somebody signs in with this address already. Sign in, or use another address.");
  return personId;
}
