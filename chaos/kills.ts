import { setTimeout as pause } from "node:timers/promises";
import { launch, launchMore } from "./campaign.ts";
import { Installation, type Provider, type Victim } from "./installation.ts";
import { judge, tell, type Verdict } from "./invariants.ts";
import { meddle } from "./meddle.ts";
import { Pauser } from "./pauses.ts";
import { quantile, shareAbove, watchProgress, type Recoveries } from "./progress.ts";
import { seeded } from "./random.ts";
import { Shots, type Kills } from "./shots.ts";
import {
  freeLeases,
  resumeBroken,
  settleTheRest,
  standing,
  untilDone,
  untilSeen,
  type Standing,
} from "./standing.ts";
import { Stopper } from "./stops.ts";
import { Visits } from "./visits.ts";
import { changeWeather } from "./weather.ts";

export type KillOptions = {
  /** How long there is killing; afterwards the campaigns are left in peace to end. */
  minutes: number;
  /** People on the first lists together. */
  calls: number;
  /** Whether more lists follow, so that there is always somebody to call while there is killing. */
  more?: boolean;
  /** Lists, each of a tenant of its own. */
  tenants?: number;
  /** Lines of the whole installation; a tenant has fewer. */
  lines?: number;
  kill: readonly Victim[];
  /** Mean seconds between two kills of a program, and of Postgres. */
  everySeconds: number;
  everySecondsPostgres: number;
  /** Mean seconds between two pauses of some campaign; absent: nobody pauses. */
  everySecondsPause?: number;
  /** Mean seconds between two workers that are stopped and go on later; absent: none. */
  everySecondsStandstill?: number;
  /** Whether the network to Postgres and to the provider has its spells. */
  network?: boolean;
  /** Milliseconds between two people who change something: pauses, limits, caps, small campaigns that are canceled. */
  everyMsMeddle?: number;
  /** At each labelled step so many processes die; then the killing is over. `all`: none may be missed. */
  visits?: { times: number; all: boolean };
  /** The killing is not over before each of `kill` was hit this often. */
  atLeast?: number;
  /** A server that takes an unclear answer for a no: the verdicts must not hold. */
  naive?: boolean;
  provider?: Provider;
  /** Processes for requests, and for jobs. */
  https?: number;
  workers?: number;
  /** Decides when and whom, so that a run can be repeated as far as timing allows. */
  seed: number;
};

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
const LINES = 16;
/** A tenant's lines: more than its share when all five call, less than the whole, so that both limits bind. */
const OF_A_TENANT = 1 / 3;
const limitsOf = ({ lines = LINES }: KillOptions) => ({
  system: lines,
  tenant: Math.floor(lines * OF_A_TENANT),
});
/** A list that follows has a third of the people of the first ones together, and follows when so many thirds are left. */
const MORE_OF = 3;
const MORE_BELOW = 2;
/** People on a list where there are many. */
const FEW = 5;
/** Lists at once where each is a chance to die in its import. */
const FEEDERS = 3;
/** How much faster the domain clock runs: a call takes a second or two, a retry comes soon. */
const CLOCK_SCALE = 30;
const LEASE_SCALE = 0.6;
const GRACE_MS = 2_000;
const STOP_EVERY_MS = 1_500;
/** 5 to 60 s, scaled as the leases are: some end before a lease does, most do not. */
const STANDSTILL_SECONDS = [5 * LEASE_SCALE, 60 * LEASE_SCALE] as const;

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
  answer_without_id: 0.02,
  reset_after: 0.04,
  reset_before: 0.03,
  slow_answer: 0.01,
  rate_limit: 0.01,
  read_error: 0.03,
  odd_figures: 0.05,
  odd_text: 0.05,
  lost_user_data: 0.05,
  forged_webhook: 0.05,
  revised_transcript: 0.05,
  balance_low: 0.005,
};

/**
 * Campaigns on a whole installation while its processes and its database are shot at random moments, the provider lies,
 * and whatever else was asked for goes wrong; then the invariants. Resolves when every campaign has ended and all is
 * settled, or nothing moves any more.
 */
