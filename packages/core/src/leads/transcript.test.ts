import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../testing/any-text.ts";
import { addsWords, normaliseTranscript, timedTurns, turnsOf, unreadable, wordCount } from "./transcript.ts";

const raw = "assistant:  Hello,   this is Asha. \nuser:\tYes?\n\nuser: Tell me more\nassistant: Of course\n";

describe("a transcript in its one form", () => {
  test("has one line a turn, single blanks, and repeats of a speaker joined", () => {
    expect(normaliseTranscript(raw)).toBe(
      "assistant: Hello, this is Asha.\nuser: Yes? Tell me more\nassistant: Of course",
    );
  });

  test("is the same for other tags, blanks, line ends and Unicode forms", () => {
    const other =
      "Agent: Hello, this\u00a0is Asha.\r\nCustomer: Yes?\r\nHUMAN : Tell me more\r\nBot: Of course";
    expect(normaliseTranscript(other)).toBe(normaliseTranscript(raw));
    expect(normaliseTranscript("user: cafe\u0301")).toBe(normaliseTranscript("user: café"));
  });

  test("does not change when it is made again", () => {
    const line = fc
      .tuple(fc.constantFrom("user: ", "assistant:", "Agent : ", "", "  "), anyText(20))
      .map(([tag, said]) => tag + said);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const once = normaliseTranscript(lines.join("\n"));
        expect(normaliseTranscript(once)).toBe(once);
      }),
    );
  });

  test("keeps every word that was said", () => {
    const said = 'user: I\'d "update" my plan; select * from offers -- drop the rest 💬';
    expect(turnsOf(said)).toEqual([{ speaker: "user", text: said.slice(6) }]);
  });

  test("has times for its turns, in order and within the call", () => {
    const times = timedTurns(raw, 30);
    expect(times).toHaveLength(4);
    for (const { startSeconds, endSeconds } of times) expect(startSeconds).toBeLessThan(endSeconds);
    expect(times.at(-1)!.endSeconds).toBeLessThanOrEqual(30);
  });
});

describe("what is worth reading", () => {
  test("is counted in words, also where a script has no blanks", () => {
    expect(wordCount(raw)).toBe(10);
    expect(wordCount("user: 明日の午後四時にお願いします")).toBeGreaterThan(4);
    expect(wordCount(null)).toBe(0);
  });

  test.each([
    [null, "no_transcript"],
    ["", "no_transcript"],
    ["user: yes hello", "transcript_too_short"],
    ["assistant: Hello, this is Asha from the clinic", "nobody_spoke"],
    ["assistant: Hello, this is Asha\nuser: no", null],
  ])("%j is refused as %s", (transcript, reason) => expect(unreadable(transcript)).toBe(reason));

  test("is a later transcript only if it says five words more", () => {
    expect(addsWords(raw, `${raw}user: Thursday at four is fine`)).toBe(true);
    expect(addsWords(raw, `${raw}user: thank you bye`)).toBe(false);
    expect(addsWords(raw, raw.toUpperCase().replaceAll("USER", "user"))).toBe(false);
    expect(addsWords(null, raw)).toBe(true);
    expect(addsWords(raw, null)).toBe(false);
    expect(addsWords("user: no", "user: no no no no no no")).toBe(true);
  });
});
