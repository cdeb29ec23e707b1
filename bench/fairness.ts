import type { Figure } from "./figure.ts";
import { Ticker } from "./ticker.ts";
import type { Bench } from "./bench.ts";

const ITEMS = 20;
const SMALL = 49;

/**
 * One tenant with fifty thousand people beside 49 with twenty each, in rounds: ticks fill the lines, every call lasts one
 * to three rounds by a fixed seed, then its line is free. Waiting is counted in rounds, so that the load of the machine
 * has no part in it.
 */
export async function fairnessFigures(bench: Bench): Promise<Figure[]> {
  const giant = bench.quick ? 5000 : 50_000;
  const solo = await play(bench, { giant: 0, small: 1, lines: 100 });
  const beside = await play(bench, { giant, small: SMALL, lines: 100 });
  const scarce = await play(bench, { giant, small: SMALL, lines: 25 });
  const slowest = Math.max(...beside.roundsOfSmall);
  const alone = solo.roundsOfSmall[0]!;
  const what = `1 tenant with ${giant.toLocaleString("en")} people, ${SMALL} with ${ITEMS}`;
  return [
    {
      name: `${what}, 25 lines: Jain index of calls while all have work (${scarce.least} to ${scarce.most} calls)`,
      ours: scarce.jain.toFixed(3),
      ratio: scarce.jain,
      goal: { least: 0.95, unit: "" },
    },
    {
      name: `${what}, 100 lines: the slowest small tenant ÷ one that has the installation to itself`,
      ours: `${slowest} rounds`,
      floor: `${alone} rounds`,
      ratio: slowest / alone,
      goal: { most: 2 },
    },
  ];
}

type Outcome = { roundsOfSmall: number[]; jain: number; least: number; most: number };

async function play(bench: Bench, its: { giant: number; small: number; lines: number }): Promise<Outcome> {
  const ticker = await Ticker.open(bench, { items: 0, tenants: 0 });
  try {
    const giant = its.giant > 0 ? await ticker.addTenant({ items: its.giant, lines: 100 }) : null;
    const small = new Set<string>();
    for (let n = 0; n < its.small; n++) small.add(await ticker.addTenant({ items: ITEMS, lines: 2 }));
    await ticker.setLines(its.lines);
    await ticker.vacuum();
    const calls = new Map<string, number>([...(giant ? [giant] : []), ...small].map((id) => [id, 0]));
    const doneAt = new Map<string, number>();
    let contested: number[] = [];
    for (let round = 1; doneAt.size < its.small; round++) {
      if (round > 2000) throw new Error("The small tenants never came to their end.");
      while ((await ticker.rawTick()).again);
      for (const { userId, begun } of await ticker.playRound(round))
        calls.set(userId, (calls.get(userId) ?? 0) + begun);
      for (const id of small) if (!doneAt.has(id) && calls.get(id) === ITEMS) doneAt.set(id, round);
      // as long as nobody's list has ended, all compete
      if (doneAt.size === 0) contested = [...calls.values()];
    }
    return {
      roundsOfSmall: [...doneAt.values()],
      jain: jain(contested),
      least: Math.min(...contested),
      most: Math.max(...contested),
    };
  } finally {
    await ticker.close();
  }
}

/** 1 = everybody got the same; 1/n = one got everything. */
const jain = (shares: readonly number[]) =>
  shares.reduce((sum, x) => sum + x, 0) ** 2 / (shares.length * shares.reduce((sum, x) => sum + x * x, 0));
