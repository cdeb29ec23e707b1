/** One line of the table: what was measured, its floor or peer in the same run, and the goal it is held to. */
export type Figure = {
  name: string;
  ours: string;
  floor?: string;
  /** Ours ÷ floor; what the goal is about when there is one. */
  ratio?: number;
  goal?: Goal;
};

/** `unit` is written behind the number; absent: × for a ratio. */
export type Goal = ({ most: number } | { least: number }) & { unit?: string };

export const isMet = ({ ratio, goal }: Figure): boolean =>
  goal === undefined || ratio === undefined || ("most" in goal ? ratio <= goal.most : ratio >= goal.least);

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) throw new Error("No values were measured.");
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Medians of several contestants, taken in turns: a neighbour's load, a checkpoint or a warm cache then touches all of
 * them alike, and their ratio stays true when the absolute figures move. The first round only warms up.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  contestants: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(contestants) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    // Nobody is always the one that runs after a particular other.
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      const value = await contestants[name]();
      if (round >= 0) taken[name].push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(taken[name])])) as Record<Name, number>;
}

/** Milliseconds that `work` took. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
export const perSecond = (value: number): string => `${Math.round(value).toLocaleString("en")}/s`;
export const times = (value: number): string => `${value.toFixed(2)}×`;
