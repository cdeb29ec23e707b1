import { timedTurns } from "@parley/core/leads/transcript";

/** One thing said, with its place in the recording. */
export interface Turn {
  speaker: "agent" | "person";
  text: string;
  from: number;
  to: number;
}

/** The transcript as turns laid over `seconds` of conversation. */
export function turnsOf(transcript: string | null, seconds: number): Turn[] {
  return timedTurns(transcript, seconds).map((turn) => ({
    speaker: turn.speaker === "assistant" ? "agent" : "person",
    text: turn.text,
    from: turn.startSeconds,
    to: turn.endSeconds,
  }));
}

/** Which turn is being spoken at a second; between two turns, the one before. */
export function turnAt(turns: readonly Turn[], seconds: number): number {
  let at = -1;
  turns.forEach((turn, index) => {
    if (turn.from <= seconds + 0.05) at = index;
  });
  return at;
}

/** The turn in which a piece of evidence was said: the words themselves, or most of them. */
export function turnOfEvidence(turns: readonly Turn[], evidence: string): number {
  const fold = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
  const sought = fold(evidence);
  if (sought === "") return -1;
  const exact = turns.findIndex((turn) => fold(turn.text).includes(sought));
  if (exact >= 0) return exact;
  const words = sought.split(" ").filter((word) => word.length > 3);
  if (words.length < 2) return -1;
  let best = -1;
  let most = words.length * 0.6;
  turns.forEach((turn, index) => {
    const said = fold(turn.text);
    const hits = words.filter((word) => said.includes(word)).length;
    if (hits >= most) {
      best = index;
      most = hits + 0.1;
    }
  });
  return best;
}

/** Text cut at every place where `sought` occurs, so that it can be marked. */
export function marked(text: string, sought: string): { text: string; hit: boolean }[] {
  if (sought === "") return [{ text, hit: false }];
  const parts: { text: string; hit: boolean }[] = [];
  const low = text.toLowerCase();
  const key = sought.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(key); at >= 0; at = low.indexOf(key, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), hit: false });
    parts.push({ text: text.slice(at, at + key.length), hit: true });
    from = at + key.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), hit: false });
  return parts;
}
