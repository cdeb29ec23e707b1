import { describe, expect, test } from "vitest";
import { marked, turnAt, turnOfEvidence, turnsOf } from "./turns.ts";

const transcript =
  "assistant: Hello, am I speaking with Anjali?\nuser: Yes. I really want to move this year.\nassistant: Good.";
const turns = turnsOf(transcript, 30);

describe("turns", () => {
  test("are told apart by speaker and lie in order within the conversation", () => {
    expect(turns.map((turn) => turn.speaker)).toEqual(["agent", "person", "agent"]);
    expect(turns[0]!.from).toBeLessThan(turns[1]!.from);
    expect(turns.at(-1)!.to).toBeLessThanOrEqual(30);
  });
  test("of no transcript are none", () => expect(turnsOf(null, 30)).toEqual([]));
  test("a second between two turns belongs to the one before", () => {
    expect(turnAt(turns, 0)).toBe(-1);
    expect(turnAt(turns, turns[1]!.from)).toBe(1);
    expect(turnAt(turns, 30)).toBe(2);
  });
});

describe("evidence", () => {
  test("is found by its words, whatever the punctuation", () => {
    expect(turnOfEvidence(turns, "“I really want to move this year”")).toBe(1);
  });
  test("is not pinned to a turn that does not contain it", () => {
    expect(turnOfEvidence(turns, "budget of forty thousand pounds")).toBe(-1);
    expect(turnOfEvidence(turns, "")).toBe(-1);
  });
});

test("a found word is marked wherever it stands, and nothing is lost around it", () => {
  const parts = marked("NMC test, nmc again", "nmc");
  expect(parts.filter((part) => part.hit)).toHaveLength(2);
  expect(parts.map((part) => part.text).join("")).toBe("NMC test, nmc again");
});
