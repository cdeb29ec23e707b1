import { runBacktest } from "../bench/backtest.ts";

process.exitCode = (await runBacktest(process.argv.slice(2))) ? 0 : 1;
