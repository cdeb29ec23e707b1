/**
 * One way the coming days may go, for all running campaigns of a tenant at once, because they share its lines. The
 * dispatcher's rules in small: what is due goes first come, first served, onto free lines, inside the hours of its
 * lane, within pace, caps, credits and budget, and comes back when the retry rules say so. Large lists move in bundles
 * (a bundle's outcomes are still drawn one by one), small ones call by call.
 */
import { outcomes } from "../calls/outcome.ts";
import type { Outcome } from "../calls/outcome.ts";
import { binomial, normal, positive } from "./chance.ts";
import type { Random } from "./chance.ts";
import type { Before, World } from "./forecast-figures.ts";
import { nextAttempt } from "./retry.ts";
import type { Attempt, RetryPolicy } from "./retry.ts";

/** Attempts made so far, by how they ended, and how the last one did. All zero: nobody has tried. */
export type Tries = {
  busy: number;
  noAnswer: number;
  failed: number;
  voicemail: number;
  last: Before;
};

export const noTries: Tries = { busy: 0, noAnswer: 0, failed: 0, voicemail: 0, last: "first" };

/** Instants are milliseconds since 1970, of the domain's clock. */
export type LaneAhead = {
  /** Stretches in which it may be dialled, in order; the last week of them is taken to repeat. Empty: never. */
  open: readonly (readonly [from: number, to: number])[];
};

export type CampaignAhead = {
  retry: RetryPolicy;
  startsAt: number | null;
  endsAt: number | null;
  maxConcurrent: number | null;
  callsPerSecond: number | null;
  budgetLeft: number | null;
  holdPerCall: number;
  lanes: readonly LaneAhead[];
  waiting: readonly { lane: number; tries: Tries; dueAt: number; people: number }[];
  /** Items with an attempt under way; `sinceAt` null: the line is free, the last word is missing. */
  onPhone: readonly { lane: number; tries: Tries; sinceAt: number | null }[];
};

export type RoomAhead = {
  now: number;
  /** The dispatch rate the provider admits. */
  postsPerSecond: number;
  /** Credits not held by any call, and what the open calls of these campaigns hold is among it once they end. */
  credits: number;
};

/** What can hold a start back, as codes of reasons.ts. */
export const causes = [
  "window_closed",
  "retry_gap",
  "lines",
  "campaign_cap",
  "pace",
  "provider_budget",
  "campaign_scheduled",
] as const;
export type Cause = (typeof causes)[number];

export type Stop = "credits" | "budget" | "campaign_over" | "zone_never_open";

/** How it went for one campaign. */
export type Run = {
  /** When its last item closed; infinite when it cannot close without somebody's help. */
  finishAt: number;
  stop: Stop | null;
  stopAt: number;
  calls: number;
  answered: number;
  credits: number;
  /** People whom nobody could call any more. */
  left: number;
  /** Milliseconds by which each cause put off the next start, in the order of `causes`. */
  held: number[];
};

type Next = { waitMs: number; state: number } | null;
type State = { tries: Tries; attempts: number; next: (Next | undefined)[] };

