import { agentCan } from "@parley/core/agents/can";
import type { Agent } from "@parley/core/agents/schema";
import { conflict } from "@parley/core/errors";
import { maybeRow, param, sql, touch } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { agentById } from "./row.ts";
import { lockAgent } from "./update.ts";

/**
 * Takes an agent out of use. At the provider it stays: deleting it there would delete the records of its calls, and
 * late webhooks still have to find their way.
 */
export function archiveAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<Agent> {
  return ctx.db.tx(async (tx) => {
    await lockAgent(tx, agentId);
    const agent = await agentById(tx, agentId);
    const may = agentCan.archive(agent.status);
    if (!may.ok) throw conflict(may.reason);
    const used = await maybeRow<{ name: string; status: string }>(
      tx,
      sql`
      select name, status from call_campaigns
      where user_id = ${param(ctx.user.id)} and agent_id = ${param(agentId)} and status in ('running', 'paused', 'scheduled')
      order by created_at
      limit 1`,
    );
    if (used)
      throw conflict(
        `The campaign “${used.name}” (${used.status}) calls with this agent. Cancel it or give it another agent first.`,
      );
    await tx.query(
      sql`
      update agents set status = 'archived', archived_at = app.now()
      where user_id = ${param(ctx.user.id)} and id = ${param(agentId)}`.compile(),
    );
    await audit(ctx, tx, { action: "agent.archived", entity: "agent", entityId: agentId });
    await touch(tx, "agents", agentId);
    return agentById(tx, agentId);
  });
}
