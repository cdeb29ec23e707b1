import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { variables } from "../apps/server/src/config.ts";
import { filledIn, pages } from "./docs-contract.ts";
import { repository } from "./repository.ts";

const read = (page: string) => readFileSync(join(repository, page), "utf8");

test.each(pages)("%s says of the code what the code says (else: npm run docs)", (page) => {
  const text = read(page);
  expect(text).toContain("<!-- made: ");
  expect(filledIn(text) === text).toBe(true);
});

test("a page that asks for a part nobody makes is refused", () => {
  expect(() => filledIn("<!-- made: nonsense -->\n<!-- end -->")).toThrow(/nonsense/);
});

test("the table of self-hosting.md has every variable the server reads, and no other", () => {
  const told = [...read("docs/self-hosting.md").matchAll(/^\| `([A-Z0-9_]+)`/gm)].map(([, name]) => name!);
  expect(told.toSorted()).toEqual(Object.keys(variables).toSorted());
});
