/** Draws from the usual distributions. Chance comes in as a function, so the same seed gives the same answer. */

/** Uniform in [0, 1). */
export type Random = () => number;

/** A generator that gives the same row of numbers for the same seed (mulberry32 over an FNV-1a hash). */
export function seededRandom(seed: string): Random {
  let state = 0x811c9dc5;
  for (let at = 0; at < seed.length; at++) state = Math.imul(state ^ seed.charCodeAt(at), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Mean 0, standard deviation 1 (Box and Muller). */
function exactNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The normal curve cut into strips of the same weight, and the middle of each: a draw is then one look. */
const STRIPS = 4096;
const strips = Float64Array.from({ length: STRIPS }, (_, at) => quantile((at + 0.5) / STRIPS));

/** Mean 0, standard deviation 1, nothing beyond 3.7. */
export function normal(random: Random): number {
  return strips[(random() * STRIPS) | 0]!;
}

/** Where the standard normal curve has `share` of its weight to the left (Acklam's approximation, error below 2e-9 of the weight). */
function quantile(share: number): number {
  if (share > 0.5) return -quantile(1 - share);
  if (share < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(share));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
        q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
        1)
    );
  }
  const q = share - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
      1)
  );
}

/** Mean and variance `shape` (Marsaglia and Tsang, 2000). */
export function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * Math.pow(1 - random(), 1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = exactNormal(random);
    const v = 1 + c * x;
    if (v <= 0) continue;
    const cube = v * v * v;
    if (Math.log(1 - random()) < 0.5 * x * x + d - d * cube + d * Math.log(cube)) return d * cube;
  }
}

/** A length of time, or a price: never negative, mean and standard deviation as told (a gamma, after Wilson and Hilferty). */
export function positive(random: Random, mean: number, deviation: number): number {
  if (mean <= 0) return 0;
  const ninth = (deviation / mean) ** 2 / 9;
  const root = 1 - ninth + Math.sqrt(ninth) * normal(random);
  return root <= 0 ? 0 : mean * root * root * root;
}

/** How many of `n` happen when each does with `chance`: exact while few are expected, the normal curve beyond. */
export function binomial(random: Random, n: number, chance: number): number {
  if (n <= 0 || chance <= 0) return 0;
  if (chance >= 1) return n;
  if (chance > 0.5) return n - binomial(random, n, 1 - chance);
  const mean = n * chance;
  if (mean > 12) {
    const drawn = Math.round(mean + Math.sqrt(mean * (1 - chance)) * normal(random));
    return Math.min(n, Math.max(0, drawn));
  }
  const odds = chance / (1 - chance);
  let [term, left, happened] = [Math.pow(1 - chance, n), random(), 0];
  while (left > term && happened < n) {
    left -= term;
    happened++;
    term *= (odds * (n - happened + 1)) / happened;
  }
  return happened;
}

/** Shares that sum to 1, as uncertain as so many observations leave them (Dirichlet). Writes into `into`. */
export function shares(random: Random, seen: readonly number[], into: number[]): void {
  let sum = 0;
  for (let at = 0; at < seen.length; at++) {
    const drawn = seen[at]! > 0 ? gamma(random, seen[at]!) : 0;
    into[at] = drawn;
    sum += drawn;
  }
  for (let at = 0; at < seen.length; at++) into[at] = into[at]! / (sum || 1);
}
