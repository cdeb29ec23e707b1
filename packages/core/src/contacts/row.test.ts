import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../testing/any-text.ts";
import { suggestMapping } from "./csv-map.ts";
import { regionOf } from "./region.ts";
import { rowReader, rowReasons, rowReasonText } from "./row.ts";

const headers = ["Name", "Phone", "Email", "Company", "City", "Country", "Notes", "Tags", "Plan"];
const read = rowReader(headers, suggestMapping(headers), "IN");
const row = (cells: Partial<Record<(typeof headers)[number], string>>) =>
  read(headers.map((header) => cells[header] ?? ""));

describe("a good row", () => {
  test("becomes a contact", () => {
    expect(
      row({
        Name: " Asha Rao ",
        Phone: "098765 40001",
        Email: "Asha@Clinic.Example",
        Company: "Clinic",
        City: "Pune",
        Country: "India",
        Notes: 'said "call later"',
        Tags: "solar; hot lead,solar",
        Plan: "Gold",
      }),
    ).toEqual({
      ok: true,
      contact: {
        phoneNumber: "+91 9876540001",
        country: "IN",
        name: "Asha Rao",
        email: "asha@clinic.example",
        company: "Clinic",
        city: "Pune",
        notes: 'said "call later"',
        tags: ["solar", "hot lead"],
        custom: { plan: "Gold" },
        consent: null,
      },
      warnings: [],
    });
  });

  test("needs a phone number and nothing else", () => {
    expect(row({ Phone: "9876540001" })).toMatchObject({
      ok: true,
      contact: { name: null, email: null, tags: [], custom: {} },
    });
    expect(read(["", "9876540001"])).toMatchObject({ ok: true });
  });

  test("may have a name in two halves", () => {
    const halves = ["First Name", "Last Name", "Phone"];
    const readHalves = rowReader(halves, suggestMapping(halves), "IN");
    expect(readHalves(["Asha", "Rao", "9876540001"])).toMatchObject({
      contact: { name: "Asha Rao", custom: { first_name: "Asha", last_name: "Rao" } },
    });
    expect(readHalves(["", "Rao", "9876540001"])).toMatchObject({ contact: { name: "Rao" } });
  });

  test("is read with the country of its own column before the list's", () => {
    expect(row({ Phone: "512 555 0100", Country: "USA" })).toMatchObject({
      contact: { phoneNumber: "+1 5125550100", country: "US" },
    });
    expect(row({ Phone: "+91 9876540001", Country: "USA" })).toMatchObject({ contact: { country: "IN" } });
    expect(row({ Phone: "9876540001", Country: "Atlantis" })).toMatchObject({ contact: { country: "IN" } });
  });

  test("keeps an e-mail address that cannot be one, apart, with a warning", () => {
    expect(row({ Phone: "9876540001", Email: "asha at clinic" })).toMatchObject({
      ok: true,
      warnings: ["email_invalid"],
      contact: { email: null, custom: { email_as_given: "asha at clinic" } },
    });
    expect(row({ Phone: "9876540001", Email: "n/a" })).toMatchObject({
      warnings: [],
      contact: { email: null, custom: {} },
    });
  });

  test("loses what no database text can hold, and nothing more", () => {
    expect(
      row({ Phone: "9876540001", Name: "A\u0000sha \ud800", Notes: "drop table; 'x' \"y\" 💬 select" }),
    ).toMatchObject({
      contact: { name: "Asha \ufffd", notes: "drop table; 'x' \"y\" 💬 select" },
    });
  });
});

describe("a bad row", () => {
  test.each([
    [{ Name: "Asha" }, ["phone_missing"]],
    [{ Name: "Asha", Phone: "N/A" }, ["phone_missing"]],
    [{ Name: "Asha", Phone: "-" }, ["phone_missing"]],
    [{ Phone: "9.19E+11" }, ["phone_scientific_notation"]],
    [{ Phone: "12345" }, ["phone_invalid"]],
    [{ Phone: "12345", Name: "x".repeat(201) }, ["phone_invalid", "too_long"]],
    [
      { Phone: "9876540001", Tags: Array.from({ length: 51 }, (_, n) => `t${n}`).join(",") },
      ["too_many_tags"],
    ],
    [{ Phone: "9876540001", Plan: "x".repeat(2001) }, ["too_long"]],
    [{}, ["empty_row"]],
  ])("%j says %j", (cells, reasons) => {
    expect(row(cells)).toEqual({ ok: false, reasons });
  });

  test("with cells beyond the last column is not trusted", () => {
    expect(read([...headers.map(() => "").with(1, "9876540001"), "shifted"])).toEqual({
      ok: false,
      reasons: ["too_many_cells"],
    });
    expect(read([...headers.map(() => "").with(1, "9876540001"), "", " "])).toMatchObject({ ok: true });
  });

  test("has a sentence with a cure for every reason", () => {
    for (const reason of rowReasons) expect(rowReasonText(reason)).toMatch(/^[A-Z].+\.$/);
    expect(rowReasonText("phone_scientific_notation", "9.19E+11 ")).toContain(
      "into 9.19E+11. Format the column as text",
    );
    expect(rowReasonText("from_the_future")).toContain("from_the_future");
  });
});

test("any cells give a contact or known reasons, and never an error", () => {
  fc.assert(
    fc.property(fc.array(anyText(40), { maxLength: 12 }), (cells) => {
      const result = read(cells);
      if (result.ok) expect(result.contact.phoneNumber).toMatch(/^\+\d+ \d+$/);
      else for (const reason of result.reasons) expect(rowReasons).toContain(reason);
    }),
  );
});

test("countries are known by code, name and nickname", () => {
  expect(["in", "India", " UNITED KINGDOM ", "UAE", "U.S.A.", "Atlantis", ""].map(regionOf)).toEqual([
    "IN",
    "IN",
    "GB",
    "AE",
    "US",
    null,
    null,
  ]);
});
