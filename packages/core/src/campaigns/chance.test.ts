import { expect, it } from "vitest";
import { binomial, gamma, normal, positive, seededRandom, shares } from "./chance.ts";

const DRAWS = 20_000;
const random = seededRandom("chance");

function moments(draw: () => number): { mean: number; deviation: number } {
  const drawn = Array.from({ length: DRAWS }, draw);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / DRAWS;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS;
  return { mean, deviation: Math.sqrt(variance) };
}

it("gives the same numbers for the same seed, spread evenly", { timeout: 60_000 }, () => {
  const [a, b, c] = [seededRandom("x"), seededRandom("x"), seededRandom("y")];
  expect([a(), a(), a()]).toEqual([b(), b(), b()]);
  expect(a()).not.toBe(c());
  const { mean, deviation } = moments(random);
  expect(mean).toBeCloseTo(0.5, 1);
  expect(deviation).toBeCloseTo(Math.sqrt(1 / 12), 1);
});

it("draws with the mean and spread that were asked for", { timeout: 60_000 }, () => {
  const { mean, deviation } = moments(() => normal(random));
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(deviation - 1)).toBeLessThan(0.03);
  for (const shape of [0.3, 1, 20]) {
    const drawn = moments(() => gamma(random, shape));
    expect(Math.abs(drawn.mean / shape - 1)).toBeLessThan(0.06);
    expect(Math.abs(drawn.deviation / Math.sqrt(shape) - 1)).toBeLessThan(0.08);
  }
  for (const spread of [5, 30, 60]) {
    const drawn = moments(() => positive(random, 60, spread));
    expect(Math.abs(drawn.mean / 60 - 1)).toBeLessThan(0.04);
    expect(Math.abs(drawn.deviation / spread - 1)).toBeLessThan(0.08);
  }
});

it("counts what happens by chance, few or many, never more than there are", { timeout: 60_000 }, () => {
  for (const [n, chance] of [
    [3, 0.4],
    [40, 0.02],
    [900, 0.2],
    [900, 0.97],
  ] as const) {
    const { mean, deviation } = moments(() => {
      const happened = binomial(random, n, chance);
      expect(happened >= 0 && happened <= n && Number.isInteger(happened)).toBe(true);
      return happened;
    });
    expect(Math.abs(mean / (n * chance) - 1)).toBeLessThan(0.04);
    expect(Math.abs(deviation / Math.sqrt(n * chance * (1 - chance)) - 1)).toBeLessThan(0.06);
  }
});

it("draws shares that sum to one and are the surer the more was seen", { timeout: 60_000 }, () => {
  const into: number[] = [];
  const few = moments(() => (shares(random, [3, 6, 1], into), into[0]!));
  const many = moments(() => (shares(random, [300, 600, 100], into), into[0]!));
  expect(into.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
  expect([few.mean, many.mean].map((mean) => Math.abs(mean - 0.3) < 0.01)).toEqual([true, true]);
  expect(few.deviation).toBeGreaterThan(5 * many.deviation);
});
