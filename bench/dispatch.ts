import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKey } from "@parley/db/secrets";
import { pauseCampaign, setLanesPaused } from "../apps/server/src/campaigns/pause.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { jobContext } from "../apps/server/src/context.ts";
import { createLogger } from "../apps/server/src/log.ts";
import { createParts } from "../apps/server/src/parts.ts";
import { interleaved, milliseconds, ms, type Figure } from "./figure.ts";
import { Ticker, type Load } from "./ticker.ts";
import type { Bench } from "./bench.ts";

/**
 * What a tick costs. It fills free lines with every check of the product on (rules of the country, consent,
 * suppression, frequency, holds, one open call a person). Its floor claims as many items and inserts as many calls and
 * jobs on the same tables, and checks nothing.
 */
export async function dispatchFigures(bench: Bench): Promise<Figure[]> {
  const [few, many, ofOne] = bench.quick ? [10_000, 100_000, 100_000] : [10_000, 5_000_000, 2_000_000];
  const tenants = bench.quick ? 100 : 1000;
  return [
    ...(await using(
      bench,
      [
        { items: few, tenants },
        { items: many, tenants },
      ],
      async ([small, large]) => [
        ...(await againstFloor(bench, large!, small!, { many, few, tenants })),
        ...(await quietFigures(bench, large!)),
        await brokeTenants(bench, large!),
      ],
    )),
    ...(await using(
      bench,
      [
        { items: few, tenants: 1 },
        { items: ofOne, tenants: 1 },
      ],
      async ([small, large]) => [
        ...(await againstFloor(bench, large!, small!, { many: ofOne, few, tenants: 1 })),
        ...(await laneVerbs(bench, large!, ofOne)),
        await blockedPrefix(bench, large!),
        ...(await heldSnapshot(bench, large!)),
      ],
    )),
    await flat(
      bench,
      "tenants",
      { items: 50_000, tenants: 1 },
      { items: 50_000, tenants: bench.quick ? 1000 : 10_000 },
      1.6,
    ),
    await flat(
      bench,
      "lanes per tenant",
      { items: 50_000, tenants: 10 },
      { items: 50_000, tenants: 10, lanes: 50 },
      2,
    ),
  ];
}

async function using<T>(bench: Bench, loads: Load[], measure: (tickers: Ticker[]) => Promise<T>): Promise<T> {
  const tickers: Ticker[] = [];
  try {
    for (const load of loads) tickers.push(await Ticker.open(bench, load));
    return await measure(tickers);
  } finally {
    for (const ticker of tickers) await ticker.close();
  }
}

async function againstFloor(
  bench: Bench,
  large: Ticker,
  small: Ticker,
  its: { many: number; few: number; tenants: number },
): Promise<Figure[]> {
  const figures: Figure[] = [];
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
        name: `tick filling ${lines} lines, ${count(its.many)} items of ${plural(its.tenants, "tenant")} ÷ claim + insert + jobs`,
        ours: ms(took.large),
        floor: `${ms(took.floorAndJobs)} (${ms(took.floor)} without jobs)`,
        ratio: took.large / took.floorAndJobs,
        goal: { most: 3 },
      },
      {
        name: `flatness: the same tick, ${count(its.many)} ÷ ${count(its.few)} items`,
        ours: ms(took.large),
        floor: ms(took.small),
        ratio: took.large / took.small,
        goal: { most: 1.3 },
      },
    );
  }
  return figures;
}

