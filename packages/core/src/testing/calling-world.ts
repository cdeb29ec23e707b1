/**
 * A campaign lived through call by call, to hold forecasts against. It shares no line of code with them: people have
 * a fate of their own, calls ring and last as they do in the sandbox, lines are a list of calls.
 */
export type Fate = "answered" | "voicemail" | "busy" | "no_answer" | "failed";
export type Waits = {
  maxAttempts: number;
  busy: number[];
  noAnswer: number[];
  failed: number[];
  voicemail: number[];
};

export type LivedAttempt = {
  claimedAt: number;
  endedAt: number;
  finalAt: number;
  outcome: Fate;
  credits: number;
};
export type Person = {
  lane: number;
  exists: boolean;
  attempts: LivedAttempt[];
  /** When each attempt fell due, the one to come among them. */
  due: number[];
};

export type Conditions = {
  startAt: number;
  people: number;
  lines: number;
  retry: Waits;
  /** Of those that exist: what a try comes to; the rest hang up at once. */
  mix: { answered: number; noAnswer: number; busy: number; voicemail: number; failed: number };
  /** Typical conversations last from `shortest` to `longest` seconds. */
  talk: { shortest: number; longest: number };
  /** Stretches in which each lane is open. */
  hours: readonly (readonly [number, number])[][];
  callsPerSecond?: number;
};

const MINUTE = 60_000;

export function live(its: Conditions, random: () => number): Person[] {
  const between = (low: number, high: number) => low + random() * (high - low);
  const people = Array.from({ length: its.people }, (_, n): Person => ({
    lane: n % its.hours.length,
    exists: random() >= its.mix.failed,
    attempts: [],
    due: [its.startAt],
  }));
  const waiting = people.map((person, order) => ({ person, order, due: its.startAt }));
  const busyUntil = Array.from({ length: its.lines }, () => its.startAt);
  let paceAt = its.startAt;

  const opens = (lane: number, at: number) => {
    const stretch = its.hours[lane]!.find(([, to]) => to > at);
    if (!stretch) throw new Error("The world is not open for so long.");
    return Math.max(stretch[0], at);
  };
  while (waiting.length > 0) {
    const line = busyUntil.indexOf(Math.min(...busyUntil));
    let now = Math.max(busyUntil[line]!, paceAt);
    let chosen = -1;
    let soonest = Infinity;
    // first come, first served among those who may be called now; else whoever may be called first
    for (let pass = 0; pass < 2 && chosen < 0; pass++) {
      for (let at = 0; at < waiting.length; at++) {
        const item = waiting[at]!;
        const ready = opens(item.person.lane, Math.max(item.due, now));
        if (ready > now) {
          soonest = Math.min(soonest, ready);
          continue;
        }
        const best = waiting[chosen];
        if (!best || item.due < best.due || (item.due === best.due && item.order < best.order)) chosen = at;
      }
      if (chosen < 0) now = soonest;
    }
    const { person, order } = waiting[chosen]!;
    waiting[chosen] = waiting.at(-1)!;
    waiting.pop();
    const attempt = call(its, person, now, between, random);
    person.attempts.push(attempt);
    busyUntil[line] = attempt.endedAt + between(200, 900);
    if (its.callsPerSecond) paceAt = now + 1000 / its.callsPerSecond;
    const due = again(its.retry, person);
    if (due !== null) {
      person.due.push(due);
      waiting.push({ person, order, due });
    }
  }
  return people;
}

function call(
  { mix, talk }: Conditions,
  person: Person,
  at: number,
  between: (low: number, high: number) => number,
  random: () => number,
): LivedAttempt {
  const dial = between(1300, 3100);
  const end = (outcome: Fate, ms: number, talked: number): LivedAttempt => {
    const endedAt = at + dial + ms;
    const lag = talked > 0 ? between(4_000, 40_000) : between(50, 500);
    return { claimedAt: at, endedAt, finalAt: endedAt + lag, outcome, credits: Math.ceil(talked / 6) };
  };
  if (!person.exists) return end("failed", 0, 0);
  let chance = random() * (1 - mix.failed);
  const falls = (share: number) => (chance -= share) < 0;
  const spoken = (outcome: Fate, ring: number, seconds: number) =>
    end(outcome, (ring + seconds) * 1000, seconds);
  if (falls(mix.answered)) {
    // a handful of stories, told faster or slower
    const story = talk.shortest + ((talk.longest - talk.shortest) * Math.floor(random() * 7)) / 6;
    return spoken("answered", between(4, 14), story * between(0.85, 1.45));
  }
  if (falls(mix.noAnswer)) return end("no_answer", 30_000, 0);
  if (falls(mix.busy)) return end("busy", 2_000, 0);
  if (falls(mix.voicemail)) return spoken("voicemail", 18, between(12, 24));
  return spoken("answered", between(4, 14), between(1.2, 4.5));
}

function again(retry: Waits, { attempts }: Person): number | null {
  const last = attempts.at(-1)!;
  const lists = {
    busy: retry.busy,
    no_answer: retry.noAnswer,
    failed: retry.failed,
    voicemail: retry.voicemail,
  };
  if (last.outcome === "answered" || attempts.length >= retry.maxAttempts) return null;
  const alike = attempts.filter(({ outcome }) => outcome === last.outcome).length;
  const wait = lists[last.outcome][alike - 1];
  return wait === undefined ? null : Math.max(last.finalAt, last.endedAt + wait * MINUTE);
}

/** The last word about the last attempt of the campaign. */
export const finishOf = (people: readonly Person[]): number =>
  Math.max(...people.flatMap(({ attempts }) => attempts.map(({ finalAt }) => finalAt)));
