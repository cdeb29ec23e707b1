import { writeFileSync } from "node:fs";
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

/** Writes docs/benchmarks.md; published figures are always a whole run. */
export function publish(figures: Figure[], its: { rounds: number; minutes: number; loads: number[] }): void {
  const cells = figures.map((figure) => [
    figure.name,
    figure.ours,
    figure.floor ?? "",
    ratioText(figure),
    goalText(figure.goal),
    verdict(figure).trim(),
  ]);
  const rows = cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
  const load = its.loads.map((value) => value.toFixed(1)).join(" to ");
  writeFileSync(
    file,
    `# Benchmarks

Written by \`npm run bench\`; do not edit the table by hand. \`npm run bench -- --quick\` prints a smaller run in well under
a minute and writes nothing; \`--only dispatch\`, \`--only ingest\` or \`--only import\` runs one part.

## Conditions

${new Date().toISOString().slice(0, 10)} · ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? "unknown"} · ${Math.round(totalmem() / 2 ** 30)} GB ·
${platform()} ${release()} · Node ${process.versions.node} · PostgreSQL 17 (the embedded one: fsync on, synchronous_commit on,
shared_buffers 128 MB) · load average ${load} during the run · ${its.minutes.toFixed(1)} minutes.

Client, server, load generator and database share those cores, and so do neighbours we know nothing of. **Read the
ratios**: they compare medians of ${its.rounds} rounds (imports and webhooks: fewer) taken in turns within one run, and hold where
the absolute figures double with somebody else's load.

## Figures

| what | Parley | floor | ratio | goal | |
|---|---|---|---|---|---|
${rows}

## How they are taken

**Dispatch.** One call of \`app.claim_tick()\` by the worker's login, from the client's side, with every check on: rules of
the country, hours of the campaign in the zone of the person, consent, suppression, frequency caps, holds against
credits, one open call a person, lines of tenant, account and system. The floor is one statement on the same tables that
claims the first items of one lane with \`skip locked\`, inserts as many calls and adds as many jobs, and asks nothing.
After each round the calls are ended and paid outside the measured time. The provider's budget of eight calls a second is
lifted for these figures only; it would hide everything else. *Flatness* is the same tick on two databases, in turns.

**Webhooks.** The real server process (\`PARLEY_ROLE=http\`, logging as usual) over loopback HTTP; each body is new, about a
kilobyte, and on disk before its 200. The floor has no HTTP, no key, no deduplication: a client that inserts the same
bytes into the same journal over as many connections. *Folded* is the drain alone: every event in a transaction of its
own, with its call locked, its history written and the jobs that follow added.

**Import.** The real http and worker processes, apart. From the first byte of the upload to the last contact, asked for
over the API every 25 ms: spooled, recognised, each phone number parsed and its zones looked up, duplicates found,
committed, the search index kept. The floor copies the columns into an unlogged table and inserts them into contacts in
one statement, with phone numbers that need no parsing.
`,
  );
}
