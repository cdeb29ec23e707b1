import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { openLogBook, readable } from "./log-book.ts";

const entry = (level: number, rest: object = {}) =>
  JSON.stringify({ level, time: 0, msg: "A database connection broke", ...rest });

afterEach(() => void vi.restoreAllMocks());

test("the terminal shows warnings with their cause, and words that are no log entry, but no day-to-day entries", () => {
  expect(readable("server", entry(30), 40)).toBeNull();
  expect(readable("server", entry(40, { err: { message: "terminated" } }), 40)).toMatch(
    /^\d\d:\d\d:\d\d server {2}warning A database connection broke: terminated$/,
  );
  expect(readable("server", entry(50), 40)).toContain("error A database");
  expect(readable("seed", "Seed: two workspaces", 40)).toBe("Seed: two workspaces");
  expect(readable("server", '{"half a line', 40)).toBe('{"half a line');
});

test("the file of a program keeps every line, without colours", () => {
  const directory = mkdtempSync(join(tmpdir(), "parley-logs-"));
  const terminal = vi.spyOn(console, "log").mockImplementation(() => {});
  const book = openLogBook(directory, { verbose: false });
  book.write("server", entry(30));
  book.write("server", "\u001B[31mred\u001B[39m");
  expect(readFileSync(join(directory, "server.log"), "utf8")).toBe(`${entry(30)}\nred\n`);
  expect(terminal.mock.calls).toEqual([["\u001B[31mred\u001B[39m"]]);
  rmSync(directory, { recursive: true });
});
