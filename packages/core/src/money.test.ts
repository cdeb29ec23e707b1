import { expect, test } from "vitest";
import { isId, shortId } from "./ids.ts";
import { assertCredits, available, formatCredits, formatEntry } from "./money.ts";

test("credits are whole, and what is held is not available", () => {
  expect(available(100, 30)).toBe(70);
  expect(available(10, 30)).toBe(0);
  expect(() => assertCredits(0.5)).toThrow("whole number");
  expect(() => available(2 ** 60, 0)).toThrow("whole number");
});

test("credits are written with their unit, entries with their sign", () => {
  expect([0, 1, -1, 12345].map((amount) => formatCredits(amount, "en"))).toEqual([
    "0 credits",
    "1 credit",
    "-1 credit",
    "12,345 credits",
  ]);
  expect([500, -12, 0].map((amount) => formatEntry(amount, "en"))).toEqual(["+500", "\u221212", "0"]);
});

test("an id is a uuid in lower case, and its end tells rows apart", () => {
  expect(isId("0190f7e2-7c1b-7f00-8000-000000000001")).toBe(true);
  expect(isId("0190F7E2-7C1B-7F00-8000-000000000001")).toBe(false);
  expect(isId("1")).toBe(false);
  expect(shortId("0190f7e2-7c1b-7f00-8000-00000000abcd")).toBe("0000abcd");
});
