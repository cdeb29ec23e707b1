import { openBench } from "./bench.ts";
import { dispatchFigures } from "./dispatch.ts";
import { ingestFigures } from "./ingest.ts";
import { importFigures } from "./import.ts";
import { isMet, times } from "./figure.ts";

const bench = await openBench({ quick: process.argv.includes("--quick") });
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : null;
const suites = { dispatch: dispatchFigures, ingest: ingestFigures, import: importFigures };
try {
  for (const [name, figures] of Object.entries(suites)) {
    if (only && only !== name) continue;
    for (const figure of await figures(bench))
      console.log(
        isMet(figure) ? "✓" : "✗",
        figure.ratio && times(figure.ratio),
        figure.ours,
        figure.floor,
        figure.name,
      );
  }
} finally {
  await bench.stop();
}
