import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./repository.ts";
import { breachesOf } from "./laws.ts";

const files = globSync(
  [
    "{apps,packages}/*/src/**/*.{ts,tsx}",
    "{scripts,e2e,acceptance,bench,chaos}/**/*.ts",
    "migrations/**/*.sql",
  ],
  { cwd: repository },
);
const breaches = files
  .toSorted()
  .flatMap((path) => breachesOf({ path, text: readFileSync(join(repository, path), "utf8") }));
for (const breach of breaches) console.error(breach);
process.exitCode = breaches.length > 0 ? 1 : 0;
