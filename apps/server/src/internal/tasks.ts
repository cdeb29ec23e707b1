import { defineTask, type Task } from "../define-task.ts";
import { sealAudit } from "./seal-audit.ts";

/** Boot adds one and waits for it: the proof that jobs are found and run. */
const noop = defineTask("ops/noop", async () => {});

const prune = defineTask("ops/prune", async ({ db }) => {
  await db.worker.txWithoutTenant((tx) => tx.query("select app.prune()"));
});

const seal = defineTask("ops/seal_audit", async (parts) => {
  await sealAudit(parts);
});

export const upkeepTasks: Task[] = [noop, prune, seal];
