import { expect, test } from "vitest";
import { killAround } from "./kills.ts";
import { printed } from "./report.ts";

test("the harness sees a server that takes an unclear answer for a no", async () => {
  const report = await killAround(
    {
      minutes: 0,
      calls: 30,
      tenants: 1,
      kill: [],
      everySeconds: 1,
      everySecondsPostgres: 1,
      naive: true,
      https: 1,
      workers: 1,
      seed: 3,
    },
    () => {},
  );
  const breached = report.verdicts.filter(({ ok }) => !ok).map(({ what }) => what);
  expect(breached, printed(report)).toContain("calls declared never placed that were placed after all");
}, 240_000);
