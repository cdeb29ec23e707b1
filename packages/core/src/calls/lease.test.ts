import { expect, test } from "vitest";
import { clockEndsAfterSeconds, leaseSeconds, pollAtSeconds } from "./lease.ts";
import { callStatuses, isTerminal } from "./lifecycle.ts";

const terms = { maxCallSeconds: 300, leaseScale: 1, placeTimeoutSeconds: 15 };

test("every status before the disconnect has a lease, and no later one", () => {
  for (const status of callStatuses) {
    const waits = !isTerminal(status) && status !== "call-disconnected" && status !== "unknown";
    expect(leaseSeconds(status, terms) !== null, status).toBe(waits);
  }
  expect(leaseSeconds("claimed", terms)).toBe(15);
  expect(leaseSeconds("dialing", terms)).toBe(30);
  expect(leaseSeconds("scheduled", terms)).toBe(120);
  expect(leaseSeconds("ringing", terms)).toBe(90);
  expect(leaseSeconds("in-progress", terms)).toBe(360);
});

test("a scale shortens leases, but never below the time a request may take", () => {
  const quick = { ...terms, leaseScale: 0.01 };
  expect(leaseSeconds("claimed", quick)).toBe(2);
  expect(leaseSeconds("dialing", quick)).toBe(20);
  expect(leaseSeconds("in-progress", quick)).toBeCloseTo(3.6);
  expect(clockEndsAfterSeconds(300, 0.01)).toBeCloseTo(6);
});

test("the final figures are asked for after 30 seconds, 2, 5, 15 and 60 minutes, then daily", () => {
  expect([0, 1, 2, 3, 4, 5, 6, 7].map((n) => pollAtSeconds(n, 1) / 60)).toEqual([
    0.5, 2, 5, 15, 60, 1440, 2880, 4320,
  ]);
});
