import type { Role } from "@parley/core/accounts/permissions";
import type * as z from "zod";
import type { membersProcedures } from "@parley/core/accounts/schema";
import { conflict, notFound } from "@parley/core/errors";
import { maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { audit } from "../audit.ts";
import { newToken, sha256 } from "./session.ts";

type Team = z.output<(typeof membersProcedures)["list"]["output"]>;

/** The people of the workspace, and the invitations still open. */
export async function listMembers({ db }: Ctx): Promise<Team> {
  return db.tx(async (tx) => ({
    items: await rows<Team["items"][number]>(
      tx,
      sql`select id, person_id as "personId", email, name, role, joined_at as "joinedAt", last_seen_at as "lastSeenAt"
        from app.team()`,
    ),
    invitations: await rows<Team["invitations"][number]>(
      tx,
      sql`select i.id, i.email, i.role, i.expires_at as "expiresAt", n.name as "createdBy"
        from invitations i left join app.team() n on n.person_id = i.created_by
        where i.user_id = app.user_id() and i.accepted_at is null and i.revoked_at is null and i.expires_at > app.wall()
        order by i.created_at desc`,
    ),
  }));
}

/** Makes a link that lets one person in. It is shown once; nothing is mailed. */
export async function inviteMember(ctx: Ctx, { email, role }: { email?: string | undefined; role: Role }) {
  const token = newToken();
  const { expiresAt } = await ctx.db.tx(async (tx) => {
    if (email && (await maybeRow(tx, sql`select 1 from app.team() where email = ${param(email)}`)))
      throw conflict("email: this person is in the workspace already. Change their role under Team.");
    const made = await row<{ id: string; expiresAt: string }>(
      tx,
      sql`insert into invitations (user_id, token_sha256, email, role, created_by, expires_at)
        values (app.user_id(), ${param(sha256(token))}, ${param(email ?? null)}, ${param(role)},
          ${param(ctx.person?.id ?? null)}, app.wall() + interval '7 days')
        returning id, expires_at as "expiresAt"`,
    );
    await audit(ctx, tx, {
      action: "member.invited",
      entity: "invitation",
      entityId: made.id,
      changes: { role: [null, role], email: [null, email ?? null] },
    });
    await touch(tx, "settings");
    return made;
  });
  return { link: `${ctx.config.publicUrl}/invitation/${token}`, expiresAt };
}

export async function setMemberRole(
  ctx: Ctx,
  { id, role }: { id: string; role: Role },
): Promise<{ ok: true }> {
  await ctx.db.tx(async (tx) => {
    const member = await lockMember(tx, id);
    if (member.role === "owner" && role !== "owner") await keepAnOwner(tx, id);
    await rows(
      tx,
      sql`update members set role = ${param(role)} where user_id = app.user_id() and id = ${param(id)}`,
    );
    await audit(ctx, tx, {
      action: "member.role_set",
      entity: "member",
      entityId: id,
      changes: { role: [member.role, role] },
    });
    await touch(tx, "settings");
  });
  return { ok: true };
}

/** Takes a person out of the workspace; their keys to it stop working at once. */
export async function removeMember(ctx: Ctx, { id }: { id: string }): Promise<{ ok: true }> {
  await ctx.db.tx(async (tx) => {
    const member = await lockMember(tx, id);
    if (member.role === "owner") await keepAnOwner(tx, id);
    await rows(tx, sql`delete from members where user_id = app.user_id() and id = ${param(id)}`);
    await rows(
      tx,
      sql`update api_keys set revoked_at = app.wall()
        where user_id = app.user_id() and created_by = ${param(member.personId)} and revoked_at is null`,
    );
    await audit(ctx, tx, {
      action: "member.removed",
      entity: "member",
      entityId: id,
      changes: { role: [member.role, null] },
    });
    await touch(tx, "settings");
  });
  return { ok: true };
}

/** All owners are locked together, so that two of them cannot remove each other at once. */
async function lockMember(tx: Tx, id: string): Promise<{ role: Role; personId: string }> {
  const locked = await rows<{ id: string; role: Role; personId: string }>(
    tx,
    sql`select id, role, person_id as "personId" from members
      where user_id = app.user_id() and (role = 'owner' or id = ${param(id)})
      order by id for update`,
  );
  const member = locked.find((one) => one.id === id);
  if (!member) throw notFound("member");
  return member;
}

async function keepAnOwner(tx: Tx, leaving: string): Promise<void> {
  const other = await maybeRow(
    tx,
    sql`select 1 from members where user_id = app.user_id() and role = 'owner' and id <> ${param(leaving)} limit 1`,
  );
  if (!other) throw conflict("A workspace needs an owner. Make somebody else owner first.");
}
