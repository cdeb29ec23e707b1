import { createHash, randomBytes } from "node:crypto";
import { param, row, sql, type Tx } from "@parley/db";
import { open, seal } from "@parley/db/secrets";
import type { Config } from "../config.ts";

const ABOUT = "agent_webhook_keys.key";

/** Where the provider reports to, without the key that names the agent. */
export const webhookBase = (config: Config) => `${config.publicUrl.replace(/\/+$/, "")}/api/webhooks/bolna`;

/** A new secret for an agent's webhook address; the ones before it stay live until the provider has the new one. */
export async function addWebhookKey(tx: Tx, agentId: string, encryptionKey: string): Promise<void> {
  const key = randomBytes(32).toString("base64url");
  const sha256 = createHash("sha256").update(key).digest();
  await tx.query(
    `insert into agent_webhook_keys (user_id, agent_id, key_sha256, key_sealed) values ($1, $2, $3, $4)`,
    [tx.userId, agentId, sha256, seal(key, encryptionKey, ABOUT)],
  );
}

/** The newest live key of an agent, in clear: for the request that tells it to the provider, never for a screen. */
export async function webhookKey(tx: Tx, agentId: string, encryptionKey: string) {
  const { id, key_sealed } = await row<{ id: string; key_sealed: string }>(
    tx,
    sql`
    select id, key_sealed from agent_webhook_keys
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and retired_at is null
    order by created_at desc, id desc
    limit 1`,
  );
  return { id, key: open(key_sealed, encryptionKey, ABOUT) };
}

/** The provider has this key: the ones before it are retired, and still taken for some days. */
export async function retireKeysBefore(tx: Tx, agentId: string, keyId: string): Promise<void> {
  await tx.query(
    `update agent_webhook_keys old set retired_at = app.wall()
     from agent_webhook_keys its
     where old.user_id = $1 and old.agent_id = $2 and old.retired_at is null
       and its.user_id = $1 and its.id = $3 and (old.created_at, old.id) < (its.created_at, its.id)`,
    [tx.userId, agentId, keyId],
  );
}
