import { Db, row, param, sql } from "@parley/db";
import { startDispatcher } from "./calls/dispatcher.ts";
import { watchDatabase } from "./calls/watch-database.ts";
import type { Parts } from "./context.ts";
import { pushClock } from "./internal/clock.ts";
import { causeOf } from "./log.ts";
import { proveJobsRun, startRunners } from "./runners.ts";
import { startTimers } from "./timers.ts";

const PUSH_RETRY_MS = 1_000;
const DISPATCH_CONNECTIONS = 4;

/** Tells the one row what this environment brings: limits of a new installation, provider, time-outs. */
export async function settle({ db, config }: Parts): Promise<void> {
  const { voice } = config;
  await db.worker.txWithoutTenant(async (tx) => {
    await row(tx, sql`select app.seed_limits(${param(config.systemLimit)})`);
    await row(
      tx,
      sql`select app.set_voice_provider(${param(voice.isSandbox ? "sandbox" : "bolna")}, ${param(config.leaseScale)},
        ${param(voice.placeTimeoutMs)}, ${param(voice.reconcileGraceMs)})`,
    );
  });
}

/** Everything that works without being asked: runners, dispatcher, timers. `workerUrl` is a direct connection. */
export async function startWorker(parts: Parts, workerUrl: string): Promise<{ stop: () => Promise<void> }> {
  // Before anything is dialled: is this the database we worked on?
  await watchDatabase(parts);
  // Connections of its own: however many jobs hold theirs, ticks and beats go on.
  const own = new Db({
    url: workerUrl,
    name: "parley dispatch",
    direct: true,
    max: DISPATCH_CONNECTIONS,
    onError: (error) => parts.log.warn({ err: causeOf(error) }, "The dispatcher lost a connection"),
  });
  const apart = { ...parts, db: { ...parts.db, worker: own } };
  const dispatcher = startDispatcher(parts, own);
  parts.dispatcher = dispatcher;
  const runners = await startRunners(parts, workerUrl);
  try {
    await proveJobsRun(parts);
  } catch (error) {
    await dispatcher.stop();
    await runners.stop();
    await own.end();
    throw error;
  }
  const timers = startTimers(apart, { role: parts.config.role, inHand: runners.inHand });
  const clock = parts.config.voice.isSandbox ? keepPushing(parts) : null;
  dispatcher.ring();
  return {
    async stop() {
      clock?.stop();
      await timers.stop();
      await dispatcher.stop();
      await runners.stop();
      await own.end();
    },
  };
}

/** The sandbox may come up later than we do; until it has heard our clock it runs on its own. */
function keepPushing(parts: Parts): { stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const push = async () => {
    const heard = await pushClock(parts).catch(() => false);
    if (!heard && !stopped) timer = setTimeout(() => void push(), PUSH_RETRY_MS);
  };
  void push();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
