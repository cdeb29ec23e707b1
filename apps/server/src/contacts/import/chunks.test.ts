import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { chunksOf } from "./chunks.ts";

const PEOPLE = 45_000;
const dataDir = mkdtempSync(join(tmpdir(), "parley-test-chunks-"));
writeFileSync(
  join(dataDir, "people.csv"),
  ["phone", ...Array.from({ length: PEOPLE }, (_, n) => `+91 ${9_000_000_000 + n * 7}`), ""].join("\n"),
);
afterAll(() => rmSync(dataDir, { recursive: true }));

const order = {
  dataDir,
  text: { path: "people.csv", encoding: "utf-8", delimiter: ",", hasHeader: true } as const,
  importId: crypto.randomUUID(),
  headers: ["phone"],
  mapping: { phone: "phone_number" } as const,
  defaultRegion: "IN",
  afterRow: 0,
  firstChunk: 0,
};

/** For each chunk, how often its memory had been used before: whoever writes a chunk counts in its last byte. */
async function usesBefore(mayWorkAhead: (chunk: number) => boolean) {
  const uses: number[] = [];
  let rows = 0;
  for await (const chunk of chunksOf(order, new AbortController().signal, async () =>
    mayWorkAhead(uses.length),
  )) {
    const memory = new Uint8Array(chunk.lines.buffer);
    const before = memory.at(-1)!;
    memory[memory.length - 1] = before + 1;
    uses.push(before);
    rows += chunk.rows;
  }
  expect(rows).toBe(PEOPLE);
  return uses;
}

test("a list that comes in while people are called is read and written in turns, and both at once when nobody is", async () => {
  expect(await usesBefore(() => false)).toEqual([0, 1, 2, 3, 4]);
  expect(await usesBefore(() => true)).toEqual([0, 0, 1, 1, 2]);
});

test("a call that begins or ends while a list is read changes that from the next rows on", async () => {
  expect(await usesBefore((chunk) => chunk >= 2)).toEqual([0, 1, 2, 0, 3]);
  expect(await usesBefore((chunk) => chunk < 1)).toEqual([0, 0, 1, 2, 3]);
});
