import { jobContext } from "../context.ts";
import { defineTask, type Task } from "../define-task.ts";
import { syncAgent } from "./sync.ts";
import { webhookBase } from "./webhook-keys.ts";

const sync = defineTask("agents/sync", async (parts, { userId, agentId }) => {
  const result = await syncAgent(jobContext(parts, userId), { agentId });
  if (result === "busy") return { snoozeSeconds: 10 };
});

/** At boot and hourly: every agent whose webhooks go elsewhere, that is still to be mirrored, or was long not compared. */
const repoint = defineTask("agents/repoint", async ({ db, config, log }) => {
  const rung = await db.worker.txWithoutTenant(async (tx) => {
    const { rows } = await tx.query<{ rung: number }>("select app.ring_agent_syncs($1) as rung", [
      webhookBase(config),
    ]);
    return rows[0]!.rung;
  });
  if (rung > 0) log.info({ agents: rung }, "[Agents] mirroring or comparing");
});

export const agentsTasks: Task[] = [repoint, sync];
