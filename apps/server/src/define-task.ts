import { jobs, type JobName, type JobPayload } from "@parley/core/jobs";
import type { Parts } from "./context.ts";

export type TaskResult = void | { snoozeSeconds: number };

/** One task as the runners take it: the payload is parsed before `run` sees it. */
export type Task = {
  name: JobName;
  run(parts: Parts, payload: unknown, signal: AbortSignal): Promise<TaskResult>;
};

/**
 * A task of core/jobs with what it does. Its payload is parsed, its errors are read by code (runners.ts), and
 * `{ snoozeSeconds }` asks to be called again. `signal` aborts when the process stops: pass it to every request.
 */
export function defineTask<Name extends JobName>(
  name: Name,
  run: (parts: Parts, payload: JobPayload<Name>, signal: AbortSignal) => Promise<TaskResult>,
): Task {
  const { payload: schema } = jobs[name];
  return {
    name,
    run: (parts, payload, signal) => run(parts, schema.parse(payload) as JobPayload<Name>, signal),
  };
}
