/**
 * What becomes of a queue item once an attempt has ended. Pure: `settle_item` writes the answer down, the campaign
 * form previews it in the browser.
 */
import { isUnburned } from "../calls/outcome.ts";
import type { Outcome } from "../calls/outcome.ts";
import type { CallStatus } from "../calls/lifecycle.ts";

/** Outcomes after which another try can make sense. */
export const retriedOutcomes = ["busy", "no_answer", "failed", "voicemail"] as const;
export type RetriedOutcome = (typeof retriedOutcomes)[number];

/** Minutes to wait after the 1st, 2nd … attempt that ended so. An empty list: such an end is the last word. */
export type RetryPolicy = {
  maxAttempts: number;
  busy: number[];
  noAnswer: number[];
  failed: number[];
  voicemail: number[];
};

export const defaultRetry: RetryPolicy = {
  maxAttempts: 3,
  busy: [15, 60],
  noAnswer: [120, 1440],
  failed: [60],
  voicemail: [],
};

/** A call pressed by hand is tried once. */
export const directRetry: RetryPolicy = { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] };

/** One attempt of the item, oldest first in a history. */
export type Attempt = {
  status: CallStatus;
  /** Null while the call is not final. */
  outcome: Outcome | null;
  /** When it ended; null while it is open. */
  endedAt: string | null;
  /** For an attempt that was not the contact's fault: when the provider may be asked again. */
  dueAgainAt?: string | null;
};

export type ItemEnd = "completed" | "failed" | "canceled";

export type SettledBecause =
  | "answered"
  | "voicemail"
  | "canceled"
  | "unclear"
  | "no_retry_for_outcome"
  | "retries_used_up"
  | "attempts_used_up"
  | "after_campaign_end";

export type NextAttempt =
  | { kind: "settled"; itemStatus: ItemEnd; because: SettledBecause }
  | { kind: "retry"; at: string; burned: boolean }
  | { kind: "blocked"; because: "no_attempt" | "not_final" };

/**
 * Never a retry before the last attempt is final; `canceled` and `unclear` are never retried (the first was wished,
 * the second may have been a conversation). Waits count from the end of the attempt, not from the decision.
 */
export function nextAttempt(
  policy: RetryPolicy,
  history: readonly Attempt[],
  now: string,
  endsAt: string | null = null,
): NextAttempt {
  const last = history.at(-1);
  if (!last) return { kind: "blocked", because: "no_attempt" };

  if (isUnburned(last.status))
    return { kind: "retry", at: latest(now, last.dueAgainAt ?? now), burned: false };
  if (last.outcome === null || last.endedAt === null) return { kind: "blocked", because: "not_final" };
  if (last.outcome === "answered") return settled("completed", "answered");
  if (last.outcome === "canceled") return settled("canceled", "canceled");
  if (last.outcome === "unclear") return settled("failed", "unclear");

  const { outcome } = last;
  const burned = history.filter(({ status }) => !isUnburned(status));
  const alike = burned.filter((attempt) => attempt.outcome === outcome).length;
  const waits = waitsOf(policy, outcome);
  const waitMinutes = waits[alike - 1];

  if (waits.length === 0) return settledAfter(outcome, "no_retry_for_outcome");
  if (burned.length >= policy.maxAttempts) return settledAfter(outcome, "attempts_used_up");
  if (waitMinutes === undefined) return settledAfter(outcome, "retries_used_up");

  const at = latest(now, plusMinutes(last.endedAt, waitMinutes));
  if (endsAt !== null && Date.parse(at) >= Date.parse(endsAt))
    return settledAfter(outcome, "after_campaign_end");
  return { kind: "retry", at, burned: true };
}

/** The list of a policy that speaks about this outcome. */
export function waitsOf(policy: RetryPolicy, outcome: RetriedOutcome): readonly number[] {
  const lists: Record<RetriedOutcome, readonly number[]> = {
    busy: policy.busy,
    no_answer: policy.noAnswer,
    failed: policy.failed,
    voicemail: policy.voicemail,
  };
  return lists[outcome];
}

/** Tries left if every further one ends like the last; for the dots on the campaign page. */
export function triesLeft(policy: RetryPolicy, attempts: number): number {
  return Math.max(0, policy.maxAttempts - attempts);
}

/** A message left is a result; silence, refusal and failure are not. */
function settledAfter(outcome: RetriedOutcome, because: SettledBecause): NextAttempt {
  return outcome === "voicemail" ? settled("completed", "voicemail") : settled("failed", because);
}

function settled(itemStatus: ItemEnd, because: SettledBecause): NextAttempt {
  return { kind: "settled", itemStatus, because };
}

function plusMinutes(at: string, minutes: number): string {
  return new Date(Date.parse(at) + Math.round(minutes * 60_000)).toISOString();
}

function latest(a: string, b: string): string {
  return new Date(Math.max(Date.parse(a), Date.parse(b))).toISOString();
}
