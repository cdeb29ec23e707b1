import { expect, test } from "vitest";
import { CsvReader, type CsvRecord } from "./csv-records.ts";

/** Every text is read whole and cut into pieces of every small size: where a piece ends must not matter. */
function read(text: string, delimiter = ","): CsvRecord[] {
  const whole = pieces(text, text.length || 1, delimiter);
  for (const size of [1, 2, 3, 7]) expect(pieces(text, size, delimiter)).toEqual(whole);
  return whole;
}

function pieces(text: string, size: number, delimiter: string): CsvRecord[] {
  const reader = new CsvReader(delimiter);
  const found: CsvRecord[] = [];
  for (let at = 0; at < text.length; at += size) found.push(...reader.push(text.slice(at, at + size)));
  return [...found, ...reader.end()];
}

const cells = (text: string, delimiter?: string) => read(text, delimiter).map((record) => record.cells);

test.each([
  ["lines end in LF, CRLF or CR, the last in nothing", "a,b\nc,d\r\ne,f\rg,h"],
  ["blank lines are no rows", "\n\na,b\n\nc,d\r\n\r\ne,f\ng,h\n\n"],
  ["blanks after a closing quote do not count", '"a" ,b\nc,"d"  \ne,f\ng,h'],
])("%s", (_, text) => {
  expect(cells(text)).toEqual([
    ["a", "b"],
    ["c", "d"],
    ["e", "f"],
    ["g", "h"],
  ]);
});

test("quoted cells may hold delimiters, line ends and doubled quotes", () => {
  expect(cells('"Rao, Asha","said ""hi""\nand left",""\nx,y,z')).toEqual([
    ["Rao, Asha", 'said "hi"\nand left', ""],
    ["x", "y", "z"],
  ]);
});

test("a quote within an unquoted cell is only a character", () => {
  expect(cells("5\" screen,it's\n")).toEqual([['5" screen', "it's"]]);
});

test("empty cells and a single column are rows", () => {
  expect(cells(",\n,,\none\n")).toEqual([["", ""], ["", "", ""], ["one"]]);
  expect(cells("a;b,c", ";")).toEqual([["a", "b,c"]]);
});

test("a quote that is never closed spoils its own line only", () => {
  const found = read('a,"b\nc,d\n"Rao, Asha",e\nlast,row\n');
  expect(found).toEqual([
    { cells: ["a", '"b'], unreadable: true },
    { cells: ["c", "d"], unreadable: false },
    { cells: ["Rao, Asha", "e"], unreadable: false },
    { cells: ["last", "row"], unreadable: false },
  ]);
  expect(read('a,"b')).toEqual([{ cells: ["a", '"b'], unreadable: true }]);
});

test("text after a closing quote spoils its own line only", () => {
  expect(read('"a"b,c\nd,e\n')).toEqual([
    { cells: ['"a"b', "c"], unreadable: true },
    { cells: ["d", "e"], unreadable: false },
  ]);
});

test("however far the next quote is, good rows behind an open one are found", () => {
  const good = Array.from({ length: 20_000 }, (_, n) => `person ${n},98765${String(n).padStart(5, "0")}`);
  const found = pieces(`x,"open\n${good.join("\n")}\n`, 4096, ",");
  expect(found).toHaveLength(20_001);
  expect(found.filter(({ unreadable }) => unreadable)).toHaveLength(1);
});

test("a line without an end is one bad row and is not kept in memory", () => {
  const reader = new CsvReader(",");
  const found: CsvRecord[] = [];
  for (let n = 0; n < 100; n += 1) found.push(...reader.push("x".repeat(10_000)));
  found.push(...reader.push("\na,b\n"), ...reader.end());
  expect(found.map(({ unreadable }) => unreadable)).toEqual([true, false]);
  expect(found[0]!.cells.join().length).toBeLessThanOrEqual(1000);
});
