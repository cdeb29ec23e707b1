import type { Installation } from "./installation.ts";

/** Upper bounds in seconds by which recoveries are told; the last class is open. */
export const recoveryBounds = [0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 60] as const;

/** How long after a kill the next event of any call was written down. */
export type Recoveries = {
  /** How many took at most the bound of the same place, and no less than the one before; one class more at the end. */
  classes: number[];
  longestSeconds: number;
};

export type Progress = {
  killed(): void;
  stillForMs(): number;
  recoveries(): Recoveries;
  stop(): void;
};

const LOOK_MS = 100;

export function watchProgress(there: Installation): Progress {
  let [seen, seenAt] = [-1, Date.now()];
  const waiting: number[] = [];
  const told: Recoveries = { classes: Array(recoveryBounds.length + 1).fill(0), longestSeconds: 0 };
  const look = async () => {
    const row = await there.glance<{ n: string }>("select max(id) as n from call_events");
    if (!row || Number(row.n) === seen) return;
    [seen, seenAt] = [Number(row.n), Date.now()];
    for (const at of waiting.splice(0)) {
      const seconds = (seenAt - at) / 1000;
      const place = recoveryBounds.findIndex((bound) => seconds <= bound);
      told.classes[place < 0 ? recoveryBounds.length : place]!++;
      told.longestSeconds = Math.max(told.longestSeconds, seconds);
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    killed: () => void waiting.push(Date.now()),
    stillForMs: () => Date.now() - seenAt,
    recoveries: () => told,
    stop: () => clearInterval(timer),
  };
}

export function added(all: readonly Recoveries[]): Recoveries {
  return {
    classes: recoveryBounds
      .concat(Infinity as never)
      .map((_, n) => all.reduce((sum, { classes }) => sum + (classes[n] ?? 0), 0)),
    longestSeconds: Math.max(0, ...all.map(({ longestSeconds }) => longestSeconds)),
  };
}

/** Recoveries that took longer than `seconds`, which is one of the bounds, as a share of all. */
export function shareAbove({ classes }: Recoveries, seconds: (typeof recoveryBounds)[number]): number {
  const total = classes.reduce((sum, n) => sum + n, 0);
  const above = classes.slice(recoveryBounds.indexOf(seconds) + 1).reduce((sum, n) => sum + n, 0);
  return total === 0 ? 0 : above / total;
}

/** The bound below which the share `q` of the recoveries lies, in words; figures of many runs add up. */
export function quantile({ classes, longestSeconds }: Recoveries, q: number): string {
  const total = classes.reduce((sum, n) => sum + n, 0);
  if (total === 0) return "–";
  let below = 0;
  for (const [n, count] of classes.entries()) {
    below += count;
    if (below >= q * total) {
      const bound = recoveryBounds[n];
      return bound !== undefined && bound < longestSeconds
        ? `≤ ${bound} s`
        : `${longestSeconds.toFixed(1)} s`;
    }
  }
  return `${longestSeconds.toFixed(1)} s`;
}
