import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { openBench, type Bench } from "./bench.ts";
import { dispatchFigures } from "./dispatch.ts";
import { fairnessFigures } from "./fairness.ts";
import { isMet, type Figure } from "./figure.ts";
import { importFigures } from "./import.ts";
import { ingestFigures } from "./ingest.ts";
import { latencyFigures } from "./latency.ts";
import { line, publish, type Part } from "./report.ts";
import { safetyFigures } from "./safety.ts";

const suites: Record<string, (bench: Bench) => Promise<Figure[]>> = {
  dispatch: dispatchFigures,
  fairness: fairnessFigures,
  safety: safetyFigures,
  latency: latencyFigures,
  ingest: ingestFigures,
  import: importFigures,
};

/** Runs the benchmarks that the command line names, prints each figure, and publishes what is no quick run. */
export async function runBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
  });
  const { quick, only } = values;
  const wanted = only?.split(",") ?? Object.keys(suites);
  for (const name of wanted)
    if (!suites[name]) throw new Error(`--only takes ${Object.keys(suites).join(", ")}; not ${name}.`);
  const bench = await openBench({ quick });
  const parts: Part[] = [];
  try {
    for (const [name, measure] of Object.entries(suites)) {
      if (!wanted.includes(name)) continue;
      const [began, load] = [performance.now(), loadavg()[0]!];
      const figures = await measure(bench);
      for (const figure of figures) console.log(line(figure));
      const minutes = (performance.now() - began) / 60_000;
      parts.push({ name, figures, loads: [load, loadavg()[0]!], minutes });
      // as soon as it is known: a later part may fail
      if (!quick) publish(parts, bench.rounds);
    }
  } finally {
    await bench.stop();
  }
  const figures = parts.flatMap((part) => part.figures);
  const minutes = parts.reduce((sum, part) => sum + part.minutes, 0);
  const missed = figures.filter((figure) => !isMet(figure)).length;
  const loads = [parts[0]?.loads[0] ?? 0, parts.at(-1)?.loads[1] ?? 0];
  console.log(
    `\n${figures.length} figures in ${minutes.toFixed(1)} min, ${missed === 0 ? "every goal met" : `${missed} goals missed`}, load average ${loads.map((load) => load.toFixed(1)).join(" to ")}`,
  );
}
