import { expect, test } from "vitest";
import { callStatuses } from "./calls/lifecycle.ts";
import { outcomes } from "./calls/outcome.ts";
import { callSigns, outcomeSigns } from "./calls/words.ts";
import { campaignStatuses, itemStatuses } from "./campaigns/status.ts";
import { campaignSigns, itemSigns } from "./campaigns/words.ts";
import { isReasonCode, reasonOf, reasons, reasonText } from "./reasons.ts";

test("every reason is a sentence with a next step", () => {
  for (const [code, { text, next }] of Object.entries(reasons)) {
    expect(text, code).toMatch(/^[A-Z].+\.$/);
    expect(next, code).toMatch(/^[A-Z].+\.$/);
    expect(`${text} ${next}`, code).not.toMatch(/please|oops|sorry|!/i);
  }
});

test("a code without words is shown, not hidden", () => {
  expect(reasonOf("moon_phase")).toEqual({ text: "moon phase", next: "" });
  expect(reasonText("moon_phase")).toBe("moon phase");
  expect(reasonText("credits")).toBe(
    "The credits left do not cover another call's hold. Top up; dialling goes on by itself.",
  );
  expect(isReasonCode("toString")).toBe(false);
});

test("only what we do not know is plum, and both its signs read Unknown", () => {
  const odd = callStatuses.filter((status) => callSigns[status].tone === "odd");
  expect(odd).toEqual(["unknown"]);
  expect(callSigns.unknown.word).toBe("Unknown");
  expect(outcomeSigns.unclear.word).toBe("Unknown");
  expect(new Set(outcomes.map((outcome) => outcomeSigns[outcome].glyph)).size).toBe(outcomes.length);
  for (const status of campaignStatuses) expect(campaignSigns[status].tone).not.toBe("odd");
  for (const status of itemStatuses) expect(itemSigns[status].tone).not.toBe("odd");
});
