import { readFileSync } from "node:fs";
import { join } from "node:path";
import { opsViews } from "@parley/core/ops/schema";
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

test("every view of operators stands in the runbook or in the page on the database", () => {
  const pages = text + readFileSync(join(repository, "docs/database.md"), "utf8");
  expect(opsViews.filter((view) => !pages.includes(`ops.${view}`))).toEqual([]);
});

test("every symptom has a query and words on what to do", () => {
  const symptoms = text
    .split(/^## /m)
    .slice(1)
    .filter((section) => !/^(The server does not start|Stop everything)/.test(section));
  expect(symptoms.length).toBeGreaterThan(10);
  for (const symptom of symptoms) {
    const [title] = symptom.split("\n");
    expect(symptom, title).toContain("```sql");
    expect(symptom.replaceAll(/```sql[\s\S]*?```/g, "").split(/\s+/).length, title).toBeGreaterThan(12);
  }
});

test("every view and function of operators says in a comment what a row is", async () => {
  const { rows } = await db.owner.query(
    `select c.relname as name from pg_class c where c.relnamespace = 'ops'::regnamespace and c.relkind = 'v' and obj_description(c.oid) is null
     union all
     select p.proname from pg_proc p where p.pronamespace = 'app'::regnamespace and p.proname like 'ops\\_%' and obj_description(p.oid) is null`,
  );
  expect(rows).toEqual([]);
});
