import { hostname } from "node:os";
import type { JobName } from "@parley/core/jobs";
import { enqueue } from "@parley/db";
import { watchDatabase } from "./calls/watch-database.ts";
import type { Parts } from "./context.ts";
import { checkRoom } from "./internal/check-room.ts";
import { causeOf } from "./log.ts";
import type { InHand } from "./runners.ts";

const SWEEP_MS = 5_000;
const BEAT_MS = 5_000;
const REFRESH_MS = 60_000;
const HOUR_MS = 3_600_000;

export type Timers = { stop: () => Promise<void> };

/**
 * What must happen even if nobody rings: the heartbeat of the dispatcher, the sweep over overdue rows, this process's
 * own beat, and upkeep. Every process does it; jobs of one key are one job, so more processes do no more.
 */
export function startTimers(parts: Parts, its: { role: string; inHand: () => InHand }): Timers {
  const { db, log, config } = parts;
  const poolId = `${hostname()}:${process.pid}:${Date.now().toString(36)}`;
  const ring = (name: JobName) => db.worker.txWithoutTenant((tx) => enqueue(tx, name, {}));
  const beat = async () => {
    const { connectionName, workerIds, jobIds } = its.inHand();
    await db.worker.pool.query(
      `insert into worker_pools (pool_id, process, role, connection_name, worker_ids, job_ids, active_jobs)
       values ($1, $2, $3, $4, $5, $6, cardinality($6::bigint[]))
       on conflict (pool_id) do update
       set beat_at = app.wall(), worker_ids = excluded.worker_ids, job_ids = excluded.job_ids, active_jobs = excluded.active_jobs`,
      [poolId, `${hostname()} ${process.pid}`, its.role, connectionName, workerIds, jobIds],
    );
    await watchDatabase(parts);
  };

  const underWay = new Set<Promise<unknown>>();
  const every = (ms: number, what: string, act: () => Promise<unknown> | void, atOnce = false) => {
    const run = () => {
      const turn = Promise.resolve(act())
        .catch((error: unknown) =>
          log.warn({ err: causeOf(error) }, `${what} failed; the next one comes by itself`),
        )
        .finally(() => underWay.delete(turn));
      underWay.add(turn);
    };
    if (atOnce) run();
    return setInterval(run, ms);
  };
  const timers = [
    every(config.heartbeatMs, "Heartbeat", () => {
      log.info("Processing queue");
      db.worker.wake("dispatch");
    }),
    every(SWEEP_MS, "Sweep", () => ring("calls/sweep"), true),
    every(BEAT_MS, "Beat", beat, true),
    every(REFRESH_MS, "Provider refresh", () => ring("provider/refresh"), true),
    every(REFRESH_MS, "Room", () => checkRoom(parts)),
    every(HOUR_MS, "Prune", () => ring("ops/prune"), true),
    every(HOUR_MS, "Audit seals", () => ring("ops/seal_audit"), true),
    every(HOUR_MS, "Agent comparison", () => ring("agents/repoint"), true),
  ];
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(underWay);
      await db.worker.pool.query("delete from worker_pools where pool_id = $1", [poolId]).catch(() => {});
    },
  };
}
