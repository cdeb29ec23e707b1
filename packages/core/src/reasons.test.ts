import { readFileSync } from "node:fs";
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

test("every code that the database writes has its words", () => {
  const sql = (path: string) => readFileSync(new URL(`../../../migrations/${path}`, import.meta.url), "utf8");
  const blockedBy = /blocked_by in \(([^)]*)\)/.exec(sql("000005_campaigns.sql"))![1]!;
  const written = [
    ...blockedBy.matchAll(/'(\w+)'/g),
    ...sql("functions/claim-tick.sql").matchAll(/stopped_by := '(\w+)'/g),
    ...sql("functions/item-verdict.sql").matchAll(/then '(\w+)'$/gm),
    ...sql("functions/explain.sql")
      .split("app.limiting_factor")[1]!
      .matchAll(/then '(\w+)'$/gm),
  ].map(([, code]) => code!);
  const verdicts = ["done", "skip", "hold", "defer", "dial"];
  expect(written.length).toBeGreaterThan(20);
  expect([...new Set(written)].filter((code) => !verdicts.includes(code) && !isReasonCode(code))).toEqual([]);
  for (const status of campaignStatuses) {
    if (status !== "running") expect(isReasonCode(`campaign_${status}`)).toBe(true);
  }
});
