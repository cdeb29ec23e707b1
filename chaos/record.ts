import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { KillReport } from "./kills.ts";
import { added, quantile, type Recoveries } from "./progress.ts";
import type { Kills } from "./shots.ts";

const repository = resolve(import.meta.dirname, "..");
export const recordFile = join(repository, "docs/chaos-runs.jsonl");
const page = join(repository, "docs/chaos.md");
const front = join(repository, "README.md");
const [from, to] = ["<!-- made: runs -->", "<!-- end -->"];

/** One run as it is kept: a line of JSON. */
export type Run = {
  at: string;
  /** What was run, as on the command line. */
  args: string;
  commit: string | null;
  cpus: number;
  node: string;
  killingMinutes: number;
  wholeMinutes: number;
  conditions: Record<string, number | string | boolean>;
  kills: Kills;
  rings: number;
  attempts: number;
  recoveries: Recoveries;
  counts: Record<string, number | string>;
  /** Only what was breached, with what was found. */
  breaches: Record<string, number>;
  /** Every invariant that was looked at. */
  held: string[];
};

export function runOf(report: KillReport, its: { args: string[]; began: number }): Run {
  return {
    at: new Date().toISOString(),
    args: its.args.join(" "),
    commit: commit(),
    cpus: availableParallelism(),
    node: process.version,
    killingMinutes: report.killingMinutes,
    wholeMinutes: Number(((performance.now() - its.began) / 60_000).toFixed(1)),
    conditions: report.conditions,
    kills: report.kills,
    rings: report.rings,
    attempts: report.attempts,
    recoveries: report.recoveries,
    counts: report.counts,
    breaches: Object.fromEntries(
      report.verdicts.filter(({ ok }) => !ok).map(({ what, found }) => [what, found]),
    ),
    held: report.verdicts.filter(({ ok }) => ok).map(({ what }) => what),
  };
}

/** The tree that ran, with a plus if it was changed since; null outside a checkout. */
function commit(): string | null {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: repository, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--", "apps/server", "packages", "migrations", "chaos");
    return git("rev-parse", "--short=10", "HEAD") + (changed ? "+" : "");
  } catch {
    return null;
  }
}

export function keep(run: Run | ClosingRun, file = recordFile): void {
  appendFileSync(file, `${JSON.stringify(run)}\n`);
}

/** The last items of so many campaigns, closed by workers at once (closing.ts). */
export type ClosingRun = {
  at: string;
  commit: string | null;
  cpus: number;
  closing: number;
  completed: number;
  twice: number;
  minutes: number;
};

export const closingRunOf = (
  its: Pick<ClosingRun, "closing" | "completed" | "twice" | "minutes">,
): ClosingRun => ({
  at: new Date().toISOString(),
  commit: commit(),
  cpus: availableParallelism(),
  ...its,
});

export function recorded(file = recordFile): { runs: Run[]; closings: ClosingRun[] } {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const all = lines.map((line) => JSON.parse(line) as Run | ClosingRun);
  return {
    runs: all.filter((one): one is Run => "kills" in one),
    closings: all.filter((one): one is ClosingRun => "closing" in one),
  };
}

const processKills = ({ http, worker, sandbox }: Kills) => http + worker + sandbox;
const databaseKills = ({ postgres, postgresStopped }: Kills) => postgres + postgresStopped;
const figure = (n: number) => n.toLocaleString("en").replaceAll(",", " ");
const sumOf = (all: readonly Run[], of: (run: Run) => number) => all.reduce((sum, run) => sum + of(run), 0);

/** All runs of the record together: what was done, and what was found. */
export function summed(all: readonly Run[]): [string, string][] {
  const recoveries = added(all.map((run) => run.recoveries));
  const breaches = all.flatMap((run) => Object.entries(run.breaches));
  return [
    ["runs", figure(all.length)],
    ["minutes of killing", figure(Math.round(sumOf(all, (run) => run.killingMinutes)))],
    ["processes killed while at work", figure(sumOf(all, (run) => processKills(run.kills)))],
    [
      "Postgres killed (`kill -9` + immediate stop)",
      `${figure(sumOf(all, (run) => databaseKills(run.kills)))} (${figure(sumOf(all, (run) => run.kills.postgres))} + ${figure(sumOf(all, (run) => run.kills.postgresStopped))})`,
    ],
    [
      "attempts / calls that the provider accepted",
      `${figure(sumOf(all, (run) => run.attempts))} / ${figure(sumOf(all, (run) => run.rings))}`,
    ],
    [
      "breaches of any invariant",
      breaches.length === 0 ? "0" : breaches.map(([what, n]) => `${what}: ${n}`).join("; "),
    ],
    [
      "kill → next event of a call: p50 / p99 / longest",
      `${quantile(recoveries, 0.5)} / ${quantile(recoveries, 0.99)} / ${recoveries.longestSeconds.toFixed(1)} s`,
    ],
  ];
}

/** The sum in one breath, for who has not decided yet whether to read on. */
function inShort(all: readonly Run[]): string {
  const sum = (of: (run: Run) => number) => figure(sumOf(all, of));
  const breaches = all.flatMap((run) => Object.keys(run.breaches)).length;
  const recoveries = added(all.map((run) => run.recoveries));
  return [
    `Measured so far, on ${all[0]!.cpus} shared cores: ${sum((run) => processKills(run.kills))} processes and`,
    `${sum((run) => databaseKills(run.kills))} databases killed in the middle of ${sum((run) => run.rings)} calls, the simulated`,
    `provider lying all the while. Attempts that rang twice, calls over a limit, rows, holds or credits lost:`,
    `${breaches === 0 ? "none" : `${breaches} (docs/chaos.md names them)`}. From a kill to the next event of a call: ${quantile(recoveries, 0.99)} at the 99th percentile.`,
  ].join("\n");
}

/** The sum and every run as Markdown, into the page; in one breath, into the README. */
export function publish({ runs: all, closings }: ReturnType<typeof recorded>): void {
  const rows = (cells: string[][]) => cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
  const runs = [
    rows([["all runs together", ""], ["---", "---"], ...summed(all)]),
    rows([
      [
        "run",
        "what",
        "minutes",
        "processes killed",
        "Postgres killed",
        "calls",
        "breaches",
        "p99 to the next event",
      ],
      ["---", "---", "---", "---", "---", "---", "---", "---"],
      ...all.map((run) => [
        `${run.at.slice(0, 16).replace("T", " ")}, ${run.commit ?? "–"}`,
        String(run.conditions["faults"] ?? "kills"),
        String(run.killingMinutes),
        figure(processKills(run.kills)),
        figure(databaseKills(run.kills)),
        figure(run.rings),
        String(Object.keys(run.breaches).length),
        quantile(run.recoveries, 0.99),
      ]),
    ]),
  ];
  const table = [
    ...(all.length > 0 ? runs : []),
    ...closings.map(
      ({ at, commit: tree, closing, completed, twice, minutes }) =>
        `${at.slice(0, 10)}, ${tree ?? "–"}: ${figure(closing)} campaigns whose 200 last items were closed by 16 workers at once; ${figure(completed)} completed, ${figure(twice)} of them twice, in ${minutes} minutes.`,
    ),
  ].join("\n\n");
  write(page, table);
  if (all.length > 0) write(front, inShort(all));
}

function write(file: string, made: string): void {
  const text = readFileSync(file, "utf8");
  const [start, end] = [text.indexOf(from), text.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`${file} has no place for the runs: ${from} … ${to}.`);
  writeFileSync(file, `${text.slice(0, start)}${from}\n\n${made}\n\n${text.slice(end)}`);
}
