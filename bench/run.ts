import { openBench, type Bench } from "./bench.ts";
import { dispatchFigures } from "./dispatch.ts";
import { isMet, times, type Figure } from "./figure.ts";

const bench = await openBench({ quick: process.argv.includes("--quick") });
try {
  for (const figure of await dispatchFigures(bench))
    console.log(
      isMet(figure) ? "✓" : "✗",
      figure.ratio && times(figure.ratio),
      figure.ours,
      figure.floor,
      figure.name,
    );
} finally {
  await bench.stop();
}
