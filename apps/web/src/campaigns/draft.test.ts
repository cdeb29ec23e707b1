import { defaultRetry } from "@parley/core/campaigns/retry";
import { CampaignDraft } from "@parley/core/campaigns/schema";
import { describe, expect, test } from "vitest";
import type { Campaign } from "./campaign.ts";
import { audienceOf, createInput, emptyDraft, formOf, problemsOf, readWaits, rulesOf } from "./draft.ts";
import type { DraftForm } from "./draft.ts";

const id = "018f0000-0000-7000-8000-000000000001";
const filled: DraftForm = { ...emptyDraft, name: "Nurses", agentId: id, importId: id };

describe("the campaign form", () => {
  test("as first shown asks only for name, agent and audience", () => {
    expect(Object.keys(problemsOf(emptyDraft)).toSorted()).toEqual(["agentId", "importId", "name"]);
  });
  test("filled in, is exactly what the server accepts", () => {
    const input = createInput(filled, audienceOf(filled)!);
    expect(CampaignDraft.safeParse(input).success).toBe(true);
    expect(input).not.toHaveProperty("window");
    expect(input).not.toHaveProperty("budgetCredits");
  });
  test("keeps the list of a redial as it was made, and never turns it into everybody", () => {
    const items = { campaignId: id, outcomes: ["busy" as const] };
    const form = formOf({
      ...createInput(filled, { items }),
      audience: { items },
      window: null,
      retry: defaultRetry,
    } as unknown as Campaign);
    expect(form.audience).toBe("redial");
    expect(audienceOf(form)).toEqual({ items });
  });
  test("with hours and limits, too", () => {
    const form: DraftForm = {
      ...filled,
      hours: "window",
      days: ["fri", "mon"],
      budgetCredits: "800",
      maxConcurrent: "3",
    };
    const input = createInput(form, audienceOf(form)!);
    expect(CampaignDraft.safeParse(input).success).toBe(true);
    expect(input.window?.days).toEqual(["mon", "fri"]);
  });
  test("an emptied limit is taken away, not left as it was", () => {
    expect(rulesOf({ ...filled, budgetCredits: " " }).budgetCredits).toBeNull();
  });
  test("a mistyped wait is named and stops the form", () => {
    expect(problemsOf({ ...filled, busy: "15, soon" })).toHaveProperty("busy");
  });
  test("survives being stored and opened again", () => {
    const form: DraftForm = {
      ...filled,
      hours: "window",
      busy: "5, 10",
      voicemail: "",
      fromNumber: "+91 8000000000",
    };
    const rules = rulesOf(form);
    const stored = {
      ...rules,
      id,
      name: form.name,
      agentId: id,
      audience: audienceOf(form),
      status: "draft",
    } as unknown as Campaign;
    expect(formOf(stored)).toEqual(form);
  });
});

test("waits are minutes however they are separated, and an empty text is no retry", () => {
  expect(readWaits("15; 60 120")).toEqual([15, 60, 120]);
  expect(readWaits("")).toEqual([]);
  expect(readWaits("-5")).toBeNull();
});
