import { expect, test } from "vitest";
import { cast, library, speak, voicemailGreetings, type Conversation } from "../bolna/conversations.ts";
import { read, transcriptIn } from "./analyst.ts";

const NOW = Date.parse("2026-11-24T10:00:00Z"); // a Tuesday
const instructions = "The call took place at 2026-11-24T15:30:00+05:30 (Asia/Kolkata).";

function readConversation(conversation: Conversation, seed = "seed"): ReturnType<typeof read> {
  const lines = speak(conversation, {
    welcome: "Hello, am I speaking with {name}?",
    userData: { name: "Priya Nair", company: "Blue Dental" },
    seed,
  });
  return read(transcriptIn(lines.join("\n")), instructions, NOW);
}

test.each([...library, ...voicemailGreetings, ...Object.values(cast)])(
  "understands: $name",
  (conversation) => {
    for (const seed of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      expect(readConversation(conversation, seed).outcome).toBe(conversation.gist);
    }
  },
);

test("only those who ask for it are never called again", () => {
  for (const conversation of [...library, ...Object.values(cast)]) {
    expect([conversation.name, readConversation(conversation).doNotCall]).toEqual([
      conversation.name,
      conversation.neverAgain === true,
    ]);
  }
});

test("a meeting is in the future, at the hour that was agreed, on the clock of the place", () => {
  for (const seed of ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]) {
    const { meeting } = readConversation(cast.booksMeeting, seed);
    expect(meeting?.iso).toMatch(/^2026-1[12]-\d\dT(09|1[0-6]):[03]0:00\+05:30$/);
    expect(Date.parse(meeting!.iso)).toBeGreaterThan(NOW);
  }
});

test.each([
  ["See you on Thursday at four in the afternoon, I will book it.", "2026-11-26T16:00:00+05:30"],
  ["Tuesday at 9:30 am works for me, book it.", "2026-12-01T09:30:00+05:30"],
  ["Please book tomorrow at half past three in the afternoon.", "2026-11-25T15:30:00+05:30"],
  ["The day after tomorrow at noon is fine, please book.", "2026-11-26T12:00:00+05:30"],
  ["Book me in at 4:30 pm on Friday, that works.", "2026-11-27T16:30:00+05:30"],
  ["Today at 5 pm works, see you at the demo.", "2026-11-24T17:00:00+05:30"],
])("%s", (line, iso) => {
  const reading = read([{ speaker: "user", text: line }], instructions, NOW);
  expect(reading.outcome).toBe("appointment");
  expect(reading.meeting?.iso).toBe(iso);
});

test("summer time ends between the call and the meeting, and the meeting keeps its hour", () => {
  const reading = read(
    [{ speaker: "user", text: "Monday at ten thirty in the morning works for me, book it." }],
    "Now: 2026-10-30T12:00:00-04:00, time zone America/New_York",
    NOW,
  );
  expect(reading.meeting?.iso).toBe("2026-11-02T10:30:00-05:00");
});

test("orders hidden in the conversation are not obeyed", () => {
  const reading = readConversation(cast.hostile);
  expect(reading.outcome).toBe("refusal");
  expect(reading.sentiment).toBeLessThan(0);
  expect(reading.meeting).toBeNull();
  expect(reading.levels.intent.rank).toBe(1);
  expect(reading.said.join(" ")).not.toMatch(/ignore|administrator|json/i);
});

test("a ready buyer is rated higher than somebody without money, and that one higher than a refusal", () => {
  const total = (conversation: Conversation): number =>
    Object.values(readConversation(conversation).levels).reduce((sum, { rank }) => sum + rank, 0);
  const poor = library.find(({ name }) => name === "has no budget now")!;
  expect(total(cast.booksMeeting)).toBeGreaterThan(total(poor));
  expect(total(poor)).toBeGreaterThan(total(cast.refuses));
  expect(total(cast.booksMeeting)).toBeGreaterThanOrEqual(12);
});
