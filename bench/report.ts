import { readFileSync, writeFileSync } from "node:fs";
import { cpus, platform, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { isMet, times, type Figure, type Goal } from "./figure.ts";

const file = join(resolve(import.meta.dirname, ".."), "docs/benchmarks.md");

const goalText = (goal: Goal | undefined) =>
  goal === undefined ? "" : `${"most" in goal ? `≤ ${goal.most}` : `≥ ${goal.least}`}${goal.unit ?? "×"}`;
const ratioText = ({ ratio, goal }: Figure) =>
  ratio === undefined || goal?.unit !== undefined ? "" : times(ratio);
const verdict = (figure: Figure) => (figure.goal === undefined ? " " : isMet(figure) ? "✓" : "✗");

/** One line on the terminal, as soon as it is known. */
export function line(figure: Figure): string {
  const { name, ours, floor, goal } = figure;
  const held = [ratioText(figure), goalText(goal)].filter(Boolean).join(", goal ");
  return `${verdict(figure)} ${name}\n    ${ours}${floor ? `  against  ${floor}` : ""}${held ? `  =  ${held}` : ""}`;
}

export type Part = { name: string; figures: Figure[]; loads: [number, number]; minutes: number };

const titles: Record<string, string> = {
  dispatch: "What a tick costs",
  fairness: "Fair shares",
  safety: "Safety",
  latency: "From a free line to the next call",
  ingest: "Webhooks",
  import: "Import",
};

/** Writes the parts that were measured into docs/benchmarks.md; parts of earlier runs stay, each with its conditions. */
export function publish(parts: readonly Part[], rounds: number): void {
  const sections = new Map(
    readFileSync(file, "utf8")
      .split(/^### /m)
      .slice(1)
      .map((text) => text.split(/^## /m)[0]!.trim())
      .map((text) => [text.slice(0, text.indexOf("\n")), text] as const),
  );
  for (const part of parts) sections.set(titleOf(part.name), section(part));
  const known = Object.values(titles);
  const order = [...known, ...[...sections.keys()].filter((title) => !known.includes(title))];
  const all = order.flatMap((title) => (sections.has(title) ? [`### ${sections.get(title)!}`] : []));
  writeFileSync(file, page(all.join("\n\n"), rounds));
}

const titleOf = (name: string) => titles[name] ?? name;

function section({ name, figures, loads, minutes }: Part): string {
  const rows = figures.map((figure) => {
    const { name: what, ours, floor = "", goal } = figure;
    return `| ${[what, ours, floor, ratioText(figure), goalText(goal), verdict(figure).trim()].join(" | ")} |`;
  });
  return `${titleOf(name)}

${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"} · ${Math.round(totalmem() / 2 ** 30)} GB · ${platform()} ${release()} · Node ${process.versions.node} ·
load average ${loads.map((load) => load.toFixed(1)).join(" to ")} · ${minutes.toFixed(1)} minutes

| what | Parley | floor or goal | ratio | goal | |
|---|---|---|---|---|---|
${rows.join("\n")}`;
}

const page = (figures: string, rounds: number) => `# Benchmarks

Written by \`npm run bench\`; do not edit the tables by hand. \`npm run bench -- --quick\` prints a smaller run and writes
nothing; \`--only dispatch,safety\` runs some parts, and replaces those alone.

## Conditions

PostgreSQL 17, the embedded one: fsync on, synchronous_commit on, shared_buffers a sixteenth of the memory, 1 GB at most.
Each part names its machine, and the load average before and after it.

Client, server, load generator and database share the cores, and so do neighbours we know nothing of. **Read the ratios**:
they compare medians of ${rounds} rounds (imports and webhooks: fewer) taken in turns within one run, and hold where the
absolute figures double with somebody else's load. Where a figure is held against a goal in milliseconds, a loaded machine
shows: look at the load average first.

## Figures

${figures}

## How they are taken

**Dispatch.** One call of \`app.claim_tick()\` by the worker's login, from the client's side, with every check on: rules of
the country, hours of the campaign in the zone of the person, consent, suppression, frequency caps, holds against
credits, one open call a person, lines of tenant, account and system. The floor is one statement on the same tables that
claims the first items of one lane with \`skip locked\`, inserts as many calls and adds as many jobs, and asks nothing.
After each round the calls are ended and paid outside the measured time. The provider's budget of eight calls a second is
lifted for these figures only, as it would hide everything else, and no line is kept for calls by hand. *Flatness* is
the same tick on two databases, in turns.
A tick *in the database* is the mean of fifty on one connection, without the way there and back.

**Fair shares.** In rounds instead of time: ticks fill the lines, each call lasts one to three rounds by a fixed seed. The
Jain index is of the calls each tenant got while all had work; a wait is the round in which a list was done.

**Safety.** Dispatchers, processes that end calls and processes that settle them go at one database as fast as they can
while connections of dispatchers are killed; then the rows are counted. The gates are zeroes.

**A free line.** Real processes: one for requests, one for jobs, and the sandbox. The
clock of the sandbox runs ten times as fast, so that lines become free often; what is measured is wall time. A line is free
when the fold of the ending event is committed; the next call's job begins when a worker has taken it, as the worker itself
notes in milliseconds. The way to the request is counted from the fold on, and to the commit after which it leaves.

**Webhooks.** The real server process (\`PARLEY_ROLE=http\`, logging as usual) over loopback HTTP; each body is new, about a
kilobyte, its key is checked, it is deduplicated and on disk before its 200. The floor is a route of the same HTTP stack that
checks the key and inserts the same bytes, a prepared statement and a commit for each. *Per job*: how many of them one ring
of the drain stands for. *Folded* is the drain alone: calls locked, history written, the jobs that follow added.

**Import.** The real http and worker processes, apart. From the first byte of the upload to the last contact, asked for
over the API every 25 ms: spooled, recognised, each phone number parsed and its zones looked up, duplicates found,
committed with history and what undoing needs, the search index kept. The floors copy the columns into an
unlogged table, and insert them into contacts alone in one statement, with phone numbers that need no parsing. The queue
is filled by a real campaign whose hours begin on another day; its floor writes the items of one lane in one statement, and
asks nobody whether a person may be called. The ticks run on a database of their own on the same server, as many before
and after the import as give a p99. Somebody is on the phone meanwhile, so the import does one thing at a time; how far it
is, is asked every 250 ms.
`;