export async function killAround(options: KillOptions, say: (line: string) => void): Promise<KillReport> {
  const { tenants: tenantCount = TENANTS, https = HTTPS, workers = WORKERS, provider = "sandbox" } = options;
  const limits = limitsOf(options);
  const random = seeded(options.seed);
  const visits = options.visits ? new Visits(options.visits.times, random) : null;
  const there = await Installation.open({
    https,
    workers,
    provider,
    preload: [...(visits ? ["chaos/failpoints.ts"] : []), ...(options.naive ? ["chaos/naive.ts"] : [])],
    ...(visits ? { envOfStart: (role) => visits.env(role) } : {}),
    env: {
      SIGNUP_CREDITS: "10000000",
      DEFAULT_USER_CONCURRENT_LIMIT: String(limits.tenant),
      SYSTEM_CONCURRENT_CALLS_LIMIT: String(limits.system),
      LEASE_SCALE: String(LEASE_SCALE),
      BOLNA_PLACE_TIMEOUT_MS: "1500",
      BOLNA_RECONCILE_GRACE_MS: String(GRACE_MS),
      QUEUE_PROCESSOR_INTERVAL_MS: "2000",
      LOG_LEVEL: "warn",
    },
  });
  try {
    if (provider === "sandbox") {
      await there.sandbox("/clock", { scale: CLOCK_SCALE });
      await there.sandbox("/scenarios", { mix });
      await there.sandbox("/faults", faults);
    }
    const tenants = await launch(there, { tenants: tenantCount, calls: options.calls });
    if (visits) {
      visits.begin();
      await there.startAnew(["http", "worker"]);
    }
    const contacts = tenants.reduce((sum, tenant) => sum + tenant.contacts, 0);
    say(
      `${contacts} people on ${tenantCount} lists; killing for ${options.minutes} min: ${options.kill.join(", ") || "nobody"}`,
    );

    const progress = watchProgress(there);
    const began = Date.now();
    const deadline = began + options.minutes * 60_000;
    let now: Standing = { left: contacts, calls: 0, lines: 0, unclear: 0 };
    const isOver = () =>
      (visits?.isDone ?? false) || (enough() && (Date.now() > deadline || (now.left === 0 && !options.more)));
    const shots = new Shots({ there, progress, random, isOver });
    const enough = () => options.kill.every((whom) => shots.kills[whom] >= (options.atLeast ?? 0));
    const report = setInterval(() => {
      void standing(there).then((seen) => {
        now = seen;
        const { left, calls, lines, unclear } = seen;
        const whom = visits ? `${visits.left().length} steps left to visit` : `killed: ${told(shots.kills)}`;
        say(`${left} people left, ${calls} attempts, ${lines} lines open, ${unclear} unclear; ${whom}`);
      });
    }, 15_000);
    const pauser = new Pauser(there);
    const pausing = async () => {
      while (options.everySecondsPause) {
        await pause(options.everySecondsPause * 1000 * (0.2 + 1.6 * random()));
        if (isOver()) return;
        await pauser.pauseAndResume(tenants[Math.floor(random() * tenants.length)]!);
      }
    };
    const stopper = new Stopper(there, random);
    const stopping = async () => {
      for (; !options.naive && !isOver(); await pause(STOP_EVERY_MS * (0.2 + 1.6 * random())))
        await stopper.stopSomebody(tenants[Math.floor(random() * tenants.length)]!);
    };
    const attending = async () => {
      for (; !isOver(); await pause(2_000)) await resumeBroken(there, tenants);
    };
    const more = Math.ceil(options.calls / MORE_OF);
    const feeding = async () => {
      for (; options.more && !isOver(); await pause(visits ? 500 : 3_000)) {
        if (now.left > MORE_BELOW * more) continue;
        const tenant = tenants[Math.floor(random() * tenants.length)]!;
        // many small lists where each is to be a chance to die in its import
        await launchMore(tenant, visits ? FEW : more).catch(() => {});
      }
    };
    const noticingDeaths = async () => {
      for (let dead = 0; visits && !isOver(); await pause(300)) {
        const seen = Object.values(visits.counts).reduce((sum, n) => sum + n, 0);
        if (seen > dead) await freeLeases(there);
        for (; dead < seen; dead++) progress.killed();
      }
    };
    const programs = options.kill.filter((victim) => victim !== "postgres");
    const [spells, meddled] = await Promise.all([
      options.network ? changeWeather(there.wires, random, isOver) : {},
      options.everyMsMeddle
        ? meddle({ tenants, pauser, limits, everyMs: options.everyMsMeddle }, random, isOver)
        : {},
      attending(),
      ...Array.from({ length: visits ? FEEDERS : 1 }, feeding),
      noticingDeaths(),
      pausing(),
      stopping(),
      shots.programs(programs, options.everySeconds, options.atLeast),
      options.kill.includes("postgres") ? shots.postgres(options.everySecondsPostgres) : null,
      options.everySecondsStandstill
        ? shots.standstill(options.everySecondsStandstill, STANDSTILL_SECONDS)
        : null,
    ]);
    const killingMinutes = Number(((Date.now() - began) / 60_000).toFixed(1));
    if (visits) {
      visits.end();
      await there.startAnew(["http", "worker"]);
      await freeLeases(there);
    }
    say("No more kills; the campaigns go on to their end.");
    if (options.everyMsMeddle) await restoreLimits(there, limits);
    if (options.naive) await untilSeen(there, progress);
    else await untilDone(there, tenants, progress);
    clearInterval(report);
    progress.stop();
    const clock = await there.clock();
    if (provider === "sandbox")
      await there.sandbox("/faults", Object.fromEntries(Object.keys(faults).map((name) => [name, 0])));
    if (!options.naive) await settleTheRest(there);

    const verdicts = [
      ...(await judge(there, limits)),
      ...(pauser.count > 0 ? [await pauser.verdict(clock)] : []),
      ...(stopper.count > 0 ? [await stopper.verdict()] : []),
      ...(options.naive ? [] : [recovered(progress.recoveries())]),
      ...(visits && options.visits?.all ? [visited(visits)] : []),
    ];
    const isSound = verdicts.every(({ ok }) => ok);
    const happened = await tell(there);
    const recoveries = progress.recoveries();
    const { standstills } = shots;
    for (const [step, n] of Object.entries(visits?.counts ?? {}))
      shots.kills[step.startsWith("webhook.") ? "http" : "worker"] += n;
    const counts = {
      ...killsByName(shots.kills),
      ...(options.everySecondsStandstill
        ? {
            "workers stopped, that went on later": standstills.wentOn,
            "workers stopped, that were shot meanwhile": standstills.died,
          }
        : {}),
      ...spells,
      ...meddled,
      ...Object.fromEntries(Object.entries(visits?.counts ?? {}).map(([step, n]) => [`died at ${step}`, n])),
      ...(stopper.count > 0 ? { "people who asked not to be called": stopper.count } : {}),
      ...happened,
      "kill → next event of a call, p50 / p99 / longest": `${quantile(recoveries, 0.5)} / ${quantile(recoveries, 0.99)} / ${recoveries.longestSeconds.toFixed(1)} s`,
    };
    return {
      verdicts,
      counts,
      left: await there.close({ keep: !isSound && !options.naive }),
      kills: shots.kills,
      rings: Number(happened["rings"]),
      attempts: Number(happened["attempts"]),
      recoveries,
      killingMinutes,
      conditions: {
        faults: faultsOf(options),
        provider,
        https,
        workers,
        tenants: tenantCount,
        people: Number(happened["items"]),
        systemLimit: limits.system,
        tenantLimit: limits.tenant,
        clockScale: provider === "sandbox" ? CLOCK_SCALE : 1,
        leaseScale: LEASE_SCALE,
        graceMs: GRACE_MS,
      },
    };
  } catch (error) {
    say(`It failed. Logs and data are in ${await there.close({ keep: true })}`);
    throw error;
  } finally {
    visits?.close();
  }
}

