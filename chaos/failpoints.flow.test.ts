import { expect, test } from "vitest";
import { killAround } from "./kills.ts";
import { printed } from "./report.ts";

// Some forty starts of processes: a minute on a quiet machine, and several on one that runs other tests besides.
test.runIf(process.env["PARLEY_CHAOS"] === "1")(
  "a process dies at every labelled step of a call, once each, and nothing is lost, doubled or left behind",
  async () => {
    const said: string[] = [];
    const report = await killAround(
      {
        minutes: 8,
        calls: 30,
        more: true,
        tenants: 1,
        kill: [],
        everySeconds: 1,
        everySecondsPostgres: 1,
        visits: { times: 1, all: true },
        https: 1,
        workers: 3,
        seed: 5,
      },
      (line) => said.push(line),
    );
    expect(
      report.verdicts.filter(({ ok }) => !ok),
      [...said, printed(report)].join("\n"),
    ).toEqual([]);
  },
  700_000,
);
