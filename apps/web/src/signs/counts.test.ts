import { expect, test } from "vitest";
import { attemptsOf, eligibleOf, finishedOf, outcomeCounts, progressParts } from "./counts.ts";

const byStatus = { pending: 10, inProgress: 2, completed: 30, failed: 5, canceled: 1, skipped: 2 };

test("finished, waiting and on the phone sum to those who may be called; with the skipped to the whole list", () => {
  expect(finishedOf(byStatus)).toBe(36);
  expect(eligibleOf(byStatus)).toBe(48);
  const drawn = progressParts(byStatus).reduce((all, part) => all + part.value, 0);
  expect(drawn).toBe(eligibleOf(byStatus) - byStatus.pending);
});

test("no outcome is lost between the answer and the chart", () => {
  const by = { answered: 1, voicemail: 2, busy: 3, noAnswer: 4, failed: 5, canceled: 6, unclear: 7 };
  expect(Object.values(outcomeCounts(by)).reduce((all, value) => all + value, 0)).toBe(attemptsOf(by));
});
