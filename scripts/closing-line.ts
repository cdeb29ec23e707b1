import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export type Counts = { passed: number; failed: number; skipped: number };

/** `12 passed, 0 failed`, and `, 3 skipped` when some were. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * Vitest's last word: the tests that ran, counted one by one. A file that could not be loaded or whose set-up
 * failed has no failing test of its own and counts as one; so does an error outside every test.
 * With PARLEY_COUNTS the numbers go to that file instead, for `npm test` to add up.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") counts.passed++;
        else if (state === "skipped") counts.skipped++;
        else failedHere++;
      }
      if (failedHere === 0 && module.state() === "failed") failedHere = 1;
      counts.failed += failedHere;
    }
    const file = process.env.PARLEY_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.once("exit", () => console.log(closingLine(counts)));
  }
}
