import { describe, expect, test } from "vitest";
import { defaultRetry } from "./retry.ts";
import { Audience, CampaignDraft, CampaignPatch, fractionalWaits, Retry, Window } from "./schema.ts";

const id = "0190f7e2-7c1b-7f00-8000-000000000001";
const draft = { name: "Solar leads", agentId: id, audience: { tag: "solar" } };

describe("a draft", () => {
  test("needs no more than a name, an agent and people", () => {
    expect(CampaignDraft.parse(draft)).toEqual(draft);
  });

  test("refuses what it does not know, by name", () => {
    const issue = CampaignDraft.safeParse({ ...draft, userId: id }).error?.issues[0];
    expect(issue).toMatchObject({ code: "unrecognized_keys", keys: ["userId"] });
  });

  test("takes exactly one kind of audience", () => {
    expect(Audience.safeParse({ importId: id }).success).toBe(true);
    expect(Audience.safeParse({ filter: { tags: ["solar"], suppressed: false } }).success).toBe(true);
    for (const wrong of [
      {},
      { tag: "a", importId: id },
      { contactIds: [] },
      { filter: { phone: "1" } },
      { importId: "1" },
    ]) {
      expect(Audience.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    }
  });

  test("does not end before it starts", () => {
    const parsed = CampaignDraft.safeParse({
      ...draft,
      startsAt: "2026-07-16T10:00:00+05:30",
      endsAt: "2026-07-16T04:00:00Z",
    });
    expect(parsed.error?.issues[0]).toMatchObject({
      path: ["endsAt"],
      message: "must be later than startsAt",
    });
  });

  test("a change can take limits away", () => {
    expect(CampaignPatch.parse({ campaignId: id, budgetCredits: null, window: null })).toEqual({
      campaignId: id,
      budgetCredits: null,
      window: null,
    });
  });
});

describe("the retry policy", () => {
  test("fills absent lists with the defaults and leaves empty ones empty", () => {
    expect(Retry.parse({ maxAttempts: 5, busy: [] })).toEqual({ ...defaultRetry, maxAttempts: 5, busy: [] });
    expect(Retry.parse({})).toEqual(defaultRetry);
  });

  test("hands out its defaults as copies", () => {
    Retry.parse({}).busy.push(1);
    expect(defaultRetry.busy).toEqual([15, 60]);
  });

  test("takes fractions of a minute and can name them", () => {
    expect(fractionalWaits(Retry.parse({ maxAttempts: 3, busy: [0.05, 1], failed: [2.5] }))).toEqual([
      "retry.busy.0",
      "retry.failed.0",
    ]);
  });

  test.each([
    { maxAttempts: 0 },
    { maxAttempts: 11 },
    { busy: [0] },
    { busy: [-1] },
    { noAnswer: [50_000] },
    { retries: 3 },
  ])("refuses %j", (wrong) => {
    expect(Retry.safeParse(wrong).success).toBe(false);
  });
});

test("a window takes 24:00 as an end, never as a beginning", () => {
  const window = { days: ["mon"], open: "09:00", close: "24:00" };
  expect(Window.safeParse(window).success).toBe(true);
  for (const wrong of [
    { open: "24:00" },
    { open: "9:00" },
    { close: "24:30" },
    { days: [] },
    { days: ["mon", "mon"] },
    { holidays: ["2026-02-30"] },
  ]) {
    expect(Window.safeParse({ ...window, ...wrong }).success, JSON.stringify(wrong)).toBe(false);
  }
});
