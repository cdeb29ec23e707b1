import { expect, test } from "vitest";
import { killAround } from "./kills.ts";
import { printed } from "./report.ts";

test("two campaigns with every magic number end as they should while server, worker and Postgres are killed", async () => {
  const said: string[] = [];
  const report = await killAround(
    {
      minutes: 0.5,
      calls: 50,
      tenants: 2,
      kill: ["http", "worker", "postgres"],
      everySeconds: 2.5,
      everySecondsPostgres: 7,
      https: 1,
      workers: 3,
      seed: 7,
    },
    (line) => said.push(line),
  );
  expect(
    report.verdicts.filter(({ ok }) => !ok),
    [...said, printed(report)].join("\n"),
  ).toEqual([]);
  const { http, worker, postgres, postgresStopped } = report.kills;
  expect(http + worker + postgres + postgresStopped).toBeGreaterThan(2);
}, 240_000);
