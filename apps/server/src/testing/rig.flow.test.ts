import { expect, test } from "vitest";
import { proveJobsRun } from "../runners.ts";
import { useRig } from "./rig.ts";

const rig = useRig();

test("server, jobs and sandbox run together, on one clock", async () => {
  const asha = await rig.signUp();
  await rig.clock({ scale: 50 });
  const { surroundings } = await asha.trpc.auth.me.query({});
  expect(surroundings).toMatchObject({ clockScale: 50, ruleSet: "rehearsal" });
  expect(Math.abs(Date.parse(surroundings!.now) - rig.sandbox.clock.now())).toBeLessThan(20_000);
  await rig.clock({ scale: 1 });
});

test("the health checks say that all is well", async () => {
  const answer = await fetch(`${rig.url}/readyz`);
  expect(await answer.json()).toEqual({
    ok: true,
    checks: ["database", "migrations", "roles"].map((name) => ({ name, ok: true, detail: "ok" })),
  });
});

test("after every database connection was cut, jobs run and screens answer again by themselves", async () => {
  const asha = await rig.signUp();
  const cut =
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and usename = current_user";
  await rig.db.worker.pool.query(cut);
  await rig.db.web.pool.query(cut);
  await proveJobsRun(rig.parts);
  expect(
    (await rig.until("the server answers", () => asha.trpc.auth.me.query({}).catch(() => null))).person.email,
  ).toBe(asha.email);
});
