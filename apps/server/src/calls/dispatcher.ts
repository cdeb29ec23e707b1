import { enqueue, row, sql, type Db } from "@parley/db";
import { failpoint } from "../failpoints.ts";
import type { Parts } from "../context.ts";

type TickResult = {
  ran: boolean;
  dialled: number;
  disposed: number;
  again: boolean;
  next_wake: string | null;
  stopped_by: string | null;
  woken: string[];
};

/**
 * Between two ticks of a process there is as much quiet as the first one took, at most this: rings that come closer
 * together are one tick, a short tick delays nobody, and a busy dispatcher leaves the database half of the time.
 */
const QUIET_MS = 20;
/** setTimeout counts in 32 bits; a later wake is set again on the way. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export type Dispatcher = {
  /** Something may be dialled: tick within 20 ms. */
  ring(): void;
  /** Waits for the tick under way, then rings no more. */
  stop(): Promise<void>;
};

/**
 * This process's hand on the dispatcher: runs a tick when rung, again while there is more to do, and at the instant a
 * lane opens, an item comes due, a gate or a token returns. Many processes may do so; the database lets one tick at a
 * time. While it runs, rings of this process come to it directly, whatever connection rang; those of others come as
 * jobs. Timed wakes are also written as a job, so that a crash forgets none. Ticks on connections of its own (`on`).
 */
export function startDispatcher(parts: Parts, on: Db = parts.db.worker): Dispatcher {
  let soon: NodeJS.Timeout | undefined;
  let later: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let rungMeanwhile = false;
  let stopped = false;
  let quietUntil = 0;
  let wakeAt: string | null = null;

  const ring = () => {
    if (stopped) return;
    if (running) {
      rungMeanwhile = true;
      return;
    }
    soon ??= setTimeout(start, Math.max(0, quietUntil - performance.now()));
  };

  const start = () => {
    soon = undefined;
    const began = performance.now();
    running = run().then((ran) => {
      running = undefined;
      const now = performance.now();
      quietUntil = now + (ran ? Math.min(QUIET_MS, now - began) : QUIET_MS);
      if (rungMeanwhile) {
        rungMeanwhile = false;
        ring();
      }
    });
  };

  /** False when another process was at it, or it failed. */
  const run = async (): Promise<boolean> => {
    try {
      // One statement is a transaction of its own: one round trip, and nothing is locked on the way to the next.
      const { pool } = on;
      const tick = await row<TickResult>(pool, sql`select * from app.claim_tick()`);
      if (tick.dialled > 0) failpoint("tick.claimed");
      if (tick.woken.length > 0) on.ringScreens();
      if (tick.next_wake && tick.next_wake !== wakeAt)
        await enqueue(pool, "calls/dispatch", {}, { jobKey: "dispatch:at", runAt: tick.next_wake });
      // Another process is at it: what arrived during its tick is ours to look for again.
      if (!tick.ran || tick.again) rungMeanwhile = true;
      if (tick.next_wake) wakeNotBefore(tick.next_wake);
      if (tick.dialled > 0 || tick.disposed > 0)
        parts.log.info(
          { dialled: tick.dialled, disposed: tick.disposed, stopped_by: tick.stopped_by },
          `[Dispatch] claimed ${tick.dialled}, disposed of ${tick.disposed}`,
        );
      return tick.ran;
    } catch (error) {
      parts.log.error(
        { err: error },
        "[Dispatch] A tick failed; the next one starts from the rows as they are",
      );
      clearTimeout(later);
      later = setTimeout(() => {
        later = undefined;
        ring();
      }, 1000);
      return false;
    }
  };

  const wakeNotBefore = (at: string) => {
    wakeAt = at;
    clearTimeout(later);
    later = setTimeout(
      () => {
        later = undefined;
        ring();
      },
      Math.min(TIMER_MAX_MS, Math.max(1, Date.parse(at) - Date.now())),
    );
  };

  const leave = [parts.db.worker, parts.db.web, on].map((db) => db.answer("dispatch", ring));
  return {
    ring,
    async stop() {
      stopped = true;
      for (const toJobs of leave) toJobs();
      clearTimeout(soon);
      clearTimeout(later);
      await running;
    },
  };
}
