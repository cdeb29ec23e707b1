import { describe, expect, it } from "vitest";
import type { CampaignForecast, CampaignProgress } from "@parley/core/campaigns/schema";
import { campaignLine, forecastLines, summary } from "./campaign-line.ts";
import { progressLine, reasonLines } from "./commands/import.ts";
import { about, agreedTime, bar, clock, fields, size, table } from "./render.ts";

describe("a table", () => {
  const rows = [
    { name: "Asha", calls: 7 },
    { name: "山田 Café", calls: 1204 },
  ];
  const columns = [
    { title: "NAME", of: (row: (typeof rows)[0]) => row.name },
    { title: "CALLS", of: (row: (typeof rows)[0]) => String(row.calls), align: "right" as const },
  ];

  it("lines its columns up, whatever the script", () => {
    expect(table(rows, columns)).toBe(
      ["NAME       CALLS", "Asha           7", "山田 Café   1204"].join("\n"),
    );
  });

  it("never runs over the terminal", () => {
    for (const line of table(rows, columns, 12).split("\n")) expect([...line].length).toBeLessThanOrEqual(12);
  });

  it("keeps a value on its line", () => {
    expect(table([{ text: "one\ntwo" }], [{ title: "T", of: ({ text }) => text }])).toBe("T\none two");
  });
});

describe("figures", () => {
  it("fill a bar as far as it is done", () => {
    expect(bar(0, 0, 4)).toBe("░░░░");
    expect(bar(1, 2, 4)).toBe("██░░");
    expect(bar(9, 2, 4)).toBe("████");
  });

  it("are told in the unit that fits", () => {
    expect([clock(42), clock(3900)]).toEqual(["0:42", "1:05:00"]);
    expect([about(0.2), about(40), about(720), about(12_600)]).toEqual(["1 s", "40 s", "12 min", "3.5 h"]);
    expect([size(512), size(1_500_000)]).toEqual(["512 B", "1.5 MB"]);
  });

  it("that are not known leave no line", () => {
    expect(
      fields([
        ["Call", "1"],
        ["Outcome", null],
        ["Summary", ""],
      ]),
    ).toBe("Call  1");
  });
});

const progress: CampaignProgress = {
  status: "running",
  statusReason: null,
  total: 300,
  byStatus: { pending: 90, inProgress: 10, completed: 150, failed: 40, canceled: 0, skipped: 10 },
  byOutcome: { answered: 140, voicemail: 10, busy: 25, noAnswer: 15, failed: 0, canceled: 0, unclear: 0 },
  spent: 1234,
  held: 500,
  budgetCredits: null,
  inAir: 10,
  rate: 20,
  eta: null,
  forecast: null,
  limitingFactor: "user_limit",
  limiting: null,
  waiting: [],
  launch: null,
};

describe("the line of a running campaign", () => {
  it("tells how far, how fast, with what outcome, until when, and what holds it back", () => {
    const line = campaignLine(progress);
    expect(line).toContain("66 %  200/300");
    expect(line).toContain("10 in the air · 20.0/min");
    expect(line).toContain("140 answered, 10 voicemail, 25 busy, 15 no answer");
    expect(line).toContain("All lines of this workspace are in use.");
  });

  const counts = { low: 90, mid: 110, high: 130 };
  const forecast: CampaignForecast = {
    finish: { low: "2026-11-22T10:00:00Z", mid: "2026-11-22T10:05:00Z", high: "2026-11-22T10:20:00Z" },
    stops: null,
    calls: counts,
    answered: counts,
    credits: counts,
    left: 0,
    limitingFactor: "user_limit",
    learnedFrom: { own: 190, earlier: 0 },
  };
  const now = new Date("2026-11-22T09:00:00Z");

  it("says between which times it is done, or what will stop it", () => {
    expect(campaignLine({ ...progress, eta: forecast.finish, forecast }, now)).toMatch(
      /done between \d\d:\d\d:\d\d and \d\d:\d\d:\d\d, most likely \d\d:\d\d:\d\d ·/,
    );
    const broke = { ...forecast, finish: null, stops: { reason: "credits", share: 1, at: null }, left: 12 };
    expect(campaignLine({ ...progress, forecast: broke }, now)).toContain(
      "it will not get done by itself: the credits left do not cover another call's hold. 12 people are left then",
    );
  });

  it("tells before the start what is to be expected and what that rests on", () => {
    const lines = Object.fromEntries(forecastLines(forecast, now));
    expect(lines["Calls"]).toBe("90 to 130");
    expect(lines["Waits for"]).toBe("mostly a free line of the workspace; more lines would shorten it");
    expect(lines["Rests on"]).toBe("from 190 calls of its own");
  });

  it("says why it stands still", () => {
    const line = campaignLine({ ...progress, status: "paused", statusReason: "credits" });
    expect(line).toContain("paused: The credits left do not cover another call's hold.");
  });

  it("ends in one sentence of sums", () => {
    expect(summary({ ...progress, status: "completed" })).toBe(
      "Completed. 300 people: 150 reached, 40 not reached, 10 skipped. 1,234 credits spent.",
    );
  });
});

describe("the line of an import", () => {
  it("tells how far and how fast, also while the number of rows is not known", () => {
    const known = {
      stage: "committing" as const,
      done: 500,
      total: 1000,
      rowsPerSecond: 250.4,
      secondsLeft: 2,
    };
    expect(progressLine({ progress: known })).toMatch(
      /^Adding {2}█+░+ 50 % {2}500\/1,000 rows · 250 rows\/s · about 2 s left$/,
    );
    const unknown = {
      stage: "receiving" as const,
      done: 500,
      total: null,
      rowsPerSecond: null,
      secondsLeft: null,
    };
    expect(progressLine({ progress: unknown })).toBe("Reading  500 rows");
  });

  it("lists why rows were not taken, the most frequent first", () => {
    expect(reasonLines({ reasons: { phone_missing: 2, phone_invalid: 11 } })).toBe(
      "       11  phone invalid\n        2  phone missing",
    );
  });
});

it("tells an agreed time by the clock of the person who agreed", () => {
  expect(agreedTime("2026-11-24T05:00:00.000Z", "Asia/Kolkata")).toBe("24 Nov 10:30 Asia/Kolkata");
});
