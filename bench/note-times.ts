/**
 * Run in a worker before its own main: writes down when a webhook's fold was committed and when a call's job began, a
 * line of step, ids and milliseconds since 1970 for each, into the file that BENCH_TIMES names.
 */
import { appendFileSync } from "node:fs";
import { armFailpoints, type Step } from "../apps/server/src/failpoints.ts";

const file = process.env["BENCH_TIMES"];
const noted: Step[] = ["drain.committed", "place.taken"];
if (file)
  armFailpoints((step, about) => {
    if (noted.includes(step)) appendFileSync(file, `${step} ${about} ${Date.now()}\n`);
  });
