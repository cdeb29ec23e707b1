import { jobKey, jobs, type JobName, type JobPayload } from "@parley/core/jobs";
import type { Queryable } from "./tx.ts";

export type JobOptions = {
  /** Jobs of one key are one job. Default: the task's subject (`calls/verify:<callId>`); null for none. */
  jobKey?: string | null;
  /** What a second job of a key does to a waiting first one: takes its place, or takes it but keeps its time. */
  jobKeyMode?: "replace" | "preserve_run_at";
  /** Wall time, ISO-8601 (see app.wall_at); absent = now. */
  runAt?: string | Date;
  priority?: number;
  maxAttempts?: number;
};

export type Job<Name extends JobName = JobName> = Name extends JobName
  ? { name: Name; payload: JobPayload<Name> } & JobOptions
  : never;

/** Adds a job in the transaction of the fact it follows from: both are there, or neither. */
export function enqueue<Name extends JobName>(
  tx: Queryable,
  name: Name,
  payload: JobPayload<Name>,
  options: JobOptions = {},
): Promise<void> {
  return enqueueMany(tx, [{ name, payload, ...options } as Job]);
}

/** Adds many jobs in one statement. A payload that is not its task's throws before anything is written. */
export async function enqueueMany(tx: Queryable, added: readonly Job[]): Promise<void> {
  if (added.length === 0) return;
  await tx.query("select app.enqueue($1)", [JSON.stringify(added.map(spec))]);
}

function spec(job: Job) {
  const task = jobs[job.name];
  const payload = task.payload.parse(job.payload) as never;
  return {
    identifier: job.name,
    payload,
    job_key: job.jobKey === undefined ? jobKey(job.name, payload) : job.jobKey,
    job_key_mode: job.jobKeyMode ?? "replace",
    run_at: job.runAt,
    priority: job.priority ?? task.priority,
    max_attempts: job.maxAttempts ?? task.maxAttempts,
  };
}

const wakes = { dispatch: "calls/dispatch", drain: "webhooks/drain" } as const satisfies Record<
  string,
  JobName
>;

/** What a process rings for: `dispatch` when something may be dialled, `drain` when webhooks have arrived. */
export type Wake = keyof typeof wakes;

/** One doorbell job per kind, due now. Use `tx.wake` or `db.wake`, which coalesce. */
export const ringWorkers = (on: Queryable, kinds: readonly Wake[]): Promise<void> =>
  enqueueMany(
    on,
    kinds.map((kind) => ({ name: wakes[kind], payload: {} })),
  );
