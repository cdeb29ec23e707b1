import { onServer } from "@parley/db/owner";
import { newToken, sha256 } from "./session.ts";

/** What whoever holds the owner's login of the database may do without signing in. The web and jobs never can. */

/** Makes a person platform admin. Returns their name; null when nobody signs in with that address. */
export function grantAdmin(ownerUrl: string, email: string): Promise<string | null> {
  return onServer(ownerUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "update people set is_platform_admin = true where email = $1 returning name",
      [email.trim().toLowerCase()],
    );
    return rows[0]?.name ?? null;
  });
}

/** A link with which a person sets a new password once, within the hour. Null when nobody signs in with that address. */
export function resetPasswordLink(
  ownerUrl: string,
  email: string,
  publicUrl: string,
): Promise<string | null> {
  const token = newToken();
  return onServer(ownerUrl, async (client) => {
    const { rowCount } = await client.query(
      `insert into one_time_tokens (id, person_id, purpose, expires_at)
       select $1, id, 'reset_password', app.wall() + interval '1 hour' from people where email = $2`,
      [sha256(token), email.trim().toLowerCase()],
    );
    return rowCount ? `${publicUrl}/reset-password/${token}` : null;
  });
}
