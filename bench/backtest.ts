import { parseArgs } from "node:util";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { seededRandom } from "@parley/core/campaigns/chance";
import type { CampaignForecast } from "@parley/core/campaigns/schema";
import { weekdays } from "@parley/core/zone";
import { signUp, type SignedUp } from "../apps/server/src/testing/visitor.ts";
import { openHouse, type House } from "./house.ts";

const usage = `npm run backtest -- [options]

  --campaigns N   campaigns that are judged (54), after a first round that is only learned from
  --tenants N     so many run at once (6)
  --scale N       how fast time runs while most lines are taken (20); with few calls up to six times that
  --seed N        decides lists, rules, mixes and fates (1)
  --keep FILE     adds every finished round to what stands there, so that a run can be made in parts
  --publish       writes the figures into docs/forecast.md`;

const MINUTE = 60_000;
const FASTER_MOST = 6;
/** Told before the start, and when so much of the list is closed. */
const stages = [0, 0.2, 0.5, 0.8];

type Told = { stage: number; at: number; low: number; mid: number; high: number };
type Lived = { campaignId: string; people: number; told: Told[]; end: number };
type Judged = Told & { end: number };

/**
 * Forecasts held against what came, through the real path: server, worker, Postgres and sandbox as processes, campaigns
 * over HTTP, time running fast. Every round has a seed and a mix of outcomes of its own, so what a round is judged by is
 * nothing that was learned before. False when the bands are not what they claim to be.
 */
export async function runBacktest(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      campaigns: { type: "string", default: "54" },
      tenants: { type: "string", default: "6" },
      scale: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      keep: { type: "string" },
      publish: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return true;
  }
  const [wanted, tenants, scale] = [values.campaigns, values.tenants, values.scale].map(Number) as [
    number,
    number,
    number,
  ];
  const kept: Kept =
    values.keep && existsSync(values.keep) ? JSON.parse(readFileSync(values.keep, "utf8")) : nothingKept();
  const lived = kept.lived;
  // a run that goes on has other lists and fates than the part before it
  const seed = `${values.seed}${lived.length > 0 ? ` after ${lived.length}` : ""}`;
  const random = seededRandom(`backtest ${seed}`);
  const began = performance.now();
  const loads = [...kept.loads, loadavg()[0]!];
  const there = await openHouse();
  try {
    await unlimit(there);
    const seats = await Promise.all(
      Array.from({ length: tenants }, (_, n) => openSeat(there, n, 2 + Math.floor(random() * 3))),
    );
    for (let round = 0; lived.length < wanted; round++) {
      const mix = round === 0 ? usualMix : otherMix(random);
      await there.sandbox("/scenarios", { seed: `round ${round} of ${seed}`, mix });
      const its = await liveRound(there, seats, { round, scale, random });
      if (round > 0) lived.push(...its);
      const minutes = kept.minutes + (performance.now() - began) / MINUTE;
      if (round > 0 && values.keep)
        writeFileSync(values.keep, JSON.stringify({ lived, minutes, loads: [...loads, loadavg()[0]!] }));
      const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(5);
      console.log(
        `${seconds} s  round ${round}: ${its.length} campaigns, ${its.reduce((sum, { people }) => sum + people, 0)} people, mix ${JSON.stringify(mix)}${round === 0 ? " (only learned from)" : ""}`,
      );
      if (round > 0) for (const line of table(judgedOf(its))) console.log(`           ${line}`);
    }
  } finally {
    await there.close();
  }
  loads.push(loadavg()[0]!);
  const judged = judgedOf(lived);
  const lines = table(judged);
  console.log(["", ...lines].join("\n"));
  const its = figures(judged);
  const isMet = its.inside >= 0.7 && its.inside <= 0.9 && its.width <= 0.5;
  console.log(
    `\n${isMet ? "✓" : "✗"} inside 70 to 90 % of the time, and the median band at most 50 % of the time left`,
  );
  if (values.publish)
    publish(lines, {
      campaigns: lived.length,
      people: lived.reduce((sum, { people }) => sum + people, 0),
      minutes: kept.minutes + (performance.now() - began) / MINUTE,
      scale,
      loads,
    });
  return isMet;
}

