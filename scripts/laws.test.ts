import { expect, test } from "vitest";
import { breachesOf } from "./laws.ts";

const breaches = (path: string, text: string) => breachesOf({ path, text });

test.each([
  [
    "an upstream slice called",
    "apps/server/src/calls/end.ts",
    `import { settle } from "../campaigns/settle-item.ts";`,
    /Write a row or enqueue a job/,
  ],
  [
    "a slice read by analytics",
    "apps/server/src/analytics/pace.ts",
    `import { list } from "../calls/list.ts";`,
    /through SQL/,
  ],
  [
    "a slice known to a shared room",
    "apps/server/src/providers/bolna.ts",
    `import { place } from "../calls/place.ts";`,
    /knows no slice/,
  ],
  [
    "the server's code in the browser",
    "apps/web/src/trpc.ts",
    `import { appRouter } from "@parley/server/router";`,
    /import type/,
  ],
  [
    "the server's code in an acceptance test",
    "acceptance/contract.flow.test.ts",
    `import { createApp } from "@parley/server/app";`,
    /over HTTP/,
  ],
  [
    "the database in the browser",
    "apps/web/src/trpc.ts",
    `import { Db } from "@parley/db";`,
    /Ask the server/,
  ],
  [
    "a screen inside a screen",
    "apps/web/src/calls/page.tsx",
    `import { Form } from "@/campaigns/form";`,
    /paths\.ts/,
  ],
  [
    "Node in core",
    "packages/core/src/ids.ts",
    `import { randomUUID } from "node:crypto";`,
    /pure and browser-safe/,
  ],
  [
    "waiting in core",
    "packages/core/src/price.ts",
    `export async function price() { return 1; }`,
    /never waits/,
  ],
  [
    "the environment outside config.ts",
    "apps/server/src/app.ts",
    `const port = process.env.PORT;`,
    /config\.ts/,
  ],
  [
    "the vendor's client outside providers",
    "apps/server/src/leads/analyse.ts",
    `import OpenAI from "openai";`,
    /providers\//,
  ],
  [
    "a provider asked inside a transaction",
    "apps/server/src/calls/x.ts",
    "await ctx.tx(async (tx) => { await ctx.providers.bolna.me(); });",
    /Split it/,
  ],
  [
    "a provider asked by what a transaction calls",
    "apps/server/src/calls/x.ts",
    "async function x(tx: Tx): Promise<void> { await providers.bolna.me(); }",
    /Split it/,
  ],
  [
    "a provider at hand asked inside a transaction",
    "apps/server/src/leads/x.ts",
    "const { openai } = ctx.providers; await ctx.db.tx(async (tx) => { await openai.analyse(text); });",
    /Split it/,
  ],
  [
    "a vendor's words outside providers",
    "apps/server/src/agents/x.ts",
    `import type { BolnaAgent } from "@parley/core/wire/bolna";`,
    /providers\//,
  ],
  [
    "another clock in SQL",
    "apps/server/src/calls/x.ts",
    "await rows(tx, sql`select 1 where at < now()`);",
    /app\.now/,
  ],
  [
    "another clock in a migration",
    "migrations/000009_x.sql",
    "create table x (at timestamptz default current_timestamp);",
    /app\.wall/,
  ],
  [
    "a parent row locked against its children",
    "migrations/functions/x.sql",
    "select 1 from contacts c where id = 1 for update;",
    /no key update/,
  ],
])("%s is named with its cure", (_, path, text, cure) => {
  expect(breaches(path, text).join()).toMatch(cure);
});

test.each([
  [
    "apps/server/src/campaigns/start.ts",
    `import { place } from "../calls/place.ts";\nimport { bolna } from "../providers/bolna.ts";`,
  ],
  [
    "apps/server/src/calls/x.ts",
    "const call = await ctx.tx((tx) => row(tx, sql``));\nawait ctx.providers.bolna.me();",
  ],
  ["apps/web/src/trpc.ts", `import type { AppRouter } from "@parley/server/router";`],
  ["apps/web/src/calls/page.tsx", `import { Button } from "@/ui/button";\nimport { paths } from "@/paths";`],
  ["apps/server/src/config.ts", `export const port = process.env.PORT;`],
  [
    "apps/server/src/calls/x.ts",
    "const at = Date.now(); rows(tx, sql`select app.now() from call_queue for update skip locked`);",
  ],
  [
    "migrations/functions/x.sql",
    "select 1 from call_queue q join users u on true for update of q; select 1 from users for no key update;",
  ],
])("%s, as the house wants it, breaks no law", (path, text) => {
  expect(breaches(path, text)).toEqual([]);
});
