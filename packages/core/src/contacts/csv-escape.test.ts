import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../testing/any-text.ts";
import { csvLine, escapeCell, unescapeCell } from "./csv-escape.ts";

const text = fc.oneof(
  anyText(20),
  fc.stringMatching(/^[=+@'\-\t\r "0-9.a-c＝＋]{0,12}$/u),
  fc.constantFrom("=1+1", "'=1+1", "''+1", "+91 9876540001", "-5", "-5.25", "@SUM(A1)", "＝1"),
);

describe("an exported cell", () => {
  test("is never run as a formula", () => {
    fc.assert(
      fc.property(text, (cell) => {
        const out = escapeCell(cell);
        const isFigure = /^-?\d+(\.\d+)?$/.test(out) || /^\+[1-9]\d{0,2} \d{3,14}$/.test(out);
        expect(/^[=+\-@\t\r＝＋－＠]/u.test(out)).toBe(isFigure && /^[+-]/.test(out));
      }),
      { numRuns: 1000 },
    );
  });

  test("is read back as it was, whatever it was", () => {
    fc.assert(
      fc.property(text, (cell) => {
        expect(unescapeCell(escapeCell(cell))).toBe(cell);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+91-98765-40001", "'+91-98765-40001"],
    ["+91 9876540001", "+91 9876540001"],
    ["-12.5", "-12.5"],
    ["'quoted'", "'quoted'"],
    ["O'Brien", "O'Brien"],
  ])("%s is written %s", (cell, out) => expect(escapeCell(cell)).toBe(out));
});

test("a line is quoted where the format needs it, and survives a plain reader", () => {
  expect(csvLine(["a", 'say "hi", ok', null, 3, true, " x", "two\nlines"])).toBe(
    'a,"say ""hi"", ok",,3,true," x","two\nlines"\r\n',
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), (cells) => {
      expect(readLine(csvLine(cells)).map(unescapeCell)).toEqual(cells);
    }),
    { numRuns: 500 },
  );
});

/** RFC 4180, one record. */
function readLine(line: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  const body = line.slice(0, -2);
  for (let at = 0; at < body.length; at += 1) {
    const char = body[at]!;
    if (quoted && char === '"' && body[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === "," && !quoted) {
      cells.push(cell);
      cell = "";
    } else cell += char;
  }
  return [...cells, cell];
}
