import { expect, test } from "vitest";
import { suppressionReader } from "./suppression-row.ts";

const defaults = { channel: "all", reason: "manual" } as const;
const reader = (first: string[]) => suppressionReader(first, defaults, "IN")!;

test("a list with a header gives number, reason, channel and note of each row, whatever the columns are called", () => {
  const { hasHeader, read } = reader(["Name", "Mobile No.", "Why", "For", "Remarks"]);
  expect(hasHeader).toBe(true);
  expect(read(["Asha", "098765 43210", "Opted out", "calls", "by mail"])).toEqual({
    ok: true,
    entry: { phoneNumber: "+91 9876543210", channel: "call", reason: "asked", note: "by mail" },
  });
  expect(read(["", "9876543211", "DND", "", ""])).toMatchObject({
    entry: { reason: "dnc", channel: "all", note: null },
  });
});

test("a reason nobody knows becomes the note, under the reason chosen for the list", () => {
  const { read } = reader(["phone", "reason"]);
  expect(read(["9876543210", "sued us in 2024"])).toMatchObject({
    entry: { reason: "manual", note: "sued us in 2024" },
  });
});

test("a bare column of numbers needs no header, and its first row counts", () => {
  const { hasHeader, read } = reader(["x7", "+91 98765 43210"]);
  expect(hasHeader).toBe(false);
  expect(read(["x7", "+91 98765 43210"])).toMatchObject({ entry: { phoneNumber: "+91 9876543210" } });
  expect(suppressionReader(["colour", "size"], defaults, "IN")).toBeNull();
});

test("what is no number is refused with the cure, and our own formula guard is taken off", () => {
  const { read } = reader(["phone_number", "reason"]);
  expect(read(["9.19E+11", "dnc"])).toMatchObject({
    ok: false,
    raw: "9.19E+11",
    reason: expect.stringMatching(/Format the column as text/),
  });
  expect(read(["'+91 9876543210", "asked"])).toMatchObject({ entry: { phoneNumber: "+91 9876543210" } });
});
