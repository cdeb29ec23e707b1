import { expect, test } from "vitest";
import { mayAdvance, systemStages } from "./stages.ts";

test("Parley moves people upwards through its own stages, and never out of one that people made", () => {
  const [first, , contacted, , interested, booked] = systemStages;
  expect(mayAdvance(null, "new")).toBe(true);
  expect(mayAdvance(first, "contacted")).toBe(true);
  expect(mayAdvance(booked, "interested")).toBe(false);
  expect(mayAdvance(interested, "interested")).toBe(false);
  expect(mayAdvance(contacted, "booked")).toBe(true);
  expect(mayAdvance({ key: "won", rank: -1, isSystem: false }, "booked")).toBe(false);
});
