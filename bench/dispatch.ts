import { interleaved, milliseconds, ms, type Figure } from "./figure.ts";
import { Ticker } from "./ticker.ts";
import type { Bench } from "./bench.ts";

/**
 * The dispatcher's tick: one statement that fills `lines` free lines with every check of the product on (rules of the
 * country, consent, suppression, frequency, holds, one open call a person). Its floor claims as many items and inserts
 * as many calls and jobs on the same tables, and checks nothing.
 */
export async function dispatchFigures(bench: Bench): Promise<Figure[]> {
  const [few, many] = bench.quick ? [10_000, 100_000] : [10_000, 300_000];
  const tenancies = bench.quick ? [100] : [1, 1000];
  const figures: Figure[] = [];
  const byTenancy = new Map<number, Record<number, Ticker>>();
  for (const tenants of tenancies) {
    const small = await Ticker.open(bench, { items: few, tenants });
    const large = await Ticker.open(bench, { items: many, tenants });
    byTenancy.set(tenants, { [few]: small, [many]: large });
    for (const lines of [10, 100]) {
      await Promise.all([small, large].map((ticker) => ticker.setLines(lines)));
      const took = await interleaved(bench.rounds, {
        floor: () => large.floor(lines, { jobs: false }),
        floorAndJobs: () => large.floor(lines, { jobs: true }),
        small: () => small.tick(lines),
        large: () => large.tick(lines),
      });
      figures.push(
        {
          name: `tick filling ${lines} lines, ${thousands(many)} items of ${tenants} tenant(s) ÷ claim + insert + jobs`,
          ours: ms(took.large),
          floor: `${ms(took.floorAndJobs)} (${ms(took.floor)} without jobs)`,
          ratio: took.large / took.floorAndJobs,
          goal: { most: 3 },
        },
        {
          name: `flatness: the same tick, ${thousands(many)} ÷ ${thousands(few)} items`,
          ours: ms(took.large),
          floor: ms(took.small),
          ratio: took.large / took.small,
          goal: { most: 1.3 },
        },
      );
    }
  }
  const busiest = byTenancy.get(tenancies.at(-1)!)![many]!;
  figures.push(...(await quietFigures(bench, busiest)));
  figures.push(await brokeTenants(bench, busiest));
  figures.push(await blockedPrefix(bench, byTenancy.get(tenancies[0]!)![many]!));
  for (const tickers of byTenancy.values())
    await Promise.all(Object.values(tickers).map((ticker) => ticker.close()));
  return figures;
}

const thousands = (count: number) => `${count / 1000} k`;

/** A tick that finds nothing to do, and one that finds every line taken: what each ring costs inside the database. */
async function quietFigures(bench: Bench, ticker: Ticker): Promise<Figure[]> {
  await ticker.setLines(10);
  const took = await interleaved(bench.rounds, {
    idle: () => ticker.idleTick(),
    saturated: () => ticker.saturatedTick(),
  });
  return [
    {
      name: "tick with nothing due, in the database ÷ its goal",
      ours: ms(took.idle),
      floor: ms(0.1),
      ratio: took.idle / 0.1,
      goal: { most: 1 },
    },
    {
      name: "tick with every line taken, in the database ÷ its goal",
      ours: ms(took.saturated),
      floor: ms(0.5),
      ratio: took.saturated / 0.5,
      goal: { most: 1 },
    },
  ];
}

/** Tenants without credit stand first in turn: they are put aside once, and cost nothing afterwards. */
async function brokeTenants(bench: Bench, ticker: Ticker): Promise<Figure> {
  const broke = bench.quick ? 200 : 2000;
  const before = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  await ticker.addBrokeTenants(broke);
  let passes = 0;
  const aside = await milliseconds(async () => {
    for (let dialled = 0; dialled < 10; passes++) dialled += (await ticker.rawTick()).dialled;
  });
  await ticker.settle();
  const after = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  return {
    name: `tick behind ${broke} tenants without credit ÷ without them (put aside in ${passes} ticks, ${ms(aside)})`,
    ours: ms(after.tick),
    floor: ms(before.tick),
    ratio: after.tick / before.tick,
    goal: { most: 1.3 },
  };
}

/** A head of suppressed numbers is disposed of once: each item costs one look in its life. */
async function blockedPrefix(bench: Bench, ticker: Ticker): Promise<Figure> {
  const prefix = bench.quick ? 1000 : 5000;
  await ticker.setLines(10);
  const before = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  await ticker.suppressHead(prefix);
  let [disposed, first] = [0, 0];
  while (disposed < prefix) {
    first += await milliseconds(async () => (disposed += (await ticker.rawTick()).disposed));
    await ticker.settle();
  }
  const after = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  return {
    name: `tick behind ${prefix} suppressed numbers, from the second pass ÷ without them (first pass ${Math.round((disposed / first) * 1000)} items/s)`,
    ours: ms(after.tick),
    floor: ms(before.tick),
    ratio: after.tick / before.tick,
    goal: { most: 1.3 },
  };
}
