import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumpSchema } from "@parley/db/dump";
import { onServer } from "@parley/db/owner";
import { withTestDatabase } from "@parley/db/testing/cluster";
import { repository } from "./repository.ts";

const file = join(repository, "packages/db/schema.sql");
writeFileSync(file, await withTestDatabase(({ ownerUrl }) => onServer(ownerUrl, dumpSchema)));
console.log("packages/db/schema.sql describes the migrated database.");
