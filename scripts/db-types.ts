import { join } from "node:path";
import { withTestDatabase } from "@parley/db/testing/cluster";
import { generateTypes } from "@parley/db/generate-types";
import { repository } from "./repository.ts";

await withTestDatabase(({ ownerUrl }) => generateTypes(ownerUrl, join(repository, "packages/db")));
console.log("packages/db/zapatos fits the migrated database.");
