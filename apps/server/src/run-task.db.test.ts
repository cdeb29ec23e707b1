import type { JobHelpers } from "graphile-worker";
import { expect, test } from "vitest";
import { ParleyError } from "@parley/core/errors";
import { useDatabase } from "@parley/db/testing/database";
import type { Task, TaskResult } from "./define-task.ts";
import { runTask } from "./run-task.ts";
import { testParts } from "./testing/test-parts.ts";

const db = useDatabase();
let jobs = 0;

/** One run of a job that ends so. */
async function run(end: () => TaskResult, its: { attempts?: number; aborted?: boolean } = {}) {
  const task: Task = { name: "ops/noop", run: async () => end() };
  const key = `ops/noop:${++jobs}`;
  const signal = its.aborted ? AbortSignal.abort() : new AbortController().signal;
  const helpers = {
    job: { id: String(jobs), key, attempts: its.attempts ?? 1, max_attempts: 3 },
    abortSignal: signal,
  };
  const outcome = await runTask(testParts(db), task, {}, helpers as unknown as JobHelpers).then(
    () => "done",
    () => "failed",
  );
  const again = await db.owner.query(
    "select run_at > app.wall() + interval '50 seconds' as later from graphile_worker.jobs where key = $1",
    [key],
  );
  const incidents = await db.owner.query("select kind, message from incidents where ref = $1", [key]);
  return {
    outcome,
    again: again.rows as { later: boolean }[],
    incidents: incidents.rows as { kind: string; message: string }[],
  };
}

const fail = (error: Error) => () => {
  throw error;
};

test("a job that is done is done", async () => {
  expect(await run(() => {})).toEqual({ outcome: "done", again: [], incidents: [] });
});

test("a job may ask to be called again, and a limit reached asks for it", async () => {
  expect(await run(() => ({ snoozeSeconds: 60 }))).toEqual({
    outcome: "done",
    again: [{ later: true }],
    incidents: [],
  });
  const limited = fail(new ParleyError("limit_reached", "Slow down.", { retryAfterSeconds: 60 }));
  expect(await run(limited, { attempts: 3 })).toEqual({
    outcome: "done",
    again: [{ later: true }],
    incidents: [],
  });
});

test("a job that can never succeed is not tried again; somebody is told, unless its row is just gone", async () => {
  expect(await run(fail(new ParleyError("not_found", "No such call.")))).toEqual({
    outcome: "done",
    again: [],
    incidents: [],
  });
  const { outcome, incidents } = await run(fail(new ParleyError("invalid", "The file is empty.")));
  expect(outcome).toBe("done");
  expect(incidents).toEqual([
    { kind: "job_failed", message: "The job ops/noop was given up: The file is empty." },
  ]);
});

test("a fault is tried again, and told once when the tries are used up, without the fault's own words", async () => {
  const fault = fail(new Error("password authentication failed for 10.0.0.1"));
  expect(await run(fault)).toEqual({ outcome: "failed", again: [], incidents: [] });
  const { outcome, incidents } = await run(fault, { attempts: 3 });
  expect(outcome).toBe("failed");
  expect(incidents).toHaveLength(1);
  expect(incidents[0]!.message).not.toContain("10.0.0.1");
});

test("a job cut off by the end of the process is nobody's fault", async () => {
  const cut = await run(fail(new Error("aborted")), { attempts: 3, aborted: true });
  expect(cut).toEqual({ outcome: "failed", again: [], incidents: [] });
});
