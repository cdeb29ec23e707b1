import { rmSync } from "node:fs";
import { join } from "node:path";
import { openHouse } from "@parley/db/house";
import { migrate } from "@parley/db/migrate";
import { inDatabase, onServer } from "@parley/db/owner";
import { environment, repository } from "./repository.ts";

// Everything goes: the database, and what was kept beside it. A database that is not ours asks for its name.
const house = await openHouse({ repository, env: environment() });
try {
  const name = decodeURIComponent(new URL(house.ownerUrl).pathname.slice(1));
  if (!house.embedded && process.argv[2] !== name) {
    throw new Error(
      `This deletes the database "${name}" that DATABASE_URL names. To mean it: npm run db:reset -- ${name}`,
    );
  }
  await onServer(inDatabase(house.ownerUrl, "postgres"), async (client) => {
    const database = client.escapeIdentifier(name);
    await client.query(`drop database if exists ${database} with (force)`);
    await client.query(`create database ${database}`);
  });
  for (const kept of ["sandbox", "uploads", "media", "recordings"])
    rmSync(join(house.dataDir, kept), { recursive: true, force: true });
  rmSync(join(house.secretsDir, "demo-login.json"), { force: true });
  const applied = await migrate(house.ownerUrl);
  console.log(`The database "${name}" is empty again; ${applied.length} migration files applied.`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  await house.stop();
}
