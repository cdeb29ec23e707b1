import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./repository.ts";

const page = readFileSync(join(repository, "docs/faults.md"), "utf8");

/** The last cell of each row: a file in backquotes, then a title of it. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| fault "))
  .map((line) => {
    const cells = line.split(" | ");
    const [, file, title] = /^`([^`]+)` (.+?) \|$/.exec(cells.at(-1)!) ?? [];
    return { fault: cells[0]!.slice(2), cells: cells.length, file, title };
  });

const tests = globSync("{apps,packages,acceptance,chaos}/**/*.test.ts", {
  cwd: repository,
  exclude: ["**/node_modules/**", "**/dist/**"],
});

/** Where a test stands: by its full path, or by its path below the server's source. */
const find = (file: string) =>
  tests.filter((path) => path === file || path === join("apps/server/src", file));

test("the page of faults has its rows, each with what is seen, what cures it, and a test", () => {
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter(({ cells, file, title }) => cells !== 4 || !file || !title)).toEqual([]);
});

test.each(rows)("there is still a test for: $fault", ({ file, title }) => {
  const [path] = find(file!);
  expect(path, `${file} is not there`).toBeDefined();
  const text = readFileSync(join(repository, path!), "utf8");
  expect(text.includes(title!), `${path} has no test “${title}”`).toBe(true);
});
