import { runChaos } from "../chaos/run.ts";

process.exitCode = (await runChaos(process.argv.slice(2))) ? 0 : 1;
