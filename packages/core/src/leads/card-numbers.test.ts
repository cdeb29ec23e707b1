import fc from "fast-check";
import { expect, test } from "vitest";
import { buildAnalysisInput } from "./analysis.ts";
import { cardNumberMark, withoutCardNumbers } from "./card-numbers.ts";

test.each([
  "4111111111111111",
  "4111 1111 1111 1111",
  "4111-1111-1111-1111",
  "3782 822463 10005",
  "4111, 1111, 1111, 1111",
])("%s is a card number, however it is grouped", (number) => {
  expect(withoutCardNumbers(`user: it is ${number}, thanks`)).toBe(`user: it is ${cardNumberMark}, thanks`);
});

test.each([
  "+91 98765 43210",
  "order 4111 1111 1111 1112",
  "12/11/2026 at 15:30",
  "4111",
  "1, 2, 3, 4, 5, 6",
])("%s is left as it was said", (said) => {
  expect(withoutCardNumbers(said)).toBe(said);
});

test("what is no digit is never lost, and doing it twice changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("1", "4", "9", " ", "-", "a", ".", "\n") }), (text) => {
      const once = withoutCardNumbers(text);
      expect(withoutCardNumbers(once)).toBe(once);
      expect(once.replaceAll(cardNumberMark, "").replaceAll(/[^a\n]/g, "")).toBe(
        text.replaceAll(/[^a\n]/g, ""),
      );
    }),
  );
});

test("a card number read out on the phone never reaches the model", () => {
  const { input } = buildAnalysisInput({
    now: "2026-11-22T10:00:00.000Z",
    timeZone: "Asia/Kolkata",
    language: "en",
    extractionFields: [],
    transcript: "assistant: How would you like to pay?\nuser: With my card, 4111 1111 1111 1111, until May",
    earlierSummaries: ["Gave the card 5500-0000-0000-0004."],
  });
  expect(input).toContain(`With my card, ${cardNumberMark}, until May`);
  expect(input).not.toMatch(/4111|5500/);
});
