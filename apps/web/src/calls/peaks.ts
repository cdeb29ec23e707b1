/** What a recording looks like, computed from its samples. Pure: the decoding is elsewhere. */

export interface Peaks {
  /** Loudest sample of each slice, 0 to 1, scaled so that the loudest of all is 1. */
  levels: number[];
  seconds: number;
}

/** Loudness in `slices` equal parts of the recording. */
export function peaksOf(samples: Float32Array, seconds: number, slices: number): Peaks {
  const levels = new Array<number>(slices).fill(0);
  const size = samples.length / slices;
  let loudest = 0;
  for (let slice = 0; slice < slices; slice += 1) {
    let peak = 0;
    const end = Math.min(samples.length, Math.floor((slice + 1) * size));
    // Every fourth sample shows the shape of speech as well as all of them.
    for (let at = Math.floor(slice * size); at < end; at += 4)
      peak = Math.max(peak, Math.abs(samples[at] ?? 0));
    levels[slice] = peak;
    loudest = Math.max(loudest, peak);
  }
  return { levels: loudest === 0 ? levels : levels.map((level) => level / loudest), seconds };
}

/** The same peaks in fewer slices, for a narrower drawing. */
export function resample({ levels }: Peaks, slices: number): number[] {
  if (slices >= levels.length) return levels;
  return Array.from({ length: slices }, (_, slice) => {
    const from = Math.floor((slice * levels.length) / slices);
    const to = Math.max(from + 1, Math.floor(((slice + 1) * levels.length) / slices));
    return Math.max(...levels.slice(from, to));
  });
}

const quiet = 0.06;

/** Stretches of at least `least` seconds in which nobody speaks, as `[from, to]` in seconds. */
export function silences({ levels, seconds }: Peaks, least = 1.2): [number, number][] {
  const slice = seconds / Math.max(1, levels.length);
  const found: [number, number][] = [];
  let from: number | null = null;
  levels.forEach((level, index) => {
    if (level < quiet) {
      from ??= index * slice;
    } else if (from !== null) {
      if (index * slice - from >= least) found.push([from, index * slice]);
      from = null;
    }
  });
  if (from !== null && seconds - from >= least) found.push([from, seconds]);
  return found;
}

/** Where playing goes on when silence is skipped: a quarter second before the next word. */
export function pastSilence(at: number, gaps: readonly [number, number][]): number {
  for (const [from, to] of gaps) if (at >= from + 0.25 && at < to - 0.25) return to - 0.25;
  return at;
}

/** Seconds saved by skipping all the gaps. */
export const savedBySkipping = (gaps: readonly [number, number][]): number =>
  gaps.reduce((all, [from, to]) => all + Math.max(0, to - from - 0.5), 0);
