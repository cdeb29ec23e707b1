import { runChecks } from "./checks.ts";
import { closingLine } from "./closing-line.ts";

const verdicts = await runChecks();
const passed = verdicts.filter((verdict) => verdict.ok).length;
console.log(closingLine({ passed, failed: verdicts.length - passed, skipped: 0 }));
process.exitCode = passed === verdicts.length ? 0 : 1;
