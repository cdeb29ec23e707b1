import { describe, expect, it } from "vitest";
import { defaultRate } from "../calls/price.ts";
import { finishOf, live } from "../testing/calling-world.ts";
import type { Conditions, Fate, Person } from "../testing/calling-world.ts";
import { seededRandom } from "./chance.ts";
import type { Random } from "./chance.ts";
import { forecast } from "./forecast.ts";
import type { CampaignToForecast, ForecastInput } from "./forecast.ts";
import { nothingSeen } from "./forecast-figures.ts";
import type { Seen, Sums } from "./forecast-figures.ts";
import { noTries } from "./forecast-run.ts";
import type { Tries } from "./forecast-run.ts";
import { defaultRetry } from "./retry.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const now = Date.UTC(2026, 10, 23, 4, 30);
const always = { open: [[now - HOUR, now + 14 * DAY]] as const };
const onceOnly = { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] };

const campaign = (people: number, its: Partial<CampaignToForecast> = {}): CampaignToForecast => ({
  id: "a",
  seen: nothingSeen,
  retry: onceOnly,
  startsAt: null,
  endsAt: null,
  maxConcurrent: null,
  callsPerSecond: null,
  budgetLeft: null,
  holdPerCall: 50,
  lanes: [always],
  waiting: [{ lane: 0, tries: noTries, dueAt: now, people }],
  onPhone: [],
  ...its,
});

const input = (
  campaigns: CampaignToForecast[],
  lines: number,
  its: Partial<ForecastInput> = {},
): ForecastInput => ({
  now,
  postsPerSecond: 8,
  credits: 1e9,
  rate: defaultRate,
  idleSeconds: 0.5,
  lines: { now: lines, most: lines, limitedBy: "user_limit" },
  earlier: nothingSeen,
  campaigns,
  ...its,
});

const told = (given: ForecastInput, id = "a") => forecast(given, seededRandom("test")).get(id)!;
const hoursTo = (at: number) => (at - now) / HOUR;

