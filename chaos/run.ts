import { parseArgs } from "node:util";
import { closeTogether } from "./closing.ts";
import type { Provider, Victim } from "./installation.ts";
import { killAround } from "./kills.ts";
import { closingRunOf, keep, publish, recorded, recordFile, runOf, summed } from "./record.ts";
import { printed } from "./report.ts";

const usage = `npm run chaos -- [options]

  --minutes N         minutes of killing (3); the campaigns then go on to their end
  --calls N           people on the first lists together (300); more follow while there is killing
  --kill A,B          server (http and worker), http, worker, sandbox, postgres (server,postgres)
  --every S           mean seconds between two kills of a program (0.7)
  --every-postgres S  mean seconds between two kills of Postgres, all being back (20)
  --every-pause S     mean seconds between two pauses of some campaign (10; 0: none)
  --zombies S         mean seconds between two workers that are stopped for 5 to 60 s (scaled) and go on; none
  --network           resets, half-open lines, 2 s of latency, 30 % loss, in spells, to Postgres and to the provider
  --meddle MS         every so often somebody pauses, resumes, cancels, or changes a limit or a cap (50); none
  --failpoints N      instead of random kills: N processes die at each labelled step (50)
  --naive             with a server that takes an unclear answer for a no; the run must then find breaches
  --provider stub     a second provider, written on its own, instead of the sandbox
  --workers N         processes for jobs (6); --https N for requests (2); --tenants N workspaces (5); --lines N (16)
  --seed N            decides when and whom (1)
  --record FILE       where the run's figures are added (docs/chaos-runs.jsonl; "none": nowhere)
  --sum               instead: prints the sum of all recorded runs and writes it into docs/chaos.md
  --closing N         instead: N campaigns whose 200 items are closed by 16 workers at once`;

/** Runs what the command line asks for and prints what came of it; false on any breach. */
export async function runChaos(args: string[]): Promise<boolean> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "3" },
      calls: { type: "string", default: "300" },
      kill: { type: "string", default: "server,postgres" },
      every: { type: "string", default: "0.7" },
      "every-postgres": { type: "string", default: "20" },
      "every-pause": { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      zombies: { type: "string" },
      network: { type: "boolean", default: false },
      meddle: { type: "string" },
      failpoints: { type: "string" },
      naive: { type: "boolean", default: false },
      provider: { type: "string", default: "sandbox" },
      tenants: { type: "string" },
      lines: { type: "string" },
      workers: { type: "string" },
      https: { type: "string" },
      record: { type: "string", default: recordFile },
      sum: { type: "boolean", default: false },
      closing: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return true;
  }
  if (values.sum) {
    const all = recorded(values.record);
    publish(all);
    for (const [what, figure] of summed(all.runs)) console.log(`  ${what.padEnd(52)}${figure}`);
    return true;
  }
  const began = performance.now();
  const say = (line: string) =>
    console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}`);
  if (values.closing) {
    const verdicts = await closeTogether(Number(values.closing), say);
    console.log(printed({ verdicts, counts: {}, left: null }));
    const [completed = 0, twice = 0] = verdicts.map(({ found }) => found);
    const minutes = Number(((performance.now() - began) / 60_000).toFixed(1));
    if (values.record !== "none")
      keep(closingRunOf({ closing: Number(values.closing), completed, twice, minutes }), values.record);
    return verdicts.every(({ ok }) => ok);
  }
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const report = await killAround(
    {
      minutes: Number(values.minutes),
      calls: Number(values.calls),
      more: true,
      kill: values.failpoints ? [] : victims(values.kill),
      everySeconds: Number(values.every),
      everySecondsPostgres: Number(values["every-postgres"]),
      everySecondsPause: Number(values["every-pause"]),
      everySecondsStandstill: number(values.zombies),
      network: values.network,
      everyMsMeddle: number(values.meddle),
      ...(values.failpoints ? { visits: { times: Number(values.failpoints), all: true } } : {}),
      naive: values.naive,
      provider: providerOf(values.provider),
      tenants: number(values.tenants),
      lines: number(values.lines),
      workers: number(values.workers),
      https: number(values.https),
      seed: Number(values.seed),
    },
    say,
  );
  console.log(printed(report));
  const isSound = report.verdicts.every(({ ok }) => ok);
  if (values.naive) {
    console.log(
      isSound ? "\nThe naive server went unnoticed: the harness is blind." : "\nThe naive server was seen.",
    );
    return !isSound;
  }
  if (values.record !== "none") keep(runOf(report, { args, began }), values.record);
  return isSound;
}

function providerOf(name: string): Provider {
  if (name !== "sandbox" && name !== "stub")
    throw new Error(`--provider takes sandbox or stub; not ${name}.`);
  return name;
}

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
