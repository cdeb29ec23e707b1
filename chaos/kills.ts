import { setTimeout as pause } from "node:timers/promises";
import { launch, type Tenant } from "./campaign.ts";
import { Installation, type Victim } from "./installation.ts";
import { judge, tell, type Verdict } from "./invariants.ts";
import { Pauser } from "./pauses.ts";

export type KillOptions = {
  /** How long there is killing; afterwards the campaigns are left in peace to end. */
  minutes: number;
  /** People on all lists together. */
  calls: number;
  /** Lists, each of a tenant of its own. */
  tenants?: number;
  kill: readonly Victim[];
  /** Mean seconds between two kills of a program, and of Postgres. */
  everySeconds: number;
  everySecondsPostgres: number;
  /** Mean seconds between two pauses of some campaign; absent: nobody pauses. */
  everySecondsPause?: number;
  /** Decides when and whom, so that a run can be repeated as far as timing allows. */
  seed: number;
};

export type Report = {
  verdicts: Verdict[];
  counts: Record<string, number | string>;
  /** Where the logs of a breached run were left. */
  logs: string | null;
};

const WORKERS = 2;
const TENANT_LIMIT = 6;
const SYSTEM_LIMIT = 20;
/** How much faster the domain clock runs: a call takes a second or two, a retry comes soon. */
const CLOCK_SCALE = 30;
/** And at the end, when only late figures and calls without an end are waited for: three days in half a minute. */
const CLOCK_SCALE_AT_LAST = 10_000;
/** No event of any call for so long, with nobody killing: it will not end by itself. */
const STALLED_MS = 90_000;

/** A provider that lies a little, on top of the numbers that always do. */
const faults = {
  drop_webhook: 0.1,
  duplicate_webhook: 0.2,
  reorder_webhook: 0.1,
  early_webhook: 0.05,
  error_after_placing: 0.04,
  truncated_json: 0.02,
  reset_after: 0.04,
  reset_before: 0.03,
  slow_answer: 0.01,
  rate_limit: 0.01,
  read_error: 0.03,
};

/**
 * Campaigns on a whole installation while its processes and its database are shot at random moments, and the provider
 * lies; then the invariants. Resolves when every campaign has ended and all is settled, or nothing moves any more.
 */
export async function killAround(options: KillOptions, say: (line: string) => void): Promise<Report> {
  const tenantCount = options.tenants ?? 5;
  const random = seeded(options.seed);
  const there = await Installation.open({
    workers: WORKERS,
    env: {
      SIGNUP_CREDITS: "10000000",
      DEFAULT_USER_CONCURRENT_LIMIT: String(TENANT_LIMIT),
      SYSTEM_CONCURRENT_CALLS_LIMIT: String(SYSTEM_LIMIT),
      LEASE_SCALE: "0.6",
      BOLNA_PLACE_TIMEOUT_MS: "1500",
      BOLNA_RECONCILE_GRACE_MS: "2000",
      QUEUE_PROCESSOR_INTERVAL_MS: "2000",
    },
  });
  try {
    await there.sandbox("/clock", { scale: CLOCK_SCALE });
    const tenants = await launch(there, {
      tenants: tenantCount,
      calls: options.calls,
    });
    await there.sandbox("/faults", faults);
    const contacts = tenants.reduce((sum, tenant) => sum + tenant.contacts, 0);
    say(
      `${contacts} people on ${tenantCount} lists; killing for ${options.minutes} min: ${options.kill.join(", ") || "nobody"}`,
    );

    const progress = watchProgress(there);
    const kills = { http: 0, worker: 0, sandbox: 0, postgres: 0 };
    const deadline = Date.now() + options.minutes * 60_000;
    const isOver = async () => Date.now() > deadline || (await left(there)) === 0;
    const shoot = async (victims: readonly Victim[], everySeconds: number) => {
      while (victims.length > 0) {
        // mostly among the working, now and then while others are still getting up
        if (random() < 0.7) await there.recovered();
        await pause(everySeconds * 1000 * (0.2 + 1.6 * random()));
        if (await isOver()) return;
        const victim = victims[Math.floor(random() * victims.length)]!;
        progress.killed();
        await there.kill(victim, random);
        kills[victim]++;
      }
    };
    const report = setInterval(
      () =>
        void left(there).then((open) =>
          say(
            `${open} people left, ${Object.entries(kills)
              .map(([name, n]) => `${name} killed ${n}×`)
              .join(", ")}`,
          ),
        ),
      15_000,
    );
    const pauser = new Pauser(there);
    const pausing = async () => {
      while (options.everySecondsPause) {
        await pause(options.everySecondsPause * 1000 * (0.2 + 1.6 * random()));
        if (await isOver()) return;
        await pauser.pauseAndResume(tenants[Math.floor(random() * tenants.length)]!);
      }
    };
    await Promise.all([
      pausing(),
      shoot(
        options.kill.filter((victim) => victim !== "postgres"),
        options.everySeconds,
      ),
      shoot(
        options.kill.filter((victim) => victim === "postgres"),
        options.everySecondsPostgres,
      ),
    ]);
    say("No more kills; the campaigns go on to their end.");
    await untilDone(there, tenants, progress);
    clearInterval(report);
    progress.stop();
    const clock = await there.sandbox<{ base: string; wall: string; scale: number }>("/clock");
    await settleTheRest(there);

    const verdicts = [
      ...(await judge(there, { system: SYSTEM_LIMIT, tenant: TENANT_LIMIT, contacts })),
      ...(pauser.count > 0 ? [await pauser.verdict(clock)] : []),
    ];
    const isSound = verdicts.every(({ ok }) => ok);
    const counts = {
      ...Object.fromEntries(Object.entries(kills).map(([victim, times]) => [`kill -9 of ${victim}`, times])),
      ...(await tell(there)),
      "kill → next event of a call, p50 / p99 s": progress.summary(),
    };
    return { verdicts, counts, logs: await there.close({ keepLogs: !isSound }) };
  } catch (error) {
    await there.close();
    throw error;
  }
}

