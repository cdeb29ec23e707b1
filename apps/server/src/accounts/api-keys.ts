import { grantableScopes, type Scope } from "@parley/core/accounts/permissions";
import type { ApiKey } from "@parley/core/accounts/schema";
import { notAllowed, notFound } from "@parley/core/errors";
import { apiKeyPrefix } from "@parley/core/ids";
import { maybeRow, param, row, rows, sql, touch } from "@parley/db";
import type { Ctx } from "../context.ts";
import { audit } from "../audit.ts";
import { newToken, sha256 } from "./session.ts";

/** Makes a key that may do at most what its maker may. It is shown once. */
export async function createApiKey(
  ctx: Ctx,
  { name, scopes }: { name: string; scopes?: Scope[] | undefined },
): Promise<{ id: string; key: string }> {
  const grantable = grantableScopes(ctx.role, ctx.person?.isPlatformAdmin ?? false);
  const beyond = scopes?.find((scope) => !grantable.includes(scope));
  if (beyond) throw notAllowed(`scopes: you cannot give “${beyond}”, for you may not do that yourself.`);
  const key = `${apiKeyPrefix}${newToken()}`;
  return ctx.db.tx(async (tx) => {
    const { id } = await row<{ id: string }>(
      tx,
      sql`insert into api_keys (user_id, name, key_sha256, key_hint, role, scopes, created_by)
        values (app.user_id(), ${param(name)}, ${param(sha256(key))}, ${param(`${key.slice(0, 6)}…${key.slice(-4)}`)},
          ${param(ctx.role)}, ${param(scopes ?? grantable)}::text[], ${param(ctx.person?.id)})
        returning id`,
    );
    await audit(ctx, tx, {
      action: "api_key.created",
      entity: "api_key",
      entityId: id,
      changes: { name: [null, name], scopes: [null, scopes ?? grantable] },
    });
    await touch(tx, "settings");
    return { id, key };
  });
}

/** Owners see every key of the workspace, others their own. */
export async function listApiKeys({ db, role, person }: Ctx): Promise<{ items: ApiKey[] }> {
  const items = await db.tx((tx) =>
    rows<ApiKey>(
      tx,
      sql`select k.id, k.name, k.key_hint as hint, k.role, k.scopes, n.name as "createdBy", k.created_at as "createdAt",
          k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"
        from api_keys k
        left join lateral app.names_of(array[k.created_by]) n on true
        where k.user_id = app.user_id()
          and (${param(role === "owner")}::boolean or k.created_by = ${param(person?.id ?? null)}::uuid)
        order by k.created_at desc, k.id`,
    ),
  );
  return { items };
}

export async function revokeApiKey(ctx: Ctx, { id }: { id: string }): Promise<{ ok: true }> {
  await ctx.db.tx(async (tx) => {
    const revoked = await maybeRow<{ name: string }>(
      tx,
      sql`update api_keys set revoked_at = coalesce(revoked_at, app.wall())
        where user_id = app.user_id() and id = ${param(id)}
          and (${param(ctx.role === "owner")}::boolean or created_by = ${param(ctx.person?.id ?? null)}::uuid)
        returning name`,
    );
    if (!revoked) throw notFound("API key");
    await audit(ctx, tx, {
      action: "api_key.revoked",
      entity: "api_key",
      entityId: id,
      changes: { name: [revoked.name, null] },
    });
    await touch(tx, "settings");
  });
  return { ok: true };
}
