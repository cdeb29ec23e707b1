import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { openBench, type Bench } from "./bench.ts";
import { dispatchFigures } from "./dispatch.ts";
import { fairnessFigures } from "./fairness.ts";
import { isMet, type Figure } from "./figure.ts";
import { importFigures } from "./import.ts";
import { ingestFigures } from "./ingest.ts";
import { latencyFigures } from "./latency.ts";
import { line, publish } from "./report.ts";
import { safetyFigures } from "./safety.ts";

const suites: Record<string, (bench: Bench) => Promise<Figure[]>> = {
  dispatch: dispatchFigures,
  fairness: fairnessFigures,
  safety: safetyFigures,
  latency: latencyFigures,
  ingest: ingestFigures,
  import: importFigures,
};

/** Runs the benchmarks that the command line names, prints each figure, and publishes a whole run. */
export async function runBench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
  });
  const { quick, only } = values;
  if (only !== undefined && !suites[only])
    throw new Error(`--only takes ${Object.keys(suites).join(", ")}; not ${only}.`);
  const began = performance.now();
  const loads = [loadavg()[0]!];
  const bench = await openBench({ quick });
  const figures: Figure[] = [];
  try {
    for (const [name, measure] of Object.entries(suites)) {
      if (only !== undefined && only !== name) continue;
      const found = await measure(bench);
      for (const figure of found) console.log(line(figure));
      figures.push(...found);
    }
  } finally {
    await bench.stop();
  }
  loads.push(loadavg()[0]!);
  const minutes = (performance.now() - began) / 60_000;
  const missed = figures.filter((figure) => !isMet(figure)).length;
  console.log(
    `\n${figures.length} figures in ${minutes.toFixed(1)} min, ${missed === 0 ? "every goal met" : `${missed} goals missed`}, load average ${loads.map((load) => load.toFixed(1)).join(" to ")}`,
  );
  if (!quick && only === undefined) publish(figures, { rounds: bench.rounds, minutes, loads });
}
