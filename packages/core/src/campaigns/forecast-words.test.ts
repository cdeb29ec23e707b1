import { expect, it } from "vitest";
import { basisText, finishBand, finishText, rangeText, waitText } from "./forecast-words.ts";
import { causes } from "./forecast-run.ts";
import type { CampaignForecast } from "./schema.ts";

const writing = { moment: (at: string) => at.slice(11, 16), count: String };
const at = (clock: string) => `2026-11-23T${clock}:00Z`;
const counts = { low: 1, mid: 2, high: 3 };
const its: CampaignForecast = {
  finish: { low: at("17:10"), mid: at("17:40"), high: at("18:25") },
  stops: null,
  calls: counts,
  answered: counts,
  credits: counts,
  left: 0,
  limitingFactor: null,
  learnedFrom: { own: 0, earlier: 0 },
};

it("says between which times it is done, and which is most likely", () => {
  expect(finishText(its, writing)).toBe("Done between 17:10 and 18:25, most likely 17:40.");
  expect(finishBand(its, writing)).toBe("17:10 – 18:25");
});

it("names a day once", () => {
  const days = { ...writing, moment: (instant: string) => `Mon ${instant.slice(11, 16)}` };
  expect(finishText(its, days)).toBe("Done between Mon 17:10 and 18:25, most likely 17:40.");
  expect(finishBand(its, days)).toBe("Mon 17:10 – 18:25");
});

it("says one time where the band is shorter than what is written of it", () => {
  const sure = { ...its, finish: { low: at("17:10"), mid: at("17:10"), high: at("17:10") } };
  expect(finishText(sure, writing)).toBe("Done at about 17:10.");
  expect(finishBand(sure, writing)).toBe("17:10");
});

it("says that it will not get done, why, when that happens and how many people are left", () => {
  const broke = {
    ...its,
    finish: null,
    stops: { reason: "credits", share: 0.9, at: at("16:05") },
    left: 120,
  };
  expect(finishText(broke, writing)).toBe(
    "It will not get done by itself: the credits left do not cover another call's hold. That is likely at 16:05. 120 people are left then.",
  );
  expect(finishBand(broke, writing)).toBeNull();
  const halted = { ...its, finish: null, stops: { reason: "dialling_paused", share: 1, at: null } };
  expect(finishText(halted, writing)).toBe(
    "It will not get done by itself: the operator has paused all dialling.",
  );
});

it("says that the end date comes first, surely or perhaps", () => {
  const stops = { reason: "campaign_over", share: 0.95, at: at("18:00") };
  expect(finishText({ ...its, stops, left: 1 }, writing)).toBe(
    "Ends 18:00, at its end date, before everybody was called as often as the rules want. 1 person is left then.",
  );
  expect(finishText({ ...its, stops: { ...stops, share: 0.2 } }, writing)).toMatch(
    /most likely 17:40\. In 2 of 10 cases it stops before: the end date comes first\.$/,
  );
});

it("says what it rests on", () => {
  const from = (own: number, earlier: number) =>
    basisText({ ...its, learnedFrom: { own, earlier } }, writing);
  expect(from(0, 0)).toContain("no call has ended here yet");
  expect(from(1, 0)).toBe("from 1 call of its own");
  expect(from(0, 300)).toBe("from 300 calls of earlier campaigns");
  expect(from(24, 300)).toBe("from 24 calls of its own and 300 calls before");
  expect([rangeText({ low: 3, high: 9 }, writing), rangeText({ low: 9, high: 9 }, writing)]).toEqual([
    "3 to 9",
    "9",
  ]);
});

it("has words for everything that can hold a forecast up", () => {
  const factors = causes.flatMap((cause) =>
    cause === "lines" ? ["user_limit", "system_limit", "provider_lines"] : [cause],
  );
  for (const limitingFactor of factors) expect(waitText({ limitingFactor })).toMatch(/^(a|the|its) /);
  expect(waitText({ limitingFactor: null })).toBe("nothing but the calls themselves");
});
