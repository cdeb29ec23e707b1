import { runBacktest } from "../bench/backtest.ts";

const isMet = await runBacktest(process.argv.slice(2));
process.exit(isMet ? 0 : 1); // as in chaos.ts
