import { describe, expect, test } from "vitest";
import { logShares, niceTicks, runs, seqStep, stack } from "./scale.ts";

describe("the vertical axis", () => {
  test("starts at nought, covers the highest value and never has half a call", () => {
    for (const max of [1, 2, 3, 7, 12, 99, 238, 4604]) {
      const ticks = niceTicks(max);
      expect(ticks[0]).toBe(0);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
      expect(ticks.every(Number.isInteger)).toBe(true);
      expect(ticks.length).toBeLessThanOrEqual(6);
    }
  });
  test("of nothing still has a baseline", () => expect(niceTicks(0)).toEqual([0, 1]));
});

describe("a stacked column", () => {
  test("leaves a gap between parts and reaches the height of the sum", () => {
    const [first, second] = stack(
      [
        { key: "a", value: 50 },
        { key: "b", value: 30 },
      ],
      1,
      100,
    );
    expect(first).toMatchObject({ y: 50, height: 50 });
    expect(second).toMatchObject({ y: 20, height: 29 });
  });
  test("shows one call among ten thousand", () => {
    expect(
      stack(
        [
          { key: "a", value: 9999 },
          { key: "b", value: 1 },
        ],
        0.01,
        100,
      )[1]?.height,
    ).toBe(1);
  });
  test("draws nothing for nothing", () => expect(stack([{ key: "a", value: 0 }], 1, 100)).toEqual([]));
});

test("closed hours that touch become one region", () => {
  expect(runs([true, true, false, true], Boolean)).toEqual([
    [0, 2],
    [3, 4],
  ]);
});

test("gaps between stages are drawn by their logarithm and fill the rail", () => {
  const shares = logShares([3, 12, 154, 12]);
  expect(shares.reduce((all, share) => all + share, 0)).toBeCloseTo(1);
  expect(shares[2]! / shares[0]!).toBeLessThan(4);
  expect(shares[2]!).toBeGreaterThan(shares[1]!);
});

test("heat goes from the first step to the sixth", () => {
  expect([seqStep(0.28, 0.28, 0.53), seqStep(0.53, 0.28, 0.53)]).toEqual([1, 6]);
});