const left = async (there: Installation): Promise<number> =>
  Number(
    (
      await there.ask<{ n: string }>(
        "select count(*) as n from call_queue where status in ('pending', 'in_progress')",
      )
    )[0]!.n,
  );

/** Waits for the campaigns. A breaker that paused one is answered as a person would: the cause is known, go on. */
async function untilDone(there: Installation, tenants: Tenant[], progress: Progress): Promise<void> {
  while (progress.stillForMs() < STALLED_MS) {
    const paused = await there.ask<{ id: string; user_id: string }>(
      "select id, user_id from call_campaigns where status = 'paused'",
    );
    for (const { id, user_id } of paused) {
      const tenant = tenants.find((each) => each.id === user_id)!;
      await tenant.visitor.trpc.campaigns.resume.mutate({ campaignId: id }).catch(() => {});
    }
    const [open] = await there.ask<{ n: string }>(
      "select count(*) as n from call_campaigns where status not in ('completed', 'canceled')",
    );
    if (Number(open!.n) === 0) return;
    await pause(500);
  }
}

/** Days pass in seconds: final figures that come late, calls that the provider never ends, people who ring back. */
async function settleTheRest(there: Installation): Promise<void> {
  const until = Date.now() + 60_000;
  await there.sandbox("/faults", Object.fromEntries(Object.keys(faults).map((name) => [name, 0])));
  await there.sandbox("/clock", { scale: CLOCK_SCALE_AT_LAST });
  while (Date.now() < until) {
    const [open] = await there.ask<{ n: string }>(`
      select (select count(*) from calls where settled_at is null or ended_at is null)
        + (select count(*) from webhook_events where status in ('pending', 'parked')) as n`);
    const { webhooks } = await there.sandbox<{ webhooks: { pending: number } }>("/truth/count");
    if (Number(open!.n) === 0 && webhooks.pending === 0) return;
    await pause(500);
  }
}

type Progress = {
  killed(): void;
  stillForMs(): number;
  summary(): string;
  stop(): void;
};

/** How long after each kill the next event of any call is written down. */
function watchProgress(there: Installation): Progress {
  let [seen, seenAt] = [-1, Date.now()];
  const waiting: number[] = [];
  const took: number[] = [];
  const timer = setInterval(() => void look(), 100);
  const look = async () => {
    const row = await there.glance<{ n: string }>("select last_value as n from call_events_id_seq");
    if (!row || Number(row.n) === seen) return;
    [seen, seenAt] = [Number(row.n), Date.now()];
    took.push(...waiting.splice(0).map((at) => (seenAt - at) / 1000));
  };
  return {
    killed: () => void waiting.push(Date.now()),
    stillForMs: () => Date.now() - seenAt,
    summary() {
      if (took.length === 0) return "–";
      const sorted = took.toSorted((a, b) => a - b);
      const at = (q: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!.toFixed(1);
      return `${at(0.5)} / ${at(0.99)}`;
    },
    stop: () => clearInterval(timer),
  };
}

/** A small generator of chances from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
