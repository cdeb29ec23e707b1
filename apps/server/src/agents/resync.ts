import { agentCan } from "@parley/core/agents/can";
import type { Agent } from "@parley/core/agents/schema";
import { conflict } from "@parley/core/errors";
import { touch, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { mirrorNow } from "./mirror-now.ts";
import { agentById } from "./row.ts";
import { lockAgent } from "./update.ts";
import { addWebhookKey } from "./webhook-keys.ts";

/** Sends our version to the provider again; what was changed over there is overwritten. */
export async function resyncAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<Agent> {
  await ctx.db.tx(async (tx) => {
    await markPending(tx, agentId);
    await audit(ctx, tx, { action: "agent.synced", entity: "agent", entityId: agentId });
  });
  await mirrorNow(ctx, agentId);
  return ctx.db.tx((tx) => agentById(tx, agentId));
}

/** A new secret in the agent's webhook address. Events that still come to the old one are taken for seven days. */
export async function rotateWebhookKey(ctx: Ctx, { agentId }: { agentId: string }): Promise<Agent> {
  await ctx.db.tx(async (tx) => {
    await markPending(tx, agentId);
    await addWebhookKey(tx, agentId, ctx.config.keys.encryption);
    await audit(ctx, tx, { action: "agent.key_rotated", entity: "agent", entityId: agentId });
  });
  await mirrorNow(ctx, agentId);
  return ctx.db.tx((tx) => agentById(tx, agentId));
}

async function markPending(tx: Tx, agentId: string): Promise<void> {
  await lockAgent(tx, agentId);
  const { status } = await agentById(tx, agentId);
  const may = agentCan.update(status);
  if (!may.ok) throw conflict(may.reason);
  await tx.query(
    "update agents set sync_status = 'pending', sync_error = null where user_id = $1 and id = $2",
    [tx.userId, agentId],
  );
  await touch(tx, "agents", agentId);
}
