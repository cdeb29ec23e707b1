import { addsWords } from "@parley/core/leads/transcript";

/** A run as far as the decision needs it; instants are wall time. */
export type Run = {
  id: string;
  status: "running" | "waiting" | "answered" | "failed";
  transcript_sha256: string;
  /** Null once the call is final. */
  transcript: string | null;
  attempts: number;
  lease_until: string | null;
  next_at: string | null;
};

export type Step =
  /** A transcript that has not been read. */
  | { kind: "start" }
  /** The same transcript again: a try that failed is due, or its process died. */
  | { kind: "retry"; run: Run }
  /** Another process reads it now, or its next try is not due. */
  | { kind: "wait" }
  /** It has been read: what follows from it may be due. */
  | { kind: "apply" }
  /** It failed for good. */
  | { kind: "leave" };

/**
 * What is to be done about a transcript, given the runs of its call and prompt version (oldest first). A first
 * transcript is read at once; a later one only when the call is final and it says more than the one that was read.
 */
export function nextStep(
  runs: readonly Run[],
  now: { transcript: string; sha256: string; isFinal: boolean; wall: string },
): Step {
  const latest = runs.at(-1);
  if (!latest) return { kind: "start" };
  const same = runs.find((run) => run.transcript_sha256 === now.sha256);
  const saysMore =
    latest.status === "failed" ||
    (latest.transcript !== null && addsWords(latest.transcript, now.transcript));
  if (!same && now.isFinal && saysMore) return { kind: "start" };
  const run = same ?? latest;
  if (run.status === "answered") return { kind: "apply" };
  if (run.status === "failed") return { kind: "leave" };
  const until = run.status === "running" ? run.lease_until : run.next_at;
  return isPast(until, now.wall) ? { kind: "retry", run } : { kind: "wait" };
}

const isPast = (at: string | null, now: string): boolean => at === null || Date.parse(at) <= Date.parse(now);
