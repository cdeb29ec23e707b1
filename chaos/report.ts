import type { Report } from "./kills.ts";

/** Counts of what happened, then every invariant with what was found. */
export function printed({ verdicts, counts, left }: Report): string {
  const names = [...verdicts.map(({ what }) => what), ...Object.keys(counts)];
  const width = Math.max(...names.map((name) => name.length));
  return [
    "",
    ...Object.entries(counts).map(([name, count]) => `  ${name.padEnd(width)}  ${count}`),
    "",
    ...verdicts.map(
      ({ what, found, expected, ok }) => `${ok ? "✓" : "✗"} ${what.padEnd(width)}  ${found}  (${expected})`,
    ),
    ...(left ? ["", `A breach. Logs, database and the provider's journal are in ${left}`] : []),
  ].join("\n");
}
