import { runChaos } from "../chaos/run.ts";

const held = await runChaos(process.argv.slice(2));
// Asked of a process that was shot, a request may never be given up by Node, which then clears up for ever.
process.exit(held ? 0 : 1);
