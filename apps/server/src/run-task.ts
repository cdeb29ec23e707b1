import type { JobHelpers } from "graphile-worker";
import { asParleyError, type ErrorCode, type ParleyError } from "@parley/core/errors";
import type { JobName, JobPayload } from "@parley/core/jobs";
import { enqueue } from "@parley/db";
import type { Parts } from "./context.ts";
import type { Task } from "./define-task.ts";
import { causeOf } from "./log.ts";

/**
 * What becomes of a job by the code of its error. `give_up`: another run would end the same. `retry`: graphile tries
 * again, later each time. `snooze`: the same job again when it is worth it, without counting as a failure.
 */
export const fateOf: Record<ErrorCode, "give_up" | "retry" | "snooze"> = {
  not_found: "give_up",
  not_signed_in: "give_up",
  not_allowed: "give_up",
  invalid: "give_up",
  conflict: "give_up",
  no_credits: "give_up",
  limit_reached: "snooze",
  provider_failed: "retry",
  internal: "retry",
};

/** One run of one job: snoozes, gives up with an incident, or lets graphile try again. */
export async function runTask(
  parts: Parts,
  task: Task,
  payload: unknown,
  { job, abortSignal }: JobHelpers,
): Promise<void> {
  const facts = { task: task.name, "job.id": job.id, "job.attempt": job.attempts };
  const snooze = (seconds: number) =>
    parts.db.worker.txWithoutTenant((tx) =>
      enqueue(tx, task.name, payload as JobPayload<JobName> as never, {
        jobKey: job.key ?? null,
        runAt: new Date(Date.now() + seconds * 1000),
      }),
    );
  try {
    const result = await task.run(parts, payload, abortSignal);
    if (result) await snooze(result.snoozeSeconds);
  } catch (thrown) {
    // The process is stopping: the job is run again elsewhere, nothing is wrong with it.
    if (abortSignal.aborted) throw thrown;
    const error = asParleyError(thrown);
    const fate = fateOf[error.code];
    if (fate === "snooze") return snooze(error.retryAfterSeconds ?? 30);
    if (fate === "give_up") {
      // A row that has gone takes its work with it; anything else given up on needs somebody to look.
      if (error.code === "not_found")
        return parts.log.info(facts, `Job dropped, what it was about is gone: ${task.name}`);
      parts.log.error({ ...facts, err: causeOf(thrown) }, `Job given up: ${task.name}`);
      return report(parts, task.name, job.key ?? job.id, error);
    }
    const isLast = job.attempts >= job.max_attempts;
    parts.log[isLast ? "error" : "warn"]({ ...facts, err: causeOf(thrown) }, `Job failed: ${task.name}`);
    if (isLast) await report(parts, task.name, job.key ?? job.id, error);
    throw thrown;
  }
}

async function report(parts: Parts, name: JobName, ref: string, error: ParleyError): Promise<void> {
  const message = `The job ${name} was given up: ${error.toJSON().message}`;
  const cure =
    "Look for the job in the log by its name. The sweeper rings again for rows that are still unfinished.";
  await parts.db.worker.txWithoutTenant((tx) =>
    tx.query("select app.raise_incident('job_failed', $1, 'warn', $2, $3, null)", [ref, message, cure]),
  );
}