const count = (items: number) => items.toLocaleString("en");
const plural = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? "" : "s"}`;

/** The same tick over the same items, belonging to few and to many. */
async function flat(
  bench: Bench,
  of: "tenants" | "lanes per tenant",
  one: Load,
  many: Load,
  most: number,
): Promise<Figure> {
  return using(bench, [one, many], async ([base, spread]) => {
    await Promise.all([base!, spread!].map((ticker) => ticker.setLines(10)));
    const took = await interleaved(bench.rounds, {
      base: () => base!.tick(10),
      spread: () => spread!.tick(10),
    });
    const [from, to] = of === "tenants" ? [one.tenants, many.tenants] : [one.lanes ?? 1, many.lanes ?? 1];
    return {
      name: `flatness: tick filling 10 lines, ${count(to)} ÷ ${count(from)} ${of}`,
      ours: ms(took.spread),
      floor: ms(took.base),
      ratio: took.spread / took.base,
      goal: { most },
    };
  });
}

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
  const broke = bench.quick ? 500 : 10_000;
  const before = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  await ticker.addBrokeTenants(broke);
  let passes = 0;
  const aside = await milliseconds(async () => {
    for (let dialled = 0; dialled < 10; passes++) dialled += (await ticker.rawTick()).dialled;
  });
  await ticker.settle();
  const after = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  return {
    name: `tick behind ${plural(broke, "tenant")} without credit ÷ without them (put aside in ${plural(passes, "tick")}, ${ms(aside)})`,
    ours: ms(after.tick),
    floor: ms(before.tick),
    ratio: after.tick / before.tick,
    goal: { most: 1.3 },
  };
}

/** A head of suppressed numbers is disposed of once: each item costs one look in its life. */
async function blockedPrefix(bench: Bench, ticker: Ticker): Promise<Figure> {
  const prefix = bench.quick ? 2000 : 1_000_000;
  await ticker.setLines(10);
  const before = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  await ticker.suppressHead(prefix);
  let [disposed, first] = [0, 0];
  while (disposed < prefix) {
    first += await milliseconds(async () => (disposed += (await ticker.rawTick()).disposed));
    await ticker.settle();
  }
  await ticker.vacuum();
  const after = await interleaved(bench.rounds, { tick: () => ticker.tick(10) });
  return {
    name: `tick behind ${count(prefix)} suppressed numbers, from the second pass ÷ without them (first pass ${Math.round((disposed / first) * 1000)} items/s)`,
    ours: ms(after.tick),
    floor: ms(before.tick),
    ratio: after.tick / before.tick,
    goal: { most: 1.3 },
  };
}

/**
 * Pause through the product's own verb; of resume and of other hours what they write (their answer counts the items of
 * the campaign for the screen, which is another matter). Rows of lanes are written, rows of items are not.
 */
async function laneVerbs(bench: Bench, ticker: Ticker, items: number): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const config = readConfig({
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
    PARLEY_DATA_DIR: home,
  });
  const { parts, close } = createParts(config, ticker.loginUrls, createLogger("silent"));
  try {
    const { userId, campaignId } = await ticker.oneCampaign();
    const ctx = jobContext(parts, userId);
    const relane = (change: string) =>
      ctx.db.tx(async (tx) => {
        await tx.query("select 1 from call_campaigns where id = $1 for no key update", [campaignId]);
        await tx.query(`update call_campaigns set ${change} where id = $1`, [campaignId]);
        await setLanesPaused(tx, campaignId, false);
        await tx.query("select app.relane($1, $2)", [userId, campaignId]);
      });
    let turn = 0;
    const took = await interleaved(bench.rounds, {
      pause: async () => {
        const paused = await milliseconds(() => pauseCampaign(ctx, { campaignId }));
        await relane("status = 'running', status_reason = null");
        return paused;
      },
      resume: async () => {
        await pauseCampaign(ctx, { campaignId });
        return milliseconds(() => relane("status = 'running', status_reason = null"));
      },
      hours: () =>
        milliseconds(() =>
          relane(`"window" = jsonb_set("window", '{open}', '"${turn++ % 2 === 0 ? "10:30" : "10:00"}"')`),
        ),
    });
    const figure = (name: string, value: number): Figure => ({
      name: `${name} a running campaign of ${count(items)} items ÷ its goal`,
      ours: ms(value),
      floor: ms(20),
      ratio: value / 20,
      goal: { most: 1 },
    });
    return [
      figure("pausing", took.pause),
      figure("resuming", took.resume),
      figure("giving other hours to", took.hours),
    ];
  } finally {
    await close();
    rmSync(home, { recursive: true });
  }
}

/** Somebody's report holds a snapshot open: what the queue has lost meanwhile cannot be cleared away. */
async function heldSnapshot(bench: Bench, ticker: Ticker): Promise<Figure[]> {
  const claims = bench.quick ? 2000 : 100_000;
  await ticker.setLines(100);
  const tick = async () => (await interleaved(bench.rounds, { tick: () => ticker.tick(100) })).tick;
  const before = await tick();
  const letGo = await ticker.holdSnapshot();
  for (let claimed = 0; claimed < claims; claimed += 100) await ticker.tick(100);
  const held = await tick();
  await letGo();
  await ticker.vacuum();
  const after = await tick();
  const since = `a snapshot held for ${count(claims)} claims`;
  return [
    {
      name: `tick filling 100 lines under ${since} ÷ before`,
      ours: ms(held),
      floor: ms(before),
      ratio: held / before,
      goal: { most: 8 },
    },
    {
      name: `… and once it has ended and one vacuum is done ÷ before`,
      ours: ms(after),
      floor: ms(before),
      ratio: after / before,
      goal: { most: 1.2 },
    },
  ];
}
