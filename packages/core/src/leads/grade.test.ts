import fc from "fast-check";
import { expect, test } from "vitest";
import { dimensions, grade, leastScore, levels, mostScore, temperature } from "./grade.ts";
import type { Levels } from "./grade.ts";

const every = (level: Levels["intent"]): Levels => ({
  intent: level,
  urgency: level,
  budget: level,
  fit: level,
  engagement: level,
});

test("five lows are 5 and cold, five mediums 10 and warm, five highs 15 and hot", () => {
  expect([every("low"), every("medium"), every("high")].map(grade)).toEqual([
    { score: 5, temperature: "cold" },
    { score: 10, temperature: "warm" },
    { score: 15, temperature: "hot" },
  ]);
  expect([8, 9, 11, 12].map(temperature)).toEqual(["cold", "warm", "warm", "hot"]);
});

test("a higher level never makes a lead colder", () => {
  const read = fc.record(
    Object.fromEntries(dimensions.map((dimension) => [dimension, fc.constantFrom(...levels)])),
  ) as fc.Arbitrary<Levels>;
  fc.assert(
    fc.property(read, fc.constantFrom(...dimensions), (some, dimension) => {
      const before = grade(some).score;
      expect(grade({ ...some, [dimension]: "high" }).score).toBeGreaterThanOrEqual(before);
      expect(before).toBeGreaterThanOrEqual(leastScore);
      expect(before).toBeLessThanOrEqual(mostScore);
    }),
  );
});
