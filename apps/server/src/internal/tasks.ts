import { defineTask, type Task } from "../define-task.ts";

/** Boot adds one and waits for it: the proof that jobs are found and run. */
const noop = defineTask("ops/noop", async () => {});

const prune = defineTask("ops/prune", async ({ db }) => {
  await db.worker.txWithoutTenant((tx) => tx.query("select app.prune()"));
});

export const upkeepTasks: Task[] = [noop, prune];