/** The retry rules as a graph that is explored as far as it is walked; the rule itself is `nextAttempt`. */
class Rules {
  readonly states: State[] = [];
  readonly #policy: RetryPolicy;
  readonly #known = new Map<string, number>();

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  stateOf(tries: Tries): number {
    const key = `${tries.busy},${tries.noAnswer},${tries.failed},${tries.voicemail},${tries.last}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const attempts = tries.busy + tries.noAnswer + tries.failed + tries.voicemail;
    this.#known.set(key, this.states.length);
    this.states.push({ tries, attempts, next: [] });
    return this.states.length - 1;
  }

  after(state: number, at: number): Next {
    const { next } = this.states[state]!;
    const known = next[at];
    return known === undefined ? (next[at] = this.#decide(state, outcomes[at]!)) : known;
  }

  #decide(state: number, outcome: Outcome): Next {
    const field = triedAs[outcome];
    if (!field) return null;
    const { tries } = this.states[state]!;
    const then: Tries = { ...tries, [field]: tries[field] + 1, last: outcome as Before };
    const history = (Object.keys(triedAs) as Outcome[]).flatMap((kind) => {
      const count = triedAs[kind] ? tries[triedAs[kind]] : 0;
      return Array.from({ length: count }, () => ended(kind));
    });
    const decided = nextAttempt(this.#policy, [...history, ended(outcome)], EPOCH);
    if (decided.kind !== "retry") return null;
    return { waitMs: Date.parse(decided.at), state: this.stateOf(then) };
  }
}

const EPOCH = new Date(0).toISOString();
const ended = (outcome: Outcome): Attempt => ({ status: "completed", outcome, endedAt: EPOCH });
const triedAs: Partial<Record<Outcome, "busy" | "noAnswer" | "failed" | "voicemail">> = {
  busy: "busy",
  no_answer: "noAnswer",
  failed: "failed",
  voicemail: "voicemail",
};

/** Entries by the time they are ready: a binary heap over columns, emptied and filled again for every run. */
class Queue {
  readonly key: number[] = [];
  readonly #entry: number[] = [];
  size = 0;

  clear(): void {
    this.size = 0;
  }

  push(key: number, entry: number): void {
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.key[parent]! <= key) break;
      this.key[at] = this.key[parent]!;
      this.#entry[at] = this.#entry[parent]!;
      at = parent;
    }
    this.key[at] = key;
    this.#entry[at] = entry;
  }

  pop(): number {
    const top = this.#entry[0]!;
    const last = --this.size;
    const key = this.key[last]!;
    const entry = this.#entry[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.key[child + 1]! < this.key[child]!) child++;
      if (this.key[child]! >= key) break;
      this.key[at] = this.key[child]!;
      this.#entry[at] = this.#entry[child]!;
      at = child;
    }
    this.key[at] = key;
    this.#entry[at] = entry;
    return top;
  }
}

/** When each line is free again, soonest first. */
class Lines {
  free: number[] = [];

  reset(count: number, at: number): void {
    this.free.length = 0;
    for (let n = 0; n < count; n++) this.free.push(at);
  }

  /** The soonest free line is taken until `until`. */
  take(until: number): void {
    const { free } = this;
    let at = 1;
    while (at < free.length && free[at]! < until) {
      free[at - 1] = free[at]!;
      at++;
    }
    free[at - 1] = until;
  }

  /** `work` is spread over the `count` soonest lines from `from` on; says when they are done. */
  level(count: number, from: number, work: number): number {
    const { free } = this;
    let sum = work;
    for (let n = 0; n < count; n++) sum += Math.max(from, free[n]!);
    const until = sum / count;
    // the rest, soonest first, moves up as far as it is sooner
    let [to, rest] = [0, count];
    while (rest < free.length && free[rest]! < until) free[to++] = free[rest++]!;
    free.fill(until, to, to + count);
    return until;
  }
}

/** More lines than that are taken together: one that is `unit` times as fast. */
const LINES_MOST = 32;
/** A list is moved in about so many bundles; up to as many people go one by one. */
const BUNDLES = 64;
const SINGLE_MOST = 4;
/** Two bundles that fall due within so much of their distance are one, once lists are large. */
const MERGE_SHARE = 0.01;
/** Nobody's forecast is worth more steps. */
const STEPS_MOST = 30_000;
const WEEK = 7 * 86_400_000;

const [CLOSED, RETRY, LINES, CAP, PACE, POSTS, SCHEDULED] = [0, 1, 2, 3, 4, 5, 6] as const;
const answeredAt = outcomes.indexOf("answered");

/** Holds what all runs have in common, and the room they work in. */
export class Forecaster {
  readonly #room: RoomAhead;
  readonly #campaigns: readonly CampaignAhead[];
  readonly #rules: Rules[];
  readonly #start: { campaign: number; lane: number; state: number; due: number; people: number }[] = [];
  readonly #bundle: number;
  readonly #merges: boolean;
  readonly #queue = new Queue();
  readonly #lines = new Lines();
  readonly #caps: Lines[];
  // columns of the entries in the queue
  readonly #campaign: number[] = [];
  readonly #lane: number[] = [];
  readonly #state: number[] = [];
  readonly #due: number[] = [];
  readonly #people: number[] = [];
  #entries = 0;
  readonly #latest = new Map<number, number>();

  constructor(room: RoomAhead, campaigns: readonly CampaignAhead[]) {
    this.#room = room;
    this.#campaigns = campaigns;
    this.#rules = campaigns.map(({ retry }) => new Rules(retry));
    this.#caps = campaigns.map(() => new Lines());
    let people = 0;
    campaigns.forEach((campaign, at) => {
      for (const { lane, tries, dueAt, people: count } of campaign.waiting) {
        const due = Math.max(dueAt, campaign.startsAt ?? -Infinity);
        this.#start.push({ campaign: at, lane, state: this.#rules[at]!.stateOf(tries), due, people: count });
        people += count;
      }
    });
    this.#bundle = Math.max(1, Math.ceil(people / BUNDLES));
    this.#merges = people > 4 * BUNDLES;
  }

  /** `worlds`: one for each campaign. `lineCount`: lines this tenant can count on. */
  run(worlds: readonly World[], lineCount: number, random: Random): Run[] {
    const { now } = this.#room;
    const unit = Math.max(1, lineCount / LINES_MOST);
    const runs = this.#campaigns.map((): Run => ({
      finishAt: now,
      stop: null,
      stopAt: Infinity,
      calls: 0,
      answered: 0,
      credits: 0,
      left: 0,
      held: causes.map(() => 0),
    }));
    const started = runs.map(() => now);
    const budget = this.#campaigns.map(({ budgetLeft }) => budgetLeft ?? Infinity);
    const pace = this.#campaigns.map(({ callsPerSecond }) => (callsPerSecond ? 1000 / callsPerSecond : 0));
    const paceAt = pace.map((ms) => (ms > 0 ? now : -Infinity));
    const postMs = 1000 / this.#room.postsPerSecond;
    let postAt = now;
    let credits = this.#room.credits;

    this.#queue.clear();
    this.#entries = 0;
    this.#latest.clear();
    const count = Math.max(1, Math.round(lineCount / unit));
    this.#lines.reset(count, now);
    this.#campaigns.forEach(({ maxConcurrent }, at) =>
      this.#caps[at]!.reset(
        maxConcurrent === null ? 0 : Math.min(count, Math.max(1, Math.round(maxConcurrent / unit))),
        now,
      ),
    );
    for (const { campaign, lane, state, due, people } of this.#start)
      this.#add(campaign, lane, state, due, people, due);

    const close = (campaign: number, at: number) => {
      const run = runs[campaign]!;
      if (at > run.finishAt) run.finishAt = at;
    };
    /** What follows `people` attempts that ended alike. */
    const follow = (
      campaign: number,
      lane: number,
      state: number,
      outcome: number,
      people: number,
      endAt: number,
    ) => {
      const world = worlds[campaign]!.settle[outcome]!;
      const lastWord = endAt + 1000 * positive(random, world.mean, world.deviation);
      const next = this.#rules[campaign]!.after(state, outcome);
      const due = next ? Math.max(lastWord, endAt + next.waitMs) : 0;
      if (!next || due >= (this.#campaigns[campaign]!.endsAt ?? Infinity)) return close(campaign, lastWord);
      this.#add(campaign, lane, next.state, due, people, due, now);
    };
    const drawOutcome = (ends: readonly number[]) => {
      let left = random();
      for (let at = 0; at < ends.length; at++) if ((left -= ends[at]!) < 0) return at;
      return answeredAt;
    };

    this.#campaigns.forEach(({ onPhone, holdPerCall }, campaign) => {
      const { ends, line } = worlds[campaign]!;
      for (const { lane, tries, sinceAt } of onPhone) {
        credits += holdPerCall;
        budget[campaign]! += holdPerCall;
        const state = this.#rules[campaign]!.stateOf(tries);
        let outcome = drawOutcome(ends[tries.last]);
        let endAt = now;
        if (sinceAt !== null) {
          const gone = (now - sinceAt) / 1000;
          let seconds = 0;
          // what has lasted so long is not one of the short ones
          for (let tried = 0; tried < 8 && seconds <= gone; tried++) {
            outcome = drawOutcome(ends[tries.last]);
            seconds = positive(random, line[outcome]!.mean, line[outcome]!.deviation);
          }
          endAt = now + 1000 * Math.max(0.15 * gone, seconds - gone);
          this.#lines.take(endAt);
          if (this.#caps[campaign]!.free.length > 0) this.#caps[campaign]!.take(endAt);
        }
        const price = worlds[campaign]!.credits[outcome]!;
        const paid = Math.min(holdPerCall, positive(random, price.mean, price.deviation));
        credits -= paid;
        budget[campaign]! -= paid;
        runs[campaign]!.credits += paid;
        if (outcome === answeredAt) runs[campaign]!.answered++;
        follow(campaign, lane, state, outcome, 1, endAt);
      }
    });

    const stop = (entry: number, because: Stop, at: number) => {
      const run = runs[this.#campaign[entry]!]!;
      run.left += this.#people[entry]!;
      this.#people[entry] = 0;
      if (run.stop === null) [run.stop, run.stopAt] = [because, at];
      if (because === "campaign_over") close(this.#campaign[entry]!, at);
      else run.finishAt = Infinity;
    };

    for (let steps = 0; this.#queue.size > 0; steps++) {
      const key = this.#queue.key[0]!;
      const entry = this.#queue.pop();
      const campaign = this.#campaign[entry]!;
      const lane = this.#lane[entry]!;
      const state = this.#state[entry]!;
      const people = this.#people[entry]!;
      const run = runs[campaign]!;
      const its = this.#campaigns[campaign]!;
      const world = worlds[campaign]!;
      if (steps > STEPS_MOST) {
        stop(entry, "zone_never_open", key);
        continue;
      }
      const endsAt = its.endsAt ?? Infinity;
      const open = its.lanes[lane]!;
      const ready = nextOpen(open, Math.max(key, now));
      if (ready === Infinity) {
        stop(entry, "zone_never_open", now);
        continue;
      }
      if (ready >= endsAt) {
        stop(entry, "campaign_over", endsAt);
        continue;
      }
      if (ready > Math.max(key, now)) {
        this.#queue.push(ready, entry);
        continue;
      }
      if (credits < its.holdPerCall || budget[campaign]! < its.holdPerCall) {
        stop(entry, credits < its.holdPerCall ? "credits" : "budget", Math.max(ready, started[campaign]!));
        continue;
      }

      const caps = this.#caps[campaign]!;
      const capAt = caps.free.length > 0 ? caps.free[0]! : -Infinity;
      const lineAt = this.#lines.free[0]!;
      let start = ready;
      let cause: number = CLOSED;
      if (ready <= this.#due[entry]!) cause = ready === its.startsAt ? SCHEDULED : RETRY;
      if (lineAt >= start) [start, cause] = [lineAt, LINES];
      if (capAt >= start) [start, cause] = [capAt, CAP];
      if (paceAt[campaign]! >= start) [start, cause] = [paceAt[campaign]!, PACE];
      if (postAt > start) [start, cause] = [postAt, POSTS];
      // held back by its own limits: others go first
      const isOwn = start > ready && (cause === CAP || cause === PACE);
      const reopen = nextOpen(open, start);
      if (reopen > start || (isOwn && this.#queue.size > 0 && this.#queue.key[0]! < start)) {
        this.#queue.push(reopen, entry);
        continue;
      }
      if (start >= endsAt) {
        stop(entry, "campaign_over", endsAt);
        continue;
      }
      if (start > started[campaign]!) {
        run.held[cause]! += start - started[campaign]!;
        started[campaign] = start;
      }

      const { last } = this.#rules[campaign]!.states[state]!.tries;
      const ends = world.ends[last];
      let n = people <= SINGLE_MOST ? 1 : Math.min(people, this.#bundle);
      let width = 1;
      if (n > 1) {
        // no more than fit into the open hours and the money
        let seconds = world.idleSeconds;
        let price = 0;
        for (let at = 0; at < ends.length; at++) {
          seconds += ends[at]! * world.line[at]!.mean;
          price += ends[at]! * world.credits[at]!.mean;
        }
        const affordable = Math.floor(Math.min(credits, budget[campaign]!) / its.holdPerCall);
        width = Math.min(
          this.#lines.free.length,
          caps.free.length || Infinity,
          Math.max(1, Math.round(affordable / unit)),
        );
        const until = Math.min(closesAt(open, start), endsAt);
        const fit = Math.ceil(((until - start) / 1000 / Math.max(seconds, 0.001)) * width * unit);
        const bought =
          Math.floor((Math.min(credits, budget[campaign]!) - its.holdPerCall) / Math.max(price, 0.001)) + 1;
        n = Math.max(1, Math.min(n, Math.max(fit, width), bought));
        width = Math.min(width, n);
      }
      this.#people[entry] = people - n;
      if (n < people) this.#queue.push(key, entry);
      run.calls += n;
      if (pace[campaign]! > 0) paceAt[campaign] = Math.max(paceAt[campaign]!, start) + n * pace[campaign]!;
      postAt = Math.max(postAt, start) + n * postMs;

      if (n === 1) {
        const outcome = drawOutcome(ends);
        const line = world.line[outcome]!;
        // until there is news of it, a call is our own doing
        const ms = 1000 * (world.idleSeconds + positive(random, line.mean, line.deviation));
        this.#lines.take(start + ms / unit);
        if (caps.free.length > 0) caps.take(start + ms / unit);
        const price = world.credits[outcome]!;
        const paid = Math.min(its.holdPerCall, positive(random, price.mean, price.deviation));
        credits -= paid;
        budget[campaign]! -= paid;
        run.credits += paid;
        if (outcome === answeredAt) run.answered++;
        follow(campaign, lane, state, outcome, 1, start + ms);
        continue;
      }

      let left = n;
      let sure = 1;
      let work = n * world.idleSeconds;
      let paid = 0;
      let longest = 0;
      const counts = this.#counts;
      for (let at = 0; at < ends.length; at++) {
        const happened = sure <= 1e-9 ? 0 : binomial(random, left, Math.min(1, ends[at]! / sure));
        left -= happened;
        sure -= ends[at]!;
        counts[at] = happened;
        if (happened === 0) continue;
        const line = world.line[at]!;
        const root = Math.sqrt(happened);
        work += Math.max(0, happened * line.mean + root * line.deviation * normal(random));
        longest = Math.max(longest, line.mean + (happened > 3 ? 1.5 : 0.5) * line.deviation);
        const price = world.credits[at]!;
        if (price.mean > 0)
          paid += Math.max(0, happened * price.mean + root * price.deviation * normal(random));
      }
      paid = Math.min(paid, n * its.holdPerCall);
      credits -= paid;
      budget[campaign]! -= paid;
      run.credits += paid;
      run.answered += counts[answeredAt]!;
      const done = this.#lines.level(width, start, (1000 * work) / unit);
      if (caps.free.length > 0) caps.level(Math.min(width, caps.free.length), start, (1000 * work) / unit);
      const endAt = Math.max(done, start + 1000 * (world.idleSeconds + longest), paceAt[campaign]!);
      for (let at = 0; at < ends.length; at++)
        if (counts[at]! > 0) follow(campaign, lane, state, at, counts[at]!, endAt);
    }
    return runs;
  }

  readonly #counts: number[] = [];

  /** `mergeFrom` given: joins a bundle of its kind that falls due at nearly the same time. */
  #add(
    campaign: number,
    lane: number,
    state: number,
    due: number,
    people: number,
    ready: number,
    mergeFrom?: number,
  ): void {
    const kind = this.#merges && mergeFrom !== undefined ? (campaign * 4096 + lane) * 4096 + state : -1;
    if (kind >= 0) {
      const known = this.#latest.get(kind);
      if (
        known !== undefined &&
        this.#people[known]! > 0 &&
        Math.abs(due - this.#due[known]!) < MERGE_SHARE * (due - mergeFrom!)
      ) {
        this.#people[known]! += people;
        return;
      }
    }
    const entry = this.#entries++;
    this.#campaign[entry] = campaign;
    this.#lane[entry] = lane;
    this.#state[entry] = state;
    this.#due[entry] = due;
    this.#people[entry] = people;
    this.#queue.push(ready, entry);
    if (kind >= 0) this.#latest.set(kind, entry);
  }
}

/** The first instant from `at` on at which the lane is open. */
export function nextOpen({ open }: LaneAhead, at: number): number {
  if (open.length === 0) return Infinity;
  const shift = weeksPast(open, at) * WEEK;
  const then = at - shift;
  for (let n = 0; n < open.length; n++) if (open[n]![1] > then) return Math.max(open[n]![0], then) + shift;
  return Infinity;
}

/** The end of the stretch that is open at `at`. */
function closesAt({ open }: LaneAhead, at: number): number {
  const shift = weeksPast(open, at) * WEEK;
  for (let n = 0; n < open.length; n++) if (open[n]![1] > at - shift) return open[n]![1] + shift;
  return at;
}

/** What is known of the hours ends somewhere; beyond, its last week is taken again and again. */
function weeksPast(open: LaneAhead["open"], at: number): number {
  const end = open[open.length - 1]![1];
  return at < end ? 0 : Math.floor((at - end) / WEEK) + 1;
}
