/**
 * What a forecast believes of calls to come: how they end, how long they hold a line, what they cost. Learned from the
 * campaign's own finished attempts and from the tenant's earlier ones, shrunk towards figures that are usual anywhere.
 */
import { outcomes } from "../calls/outcome.ts";
import type { Outcome } from "../calls/outcome.ts";
import { callPrice } from "../calls/price.ts";
import type { Rate } from "../calls/price.ts";
import { normal, positive, shares } from "./chance.ts";
import type { Random } from "./chance.ts";
import { retriedOutcomes } from "./retry.ts";

/** What came before an attempt: nothing, or the outcome that is now tried again. */
export const befores = ["first", ...retriedOutcomes] as const;
export type Before = (typeof befores)[number];

/** Many observations, as their number, sum and sum of squares. */
export type Sums = { n: number; sum: number; squares: number };

/** Finished attempts, added up. Every list may lack entries: nothing of that kind has been seen. */
export type Seen = {
  ends: Partial<Record<Before, Partial<Record<Outcome, number>>>>;
  /** Seconds from the provider's first news to the end of the line, by outcome. */
  lineSeconds: Partial<Record<Outcome, Sums>>;
  /** Seconds from there to the provider's last word, by outcome. */
  settleSeconds: Partial<Record<Outcome, Sums>>;
  /** Credits of a settled call, by outcome. */
  credits: Partial<Record<Outcome, Sums>>;
  /** Seconds from the end of a call to the first news of the next on its line, although somebody was due. */
  idleSeconds: Sums | null;
};

export const nothingSeen: Seen = {
  ends: {},
  lineSeconds: {},
  settleSeconds: {},
  credits: {},
  idleSeconds: null,
};

export function attemptsSeen({ ends }: Seen): number {
  return befores.reduce(
    (sum, before) => sum + Object.values(ends[before] ?? {}).reduce((all, n) => all + n, 0),
    0,
  );
}

/** Cold calling as it usually goes. Worth few observations: it steers only while little has been seen. */
const usual: Record<Outcome, { share: number; lineSeconds: number; spread: number; settleSeconds: number }> =
  {
    answered: { share: 0.38, lineSeconds: 65, spread: 0.7, settleSeconds: 15 },
    voicemail: { share: 0.14, lineSeconds: 45, spread: 0.4, settleSeconds: 15 },
    busy: { share: 0.09, lineSeconds: 8, spread: 0.5, settleSeconds: 3 },
    no_answer: { share: 0.29, lineSeconds: 38, spread: 0.3, settleSeconds: 3 },
    failed: { share: 0.07, lineSeconds: 6, spread: 0.7, settleSeconds: 3 },
    canceled: { share: 0.005, lineSeconds: 10, spread: 1, settleSeconds: 3 },
    unclear: { share: 0.025, lineSeconds: 60, spread: 1, settleSeconds: 120 },
  };
/** Of a conversation, how much of the line's time is talked and paid. */
const TALKED_SHARE = 0.75;
/** Who was engaged, absent or unreachable is so again more often than somebody new. */
const again: Record<Before, number> = { first: 0, busy: 0.1, no_answer: 0.15, failed: 0.45, voicemail: 0.15 };

/** How many observations each source may count for at most; a campaign's own count in full. */
const worth = { usual: 10, usualRetry: 6, usualLength: 4, earlier: 30, earlierLength: 20 };

/** Belief about one quantity: its mean, its spread from call to call, and how sure the mean is. */
type Quantity = { mean: number; deviation: number; meanDeviation: number };

export type Belief = {
  /** Pseudo-observations by what came before and outcome: a Dirichlet each. */
  ends: Record<Before, number[]>;
  line: Quantity[];
  settle: Quantity[];
  credits: Quantity[];
  idle: Quantity;
};

const none: Sums = { n: 0, sum: 0, squares: 0 };