const faultsOf = (its: KillOptions) =>
  [
    its.visits ? "named steps" : "",
    its.kill.length > 0 ? "kills" : "",
    its.everySecondsStandstill ? "standstills" : "",
    its.network ? "network" : "",
    its.everyMsMeddle ? "meddling" : "",
    its.provider === "stub" ? "second provider" : "",
    its.naive ? "naive" : "",
  ]
    .filter(Boolean)
    .join(", ");

function visited(visits: Visits): Verdict {
  const left = visits.left().length;
  return {
    what: `labelled steps at which fewer than ${visits.times} processes died`,
    found: left,
    expected: "0",
    ok: left === 0,
  };
}

/** Of a hundred kills at most one may be followed by more than 30 s without any event of a call; of fewer too. */
function recovered(recoveries: Recoveries): Verdict {
  const kills = recoveries.classes.reduce((sum, n) => sum + n, 0);
  const share = shareAbove(recoveries, 30);
  return {
    what: "percent of kills after which no call moved for 30 s",
    found: Math.round(1_000 * share) / 10,
    expected: kills < 100 ? "≤ 1 kill" : "≤ 1",
    ok: Math.round(share * kills) <= Math.max(1, kills / 100),
  };
}

/** The run may have left everybody with little; the rest is to end soon. */
async function restoreLimits(there: Installation, { system, tenant }: { system: number; tenant: number }) {
  await there.ask("update system_settings set concurrent_calls_limit = $1", [system]);
  await there.ask("update users set concurrent_limit = $1", [tenant]);
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
