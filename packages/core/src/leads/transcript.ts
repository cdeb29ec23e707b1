/**
 * Transcripts as analysis reads them: one form for the same conversation, whatever blanks and tags it came with. Its
 * hash (taken by whoever stores it) says whether a transcript has been analysed before.
 */
import { estimateTurnTimes, transcriptTurns } from "../wire/bolna.ts";
import type { TimedTurn, TranscriptTurn } from "../wire/bolna.ts";

export type Turn = TranscriptTurn;

/** Words below which there is nothing to read. */
export const fewestWords = 5;

const tags: [RegExp, Turn["speaker"]][] = [
  [/^\s*(assistant|agent|bot|ai|system)\s*:/i, "assistant"],
  [/^\s*(user|customer|caller|callee|human|recipient|contact|person)\s*:/i, "user"],
];

/** NFC, one line a turn (`assistant: …`, `user: …`), blanks collapsed, speaker tags folded, repeats of a speaker joined. */
export function normaliseTranscript(transcript: string | null): string {
  const joined: Turn[] = [];
  for (const turn of turnsOf(transcript)) {
    const last = joined.at(-1);
    if (last?.speaker === turn.speaker) last.text += ` ${turn.text}`;
    else joined.push({ ...turn });
  }
  return joined.map(({ speaker, text }) => `${speaker}: ${text}`).join("\n");
}

/** Who said what, in order; turns without words are left out. */
export function turnsOf(transcript: string | null): Turn[] {
  const lines = (transcript ?? "").normalize("NFC").split(/\r\n|[\r\n\u2028\u2029]/);
  return transcriptTurns(lines.map(foldTag).join("\n"))
    .map(({ speaker, text }) => ({ speaker, text: text.replace(/\s+/gu, " ").trim() }))
    .filter(({ text }) => text !== "");
}

/** The turns with the seconds at which they were probably spoken. */
export function timedTurns(transcript: string | null, conversationSeconds: number): TimedTurn[] {
  return estimateTurnTimes(turnsOf(transcript), conversationSeconds);
}

/** Spoken words of both sides, tags not counted; also of scripts that put no blanks between words. */
export function wordCount(transcript: string | null): number {
  return turnsOf(transcript).reduce((sum, { text }) => sum + words(text).length, 0);
}

/** Does `later` say at least `atLeast` words that `earlier` does not? What makes a second analysis worth its price. */
export function addsWords(earlier: string | null, later: string | null, atLeast = fewestWords): boolean {
  const known = new Map<string, number>();
  for (const { text } of turnsOf(earlier)) {
    for (const word of words(text)) known.set(word, (known.get(word) ?? 0) + 1);
  }
  let added = 0;
  for (const { text } of turnsOf(later)) {
    for (const word of words(text)) {
      const left = known.get(word) ?? 0;
      if (left > 0) known.set(word, left - 1);
      else added += 1;
    }
  }
  return added >= atLeast;
}

export type Unreadable = "no_transcript" | "transcript_too_short" | "nobody_spoke";

/** Why a transcript is not worth analysing, or null if it is. */
export function unreadable(transcript: string | null): Unreadable | null {
  const turns = turnsOf(transcript);
  if (turns.length === 0) return "no_transcript";
  if (turns.reduce((sum, { text }) => sum + words(text).length, 0) < fewestWords)
    return "transcript_too_short";
  return turns.some(({ speaker }) => speaker === "user") ? null : "nobody_spoke";
}

const segmenter = new Intl.Segmenter("und", { granularity: "word" });

function words(text: string): string[] {
  const found: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text))
    if (isWordLike) found.push(segment.toLowerCase());
  return found;
}

function foldTag(line: string): string {
  for (const [tag, speaker] of tags) if (tag.test(line)) return line.replace(tag, `${speaker}:`);
  return line;
}
