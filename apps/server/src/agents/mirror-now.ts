import type { Ctx } from "../context.ts";
import { syncAgent } from "./sync.ts";

/** As long as a request may wait for the provider. */
const PATIENCE_MS = 10_000;

/** Mirrors an agent within the request; what takes longer goes on without it. */
export async function mirrorNow(ctx: Ctx, agentId: string): Promise<void> {
  const mirrored = syncAgent(ctx, { agentId }).catch((error: unknown) => {
    ctx.log.error({ err: error, agent: { id: agentId } }, "[Agents] mirroring failed");
  });
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
  await Promise.race([mirrored, patience]);
  clearTimeout(timer);
}
