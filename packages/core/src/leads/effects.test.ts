import { describe, expect, test } from "vitest";
import { systemStages } from "../contacts/stages.ts";
import type { AnalysisRead } from "./analysis.ts";
import { effectsOf } from "./effects.ts";
import type { ContactNow } from "./effects.ts";
import { dimensions } from "./grade.ts";

const analysis: AnalysisRead = {
  sentiment: "positive",
  sentimentScore: 0.5,
  outcome: "interested",
  summary: "",
  levels: Object.fromEntries(
    dimensions.map((dimension) => [dimension, { level: "high", reason: "" }]),
  ) as AnalysisRead["levels"],
  score: 15,
  temperature: "hot",
  meetingAt: null,
  callbackAt: null,
  doNotCall: false,
  doNotCallEvidence: null,
  extracted: [],
};
const fresh: ContactNow = { stage: null, tags: [], humanFields: [] };
const stage = (key: string) => systemStages.find((each) => each.key === key)!;
const later = "2026-07-23T10:30:00.000Z";
const names = (changes: Partial<AnalysisRead>, contact = fresh, isFinal = true) =>
  effectsOf({ ...analysis, ...changes }, contact, isFinal).map(({ effect }) => effect);

describe("what follows from an analysis", () => {
  test("is a stage, a tag and a score", () => {
    expect(effectsOf(analysis, fresh, true)).toEqual([
      { effect: "stage", to: "interested" },
      { effect: "tags", add: ["interested"] },
      { effect: "score", score: 15, temperature: "hot" },
    ]);
  });

  test("leaves alone what a person has edited", () => {
    expect(names({}, { ...fresh, humanFields: ["stage", "score", "tags"] })).toEqual([]);
  });

  test("moves no contact back, nor out of a stage of the workspace's own", () => {
    expect(names({}, { ...fresh, stage: stage("booked") })).not.toContain("stage");
    expect(
      names({ outcome: "appointment" }, { ...fresh, stage: { key: "won", rank: 1, isSystem: false } }),
    ).not.toContain("stage");
    expect(names({ outcome: "appointment" }, { ...fresh, stage: stage("interested") })).toContain("stage");
  });

  test("suppresses at once a person who asks for it, and plans nothing more with them", () => {
    const asked = {
      doNotCall: true,
      doNotCallEvidence: "never call me again",
      meetingAt: later,
      callbackAt: later,
    };
    expect(effectsOf({ ...analysis, ...asked }, fresh, false)[0]).toEqual({
      effect: "suppress",
      channel: "all",
      reason: "asked",
      evidence: "never call me again",
    });
    expect(names(asked)).toEqual(["suppress", "stage", "tags", "score"]);
  });

  test("books and calls back only when the call is over for good", () => {
    expect(names({ outcome: "appointment", meetingAt: later }, fresh, false)).not.toContain("meeting");
    expect(names({ outcome: "appointment", meetingAt: later })).toContain("meeting");
    expect(names({ outcome: "callback", callbackAt: later })).toContain("callback");
    expect(names({ outcome: "refusal", callbackAt: later })).not.toContain("callback");
  });

  test("gives no score to a machine or a stranger", () => {
    expect(names({ outcome: "voicemail" })).not.toContain("score");
    expect(names({ outcome: "wrong_number" })).toEqual(["tags"]);
  });
});