describe("a forecast", { timeout: 60_000 }, () => {
  it("is the same for the same seed, and says nothing of a campaign with nothing left to do", () => {
    const given = input([campaign(80)], 3);
    expect(told(given)).toEqual(told(given));
    expect(forecast(input([campaign(0, { waiting: [] })], 3), Math.random).size).toBe(0);
  });

  it("halves with twice the lines, and obeys the campaign's own cap and pace", () => {
    const mid = (its: Partial<CampaignToForecast>, lines: number) =>
      hoursTo(told(input([campaign(2_000, its)], lines)).finish!.mid);
    expect(mid({}, 4) / mid({}, 8)).toBeCloseTo(2, 0);
    expect(mid({ maxConcurrent: 2 }, 8) / mid({}, 2)).toBeCloseTo(1, 1);
    const paced = told(input([campaign(2_000, { callsPerSecond: 0.05 })], 100));
    expect(hoursTo(paced.finish!.mid)).toBeCloseTo(2_000 / 0.05 / 3600, 0);
    expect(paced.limitingFactor).toBe("pace");
    expect(told(input([campaign(300, { maxConcurrent: 1 })], 8)).limitingFactor).toBe("campaign_cap");
  });

  it("waits for the hours of each lane, over nights and beyond the known fortnight", () => {
    const nights = Array.from(
      { length: 14 },
      (_, day) => [now + day * DAY, now + day * DAY + 4 * HOUR] as const,
    );
    const short = told(input([campaign(900, { lanes: [{ open: nights }] })], 2));
    expect(short.limitingFactor).toBe("window_closed");
    expect(hoursTo(short.finish!.low) % 24).toBeLessThan(5);
    const long = told(input([campaign(20_000, { lanes: [{ open: nights }] })], 2));
    expect(hoursTo(long.finish!.low)).toBeGreaterThan(20 * 24);
    expect(told(input([campaign(5, { lanes: [{ open: [] }] })], 2))).toMatchObject({
      finish: null,
      left: 5,
      stops: { reason: "zone_never_open", share: 1 },
    });
  });

  it("gives whoever was due first the lines first", () => {
    const first = campaign(200);
    const second = campaign(200, {
      id: "b",
      waiting: [{ lane: 0, tries: noTries, dueAt: now + 1, people: 200 }],
    });
    const both = forecast(input([second, first], 4), seededRandom("test"));
    const [a, b] = [both.get("a")!.finish!.mid, both.get("b")!.finish!.mid];
    expect(hoursTo(b) / hoursTo(a)).toBeCloseTo(2, 0);
  });

  it("stops when credits, budget or time run out, and says how many are left", () => {
    const broke = told(input([campaign(1_000)], 4, { credits: 1_000 }));
    expect(broke).toMatchObject({ finish: null, stops: { reason: "credits", share: 1 } });
    expect(broke.credits.high).toBeLessThanOrEqual(1_000);
    expect(broke.left + broke.calls.mid).toBeGreaterThan(900);
    expect(told(input([campaign(1_000, { budgetLeft: 1_000 })], 4)).stops!.reason).toBe("budget");
    const late = told(input([campaign(1_000, { endsAt: now + HOUR })], 4));
    expect(late.stops).toMatchObject({ reason: "campaign_over", share: 1, at: now + HOUR });
    expect(late.finish!.high).toBeLessThan(now + HOUR + 10 * MINUTE);
    expect(late.left).toBeGreaterThan(300);
  });

  it("knows that a try is followed by the next one of the rules, and no more", () => {
    const retry = { maxAttempts: 2, busy: [], noAnswer: [240], failed: [], voicemail: [] };
    const tries: Tries = { ...noTries, noAnswer: 1, last: "no_answer" };
    const waiting = (each: Tries) => [{ lane: 0, tries: each, dueAt: now, people: 40 }];
    expect(
      hoursTo(told(input([campaign(40, { retry, waiting: waiting(noTries) })], 20)).finish!.low),
    ).toBeGreaterThan(4);
    expect(
      hoursTo(told(input([campaign(40, { retry, waiting: waiting(tries) })], 20)).finish!.high),
    ).toBeLessThan(1);
  });

  it("takes fifty thousand people in a fraction of a second of the processor", () => {
    const given = input([campaign(50_000, { retry: defaultRetry })], 20);
    const took = Array.from({ length: 8 }, () => {
      const before = process.cpuUsage();
      told(given);
      return process.cpuUsage(before).user / 1000;
    });
    expect(Math.min(...took)).toBeLessThan(150);
  });
});

