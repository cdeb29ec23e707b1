import { expect, test } from "vitest";
import { lateBody, slowUpload } from "./deadlines.ts";

test("an upload may last as long as it keeps 16 KB a second after its first ten seconds", () => {
  const kilobytes = (count: number) => count * 1024;
  expect(slowUpload(9_000, 0)).toBe(false);
  expect(slowUpload(20_000, kilobytes(159))).toBe(true);
  expect(slowUpload(20_000, kilobytes(161))).toBe(false);
  expect(slowUpload(600_000, kilobytes(16 * 590))).toBe(false);
});

test("any other body is there within fifteen seconds", () => {
  expect([lateBody(14_000), lateBody(16_000)]).toEqual([false, true]);
});
