import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../calls/outcome.ts";
import { defaultRetry, directRetry, nextAttempt, triesLeft } from "./retry.ts";
import type { Attempt, NextAttempt } from "./retry.ts";

const began = "2026-07-16T09:00:00.000Z";
const minutes = (count: number, from = began) => new Date(Date.parse(from) + count * 60_000).toISOString();

const statusOf = {
  answered: "completed",
  voicemail: "completed",
  busy: "busy",
  no_answer: "no-answer",
  failed: "failed",
  canceled: "stopped",
  unclear: "completed",
} as const;
const ended = (outcome: Outcome, endedAt = began): Attempt => ({
  status: statusOf[outcome],
  outcome,
  endedAt,
});
const unplaced: Attempt = { status: "not-placed", outcome: null, endedAt: began };

const retryIn = (count: number): NextAttempt => ({ kind: "retry", at: minutes(count), burned: true });
const settled = (itemStatus: string, because: string) => ({ kind: "settled", itemStatus, because });

describe("the table of situations, under the default policy", () => {
  const situations: [string, Attempt[], unknown][] = [
    ["answered", [ended("answered")], settled("completed", "answered")],
    ["first busy", [ended("busy")], retryIn(15)],
    ["second busy", [ended("busy"), ended("busy")], retryIn(60)],
    ["third busy", [ended("busy"), ended("busy"), ended("busy")], settled("failed", "attempts_used_up")],
    ["first no answer", [ended("no_answer")], retryIn(120)],
    ["second no answer", [ended("no_answer"), ended("no_answer")], retryIn(1440)],
    [
      "no answer after a busy counts as the first of its kind",
      [ended("busy"), ended("no_answer")],
      retryIn(120),
    ],
    ["first failure", [ended("failed")], retryIn(60)],
    [
      "second failure: its list is used up before the attempts are",
      [ended("failed"), ended("failed")],
      settled("failed", "retries_used_up"),
    ],
    ["voicemail", [ended("voicemail")], settled("completed", "voicemail")],
    [
      "answered after all",
      [ended("busy"), ended("no_answer"), ended("answered")],
      settled("completed", "answered"),
    ],
    ["canceled", [ended("busy"), ended("canceled")], settled("canceled", "canceled")],
    ["unclear", [ended("unclear")], settled("failed", "unclear")],
    [
      "three different ends",
      [ended("busy"), ended("no_answer"), ended("failed")],
      settled("failed", "attempts_used_up"),
    ],
    ["not placed", [unplaced], { kind: "retry", at: began, burned: false }],
    ["not placed does not count", [ended("busy"), unplaced, unplaced, ended("busy")], retryIn(60)],
    [
      "the provider's empty purse does not count",
      [{ status: "balance-low", outcome: "failed", endedAt: began, dueAgainAt: minutes(5) }],
      { kind: "retry", at: minutes(5), burned: false },
    ],
    [
      "still open",
      [ended("busy"), { status: "ringing", outcome: null, endedAt: null }],
      { kind: "blocked", because: "not_final" },
    ],
    [
      "hung up, figures not final",
      [{ status: "call-disconnected", outcome: null, endedAt: began }],
      { kind: "blocked", because: "not_final" },
    ],
    ["nothing tried yet", [], { kind: "blocked", because: "no_attempt" }],
  ];
  test.each(situations)("%s", (_, history, expected) => {
    expect(nextAttempt(defaultRetry, history, began)).toEqual(expected);
  });
});

test("a wait counts from the end of the attempt, and is never in the past", () => {
  expect(nextAttempt(defaultRetry, [ended("busy")], minutes(10))).toEqual(retryIn(15));
  expect(nextAttempt(defaultRetry, [ended("busy")], minutes(99))).toEqual(retryIn(99));
});

test("an empty list is the last word, and an attempt limit of one allows no second", () => {
  expect(nextAttempt({ ...defaultRetry, busy: [] }, [ended("busy")], began)).toEqual(
    settled("failed", "no_retry_for_outcome"),
  );
  expect(nextAttempt({ ...defaultRetry, maxAttempts: 1 }, [ended("busy")], began)).toEqual(
    settled("failed", "attempts_used_up"),
  );
  expect(nextAttempt(directRetry, [ended("no_answer")], began)).toEqual(
    settled("failed", "no_retry_for_outcome"),
  );
});

test("a voicemail is tried again where the policy says so, and completes the item when it does not any more", () => {
  const policy = { ...defaultRetry, voicemail: [30] };
  expect(nextAttempt(policy, [ended("voicemail")], began)).toEqual(retryIn(30));
  expect(nextAttempt(policy, [ended("voicemail"), ended("voicemail")], began)).toEqual(
    settled("completed", "voicemail"),
  );
});

test("fractions of a minute are kept to the millisecond", () => {
  expect(nextAttempt({ ...defaultRetry, busy: [0.05] }, [ended("busy")], began)).toEqual(retryIn(0.05));
});

test("no try is planned for after the campaign's end", () => {
  expect(nextAttempt(defaultRetry, [ended("busy")], began, minutes(15))).toEqual(
    settled("failed", "after_campaign_end"),
  );
  expect(nextAttempt(defaultRetry, [ended("busy")], began, minutes(16))).toEqual(retryIn(15));
});

test("tries left are never negative", () => {
  expect([0, 2, 3, 9].map((attempts) => triesLeft(defaultRetry, attempts))).toEqual([3, 1, 0, 0]);
});

test("whatever the policy and the ends, an item ends after at most maxAttempts counted tries, and every plan lies ahead", () => {
  const waits = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 5 });
  const policy = fc.record({
    maxAttempts: fc.integer({ min: 1, max: 6 }),
    busy: waits,
    noAnswer: waits,
    failed: waits,
    voicemail: waits,
  });
  const ends = fc.infiniteStream(
    fc.constantFrom<Outcome | "not-placed">(
      "busy",
      "no_answer",
      "failed",
      "voicemail",
      "answered",
      "unclear",
      "canceled",
      "not-placed",
    ),
  );
  fc.assert(
    fc.property(policy, ends, (rules, stream) => {
      const history: Attempt[] = [];
      let now = began;
      for (const end of stream) {
        history.push(end === "not-placed" ? { ...unplaced, endedAt: now } : ended(end, now));
        const next = nextAttempt(rules, history, now);
        expect(next.kind).not.toBe("blocked");
        if (next.kind !== "retry" || history.length > 40) break;
        expect(Date.parse(next.at)).toBeGreaterThanOrEqual(Date.parse(now));
        expect(next.burned).toBe(end !== "not-placed");
        now = minutes(1, next.at);
      }
      expect(history.filter(({ status }) => status !== "not-placed").length).toBeLessThanOrEqual(
        rules.maxAttempts,
      );
    }),
  );
});
