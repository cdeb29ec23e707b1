import { generate } from "zapatos/generate";
import { onServer } from "./owner.ts";

/**
 * Writes zapatos' types of every table and view into `outDir/zapatos`. Files in its `custom` folder are made once
 * and kept: they say what a domain is in TypeScript.
 */
export async function generateTypes(ownerUrl: string, outDir: string): Promise<void> {
  await generate({
    db: { connectionString: ownerUrl, application_name: "zapatos" },
    outDir,
    outExt: ".d.ts",
    schemas: {
      public: { include: "*", exclude: [] },
      ops: { include: "*", exclude: [] },
    },
    unprefixedSchema: "public",
    schemaJSDoc: false,
    progressListener: false,
    warningListener: false,
  });
  await onServer(ownerUrl, async (client) => {
    // zapatos does not wait for its connections to close; a server stopped before that would break them loudly.
    for (let left = 1; left > 0;) {
      const { rowCount } = await client.query(
        "select from pg_stat_activity where application_name = 'zapatos' and datname = current_database()",
      );
      left = rowCount ?? 0;
    }
  });
}
