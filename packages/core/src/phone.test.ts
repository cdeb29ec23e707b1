import fc from "fast-check";
import { getExampleNumber } from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { describe, expect, test } from "vitest";
import { anyText } from "./testing/any-text.ts";
import { tries } from "./testing/property.ts";
import {
  countryOf,
  formatInternational,
  fromWire,
  normalizePhoneNumber,
  phoneReasons,
  regions,
} from "./phone.ts";
import { isPhoneNumber, maskPhoneNumber, phoneDigits, toWire } from "./phone-text.ts";

const asha = "+91 9876540001";

describe("a number people wrote", () => {
  test.each([
    ["9876540001", "IN"],
    ["098765 40001", "IN"],
    ["+91-98765-40001", null],
    ["+91 (98765) 40001", "US"],
    ["919876540001", "IN"],
    ["919876540001", "US"],
    ["919876540001", null],
    ["0091 98765 40001", "DE"],
    ['="9876540001"', "IN"],
    ["'+919876540001", null],
    ["9876540001.0", "IN"],
    ["tel:+91-98765-40001", null],
    ["\u202a+91 98765 40001\u202c", null],
    ["\u00a0９８７６５４０００１\u00a0", "IN"],
    ["+91\u200b9876540001", null],
    ["٩٨٧٦٥٤٠٠٠١", "IN"],
  ])("%s (%s) becomes the one canonical form", (raw, region) => {
    expect(normalizePhoneNumber(raw, region)).toEqual({
      ok: true,
      phoneNumber: asha,
      country: "IN",
      callingCode: "91",
      national: "9876540001",
    });
  });

  test.each([
    ["", "IN", "phone_missing"],
    ["   ", "IN", "phone_missing"],
    ["9.19E+11", "IN", "phone_scientific_notation"],
    ["9,19876E+11", "IN", "phone_scientific_notation"],
    ["9.19876540001e11", "IN", "phone_scientific_notation"],
    ["98765", "IN", "phone_invalid"],
    ["abc", "IN", "phone_invalid"],
    ["+91 12345 67890 12345", null, "phone_invalid"],
    ["+1 555 000 0001", null, "phone_invalid"],
    ["+91 98765 40001 Asha", null, "phone_invalid"],
    ["9876540001", null, "phone_no_country"],
    ["9876540001", "XX", "phone_no_country"],
    ["98765 40001 / 98765 40002", "IN", "phone_several"],
    ["98765 40001, 98765 40002", "IN", "phone_several"],
    ["512-555-0100 ext. 5", "US", "phone_extension"],
    ["+1 900 555 0100", null, "phone_not_callable"],
  ])("%j (%s) is refused as %s", (raw, region, reason) => {
    expect(normalizePhoneNumber(raw, region)).toEqual({ ok: false, reason });
  });

  test("keeps the zero that Italian numbers begin with", () => {
    expect(normalizePhoneNumber("06 1234 5678", "IT")).toMatchObject({
      phoneNumber: "+39 0612345678",
      country: "IT",
    });
  });

  test("may belong to no country", () => {
    expect(normalizePhoneNumber("+800 1234 5678", null)).toMatchObject({ ok: true, country: null });
  });
});

describe("the canonical form", () => {
  const real = fc
    .constantFrom(...regions())
    .map((region) => getExampleNumber(region as never, examples))
    .filter((number) => number !== undefined);

  test("survives being normalised again, going over the wire, and any grouping", () => {
    fc.assert(
      fc.property(real, (number) => {
        const first = normalizePhoneNumber(number.number);
        expect(first.ok).toBe(true);
        if (!first.ok) return;
        expect(isPhoneNumber(first.phoneNumber)).toBe(true);
        expect(normalizePhoneNumber(first.phoneNumber)).toEqual(first);
        expect(toWire(first.phoneNumber)).toBe(number.number);
        expect(toWire(first.phoneNumber)).toMatch(/^\+[1-9]\d{6,14}$/);
        expect(fromWire(toWire(first.phoneNumber))).toBe(first.phoneNumber);
        expect(normalizePhoneNumber(number.formatInternational())).toEqual(first);
        if (number.country)
          expect(normalizePhoneNumber(number.formatNational(), number.country)).toEqual(first);
      }),
      tries(300),
    );
  });

  test("whatever is typed, the answer is canonical or a known reason; it never throws", () => {
    const typed = fc.oneof(anyText(30), fc.stringMatching(/^[+()\d .eE-]{0,24}$/));
    fc.assert(
      fc.property(typed, fc.constantFrom("IN", "US", null), (raw, region) => {
        const answer = normalizePhoneNumber(raw, region);
        if (answer.ok) {
          expect(isPhoneNumber(answer.phoneNumber)).toBe(true);
          expect(toWire(answer.phoneNumber)).toMatch(/^\+[1-9]\d{6,14}$/);
          expect(normalizePhoneNumber(answer.phoneNumber, region)).toEqual(answer);
        } else expect(phoneReasons).toContain(answer.reason);
      }),
      tries(500),
    );
  });

  test("can be told from what is none", () => {
    expect(isPhoneNumber(asha)).toBe(true);
    for (const wrong of [
      "+919876540001",
      "91 9876540001",
      "+91 98765 40001",
      "+91 ",
      "+0 123456",
      "+91 123456789012345678",
    ]) {
      expect(isPhoneNumber(wrong), wrong).toBe(false);
    }
    expect(() => toWire("9876540001")).toThrow("+[ISD] [Number]");
    expect(fromWire("not a number")).toBeNull();
  });

  test("is masked but for its end, grouped for reading, and knows its country", () => {
    expect(maskPhoneNumber(asha)).toBe("+91 ••••••0001");
    expect(formatInternational(asha)).toBe("+91 98765 40001");
    expect(countryOf(asha)).toBe("IN");
    expect(countryOf("+1 2025550123")).toBe("US");
  });
});

test("a search text is digits only if it could be part of a number", () => {
  expect(phoneDigits("+91 98765")).toBe("9198765");
  expect(phoneDigits("(512) 555")).toBe("512555");
  expect(phoneDigits("12")).toBeNull();
  expect(phoneDigits("Asha 98765")).toBeNull();
});
