import fc from "fast-check";
import { ParleyError } from "@parley/core/errors";
import { csvLine, unescapeCell } from "@parley/core/contacts/csv-escape";
import { sniffDelimiter, suggestMapping, uniqueHeaders } from "@parley/core/contacts/csv-map";
import { rowReader, rowReasons } from "@parley/core/contacts/row";
import { isPhoneNumber } from "@parley/core/phone-text";
import { anyText } from "@parley/core/testing/any-text";
import { tries } from "@parley/core/testing/property";
import { expect, test } from "vitest";
import { CsvReader, type CsvRecord } from "./csv-records.ts";
import { decoded, encodingOf, HEAD_BYTES, kindOf } from "./file-kind.ts";

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** As an import reads a file: what it is, its encoding, its delimiter, its rows, piece by piece. */
async function read(bytes: Buffer, size: number): Promise<CsvRecord[]> {
  const encoding = await encodingOf(cut(bytes, size));
  let text = "";
  for await (const piece of decoded(cut(bytes, size), encoding)) text += piece;
  const reader = new CsvReader(sniffDelimiter(text.slice(0, HEAD_BYTES)));
  const found: CsvRecord[] = [];
  for (let at = 0; at < text.length; at += size) found.push(...reader.push(text.slice(at, at + size)));
  return [...found, ...reader.end()];
}

const cell = fc.oneof(
  anyText(15).map((text) => text.toWellFormed()),
  fc.constantFrom("", "Asha", "+91 9876540001", 'say "hi"', "two\nlines", "a,b", "=1+1", " ", "'", '"'),
);
const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 8 });
const size = fc.constantFrom(1, 2, 3, 7, 64, 4096);

test("what we write we read back, cell by cell, wherever the pieces of the file end", async () => {
  await fc.assert(
    fc.asyncProperty(rows, size, async (written, piece) => {
      // A head that names the delimiter and the encoding, as our exports have one.
      const head = ["phone", "name", "notes", "city"];
      const text = [head, ...written].map(csvLine).join("");
      const found: CsvRecord[] = [];
      const reader = new CsvReader(",");
      for (let at = 0; at < text.length; at += piece) found.push(...reader.push(text.slice(at, at + piece)));
      found.push(...reader.end());
      expect(found.filter(({ unreadable }) => unreadable)).toEqual([]);
      expect(found.map(({ cells }) => cells.map(unescapeCell))).toEqual([head, ...written]);
      if (!text.includes("\ufffd") && !text.includes("\u0000"))
        expect((await read(Buffer.from(text), piece)).map(({ cells }) => cells.map(unescapeCell))).toEqual([
          head,
          ...written,
        ]);
    }),
    tries(150),
  );
});

const lists = rows.map((written) => Buffer.from(["phone,name,tags\r\n", ...written.map(csvLine)].join("")));
/** Anything at all: noise, lists, lists in another encoding, and lists that somebody has cut and mixed with noise. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((noise) => Buffer.from(noise)),
  lists,
  lists.map((list) =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(list.toString("utf8"), "utf16le")]),
  ),
  lists.map((list) => Buffer.from(list.toString("utf8"), "latin1")),
  fc
    .tuple(lists, fc.uint8Array({ maxLength: 40 }), fc.nat(300))
    .map(([list, noise, at]) => Buffer.concat([list.subarray(0, at), Buffer.from(noise), list.subarray(at)])),
);

test("any bytes become contacts, rows with a reason, or a refusal that says what to do: never a fault", async () => {
  let taken = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(bytes, size, fc.constantFrom("IN", "US", null), async (file, piece, region) => {
      try {
        if (kindOf(file.subarray(0, HEAD_BYTES)) === "xlsx") return;
      } catch (error) {
        expect(error).toBeInstanceOf(ParleyError);
        expect((error as ParleyError).code).toBe("invalid");
        refused += 1;
        return;
      }
      const [first, ...rest] = await read(file, piece);
      if (!first) return;
      const headers = uniqueHeaders(first.cells);
      const toContact = rowReader(headers, suggestMapping(headers), region);
      for (const { cells } of rest) {
        const result = toContact(cells);
        if (!result.ok) for (const reason of result.reasons) expect(rowReasons).toContain(reason);
        else {
          expect(isPhoneNumber(result.contact.phoneNumber)).toBe(true);
          taken += 1;
        }
      }
    }),
    tries(400),
  );
  expect(taken).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});
