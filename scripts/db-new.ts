import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MIGRATIONS } from "@parley/db/migrate";

// Hands out the next migration number, so that two of them never share one by accident.
const name = process.argv[2] ?? "";
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error("Name the change in lower case: npm run db:new -- calls_by_hour");
  process.exit(1);
}
const last = Math.max(0, ...readdirSync(MIGRATIONS).map((file) => Number(/^\d+/.exec(file)?.[0] ?? 0)));
const file = `${String(last + 1).padStart(6, "0")}_${name}.sql`;
writeFileSync(join(MIGRATIONS, file), "-- Why:\n", { flag: "wx" });
console.log(`migrations/${file}`);
