/**
 * How long a call may stay in each status before somebody asks why, and when its final figures are polled for.
 * `claimed` and `dialing` bound our own sockets (wall clock); all others run on the domain clock.
 */
import { statusRank } from "./lifecycle.ts";
import type { CallStatus } from "./lifecycle.ts";

export type LeaseTerms = {
  maxCallSeconds: number;
  /** Shortens leases and polls in tests; never the floors. */
  leaseScale: number;
  /** Deadline of the request that dials. */
  placeTimeoutSeconds: number;
};

/** Seconds until a call in this status is overdue; null when nothing is waited for. */
export function leaseSeconds(
  status: CallStatus,
  { maxCallSeconds, leaseScale, placeTimeoutSeconds }: LeaseTerms,
): number | null {
  if (status === "claimed") return Math.max(2, 15 * leaseScale);
  if (status === "dialing") return Math.max(30 * leaseScale, placeTimeoutSeconds + 5);
  const rank = statusRank[status];
  if (rank === statusRank.queued) return 120 * leaseScale;
  if (rank === statusRank.initiated || rank === statusRank.ringing) return 90 * leaseScale;
  if (rank === statusRank["in-progress"]) return (maxCallSeconds + 60) * leaseScale;
  return null;
}

/** After so long in the air our own clock frees the slot. */
export function clockEndsAfterSeconds(maxCallSeconds: number, leaseScale: number): number {
  return 2 * maxCallSeconds * leaseScale;
}

const pollMinutes = [0.5, 2, 5, 15, 60] as const;
const dayMinutes = 24 * 60;

/** Days without a final word after which a call is settled from the last facts, marked estimated. */
export const settleAfterDays = 3;

/**
 * Seconds after the disconnect at which the `n`-th look (from 0) for final figures is due: after 30 seconds, 2, 5, 15
 * and 60 minutes, then daily.
 */
export function pollAtSeconds(n: number, leaseScale: number): number {
  const minutes = pollMinutes[n] ?? (n - pollMinutes.length + 1) * dayMinutes;
  return minutes * 60 * leaseScale;
}
