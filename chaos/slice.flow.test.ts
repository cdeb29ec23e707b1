import { expect, test } from "vitest";
import { killAround } from "./kills.ts";
import { printed } from "./report.ts";

test("two campaigns with every magic number end as they should while processes die in the middle of their steps, and Postgres at any time", async () => {
  const said: string[] = [];
  const report = await killAround(
    {
      minutes: 0.5,
      calls: 50,
      tenants: 2,
      kill: ["http", "worker", "postgres"],
      atLeast: 1,
      everySeconds: 4,
      everySecondsPostgres: 7,
      // as many as half a minute sees; a run of all of them takes longer (failpoints.flow.test.ts)
      visits: { times: 1, all: false },
      https: 1,
      workers: 3,
      seed: 7,
    },
    (line) => said.push(line),
  );
  const told = [...said, printed(report)].join("\n");
  expect(
    report.verdicts.filter(({ ok }) => !ok),
    told,
  ).toEqual([]);
  for (const whom of ["http", "worker", "postgres"] as const)
    expect(report.kills[whom], `${whom} killed\n${told}`).toBeGreaterThan(0);
}, 420_000);
