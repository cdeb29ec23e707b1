import { expect, test } from "vitest";
import { receiptLines } from "./receipt.ts";

test("every part of a receipt is told, known or not, and nothing is told of what is not there", () => {
  expect(
    receiptLines({ ruleSet: "by-country", zones: ["Asia/Kolkata"], someNewRule: true, evidence: null }),
  ).toEqual([
    { name: "Rule set", detail: "by-country" },
    { name: "Time zones", detail: "Asia/Kolkata" },
    { name: "Some new rule", detail: "yes" },
  ]);
});

test("a nested part is flattened, not shown as an object", () => {
  expect(receiptLines({ window: { open: "09:00", close: "18:00" } })[0]?.detail).toBe("open 09:00, close 18:00");
});
