import { rows, sql } from "@parley/db";
import { jobContext } from "../context.ts";
import { defineTask, type Task } from "../define-task.ts";
import { adoptExecutions } from "./adopt.ts";
import { drainWebhooks } from "./drain.ts";
import { fetchRecording } from "./fetch-recording.ts";
import { placeCall } from "./place.ts";
import { reconcileAgent } from "./reconcile.ts";
import { refreshAccount } from "./refresh-account.ts";
import { stopAtProvider } from "./stop.ts";
import { verifyCall } from "./verify.ts";

export const callTasks: Task[] = [
  // The doorbell: the process that took it ticks, unless another one is ticking.
  defineTask("calls/dispatch", async (parts) => parts.dispatcher?.ring()),
  defineTask("calls/place", (parts, payload) => placeCall(jobContext(parts, payload.userId), payload)),
  defineTask("calls/verify", (parts, payload) => verifyCall(jobContext(parts, payload.userId), payload)),
  defineTask("calls/reconcile", (parts, payload) =>
    reconcileAgent(jobContext(parts, payload.userId), payload),
  ),
  defineTask("calls/adopt", (parts, payload) => adoptExecutions(jobContext(parts, payload.userId), payload)),
  defineTask("calls/stop", (parts, payload) => stopAtProvider(jobContext(parts, payload.userId), payload)),
  defineTask("calls/fetch_recording", (parts, payload, signal) =>
    fetchRecording(jobContext(parts, payload.userId), payload, signal),
  ),
  defineTask("calls/sweep", async (parts) => {
    await parts.db.worker.txWithoutTenant((tx) => rows(tx, sql`select * from app.sweep()`));
  }),
  defineTask("provider/refresh", (parts) => refreshAccount(parts)),
  defineTask("webhooks/drain", async (parts, _payload, signal) => {
    await drainWebhooks(parts, signal);
  }),
];
