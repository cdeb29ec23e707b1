/**
 * When campaigns will be done, with how many calls and credits: the dispatcher's rules played out many times, each time
 * with figures drawn anew from what is believed of calls to come. Pure: the instant, the queue, what has been learned
 * and chance are handed in. How well it does is measured: docs/forecast.md.
 */
import type { Rate } from "../calls/price.ts";
import type { Random } from "./chance.ts";
import { attemptsSeen, believe, imagine } from "./forecast-figures.ts";
import type { Seen } from "./forecast-figures.ts";
import { causes, Forecaster } from "./forecast-run.ts";
import type { CampaignAhead, RoomAhead, Run, Stop } from "./forecast-run.ts";
import type { ReasonCode } from "../reasons.ts";

export type CampaignToForecast = CampaignAhead & { id: string; seen: Seen };

export type ForecastInput = RoomAhead & {
  rate: Rate;
  /** Seconds that usually pass between two calls of a line while somebody is due. */
  idleSeconds: number;
  /** Lines the tenant gets while others compete, lines it gets once nobody does, and what limits them. */
  lines: { now: number; most: number; limitedBy: "user_limit" | "system_limit" | "provider_lines" };
  /** The tenant's finished attempts of other campaigns. */
  earlier: Seen;
  campaigns: readonly CampaignToForecast[];
};

/** In eight of ten worlds it is not less than `low` and not more than `high`; `mid` is as often too much as too little. */
export type Band = { low: number; mid: number; high: number };

export type CampaignForecast = {
  /** Milliseconds since 1970. Null: in most worlds it cannot end without somebody's help. */
  finish: Band | null;
  /** What ends it early, in which share of worlds, and when. */
  stops: { reason: Stop; share: number; at: number } | null;
  /** Calls still to be made, conversations still to be had, credits still to be spent. */
  calls: Band;
  answered: Band;
  credits: Band;
  /** People who will not be called at all or not again, because it stops. */
  left: number;
  /** What most of the time is waited for; null: nothing but the calls themselves. */
  limitingFactor: ReasonCode | null;
  /** Finished attempts it rests on. */
  learnedFrom: { own: number; earlier: number };
};

const RUNS = { most: 120, least: 50 };
/** Smaller lists take less time, so they can be played more often. */
const PEOPLE_FOR_FEWEST_RUNS = 3_000;
/** A stop that is rarer is not worth a word. */
const STOP_SHARE = 0.1;

/** By campaign id, for those that have anything left to do. */
export function forecast(input: ForecastInput, random: Random): Map<string, CampaignForecast> {
  const campaigns = input.campaigns.filter(({ waiting, onPhone }) => waiting.length + onPhone.length > 0);
  if (campaigns.length === 0) return new Map();
  const beliefs = campaigns.map(({ seen }) =>
    believe(seen, input.earlier, { rate: input.rate, idleSeconds: input.idleSeconds }),
  );
  const people = campaigns.reduce(
    (sum, { waiting }) => sum + waiting.reduce((all, each) => all + each.people, 0),
    0,
  );
  const runs = Math.round(
    RUNS.most - (RUNS.most - RUNS.least) * Math.min(1, people / PEOPLE_FOR_FEWEST_RUNS),
  );
  const forecaster = new Forecaster(input, campaigns);
  const all = Array.from({ length: runs }, () => {
    // nobody knows how long the competition lasts
    const lines = input.lines.now + random() * (input.lines.most - input.lines.now);
    const worlds = beliefs.map((belief) => imagine(belief, random));
    return forecaster.run(worlds, Math.max(1, Math.round(lines)), random);
  });
  return new Map(
    campaigns.map(({ id, seen }, at) => [
      id,
      {
        ...summed(
          all.map((run) => run[at]!),
          input.now,
          input.lines.limitedBy,
        ),
        learnedFrom: { own: attemptsSeen(seen), earlier: attemptsSeen(input.earlier) },
      },
    ]),
  );
}

function summed(
  runs: readonly Run[],
  now: number,
  lines: ForecastInput["lines"]["limitedBy"],
): Omit<CampaignForecast, "learnedFrom"> {
  const finishes = runs.map(({ finishAt }) => finishAt).filter(Number.isFinite);
  const stopped = runs.filter(({ stop }) => stop !== null);
  const reasons = tallied(stopped.map(({ stop }) => stop!));
  const reason = reasons[0];
  const held = causes.map((_, at) => runs.reduce((sum, run) => sum + run.held[at]!, 0));
  const longest = held.indexOf(Math.max(...held));
  const whole = runs.reduce(
    (sum, { finishAt, stopAt }) => sum + Math.max(0, Math.min(finishAt, stopAt) - now),
    0,
  );
  const cause = held[longest]! > whole / 10 ? causes[longest]! : null;
  return {
    finish: finishes.length * 2 > runs.length ? band(finishes) : null,
    stops:
      reason && stopped.length / runs.length >= STOP_SHARE
        ? {
            reason,
            share: stopped.length / runs.length,
            at: band(stopped.map(({ stopAt }) => stopAt)).mid,
          }
        : null,
    calls: rounded(band(runs.map(({ calls }) => calls))),
    answered: rounded(band(runs.map(({ answered }) => answered))),
    credits: rounded(band(runs.map(({ credits }) => credits))),
    left: Math.round(band(runs.map(({ left }) => left)).mid),
    limitingFactor: cause === "lines" ? lines : cause,
  };
}

/** The 10th, 50th and 90th of a hundred; always values that occur, for between two there may be a night. */
export function band(values: readonly number[]): Band {
  const sorted = Float64Array.from(values).sort();
  const last = sorted.length - 1;
  return {
    low: sorted[Math.floor(0.1 * last)]!,
    mid: sorted[Math.round(0.5 * last)]!,
    high: sorted[Math.ceil(0.9 * last)]!,
  };
}

const rounded = ({ low, mid, high }: Band): Band => ({
  low: Math.floor(low),
  mid: Math.round(mid),
  high: Math.ceil(high),
});

/** Most frequent first. */
function tallied<Value>(values: readonly Value[]): Value[] {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([value]) => value);
}
