import { expect, test } from "vitest";
import { callCan } from "./can.ts";
import { callStatuses } from "./lifecycle.ts";

test("a call can be stopped only before the phone rings, and every refusal says why", () => {
  expect(callStatuses.filter((status) => callCan.stop(status).ok)).toEqual([
    "claimed",
    "prepared",
    "scheduled",
    "queued",
    "rescheduled",
  ]);
  for (const status of callStatuses) {
    const verdict = callCan.stop(status);
    if (!verdict.ok) expect(verdict.reason).toMatch(/\.$/);
  }
});

test("a refusal fits the status", () => {
  expect(callCan.stop("unknown")).toEqual({ ok: false, reason: expect.stringContaining("looked up") });
  expect(callCan.stop("completed")).toEqual({ ok: false, reason: "The call is over." });
  expect(callCan.analyse("busy").ok).toBe(false);
});
