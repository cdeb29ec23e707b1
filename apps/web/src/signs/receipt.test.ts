import { expect, test } from "vitest";
import { receiptLines } from "./receipt.ts";

const claimed = {
  ruleSet: "rehearsal",
  ruleCountry: "**",
  ruleVersion: 1,
  consent: "none",
  zones: ["Asia/Kolkata"],
  openUntil: "2026-12-07T18:30:00+00:00",
  checkedAt: "2026-11-22T13:40:49Z",
  agentVersion: 2,
};

test("a receipt says hours, consent, rules and agent in words", () => {
  const lines = receiptLines(claimed);
  expect(lines.map((line) => line.name)).toEqual(["Inside hours", "Consent", "Rules", "Agent"]);
  expect(lines[0]?.detail).toMatch(/^Kolkata, open until .*2026/);
  expect(lines[2]?.detail).toBe("rehearsal, version 1");
});

test("consent that was not given is never shown as given", () => {
  const consent = (receipt: object) =>
    receiptLines({ ...claimed, ...receipt }).find((line) => line.name === "Consent")?.detail;
  expect(consent({})).toBe("not asked for in a rehearsal");
  expect(consent({ ruleSet: "by-country" })).toBe("not required there");
  expect(consent({ ruleSet: "by-country", consent: "written" })).toBe("in writing");
});

test("a part nobody has words for is told by its name, and nothing is told of what is not there", () => {
  expect(receiptLines({ someNewRule: { open: "09:00" }, evidence: null })).toEqual([
    { name: "Some new rule", detail: "open 09:00" },
  ]);
});
