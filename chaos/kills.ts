import { setTimeout as pause } from "node:timers/promises";
import { launch, launchMore, type Tenant } from "./campaign.ts";
import { Installation, type Victim } from "./installation.ts";
import { judge, tell, type Verdict } from "./invariants.ts";
import { Pauser } from "./pauses.ts";
import { quantile, watchProgress, type Progress, type Recoveries } from "./progress.ts";

export type KillOptions = {
  /** How long there is killing; afterwards the campaigns are left in peace to end. */
  minutes: number;
  /** People on the first lists together. */
  calls: number;
  /** Whether more lists follow, so that there is always somebody to call while there is killing. */
  more?: boolean;
  /** Lists, each of a tenant of its own. */
  tenants?: number;
  kill: readonly Victim[];
  /** Mean seconds between two kills of a program, and of Postgres. */
  everySeconds: number;
  everySecondsPostgres: number;
  /** Mean seconds between two pauses of some campaign; absent: nobody pauses. */
  everySecondsPause?: number;
  /** Processes for requests, and for jobs. */
  https?: number;
  workers?: number;
  /** Decides when and whom, so that a run can be repeated as far as timing allows. */
  seed: number;
};

/** Whom it hit, only while they were alive and at work, and how. */
export type Kills = Record<"http" | "worker" | "sandbox" | "postgres" | "postgresStopped", number>;

export type Report = {
  verdicts: Verdict[];
  counts: Record<string, number | string>;
  /** Where logs, database and the provider's journal of a breached run were left. */
  left: string | null;
};

/** A report of killing, with what its line in the record needs. */
export type KillReport = Report & {
  kills: Kills;
  /** Calls that the provider accepted, and the attempts that Parley made. */
  rings: number;
  attempts: number;
  recoveries: Recoveries;
  /** From the first shot on until the last. */
  killingMinutes: number;
  conditions: Record<string, number | string | boolean>;
};

const HTTPS = 2;
const WORKERS = 6;
const TENANTS = 5;
const TENANT_LIMIT = 5;
/** No more than a worker runs jobs at once: each of those is a connection, and to open them is half of its start. */
const SYSTEM_LIMIT = 16;
const HALF = 0.5;
/** People on a list that follows, and when it does. */
const MORE = 100;
const MORE_BELOW = 200;
/** How much faster the domain clock runs: a call takes a second or two, a retry comes soon. */
const CLOCK_SCALE = 30;
/** And at the end, when only late figures and calls without an end are waited for: three days in half a minute. */
const CLOCK_SCALE_AT_LAST = 10_000;
/** No event of any call for so long, with nobody killing: it will not end by itself. */
const STALLED_MS = 90_000;
const LEASE_SCALE = 0.6;
const GRACE_MS = 2_000;

