import { expect, test } from "vitest";
import { killAround } from "./kills.ts";
import { printed } from "./report.ts";

test("a process dies at every labelled step of a call, once each, and nothing is lost, doubled or left behind", async () => {
  const said: string[] = [];
  const report = await killAround(
    {
      minutes: 4,
      calls: 30,
      more: true,
      tenants: 1,
      kill: [],
      everySeconds: 1,
      everySecondsPostgres: 1,
      visits: 1,
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
}, 420_000);
