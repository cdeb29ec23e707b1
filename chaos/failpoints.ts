/**
 * Run in a server process before its own main: arms the steps that PARLEY_FAILPOINTS names, each with a probability or
 * `once` (`place.dialing:once,drain.folded:0.1`). At such a step the process writes the step's name to
 * PARLEY_FAILPOINTS_LOG and shoots itself: no handler runs, nothing is flushed.
 */
import { appendFileSync } from "node:fs";
import { armFailpoints, steps, type Step } from "../apps/server/src/failpoints.ts";

const chances = new Map<string, number>();
for (const one of (process.env["PARLEY_FAILPOINTS"] ?? "").split(",").filter(Boolean)) {
  const [step = "", chance = "once"] = one.split(":");
  if (!steps.includes(step as Step))
    throw new Error(`PARLEY_FAILPOINTS names ${step}; there are ${steps.join(", ")}.`);
  chances.set(step, chance === "once" ? 1 : Number(chance));
}

armFailpoints((step) => {
  if (Math.random() >= (chances.get(step) ?? 0)) return;
  const log = process.env["PARLEY_FAILPOINTS_LOG"];
  if (log) appendFileSync(log, `${step}\n`);
  process.kill(process.pid, "SIGKILL");
});
