import { ParleyError } from "@parley/core/errors";
import { param, row, sql } from "@parley/db";
import type { RequestContext } from "../trpc.ts";
import { hashPassword } from "./password.ts";
import { sha256 } from "./session.ts";

/** Sets a password with the one-time link of `parley admin reset-password`. Every session of the person ends. */
export async function resetPassword(
  { parts }: RequestContext,
  { token, newPassword }: { token: string; newPassword: string },
): Promise<{ ok: true }> {
  const passwordHash = await hashPassword(newPassword);
  const { personId } = await row<{ personId: string | null }>(
    parts.db.web.pool,
    sql`select app.one_time_token(${param(sha256(token))}, 'reset_password', ${param(passwordHash)}) as "personId"`,
  );
  if (!personId)
    throw new ParleyError(
      "invalid",
      "token: this link is used or out of date. Ask your operator for a new one.",
    );
  return { ok: true };
}
