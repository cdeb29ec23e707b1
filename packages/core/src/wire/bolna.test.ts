import { expect, test } from "vitest";
import {
  bolnaErrorText,
  bolnaInstant,
  estimateTurnTimes,
  execution,
  offsetInstant,
  placeCallBody,
  transcriptTurns,
} from "./bolna.ts";

test.each([
  ["2026-01-28T13:17:50.116924", "2026-01-28T13:17:50.116Z"],
  ["2026-01-28 13:17:50", "2026-01-28T13:17:50.000Z"],
  ["2026-01-28T13:17:50Z", "2026-01-28T13:17:50.000Z"],
  ["2026-01-28T18:47:50+05:30", "2026-01-28T13:17:50.000Z"],
  ["soon", null],
  ["", null],
  [null, null],
])("the vendor's instant %s is %s", (given, iso) => {
  expect(bolnaInstant(given)).toBe(iso);
});

test("figures are read whether they come as numbers, as strings or not at all", () => {
  const read = execution.parse({
    id: "x",
    status: "completed",
    conversation_duration: "27.2",
    total_cost: null,
    telephony_data: { duration: "69", ring_duration: 7 },
    something_new: { of: "tomorrow" },
  });
  expect(read).toMatchObject({
    conversation_duration: 27.2,
    total_cost: 0,
    telephony_data: { duration: 69, ring_duration: 7 },
    something_new: { of: "tomorrow" },
  });
});

test("a status nobody has heard of is still an execution", () => {
  expect(execution.parse({ id: "x", status: "teleported" }).status).toBe("teleported");
});

test("numbers go out without blanks and instants with a numeric offset", () => {
  const call = { agent_id: "6b0c7d1e-9f4a-4a57-8a55-0d6c3f1b2e90", recipient_phone_number: "+919876543210" };
  expect(placeCallBody.safeParse(call).success).toBe(true);
  expect(placeCallBody.safeParse({ ...call, recipient_phone_number: "+91 9876543210" }).success).toBe(false);
  expect(offsetInstant.safeParse("2026-12-01T10:00:00+05:30").success).toBe(true);
  expect(offsetInstant.safeParse("2026-12-01T10:00:00Z").success).toBe(false);
});

test.each([
  [{ error: 1001, message: "agent_id is required" }, "agent_id is required"],
  [{ detail: "Unrecognized access token" }, "Unrecognized access token"],
  [{ error: "no" }, "no"],
  [{ error: 500 }, null],
  ["Bad gateway", "Bad gateway"],
  [null, null],
])("the sentence in %o is %s", (body, text) => {
  expect(bolnaErrorText(body)).toBe(text);
});

test("turns are read with irregular blanks, repeated speakers and lines that run on", () => {
  expect(transcriptTurns("assistant:   Hello!\nuser: Yes?\nuser:Who is it\nand why\n")).toEqual([
    { speaker: "assistant", text: "Hello!" },
    { speaker: "user", text: "Yes?" },
    { speaker: "user", text: "Who is it and why" },
  ]);
  expect(transcriptTurns(null)).toEqual([]);
});

test("estimated times follow one another within the conversation, longer turns taking longer", () => {
  const turns = estimateTurnTimes(
    transcriptTurns("assistant: Hello there, how are you today?\nuser: Fine.\n"),
    10,
  );
  expect(turns[0]!.startSeconds).toBeGreaterThan(0);
  expect(turns[1]!.startSeconds).toBeGreaterThan(turns[0]!.endSeconds);
  expect(turns[1]!.endSeconds).toBeLessThan(10);
  expect(turns[0]!.endSeconds - turns[0]!.startSeconds).toBeGreaterThan(
    turns[1]!.endSeconds - turns[1]!.startSeconds,
  );
});
