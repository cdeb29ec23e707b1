import { expect, test } from "vitest";
import { sentence } from "./timeline-words.ts";

test("an edit names what was edited, in words", () => {
  expect(sentence("contact.edited", { fields: ["timeZone", "tags"] })).toBe("Edited time zone, tags");
});
test("a score is told with its temperature", () => {
  expect(sentence("lead.analysed", { score: 13, temperature: "hot" })).toBe(
    "Conversation read, score 13 hot",
  );
});
test("a fact nobody has words for is shown, not hidden", () => {
  expect(sentence("meeting.moved", {})).toBe("Meeting, moved");
});
