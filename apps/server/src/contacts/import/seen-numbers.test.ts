import fc from "fast-check";
import { tries } from "@parley/core/testing/property";
import { expect, test } from "vitest";
import { SeenNumbers } from "./seen-numbers.ts";

const number = fc
  .tuple(fc.constantFrom("1", "44", "91", "358"), fc.bigInt(0n, 99_999_999_999_999n))
  .map(([code, national]) => `+${code} ${String(national).padStart(3, "0")}`);

test("a number is new once, whatever came between, as a set of the texts would say", () => {
  fc.assert(
    fc.property(
      fc.array(number, { maxLength: 400 }),
      fc.array(fc.nat(399), { maxLength: 200 }),
      (some, again) => {
        const seen = new SeenNumbers();
        const texts = new Set<string>();
        for (const one of [...some, ...again.flatMap((n) => some[n] ?? [])]) {
          expect(seen.add(one)).toBe(!texts.has(one));
          texts.add(one);
        }
      },
    ),
    tries(200),
  );
});

test("neighbours, of which lists are full, stay quick and are told apart while it grows", () => {
  const seen = new SeenNumbers();
  const list = Array.from({ length: 200_000 }, (_, n) => `+91 ${9_000_000_000 + n * 10}`);
  expect(list.every((one) => seen.add(one))).toBe(true);
  expect(list.some((one) => seen.add(one))).toBe(false);
});
