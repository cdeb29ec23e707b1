import { EventEmitter } from "node:events";
import {
  Logger as GraphileLogger,
  run,
  type JobHelpers,
  type Runner,
  type TaskList,
  type WorkerEvents,
} from "graphile-worker";
import { jobsOf, type Runner as RunnerName } from "@parley/core/jobs";
import { createPool, enqueue, row, sql } from "@parley/db";
import type { Parts } from "./context.ts";
import { causeOf, type Logger } from "./log.ts";
import { runTask } from "./run-task.ts";
import { tasks } from "./tasks.ts";

export type Runners = {
  /** What this process publishes with its beat, so that the sweep can tell a lost job from one under way. */
  inHand: () => InHand;
  /** Lets running jobs end, for three seconds; then their signal aborts and they are run again elsewhere. */
  stop: () => Promise<void>;
};

export type InHand = {
  /** application_name of the live runner's connections. */
  connectionName: string;
  /** Who locks jobs for this process. */
  workerIds: string[];
  /** Jobs under way. One whose end could not be written down is not among them. */
  jobIds: string[];
};

const STOP_MS = 3_000;
const SLOW_CONCURRENCY = 4;
const LIVE_CONCURRENCY_MIN = 16;
const LIVE_CONCURRENCY_MAX = 64;
const PROOF_MS = 15_000;

/**
 * Two runners, so that a line of imports and analyses never makes a call wait past its lease. `live` takes what a
 * person on the phone waits for, one job at a time per slot and in order of priority; `slow` takes the rest.
 */
export async function startRunners(parts: Parts, workerUrl: string): Promise<Runners> {
  const workerIds = new Set<string>();
  const jobIds = new Set<string>();
  const connectionName = `parley jobs live ${crypto.randomUUID().slice(0, 13)}`;
  const systemLimit = await row<{ limit: number }>(
    parts.db.worker.pool,
    sql`select concurrent_calls_limit as limit from system_settings`,
  );
  const start = async (name: RunnerName, concurrency: number) => {
    const pool = createPool({
      url: workerUrl,
      name: name === "live" ? connectionName : `parley jobs ${name}`,
      max: concurrency,
      onError: (error) => parts.log.warn({ err: causeOf(error) }, `The ${name} runner lost a connection`),
    });
    const events: WorkerEvents = new EventEmitter();
    // its workers lock in the name of their pool
    events.on("pool:create", ({ workerPool }) => workerIds.add(workerPool.id));
    events.on("job:start", ({ job }) => jobIds.add(job.id));
    // Before its end is written down: if that fails, nobody has it in hand, and it is freed.
    for (const end of ["job:success", "job:error"] as const)
      events.on(end, ({ job }) => jobIds.delete(job.id));
    const runner = await run({
      pgPool: pool,
      events,
      taskList: taskListOf(parts, name),
      concurrency,
      noHandleSignals: true,
      pollInterval: 2_000,
      parsedCronItems: [],
      gracefulShutdownAbortTimeout: STOP_MS,
      logger: graphileLogger(parts.log),
    });
    return { runner, pool };
  };
  const started = [
    await start("live", Math.min(LIVE_CONCURRENCY_MAX, Math.max(LIVE_CONCURRENCY_MIN, systemLimit.limit))),
    await start("slow", SLOW_CONCURRENCY),
  ];
  for (const { runner } of started) leaveWhenBroken(runner, parts.log);
  return {
    inHand: () => ({ connectionName, workerIds: [...workerIds], jobIds: [...jobIds] }),
    async stop() {
      await Promise.all(started.map(({ runner }) => runner.stop().catch(() => {})));
      await Promise.all(started.map(({ pool }) => pool.end()));
    },
  };
}

function taskListOf(parts: Parts, runner: RunnerName): TaskList {
  const names = new Set<string>(jobsOf(runner));
  return Object.fromEntries(
    tasks
      .filter(({ name }) => names.has(name))
      .map((task) => [
        task.name,
        (payload: unknown, helpers: JobHelpers) => runTask(parts, task, payload, helpers),
      ]),
  );
}

/** A runner that ends by itself cannot be trusted with what it held: the process goes, and is started again. */
function leaveWhenBroken(runner: Runner, log: Logger): void {
  runner.promise.catch((error: unknown) => {
    log.fatal({ err: causeOf(error) }, "A job runner has broken; the process ends to be started again");
    process.exitCode = 1;
    process.kill(process.pid, "SIGTERM");
  });
}

/** Row-level security could make a worker find no job, silently; so one is added, and must be gone soon. */
export async function proveJobsRun({ db }: Parts): Promise<void> {
  const jobKey = `ops/noop:${crypto.randomUUID()}`;
  await db.worker.txWithoutTenant((tx) => enqueue(tx, "ops/noop", {}, { jobKey }));
  const until = performance.now() + PROOF_MS;
  for (;;) {
    const { rowCount } = await db.worker.pool.query("select from graphile_worker.jobs where key = $1", [
      jobKey,
    ]);
    if (!rowCount) return;
    if (performance.now() > until)
      throw new Error(
        "Jobs are added but none runs. The worker's login lacks its policy on the job tables: run npm run db:migrate with DATABASE_URL.",
      );
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** Graphile's own words are for us only when something is wrong. */
const graphileLogger = (log: Logger) =>
  new GraphileLogger(() => (level, message, meta) => {
    const error = (meta as { error?: unknown } | undefined)?.error;
    const facts = error === undefined ? {} : { err: causeOf(error) };
    // A failed job has been told about already, with what it was.
    if (level === "error" && !message.startsWith("Failed task")) log.error(facts, `Jobs: ${message}`);
    else if (level === "warning") log.warn(facts, `Jobs: ${message}`);
  });