/** Mostly short calls that are tried again: what is at stake is the dialling. */
const mix = { answered: 0.25, noAnswer: 0.3, busy: 0.3, voicemail: 0.05, failed: 0.1 };

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
export async function killAround(options: KillOptions, say: (line: string) => void): Promise<KillReport> {
  const { tenants: tenantCount = TENANTS, https = HTTPS, workers = WORKERS } = options;
  const random = seeded(options.seed);
  const there = await Installation.open({
    https,
    workers,
    env: {
      SIGNUP_CREDITS: "10000000",
      DEFAULT_USER_CONCURRENT_LIMIT: String(TENANT_LIMIT),
      SYSTEM_CONCURRENT_CALLS_LIMIT: String(SYSTEM_LIMIT),
      LEASE_SCALE: String(LEASE_SCALE),
      BOLNA_PLACE_TIMEOUT_MS: "1500",
      BOLNA_RECONCILE_GRACE_MS: String(GRACE_MS),
      QUEUE_PROCESSOR_INTERVAL_MS: "2000",
      LOG_LEVEL: "warn",
    },
  });
  try {
    await there.sandbox("/clock", { scale: CLOCK_SCALE });
    await there.sandbox("/scenarios", { mix });
    const tenants = await launch(there, { tenants: tenantCount, calls: options.calls });
    await there.sandbox("/faults", faults);
    const contacts = tenants.reduce((sum, tenant) => sum + tenant.contacts, 0);
    say(
      `${contacts} people on ${tenantCount} lists; killing for ${options.minutes} min: ${options.kill.join(", ") || "nobody"}`,
    );

    const progress = watchProgress(there);
    const kills: Kills = { http: 0, worker: 0, sandbox: 0, postgres: 0, postgresStopped: 0 };
    const began = Date.now();
    const deadline = began + options.minutes * 60_000;
    let now: Standing = { left: contacts, calls: 0, lines: 0, unclear: 0 };
    const isOver = () => (now.left === 0 && !options.more) || Date.now() > deadline;
    const report = setInterval(() => {
      void standing(there).then((seen) => {
        now = seen;
        const { left, calls, lines, unclear } = seen;
        say(
          `${left} people left, ${calls} attempts, ${lines} lines open, ${unclear} unclear; killed: ${told(kills)}`,
        );
      });
    }, 15_000);
    const chance = (mean: number) => pause(mean * 1000 * (0.2 + 1.6 * random()));
    const programs = options.kill.filter((victim) => victim !== "postgres");
    const shootPrograms = async () => {
      while (programs.length > 0) {
        await chance(options.everySeconds);
        if (isOver()) return;
        // On a busy machine they get up slowly; who shoots on regardless sees them get up and nothing else.
        if (there.shareAtWork(programs) < HALF && random() < 0.9) continue;
        const victim = there.someAtWork(programs, random);
        if (!victim || !(await victim.kill())) continue;
        progress.killed();
        kills[victim.name]++;
      }
    };
    const shootPostgres = async () => {
      while (options.kill.includes("postgres")) {
        await chance(options.everySecondsPostgres);
        if (isOver()) return;
        const how = random() < 0.5 ? "SIGKILL" : "SIGQUIT";
        progress.killed();
        await there.endPostgres(how);
        kills[how === "SIGKILL" ? "postgres" : "postgresStopped"]++;
      }
    };
    const pauser = new Pauser(there);
    const pausing = async () => {
      while (options.everySecondsPause) {
        await chance(options.everySecondsPause);
        if (isOver()) return;
        await pauser.pauseAndResume(tenants[Math.floor(random() * tenants.length)]!);
      }
    };
    const attending = async () => {
      for (; !isOver(); await pause(2_000)) await resumeBroken(there, tenants);
    };
    const feeding = async () => {
      for (; options.more && !isOver(); await pause(3_000)) {
        if (now.left > MORE_BELOW) continue;
        const tenant = tenants[Math.floor(random() * tenants.length)]!;
        await launchMore(tenant, MORE).catch(() => {});
      }
    };
    await Promise.all([attending(), feeding(), pausing(), shootPrograms(), shootPostgres()]);
    const killingMinutes = Number(((Date.now() - began) / 60_000).toFixed(1));
    say("No more kills; the campaigns go on to their end.");
    await untilDone(there, tenants, progress);
    clearInterval(report);
    progress.stop();
    const clock = await there.sandbox<{ base: string; wall: string; scale: number }>("/clock");
    await settleTheRest(there);

    const verdicts = [
      ...(await judge(there, { system: SYSTEM_LIMIT, tenant: TENANT_LIMIT })),
      ...(pauser.count > 0 ? [await pauser.verdict(clock)] : []),
    ];
    const isSound = verdicts.every(({ ok }) => ok);
    const happened = await tell(there);
    const recoveries = progress.recoveries();
    const counts = {
      ...killsByName(kills),
      ...happened,
      "kill → next event of a call, p50 / p99 / longest": `${quantile(recoveries, 0.5)} / ${quantile(recoveries, 0.99)} / ${recoveries.longestSeconds.toFixed(1)} s`,
    };
    return {
      verdicts,
      counts,
      left: await there.close({ keep: !isSound }),
      kills,
      rings: Number(happened["rings"]),
      attempts: Number(happened["attempts"]),
      recoveries,
      killingMinutes,
      conditions: {
        faults: "kills",
        https,
        workers,
        tenants: tenantCount,
        people: Number(happened["items"]),
        systemLimit: SYSTEM_LIMIT,
        tenantLimit: TENANT_LIMIT,
        clockScale: CLOCK_SCALE,
        leaseScale: LEASE_SCALE,
        graceMs: GRACE_MS,
      },
    };
  } catch (error) {
    say(`It failed. Logs and data are in ${await there.close({ keep: true })}`);
    throw error;
  }
}

const names: Record<keyof Kills, string> = {
  http: "kill -9 of http",
  worker: "kill -9 of worker",
  sandbox: "kill -9 of sandbox",
  postgres: "kill -9 of postgres",
  postgresStopped: "immediate stop of postgres",
};

const killsByName = (kills: Kills) =>
  Object.fromEntries(Object.entries(kills).map(([whom, n]) => [names[whom as keyof Kills], n]));

const told = (kills: Kills) =>
  Object.entries(kills)
    .map(([whom, n]) => `${whom} ${n}`)
    .join(", ");

type Standing = { left: number; calls: number; lines: number; unclear: number };

async function standing(there: Installation): Promise<Standing> {
  const [now] = await there.ask<Standing>(`
    select (select count(*) from call_queue where status in ('pending', 'in_progress')) as left,
      count(*) as calls, count(*) filter (where ended_at is null) as lines,
      count(*) filter (where ended_at is null and status = 'unknown') as unclear
    from calls`);
  return now!;
}

/** A breaker that paused a campaign is answered as a person would: the cause is known, go on. */
async function resumeBroken(there: Installation, tenants: Tenant[]): Promise<void> {
  const paused = await there.ask<{ id: string; user_id: string }>(
    "select id, user_id from call_campaigns where status = 'paused' and status_reason = 'breaker'",
  );
  for (const { id, user_id } of paused) {
    const tenant = tenants.find((each) => each.id === user_id)!;
    await tenant.visitor.trpc.campaigns.resume.mutate({ campaignId: id }).catch(() => {});
  }
}

/** Whatever somebody left paused goes on, until every campaign has ended or nothing moves any more. */
async function untilDone(there: Installation, tenants: Tenant[], progress: Progress): Promise<void> {
  for (; progress.stillForMs() < STALLED_MS; await pause(500)) {
    const open = await there.ask<{ id: string; user_id: string; status: string }>(
      "select id, user_id, status from call_campaigns where status not in ('completed', 'canceled')",
    );
    if (open.length === 0) return;
    for (const { id, user_id } of open.filter(({ status }) => status === "paused")) {
      const tenant = tenants.find((each) => each.id === user_id)!;
      await tenant.visitor.trpc.campaigns.resume.mutate({ campaignId: id }).catch(() => {});
    }
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