describe("against campaigns lived through call by call, with other figures than were learned", () => {
  const usual = { answered: 0.45, noAnswer: 0.2, busy: 0.1, voicemail: 0.12, failed: 0.05 };
  const rules = [
    defaultRetry,
    { maxAttempts: 3, busy: [5, 15], noAnswer: [20, 60], failed: [30], voicemail: [] },
    { maxAttempts: 2, busy: [10], noAnswer: [45], failed: [], voicemail: [90] },
    onceOnly,
  ];
  const days = (from: number, hours: number) =>
    Array.from({ length: 40 }, (_, day) => [from + day * DAY, from + day * DAY + hours * HOUR] as const);

  function invented(random: Random): Conditions {
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const sway = (share: number) =>
      Math.min(0.5, share * Math.exp(0.7 * (random() + random() + random() - 1.5)));
    const mix = {
      answered: sway(usual.answered),
      noAnswer: sway(usual.noAnswer),
      busy: sway(usual.busy),
      voicemail: sway(usual.voicemail),
      failed: sway(usual.failed),
    };
    const whole = Object.values(mix).reduce((sum, share) => sum + share, 0);
    if (whole > 0.97) for (const end of Object.keys(mix) as (keyof typeof mix)[]) mix[end] *= 0.95 / whole;
    return {
      startAt: now,
      people: Math.round(20 * Math.pow(25, random())),
      lines: 1 + Math.floor(random() * 8),
      retry: pick(rules),
      mix,
      talk: { shortest: 15 + random() * 15, longest: 60 + random() * 40 },
      hours: pick([
        [[[now - HOUR, now + 60 * DAY]]],
        [days(now - 4 * HOUR * random(), 9)],
        [days(now - 3 * HOUR, 9), days(now + HOUR, 9)],
      ]),
    };
  }

  it("holds the true end in eight of ten bands, and the bands are narrow", { timeout: 120_000 }, () => {
    const random = seededRandom("worlds");
    const judged: { inside: boolean; width: number }[] = [];
    for (let n = 0; n < 240; n++) {
      const its = invented(random);
      const people = live(its, random);
      const end = finishOf(people);
      const before = { ...its, people: 120, mix: usual, talk: { shortest: 20, longest: 75 }, lines: 5 };
      const earlier =
        n % 4 === 0
          ? nothingSeen
          : seenOf(live({ ...before, hours: [[[now - HOUR, now + 60 * DAY]]] }, random));
      const closed = people.map(({ attempts }) => attempts.at(-1)!.finalAt).toSorted((a, b) => a - b);
      for (const at of [now, closed[Math.floor(closed.length * (0.1 + 0.8 * random()))]! + 1]) {
        if (at >= end) continue;
        const { finish } = told(
          input(
            [
              campaign(0, {
                seen: seenOf(people, at),
                retry: { ...its.retry },
                lanes: its.hours.map((open) => ({ open })),
                ...queueOf(people, at === now ? now - 1 : at),
              }),
            ],
            its.lines,
            { now: at, earlier },
          ),
        );
        judged.push({
          inside: finish!.low <= end && end <= finish!.high,
          width: (finish!.high - finish!.low) / (end - at),
        });
      }
    }
    const inside = judged.filter((each) => each.inside).length / judged.length;
    const width = judged.map((each) => each.width).toSorted((a, b) => a - b)[judged.length >> 1]!;
    expect(judged.length).toBeGreaterThan(400);
    expect(inside).toBeGreaterThan(0.7);
    expect(inside).toBeLessThan(0.9);
    expect(width).toBeLessThan(0.5);
  });

  const field: Partial<Record<Fate, "busy" | "noAnswer" | "failed" | "voicemail">> = {
    busy: "busy",
    no_answer: "noAnswer",
    failed: "failed",
    voicemail: "voicemail",
  };

  /** The queue as it stands at an instant. */
  function queueOf(people: readonly Person[], at: number): Pick<CampaignToForecast, "waiting" | "onPhone"> {
    const waiting: CampaignToForecast["waiting"][number][] = [];
    const onPhone: CampaignToForecast["onPhone"][number][] = [];
    for (const { lane, attempts, due } of people) {
      const made = attempts.filter(({ claimedAt }) => claimedAt <= at);
      const done = made.filter(({ finalAt }) => finalAt <= at);
      const tries = { ...noTries };
      for (const { outcome } of done) {
        const kind = field[outcome];
        if (kind) tries[kind]++;
        if (outcome !== "answered") tries.last = outcome;
      }
      const last = made.at(-1);
      if (last && done.length < made.length)
        onPhone.push({ lane, tries, sinceAt: last.endedAt <= at ? null : last.claimedAt });
      else if (due.length > made.length) waiting.push({ lane, tries, dueAt: due[made.length]!, people: 1 });
    }
    return { waiting, onPhone };
  }

  /** What had ended by then, added up. */
  function seenOf(people: readonly Person[], at = Infinity): Seen {
    const seen: Seen = { ends: {}, lineSeconds: {}, settleSeconds: {}, credits: {}, idleSeconds: null };
    const add = (sums: Partial<Record<Fate, Sums>>, outcome: Fate, value: number) => {
      const { n, sum, squares } = sums[outcome] ?? { n: 0, sum: 0, squares: 0 };
      sums[outcome] = { n: n + 1, sum: sum + value, squares: squares + value * value };
    };
    for (const { attempts } of people)
      attempts.forEach(({ claimedAt, endedAt, finalAt, outcome, credits }, nth) => {
        if (finalAt > at) return;
        const before = nth === 0 ? "first" : attempts[nth - 1]!.outcome;
        if (before === "answered") return;
        const ends = (seen.ends[before] ??= {});
        ends[outcome] = (ends[outcome] ?? 0) + 1;
        add(seen.lineSeconds, outcome, (endedAt - claimedAt) / 1000);
        add(seen.settleSeconds, outcome, (finalAt - endedAt) / 1000);
        add(seen.credits, outcome, credits);
      });
    return seen;
  }
});
