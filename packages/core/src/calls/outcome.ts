/**
 * What an attempt came to, in our words. Decided from verified facts only: the provider's `completed` says that the
 * line closed in good order, not that a person spoke.
 */
import { transcriptTurns } from "../wire/bolna.ts";
import { isTerminal } from "./lifecycle.ts";
import { talkSeconds } from "./price.ts";
import type { CallStatus } from "./lifecycle.ts";

export const outcomes = [
  "answered",
  "voicemail",
  "busy",
  "no_answer",
  "failed",
  "canceled",
  "unclear",
] as const;
export type Outcome = (typeof outcomes)[number];

/** Why we say so; shown beside the outcome. */
export type OutcomeEvidence =
  | "person_spoke"
  | "provider_flag"
  | "voicemail_greeting"
  | "provider_status"
  | "stopped"
  | "provider_balance"
  | "nobody_spoke"
  | "no_transcript"
  | "never_connected"
  | "no_final_news"
  | "not_placed";

export type OutcomeFacts = {
  status: CallStatus;
  transcript: string | null;
  conversationSeconds: number | null;
  answeredByVoicemail: boolean | null;
};

export type Verdict = { outcome: Outcome; evidence: OutcomeEvidence };

/** The outcome of a call whose facts are final, or (any other status) that our own clock had to close. */
export function callOutcome(facts: OutcomeFacts): Verdict {
  switch (facts.status) {
    case "busy":
      return { outcome: "busy", evidence: "provider_status" };
    case "no-answer":
      return { outcome: "no_answer", evidence: "provider_status" };
    case "failed":
    case "error":
      return { outcome: "failed", evidence: "provider_status" };
    case "balance-low":
      return { outcome: "failed", evidence: "provider_balance" };
    case "canceled":
    case "stopped":
      return { outcome: "canceled", evidence: "stopped" };
    case "completed":
      return completed(facts);
    case "not-placed":
      return { outcome: "unclear", evidence: "not_placed" };
    default:
      return { outcome: "unclear", evidence: "no_final_news" };
  }
}

/** What is written down of a call once its facts are the provider's own: outcome, why, and seconds of talk. */
export function finalWords(facts: OutcomeFacts & { errorMessage: string | null }): {
  outcome: Outcome;
  reason: string | null;
  talkSeconds: number;
} {
  const { outcome, evidence } = callOutcome(facts);
  return {
    outcome: isUnburned(facts.status) ? "failed" : outcome,
    reason: facts.errorMessage ?? (outcome === "answered" ? null : evidence),
    talkSeconds: talkSeconds(facts.conversationSeconds),
  };
}

/** Did a person talk for long enough to count as a conversation (the frequency cap's measure)? */
export function isConversation(outcome: Outcome | null, seconds: number): boolean {
  return outcome === "answered" && seconds >= 10;
}

/** Ends for which the contact is not to blame: the attempt is not counted and the item is simply due again. */
export function isUnburned(status: CallStatus): boolean {
  return status === "not-placed" || status === "balance-low";
}

/** Is there an outcome to wait for, or is this it? */
export function isFinal(call: { status: CallStatus; outcome: Outcome | null }): boolean {
  return call.outcome !== null || (isTerminal(call.status) && isUnburned(call.status));
}

function completed({ transcript, conversationSeconds, answeredByVoicemail }: OutcomeFacts): Verdict {
  if (answeredByVoicemail === true) return { outcome: "voicemail", evidence: "provider_flag" };
  const heard = transcriptTurns(transcript).filter(({ speaker, text }) => speaker === "user" && text !== "");
  if (heard.length > 0) {
    const isGreeting = answeredByVoicemail !== false && soundsLikeGreeting(heard.map(({ text }) => text));
    return isGreeting
      ? { outcome: "voicemail", evidence: "voicemail_greeting" }
      : { outcome: "answered", evidence: "person_spoke" };
  }
  if (!conversationSeconds) return { outcome: "no_answer", evidence: "never_connected" };
  return { outcome: "unclear", evidence: transcript?.trim() ? "nobody_spoke" : "no_transcript" };
}

/** Sentences that machines say and people hardly ever do. The provider's own flag is null more often than not. */
const greetings = [
  /\bafter the (tone|beep)\b/i,
  /\b(leave|record) (me )?(a|your) (brief |short )?(message|name and number)\b/i,
  /\bvoice ?mail(box)?\b/i,
  /\bmail ?box (is full|of)\b/i,
  /\b(person|number|subscriber|party) you (are|have|'re) (trying to (reach|call)|call(ing|ed)|dial(l?ing|l?ed))\b/i,
  /\bdespu[eé]s (del tono|de la señal)\b/i,
  /\bbuz[oó]n de voz\b/i,
  /\bnach dem (signal)?ton\b/i,
  /\b(mailbox|anrufbeantworter)\b/i,
  /\bapr[eè]s le (bip|signal sonore)\b/i,
  /\b(messagerie vocale|bo[iî]te vocale)\b/i,
  /बीप के बाद|संदेश छोड़/,
];

/** Only a greeting, nothing else: as soon as something is said that answers our agent, a person is there. */
function soundsLikeGreeting(lines: readonly string[]): boolean {
  if (lines.length > 3) return false;
  return (
    greetings.some((greeting) => greeting.test(lines[0] ?? "")) ||
    (lines.length > 1 && lines.every(isGreetingLine))
  );
}

function isGreetingLine(line: string): boolean {
  return greetings.some((greeting) => greeting.test(line));
}
