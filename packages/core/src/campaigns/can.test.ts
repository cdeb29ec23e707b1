import { expect, test } from "vitest";
import { campaignCan } from "./can.ts";
import { campaignStatuses } from "./status.ts";

const allowed = (act: keyof typeof campaignCan) =>
  campaignStatuses.filter((status) => campaignCan[act](status).ok);

test("each act is open in its states only", () => {
  expect(
    Object.fromEntries(
      Object.keys(campaignCan).map((act) => [act, allowed(act as keyof typeof campaignCan)]),
    ),
  ).toEqual({
    start: ["draft", "scheduled"],
    pause: ["scheduled", "running"],
    resume: ["paused"],
    cancel: ["draft", "scheduled", "running", "paused"],
    update: ["draft", "scheduled", "paused"],
    changeAudience: ["draft"],
    changeLimits: ["draft", "scheduled", "running", "paused"],
    preflight: ["draft", "scheduled", "paused"],
    duplicate: [...campaignStatuses],
    redial: ["completed", "canceled"],
    archive: ["draft", "completed", "canceled"],
  });
});

test("every refusal is a sentence, and the list of states is there for the tooltip", () => {
  for (const ask of Object.values(campaignCan)) {
    for (const status of campaignStatuses) {
      const verdict = ask(status);
      expect(verdict.ok).toBe(ask.from.includes(status));
      if (!verdict.ok) expect(verdict.reason).toMatch(/^[A-Z].+\.$/);
    }
  }
});
