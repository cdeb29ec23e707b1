import fc from "fast-check";
import { getExampleNumber } from "libphonenumber-js/max";
import type { CountryCode } from "libphonenumber-js/max";
import examples from "libphonenumber-js/mobile/examples";
import { expect, test } from "vitest";
import { normalizePhoneNumber, normalizeThoroughly, regions } from "./phone.ts";
import { readPlainly } from "./phone-plan.ts";
import { tries, withinMs } from "./testing/property.ts";

const known = regions().flatMap((region) => {
  const number = getExampleNumber(region as CountryCode, examples);
  return number
    ? [{ region, code: String(number.countryCallingCode), national: String(number.nationalNumber) }]
    : [];
});

/** Numbers as lists have them: of every country, some digits changed, added or lost, with and without code and prefix. */
const written = fc
  .record({
    of: fc.constantFrom(...known),
    region: fc.option(fc.constantFrom(...regions()), { nil: null }),
    isHome: fc.boolean(),
    form: fc.constantFrom("+", "+", "", "", "0", "00", "1", "8", "code", "+0"),
    changes: fc.array(fc.tuple(fc.nat(14), fc.nat(9)), { maxLength: 4 }),
    cut: fc.constantFrom(0, 0, 0, 0, -1, -2, 1, 2),
    spaced: fc.constantFrom("", " ", "-", "(", " - "),
  })
  .map(({ of, region, isHome, form, changes, cut, spaced }) => {
    const digits = of.national.split("");
    for (const [at, digit] of changes) digits[at % digits.length] = String(digit);
    let national = digits.join("");
    if (cut < 0) national = national.slice(0, cut);
    if (cut > 0) national += "07".slice(0, cut);
    const inner =
      spaced === "("
        ? `(${national.slice(0, 3)}) ${national.slice(3)}`
        : national.replace(/(?<=^\d{4})/, spaced);
    const text =
      form === "+" || form === "+0"
        ? `+${of.code} ${form === "+0" ? "0" : ""}${inner}`
        : form === "code"
          ? `${of.code}${inner}`
          : `${form}${inner}`;
    return { text, region: isHome ? of.region : region };
  });

test(
  "a number that is read plainly is what the library would have made of it, in every country",
  () => {
    let plain = 0;
    fc.assert(
      fc.property(written, ({ text, region }) => {
        if (readPlainly(text, region)) plain += 1;
        expect(normalizePhoneNumber(text, region)).toEqual(normalizeThoroughly(text, region));
      }),
      tries(5_000),
    );
    expect(plain).toBeGreaterThan(500);
  },
  withinMs(60_000),
);

test("every example number of every country is read plainly in its international form, or shares a code with others", () => {
  const unread = known.filter(({ code, national, region }) => {
    const read = readPlainly(`+${code} ${national}`, null);
    return read === null || read.national !== national || read.country !== region;
  });
  expect(unread.length).toBeLessThan(known.length / 10);
});

test.each([
  "9876540001.0",
  "+91 98765 40001 x12",
  "98765 40001 / 98765 40002",
  "٩٨٧٦٥٤٠٠٠١",
  "9.8E9",
  "",
  "0091 98765 40001",
])("%s is left to the library", (text) => {
  expect(readPlainly(text, "IN")).toBeNull();
});