type Kept = { lived: Lived[]; minutes: number; loads: number[] };
const nothingKept = (): Kept => ({ lived: [], minutes: 0, loads: [] });

const usualMix = { answered: 0.45, noAnswer: 0.2, busy: 0.1, voicemail: 0.12, failed: 0.05 };

/** Every share, also that of people who hang up at once, up to half as large again or two thirds as large; together 1. */
function otherMix(random: () => number): typeof usualMix {
  const hangsUp = 1 - Object.values(usualMix).reduce((sum, share) => sum + share, 0);
  const swayed = Object.entries({ ...usualMix, hangsUp }).map(
    ([end, share]) => [end, share * Math.exp(0.4 * (2 * random() - 1))] as const,
  );
  const whole = swayed.reduce((sum, [, share]) => sum + share, 0);
  const { hangsUp: _, ...mix } = Object.fromEntries(
    swayed.map(([end, share]) => [end, Math.floor((1000 * share) / whole) / 1000]),
  ) as typeof usualMix & { hangsUp: number };
  return mix;
}

/** What is shared by all tenants would be shared by all forecasts' errors too: here everybody has their own lines. */
async function unlimit(there: House): Promise<void> {
  await there.sandbox("/account", { concurrency: 1000, rateFactor: 1000 });
  await there.ask(`
    create or replace function app.account_room(p_account_id uuid)
    returns table (status text, gate_until timestamptz, lines int, tokens int) language sql stable as $$
      select a.status, a.gate_until, 1000, 1000 from public.provider_accounts a where a.id = p_account_id
    $$`);
  await there.ask("update system_settings set concurrent_calls_limit = 1000");
}

type Seat = { n: number; visitor: SignedUp; agentId: string; lines: number };

async function openSeat(there: House, n: number, lines: number): Promise<Seat> {
  const visitor = await signUp(there.url, { company: `Tenant ${n}`, email: `owner${n}@backtest.example` });
  const userId = visitor.session.user.id;
  await there.ask("update users set concurrent_limit = $2, credits = 10000000 where id = $1", [
    userId,
    lines,
  ]);
  const agent = await visitor.trpc.agents.create.mutate({
    name: "Asha",
    prompt: "Sell tea.",
    welcomeMessage: "Hello, this is Asha.",
    maxCallSeconds: 120,
  });
  return { n, visitor, agentId: agent.id, lines };
}

type Round = { round: number; scale: number; random: () => number };

/** One campaign for each tenant, side by side, from the draft to the end. */
async function liveRound(there: House, seats: Seat[], { round, scale, random }: Round): Promise<Lived[]> {
  await there.sandbox("/clock", { scale: 1 });
  const lived: Lived[] = [];
  for (const seat of seats) {
    const people = Math.round((round === 0 ? 15 : 30) * Math.pow(3, random()));
    const { visitor } = seat;
    await importPeople(visitor, `r${round}`, peopleCsv(round, seat.n, people));
    const campaign = await visitor.trpc.campaigns.create.mutate({
      name: `Round ${round}`,
      agentId: seat.agentId,
      audience: { tag: `r${round}` },
      retry: retries[Math.floor(random() * retries.length)]!,
      // a third of them do not get through before the evening
      ...(random() < 0.34 ? { window: shortDay(await domainNow(there), 12 + 20 * random()) } : {}),
    });
    lived.push({ campaignId: campaign.id, people, told: [], end: 0 });
  }
  await there.sandbox("/clock", { scale });
  for (const [n, { campaignId, told }] of lived.entries()) {
    const { campaigns } = seats[n]!.visitor.trpc;
    const { forecast } = await campaigns.preflight.query({ campaignId });
    const before = toldNow(0, await domainNow(there), forecast);
    if (before) told.push(before);
    await campaigns.start.mutate({ campaignId });
  }
  await follow(there, seats, lived, scale);
  return lived;
}

