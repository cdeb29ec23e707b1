import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useDatabase } from "@parley/db/testing/database";
import { expect, test } from "vitest";
import type { Ctx } from "../apps/server/src/context.ts";
import { runSql } from "../apps/server/src/ops/sql.ts";
import { repository } from "./repository.ts";

const db = useDatabase();

const text = readFileSync(join(repository, "docs/runbook.md"), "utf8");
const queries = [...text.matchAll(/```sql\n([\s\S]*?)```|parley sql "([^"…]+)"/g)].map(([, block, word]) =>
  (block ?? word)!.trim(),
);

test("the runbook has queries", () => {
  expect(queries.length).toBeGreaterThan(25);
});

test.each(queries)("an operator can ask as the runbook says: %s", async (query) => {
  const { columns } = await runSql({ ro: db.ro } as Ctx, { text: query });
  expect(columns.length).toBeGreaterThan(0);
});
