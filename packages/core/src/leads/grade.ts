/** Five levels read from a conversation → a score of 5 to 15 → how warm the lead is. */

export const dimensions = ["intent", "urgency", "budget", "fit", "engagement"] as const;
export type Dimension = (typeof dimensions)[number];

export const levels = ["low", "medium", "high"] as const;
export type Level = (typeof levels)[number];

export const temperatures = ["hot", "warm", "cold"] as const;
export type Temperature = (typeof temperatures)[number];

export type Levels = Record<Dimension, Level>;

const points: Record<Level, number> = { low: 1, medium: 2, high: 3 };

export const leastScore = dimensions.length * points.low;
export const mostScore = dimensions.length * points.high;

/** The scores from which a lead counts as warm and as hot. */
export const warmFrom = 9;
export const hotFrom = 12;

export function score(read: Levels): number {
  return dimensions.reduce((sum, dimension) => sum + points[read[dimension]], 0);
}

export function temperature(ofScore: number): Temperature {
  if (ofScore >= hotFrom) return "hot";
  return ofScore >= warmFrom ? "warm" : "cold";
}

export function grade(read: Levels): { score: number; temperature: Temperature } {
  const total = score(read);
  return { score: total, temperature: temperature(total) };
}
