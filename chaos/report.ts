import type { Report } from "./kills.ts";

/** Counts of what happened, then every invariant with what was found. */
export function printed({ verdicts, counts, logs }: Report): string {
  const names = [...verdicts.map(({ what }) => what), ...Object.keys(counts)];
  const width = Math.max(...names.map((name) => name.length));
  return [
    "",
    ...Object.entries(counts).map(([name, count]) => `  ${name.padEnd(width)}  ${count}`),
    "",
    ...verdicts.map(
      ({ what, found, expected, ok }) => `${ok ? "✓" : "✗"} ${what.padEnd(width)}  ${found}  (${expected})`,
    ),
    ...(logs ? ["", `A breach. The logs of all processes are in ${logs}`] : []),
  ].join("\n");
}
