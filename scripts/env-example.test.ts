import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { variables } from "../apps/server/src/config.ts";
import { repository } from "./repository.ts";

test(".env.example names every variable the server reads, once, and no other", () => {
  const text = readFileSync(join(repository, ".env.example"), "utf8");
  const named = [...text.matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(named.toSorted()).toEqual(Object.keys(variables).toSorted());
});
