import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../testing/any-text.ts";
import {
  changeMapping,
  customKey,
  doubledFields,
  foldHeader,
  importFields,
  isImportField,
  missingFields,
  sniffDelimiter,
  suggestMapping,
  uniqueHeaders,
} from "./csv-map.ts";

describe("headers", () => {
  test.each([
    ["Phone Number", "phone_number"],
    ["PHONE_NUMBER", "phone_number"],
    ["phoneNumber", "phone_number"],
    ["Mobile No.", "phone_number"],
    ["Cell", "phone_number"],
    ["Teléfono", "phone_number"],
    ["फोन", "phone_number"],
    ["\ufeffFull Name", "name"],
    ["contact_name", "name"],
    ["E-mail Address", "email"],
    ["Organization", "company"],
    ["Comments", "notes"],
    ["Labels", "tags"],
    ["categories", "tags"],
  ])("%s is %s", (header, field) => {
    expect(suggestMapping([header])).toEqual({ [header]: field });
  });

  test("that nobody knows become custom fields under a key of their own", () => {
    expect(suggestMapping(["Lead Source (2024)", "lead source 2024", "???", "Plan"])).toEqual({
      "Lead Source (2024)": "custom:lead_source_2024",
      "lead source 2024": "custom:lead_source_2024_2",
      "???": "custom:column_3",
      Plan: "custom:plan",
    });
  });

  test("give no field to two columns: the better name wins, the other stays as a custom field", () => {
    expect(suggestMapping(["Mobile", "Phone Number", "Home Phone"])).toEqual({
      Mobile: "custom:mobile",
      "Phone Number": "phone_number",
      "Home Phone": "custom:home_phone",
    });
  });

  test("of half names are kept for the row reader to join", () => {
    expect(suggestMapping(["First Name", "Surname", "Phone"])).toEqual({
      "First Name": "custom:first_name",
      Surname: "custom:last_name",
      Phone: "phone_number",
    });
  });

  test("are made unique and never empty", () => {
    expect(uniqueHeaders(["\ufeffphone", " name ", "", "name", "name (2)", ""])).toEqual([
      "phone",
      "name",
      "Column 3",
      "name (2)",
      "name (2) (2)",
      "Column 6",
    ]);
  });

  test("whatever they are, every suggestion is a field, and none is given twice", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyText(80), fc.constantFrom("phone", "Phone", "name", "mobile", "tags")), {
          maxLength: 12,
        }),
        (raw) => {
          const headers = uniqueHeaders(raw);
          expect(new Set(headers).size).toBe(headers.length);
          const mapping = suggestMapping(headers);
          expect(Object.keys(mapping).toSorted()).toEqual(headers.toSorted());
          for (const field of Object.values(mapping)) expect(isImportField(field!), String(field)).toBe(true);
          expect(doubledFields(mapping)).toEqual([]);
        },
      ),
    );
  });

  test("fold to words; a key is what is left of them in plain letters", () => {
    expect(foldHeader("  Straße & Nº_1 ")).toBe("straße no 1");
    expect(customKey("Budget (₹)")).toBe("budget");
    expect(customKey("बजट")).toBeNull();
    expect(customKey("x".repeat(99))).toHaveLength(60);
  });
});

describe("a mapping", () => {
  test("lacks a phone column until one is chosen", () => {
    const mapping = suggestMapping(["Name", "Nummer"]);
    expect(missingFields(mapping)).toEqual(["phone_number"]);
    expect(missingFields(changeMapping(mapping, { Nummer: "phone_number" }).mapping)).toEqual([]);
  });

  test("changed in one column keeps the others, and takes a field from the column that had it", () => {
    const mapping = suggestMapping(["Phone", "Mobile", "Name"]);
    expect(changeMapping(mapping, { Mobile: "phone_number", Fax: "notes" })).toEqual({
      mapping: { Phone: null, Mobile: "phone_number", Name: "name" },
      unknown: ["Fax"],
    });
  });

  test("names the fields that two columns claim", () => {
    expect(doubledFields({ a: "email", b: "email", c: null, d: null, e: "name" })).toEqual(["email"]);
  });

  test("takes the fixed fields and custom keys, nothing else", () => {
    for (const field of [...importFields, "custom:plan_2"]) expect(isImportField(field), field).toBe(true);
    for (const field of ["phone", "custom:", "custom:Plan", "custom:a b", "user_id", "__proto__"])
      expect(isImportField(field), field).toBe(false);
  });
});

describe("the delimiter", () => {
  test.each([
    ["name,phone\nAsha,98765\n", ","],
    ["name;phone;notes\nAsha;98765;a, b, c\nRavi;98766;\n", ";"],
    ["name\tphone\r\nAsha\t98765\r\n", "\t"],
    ["name|phone\nA|1\nB|2", "|"],
    ['name;notes\n"Rao, Asha";"one, two\nthree, four"\nRavi;x\n', ";"],
    ["\ufeffphone\n98765\n98766\n", ","],
    ["", ","],
    ["name,phone", ","],
    ["\n\nname;phone\nAsha;1\n", ";"],
  ])("of %j is %j", (sample, delimiter) => {
    expect(sniffDelimiter(sample)).toBe(delimiter);
  });
});
