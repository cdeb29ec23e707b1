import { globSync, readFileSync } from "node:fs";
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

/** A page may leave out where a room stands: `campaigns/launch.ts` is the end of some path. */
test("no page speaks of a file, function or view that is not there", () => {
  const exclude = ["**/node_modules/**", "**/dist/**", ".parley/**"];
  const files = globSync("**/*.{ts,tsx,mjs,sql,json}", { cwd: repository, exclude }).map(
    (file) => `/${file}`,
  );
  const sql = globSync("migrations/**/*.sql", { cwd: repository }).map(read).join("\n");
  const absent = globSync(["*.md", "docs/**/*.md"], { cwd: repository }).flatMap((page) => {
    const text = read(page).replaceAll(/<!-- made[\s\S]*?<!-- end -->/g, "");
    const named = [...text.matchAll(/`([\w./-]+\/[\w.-]+\.(?:ts|tsx|mjs|sql|json))`/g)].map(
      ([, name]) => name!,
    );
    const doors = [...text.matchAll(/`(?:select \* from )?((?:app|ops)\.\w+)/g)].map(([, name]) => name!);
    return [
      ...named.filter(
        (name) => !files.some((file) => file.endsWith(`/${name.replace(/^core\//, "core/src/")}`)),
      ),
      ...doors.filter(
        (name) => !new RegExp(`(function|view|procedure) ${name}\\b`).test(sql) && !/\.(ts|sql)$/.test(name),
      ),
    ].map((name) => `${page}: ${name}`);
  });
  expect(absent.filter((each) => !each.includes("NNNNNN"))).toEqual([]);
});
