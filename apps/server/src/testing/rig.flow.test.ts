import { expect, test } from "vitest";
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
