import { parseArgs } from "node:util";
import type { Victim } from "./installation.ts";
import { killAround, type Report } from "./kills.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "3" },
    calls: { type: "string", default: "1000" },
    kill: { type: "string", default: "http,worker,postgres" },
    every: { type: "string", default: "2" },
    "every-postgres": { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});

const began = performance.now();
const say = (line: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}`);

const report = await killAround(
  {
    minutes: Number(values.minutes),
    calls: Number(values.calls),
    kill: victims(values.kill),
    everySeconds: Number(values.every),
    everySecondsPostgres: Number(values["every-postgres"]),
    seed: Number(values.seed),
  },
  say,
);
print(report);
process.exitCode = report.verdicts.every(({ ok }) => ok) ? 0 : 1;

/** "server" is both of its processes. */
function victims(list: string): Victim[] {
  const known: Record<string, Victim[]> = {
    server: ["http", "worker"],
    http: ["http"],
    worker: ["worker"],
    sandbox: ["sandbox"],
    postgres: ["postgres"],
  };
  return list
    .split(",")
    .filter(Boolean)
    .flatMap((name) => {
      if (!known[name]) throw new Error(`--kill takes ${Object.keys(known).join(", ")}; not ${name}.`);
      return known[name];
    });
}

function print({ verdicts, counts, logs }: Report): void {
  const width = Math.max(
    ...verdicts.map(({ what }) => what.length),
    ...Object.keys(counts).map((name) => name.length),
  );
  console.log("");
  for (const [name, count] of Object.entries(counts)) console.log(`  ${name.padEnd(width)}  ${count}`);
  console.log("");
  for (const { what, found, expected, ok } of verdicts)
    console.log(`${ok ? "✓" : "✗"} ${what.padEnd(width)}  ${found}  (${expected})`);
  if (logs) console.log(`\nA breach. The logs of all processes are in ${logs}`);
}
