/** Arithmetic of the drawings, apart from them so that it can be tested. */

/** Round ticks from zero that cover `max` in at most `most` steps; whole numbers only, for these are counts. */
export function niceTicks(max: number, most = 4): number[] {
  if (max <= 0) return [0, 1];
  const rough = max / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough && Number.isInteger(n)) ?? 10 * power,
  );
  const ticks = [];
  for (let tick = 0; tick < max + step; tick += step) ticks.push(tick);
  return ticks;
}

export interface Segment {
  key: string;
  value: number;
  y: number;
  height: number;
}

/**
 * Parts of a column from the baseline up, with a gap of one pixel between neighbours. A part that is something is
 * never drawn as nothing.
 */
export function stack(
  parts: { key: string; value: number }[],
  pixelsPerUnit: number,
  baseline: number,
): Segment[] {
  const segments: Segment[] = [];
  let y = baseline;
  for (const { key, value } of parts) {
    if (value <= 0) continue;
    const full = value * pixelsPerUnit;
    y -= full;
    const height = Math.max(full - (segments.length > 0 ? 1 : 0), 1);
    segments.push({ key, value, y, height });
  }
  return segments;
}

/** Neighbouring entries for which `is` holds, as `[from, to)`. */
export function runs<Entry>(entries: readonly Entry[], is: (entry: Entry) => boolean): [number, number][] {
  const found: [number, number][] = [];
  entries.forEach((entry, index) => {
    if (!is(entry)) return;
    const last = found.at(-1);
    if (last && last[1] === index) last[1] = index + 1;
    else found.push([index, index + 1]);
  });
  return found;
}

/**
 * How long the line between two stages is drawn: by the logarithm of the seconds, so that 3 s and 3 min both show.
 * The shares of a call's gaps sum to 1.
 */
export function logShares(gaps: number[]): number[] {
  const weights = gaps.map((seconds) => 1 + Math.log2(1 + Math.max(0, seconds)));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => (sum === 0 ? 0 : weight / sum));
}

/** The step of a six-step scale for a value between `low` and `high`. */
export function seqStep(value: number, low: number, high: number): 1 | 2 | 3 | 4 | 5 | 6 {
  if (high <= low) return 3;
  const share = (value - low) / (high - low);
  return Math.min(6, Math.max(1, 1 + Math.floor(share * 6))) as 1 | 2 | 3 | 4 | 5 | 6;
}