const retries = [
  { maxAttempts: 3, busy: [5, 15], noAnswer: [20, 60], failed: [30], voicemail: [] },
  { maxAttempts: 3, busy: [15, 60], noAnswer: [120, 1440], failed: [60], voicemail: [] },
  { maxAttempts: 2, busy: [10], noAnswer: [45], failed: [], voicemail: [90] },
  { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] },
];

/** Every day the same hours, open since an hour and for so many minutes more. */
function shortDay(now: number, minutes: number) {
  const clock = (at: number) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", hour: "2-digit", minute: "2-digit" }).format(
      at,
    );
  return { days: [...weekdays], open: clock(now - 60 * MINUTE), close: clock(now + minutes * MINUTE) };
}

/** Asks for the forecast at each stage; while nobody is on the phone, time jumps to whatever comes next. */
async function follow(there: House, seats: Seat[], lived: Lived[], scale: number): Promise<void> {
  const open = new Set(lived);
  const lines = seats.reduce((sum, seat) => sum + seat.lines, 0);
  let speed = scale;
  while (open.size > 0) {
    const stands = await standing(there, [...open]);
    for (const its of open) {
      const campaign = stands.find(({ id }) => id === its.campaignId)!;
      const { visitor } = seats[lived.indexOf(its)]!;
      if (campaign.completed_at) {
        its.end = Date.parse(campaign.completed_at);
        open.delete(its);
        continue;
      }
      // paused by its own breaker: somebody looks, and goes on
      if (campaign.status === "paused")
        await visitor.trpc.campaigns.resume.mutate({ campaignId: its.campaignId });
      const stage = stages.findLast((share) => share > 0 && campaign.closed >= share * its.people);
      if (stage === undefined || its.told.some((each) => each.stage === stage)) continue;
      const { forecast } = await visitor.trpc.campaigns.progress.query({ campaignId: its.campaignId });
      const told = toldNow(stage, await domainNow(there), forecast);
      if (told) its.told.push(told);
    }
    const inAir = stands.reduce((sum, { in_progress }) => sum + in_progress, 0);
    if (inAir === 0 && open.size > 0) await jump(there);
    // when few are on the phone the machine has time for more
    const fitting = Math.round(scale * Math.min(FASTER_MOST, Math.max(1, lines / (2 * Math.max(1, inAir)))));
    if (Math.abs(fitting - speed) > speed / 4)
      await there.sandbox("/clock", { scale: (speed = fitting) }).catch(() => null);
    await pause(inAir === 0 ? 20 : 250);
  }
}

type Standing = {
  id: string;
  status: string;
  completed_at: string | null;
  closed: number;
  in_progress: number;
};

function standing(there: House, lived: Lived[]): Promise<Standing[]> {
  return there.ask<Standing>(
    `select k.id, k.status, k.completed_at, q.closed, q.in_progress
     from call_campaigns k
     cross join lateral (
       select count(*) filter (where q.status not in ('pending', 'in_progress'))::int as closed,
         count(*) filter (where q.status = 'in_progress')::int as in_progress
       from call_queue q where q.campaign_id = k.id) q
     where k.id = any($1)`,
    [lived.map(({ campaignId }) => campaignId)],
  );
}

/** Only when nothing is under way: no call, and nobody who could be called. */
async function jump(there: House): Promise<void> {
  const [next] = await there.ask<{ at: string | null; busy: boolean }>(`
    select (select min(greatest(l.opens_at, l.next_due_at)) from call_lanes l where isfinite(l.next_due_at) and isfinite(l.opens_at)) as at,
      exists (select from calls where final_at is null and direction = 'outbound' and status <> 'not-placed')
        or exists (select from call_lanes l where l.next_due_at <= app.now() and l.opens_at <= app.now() and l.closes_at > app.now()) as busy`);
  if (!next || next.busy || next.at === null) return;
  const at = Date.parse(next.at) - 2_000;
  if (at < (await domainNow(there)) + 20_000) return;
  // refused while something moves after all
  await there.sandbox("/clock", { advanceTo: new Date(at).toISOString() }).catch(() => null);
}