/** Puts the three sources together. `idleSeconds` is usual between two calls of a line. */
export function believe(own: Seen, earlier: Seen, its: { rate: Rate; idleSeconds: number }): Belief {
  const first = mixed(
    "first",
    own,
    earlier,
    outcomes.map((outcome) => usual[outcome].share),
    worth.usual,
  );
  const whole = first.reduce((sum, n) => sum + n, 0);
  const ends = { first } as Record<Before, number[]>;
  for (const before of retriedOutcomes) {
    const like = outcomes.map(
      (outcome, at) => (1 - again[before]) * (first[at]! / whole) + (outcome === before ? again[before] : 0),
    );
    ends[before] = mixed(before, own, earlier, like, worth.usualRetry);
  }
  const quantities = (
    kind: "lineSeconds" | "settleSeconds" | "credits",
    guess: (of: Outcome) => [number, number],
  ) =>
    outcomes.map((outcome) => {
      const [mean, spread] = guess(outcome);
      return learn(own[kind][outcome] ?? none, earlier[kind][outcome] ?? none, mean, mean * spread);
    });
  const isTalk = (outcome: Outcome) =>
    outcome === "answered" || outcome === "voicemail" || outcome === "unclear";
  return {
    ends,
    line: quantities("lineSeconds", (outcome) => [usual[outcome].lineSeconds, usual[outcome].spread]),
    settle: quantities("settleSeconds", (outcome) => [usual[outcome].settleSeconds, 1]),
    credits: quantities("credits", (outcome) =>
      isTalk(outcome) ? [callPrice(usual[outcome].lineSeconds * TALKED_SHARE, its.rate), 0.7] : [0, 0],
    ),
    idle: learn(own.idleSeconds ?? none, earlier.idleSeconds ?? none, its.idleSeconds, its.idleSeconds),
  };
}

function mixed(before: Before, own: Seen, earlier: Seen, like: readonly number[], weight: number): number[] {
  const of = ({ ends }: Seen) => outcomes.map((outcome) => ends[before]?.[outcome] ?? 0);
  const [mine, theirs] = [of(own), of(earlier)];
  const scale =
    worth.earlier /
    Math.max(
      worth.earlier,
      theirs.reduce((sum, n) => sum + n, 0),
    );
  return outcomes.map((_, at) => like[at]! * weight + theirs[at]! * scale + mine[at]!);
}

function learn(own: Sums, earlier: Sums, mean: number, deviation: number): Quantity {
  const scale = worth.earlierLength / Math.max(worth.earlierLength, earlier.n);
  const n = worth.usualLength + earlier.n * scale + own.n;
  const sum = worth.usualLength * mean + earlier.sum * scale + own.sum;
  const squares =
    worth.usualLength * (mean * mean + deviation * deviation) + earlier.squares * scale + own.squares;
  const learned = sum / n;
  const spread = Math.sqrt(Math.max(0, squares / n - learned * learned));
  return { mean: learned, deviation: spread, meanDeviation: spread / Math.sqrt(n) };
}

/** One world that the belief allows: in it the shares and means are known. */
export type World = {
  ends: Record<Before, number[]>;
  line: { mean: number; deviation: number }[];
  settle: { mean: number; deviation: number }[];
  credits: { mean: number; deviation: number }[];
  idleSeconds: number;
};

/** What nobody models (jobs that wait, networks that stall) makes everything a little faster or slower at once. */
const UNMODELLED = 0.05;

export function imagine(belief: Belief, random: Random): World {
  const pace = Math.exp(UNMODELLED * normal(random));
  const known = (quantity: Quantity, factor: number) => {
    const mean = positive(random, quantity.mean, quantity.meanDeviation) * factor;
    return { mean, deviation: quantity.mean > 0 ? (quantity.deviation * mean) / quantity.mean : 0 };
  };
  const ends = {} as Record<Before, number[]>;
  for (const before of befores) shares(random, belief.ends[before], (ends[before] = []));
  return {
    ends,
    line: belief.line.map((quantity) => known(quantity, pace)),
    settle: belief.settle.map((quantity) => known(quantity, 1)),
    credits: belief.credits.map((quantity) => known(quantity, 1)),
    idleSeconds: known(belief.idle, pace).mean,
  };
}
