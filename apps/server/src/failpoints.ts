/**
 * Steps at which a process may be made to die, so that a test can look at every one of them (chaos/failpoints.ts). Each
 * is passed in the middle of something: with a transaction not yet committed, or with one committed and the next thing
 * not yet begun. Nothing in the product arms them, no variable does either: then they are empty calls.
 */
export const steps = [
  "launch.queued",
  "tick.claimed",
  "place.taken",
  "place.decided",
  "place.dialing",
  "place.answered",
  "place.told",
  "place.written",
  "place.done",
  "webhook.received",
  "webhook.kept",
  "drain.taken",
  "drain.folded",
  "drain.committed",
  "verify.asked",
  "verify.settled",
  "verify.done",
  "reconcile.listed",
  "reconcile.bound",
  "item.settled",
  "campaign.finished",
  "analysis.begun",
  "analysis.answered",
  "analysis.kept",
  "import.staged",
  "import.committed",
] as const;

export type Step = (typeof steps)[number];

let strike: ((step: Step, about?: string) => void) | null = null;

/** Passed at the named step. `about`: the id of what it works on, or several with commas between. */
export function failpoint(step: Step, about?: string): void {
  strike?.(step, about);
}

/** For the preload of tests and benchmarks alone. */
export function armFailpoints(at: (step: Step, about?: string) => void): void {
  strike = at;
}