async function domainNow(there: House): Promise<number> {
  const [row] = await there.ask<{ at: string }>("select app.now() as at");
  return Date.parse(row!.at);
}

function toldNow(stage: number, at: number, forecast: CampaignForecast | null): Told | null {
  const finish = forecast?.finish;
  if (!finish) return null;
  return {
    stage,
    at,
    low: Date.parse(finish.low),
    mid: Date.parse(finish.mid),
    high: Date.parse(finish.high),
  };
}

/** Ten digits: 8, round, tenant, and a number whose last four play no part. */
function peopleCsv(round: number, tenant: number, people: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const lines = Array.from(
    { length: people },
    (_, n) => `Person ${n},+91 8${two(round)}${two(tenant)}0${1000 + n},r${round}`,
  );
  return ["name,phone,tags", ...lines, ""].join("\n");
}

async function importPeople(visitor: SignedUp, name: string, csv: string): Promise<void> {
  const answer = await visitor.fetch(`/api/imports?name=${name}.csv&defaultRegion=IN`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: csv,
  });
  if (!answer.ok) throw new Error(`The upload was refused: ${await answer.text()}`);
  const { importId } = (await answer.json()) as { importId: string };
  const reaches = async (status: "ready" | "done") => {
    for (;;) {
      const now = await visitor.trpc.imports.get.query({ importId });
      if (now.status === status) return;
      if (now.status === "failed") throw new Error(`The import failed: ${now.error}`);
      await pause(50);
    }
  };
  await reaches("ready");
  await visitor.trpc.imports.commit.mutate({ importId });
  await reaches("done");
}

const judgedOf = (lived: Lived[]): Judged[] =>
  lived.flatMap(({ told, end }) => told.filter(({ at }) => at < end).map((each) => ({ ...each, end })));

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function figures(judged: Judged[]) {
  const share = (is: (each: Judged) => boolean) => judged.filter(is).length / Math.max(1, judged.length);
  return {
    forecasts: judged.length,
    inside: share(({ low, high, end }) => low <= end && end <= high),
    earlier: share(({ low, end }) => end < low),
    later: share(({ high, end }) => end > high),
    width: median(judged.map(({ low, high, end, at }) => (high - low) / (end - at))),
    off: median(judged.map(({ mid, end, at }) => Math.abs(mid - end) / (end - at))),
  };
}

function table(judged: Judged[]): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const rows = [
    ...stages.map((stage) => ({
      name: stage === 0 ? "before the start" : `${100 * stage} % closed`,
      of: judged.filter((each) => each.stage === stage),
    })),
    { name: "all", of: judged },
  ].map(({ name, of }) => {
    const { forecasts, inside, earlier, later, width, off } = figures(of);
    return [name, String(forecasts), ...[inside, earlier, later, width, off].map(percent)];
  });
  const head = ["told", "forecasts", "inside", "ended earlier", "ended later", "median band", "median error"];
  const bars = head.map(() => "---");
  return [head, bars, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

type Conditions = { campaigns: number; people: number; minutes: number; scale: number; loads: number[] };

/** Between the marks of docs/forecast.md. */
function publish(lines: string[], { campaigns, people, minutes, scale, loads }: Conditions): void {
  const file = join(resolve(import.meta.dirname, ".."), "docs/forecast.md");
  const [before, rest] = readFileSync(file, "utf8").split("<!-- made: back-test -->") as [string, string];
  const after = rest.slice(rest.indexOf("<!-- end -->"));
  const load = [Math.min(...loads), Math.max(...loads)].map((each) => each.toFixed(1)).join(" to ");
  const said = `${new Date().toISOString().slice(0, 10)}: ${campaigns} campaigns, ${people.toLocaleString("en")} people, ${minutes.toFixed(0)} minutes on ${cpus().length} cores, time ${scale} times as fast, load average ${load}.`;
  writeFileSync(file, `${before}<!-- made: back-test -->\n\n${said}\n\n${lines.join("\n")}\n\n${after}`);
}
