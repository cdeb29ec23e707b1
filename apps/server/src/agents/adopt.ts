import type { Agent } from "@parley/core/agents/schema";
import { conflict } from "@parley/core/errors";
import type { Ctx } from "../context.ts";
import { theirsOf } from "../providers/bolna-agent.ts";
import { resyncAgent } from "./resync.ts";
import { agentById } from "./row.ts";
import { updateAgent } from "./update.ts";

/**
 * What somebody changed at the provider becomes a version of ours. It is sent back at once, so that disclosure and
 * webhook address are what they have to be.
 */
export async function adoptAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<Agent> {
  const agent = await ctx.db.tx((tx) => agentById(tx, agentId));
  const theirs = agent.bolnaAgentId ? await ctx.providers.bolna.getAgent(agent.bolnaAgentId) : null;
  if (!theirs)
    throw conflict(
      "The provider has no such agent, so there is nothing to take over. Send ours there instead.",
    );
  const adopted = await updateAgent(ctx, { agentId, ...theirsOf(theirs, agent) });
  // Only what is not theirs to choose differed: it is put right without a new version.
  return adopted.syncStatus === "drifted" ? resyncAgent(ctx, { agentId }) : adopted;
}
