import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dumpSchema } from "./dump.ts";
import { generateTypes } from "./generate-types.ts";
import { migrate, pendingMigrations } from "./migrate.ts";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();
const committed = (file: string) => readFileSync(resolve(import.meta.dirname, "..", file), "utf8");
const dir = mkdtempSync(join(tmpdir(), "parley-types-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** The first line in which two texts differ; the whole difference would fill the screen. */
function difference(now: string, kept: string): string | undefined {
  const [here, there] = [now.split("\n"), kept.split("\n")];
  const at = here.findIndex((line, index) => line !== there[index]);
  if (now === kept) return undefined;
  return `line ${at + 1}: the migrations make ${JSON.stringify(here[at])}, the file says ${JSON.stringify(there[at])}`;
}

test("schema.sql describes the database that the migrations make (else: npm run db:dump)", async () => {
  expect(difference(await dumpSchema(db.owner), committed("schema.sql"))).toBeUndefined();
});

test("zapatos/schema.d.ts fits the database that the migrations make (else: npm run db:types)", async () => {
  await generateTypes(db.urls.owner, dir);
  const made = readFileSync(join(dir, "zapatos/schema.d.ts"), "utf8");
  expect(difference(made, committed("zapatos/schema.d.ts"))).toBeUndefined();
});

test("a migrated database has nothing left to apply, and every login can see that", async () => {
  for (const pool of [db.web.pool, db.worker.pool, db.ro]) expect(await pendingMigrations(pool)).toEqual([]);
  expect(await migrate(db.urls.owner)).toEqual([]);
});
