import { expect, test } from "vitest";
import { decoded, encodingOf, kindOf } from "./file-kind.ts";

async function* chunked(bytes: Buffer, size = 5) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function text(bytes: Buffer) {
  const encoding = await encodingOf(chunked(bytes, 1024));
  let read = "";
  for await (const piece of decoded(chunked(bytes), encoding)) read += piece;
  return { encoding, read };
}

const list = "name,phone\nJosé Müller,9876543210\nनेहा,9876543211\n";
const latin = "name,phone\nJosé Müller,9876543210\n";
const wide = (prefix: string) => Buffer.from(prefix + list, "utf16le");

test.each([
  ["UTF-8", "utf-8", Buffer.from(list)],
  ["UTF-8 with a mark", "utf-8", Buffer.from(`\ufeff${list}`)],
  ["UTF-16 with a mark", "utf-16le", wide("\ufeff")],
  ["big-endian UTF-16 with a mark", "utf-16be", wide("\ufeff").swap16()],
])("%s is read", async (_, encoding, bytes) => {
  expect(await text(bytes)).toEqual({ encoding, read: list });
});

test("UTF-16 without a mark and Windows-1252 are read", async () => {
  expect(await text(Buffer.from(latin, "utf16le"))).toEqual({ encoding: "utf-16le", read: latin });
  expect(await text(Buffer.from(latin, "latin1"))).toEqual({ encoding: "windows-1252", read: latin });
});

test("a foreign letter in the last line decides; one broken character in a UTF-8 file does not", async () => {
  const long = "name,phone\n" + "Asha,9876543210\n".repeat(10_000);
  expect((await text(Buffer.from(`${long}Zoë,1\n`, "latin1"))).encoding).toBe("windows-1252");
  const broken = Buffer.concat([
    Buffer.from("नेहा पाटील शर्मा\n".repeat(20)),
    Buffer.from([0xe9]),
    Buffer.from("\n"),
  ]);
  expect((await text(broken)).encoding).toBe("utf-8");
});

test.each([
  ["nothing", Buffer.alloc(0), /empty/],
  ["blanks", Buffer.from(" \r\n\t\n"), /empty/],
  ["an old Excel file", Buffer.from("d0cf11e0a1b11ae1", "hex"), /old Excel.*CSV UTF-8/],
  [
    "a web page named .xls",
    Buffer.from('\ufeff<html xmlns:x="urn"><table><tr><td>name'),
    /web page.*CSV UTF-8/,
  ],
  ["a spreadsheet as XML", Buffer.from('<?xml version="1.0"?><Workbook>'), /XML.*CSV UTF-8/],
  ["a PDF", Buffer.from("%PDF-1.7"), /PDF/],
  ["an archive", Buffer.from("1f8b0800", "hex"), /archive/],
  ["JSON", Buffer.from('[{"name": "Asha"}]'), /JSON/],
  ["a program", Buffer.from("7f454c4602010100000000000000000003003e0001000000", "hex"), /no text file/],
])("%s is recognised, with the next step", (_, bytes, sentence) => {
  expect(() => kindOf(bytes)).toThrow(sentence);
});

test("texts and .xlsx files are taken", () => {
  expect(kindOf(Buffer.from(list))).toBe("text");
  expect(kindOf(wide("\ufeff"))).toBe("text");
  expect(kindOf(Buffer.from(latin, "latin1"))).toBe("text");
  expect(kindOf(Buffer.from("504b030414000600", "hex"))).toBe("xlsx");
});
