#!/usr/bin/env node
// Plain JavaScript without a dependency: whatever Node the reader has, the command itself runs on ours.
import { run } from "../../scripts/bootstrap.mjs";

run("apps/cli/src/main.ts", process.argv.slice(2), process.cwd());
