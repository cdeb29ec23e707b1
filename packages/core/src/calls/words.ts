/** How calls are named on every screen and in the terminal: word, icon (lucide), tone. Total: a new status must choose. */
import type { CallStatus } from "./lifecycle.ts";
import type { Outcome, OutcomeEvidence } from "./outcome.ts";

/** `odd` is for what we do not know, and for nothing else. */
export type Tone = "plain" | "strong" | "ok" | "warn" | "bad" | "odd" | "accent";

export type Sign = { word: string; icon: string; tone: Tone };

const queued: Sign = { word: "Queued", icon: "list-start", tone: "plain" };
const dialing: Sign = { word: "Dialing", icon: "phone-outgoing", tone: "plain" };
const failed: Sign = { word: "Failed", icon: "circle-x", tone: "bad" };

export const callSigns: Record<CallStatus, Sign> = {
  claimed: queued,
  prepared: queued,
  scheduled: queued,
  queued,
  rescheduled: queued,
  dialing,
  initiated: dialing,
  ringing: { word: "Ringing", icon: "bell-ring", tone: "strong" },
  "in-progress": { word: "In progress", icon: "audio-lines", tone: "ok" },
  "call-disconnected": { word: "Disconnected", icon: "phone-off", tone: "plain" },
  completed: { word: "Completed", icon: "check", tone: "strong" },
  "no-answer": { word: "No answer", icon: "circle", tone: "strong" },
  busy: { word: "Busy", icon: "square", tone: "strong" },
  canceled: { word: "Canceled", icon: "minus", tone: "strong" },
  stopped: { word: "Canceled", icon: "minus", tone: "strong" },
  failed,
  error: failed,
  "balance-low": { word: "Provider balance low", icon: "wallet-minimal", tone: "warn" },
  unknown: { word: "Unknown", icon: "circle-help", tone: "odd" },
  "not-placed": { word: "Not placed", icon: "undo-2", tone: "plain" },
};

/** Statuses that share a word, told apart: where one is chosen from a list of all. */
const apart: Partial<Record<CallStatus, string>> = {
  claimed: "Queued here, holds a line",
  dialing: "Being sent to the provider",
  prepared: "Queued, prepared by the provider",
  scheduled: "Queued, scheduled by the provider",
  queued: "Queued at the provider",
  rescheduled: "Queued again by the provider",
  initiated: "Dialing",
  canceled: "Canceled",
  stopped: "Stopped before it rang",
  failed: "Failed",
  error: "Failed with an error at the provider",
};

/** A status in plain words that no other status has. */
export const statusWords = (status: CallStatus): string => apart[status] ?? callSigns[status].word;

/** Glyph and colour token of an outcome; charts stack them in the order of `outcomes`. */
export const outcomeSigns: Record<Outcome, { word: string; glyph: string; token: string }> = {
  answered: { word: "Answered", glyph: "disc", token: "o-answered" },
  voicemail: { word: "Voicemail", glyph: "half-disc", token: "o-voicemail" },
  busy: { word: "Busy", glyph: "square", token: "o-busy" },
  no_answer: { word: "No answer", glyph: "ring", token: "o-no-answer" },
  failed: { word: "Failed", glyph: "cross", token: "o-failed" },
  canceled: { word: "Canceled", glyph: "dash", token: "o-canceled" },
  unclear: { word: "Unknown", glyph: "diamond", token: "o-unknown" },
};

/** Who called in without showing a number. */
export const withheldNumber = "Number withheld";

/** Why an outcome is what it is. */
export const evidenceWords: Record<OutcomeEvidence, string> = {
  person_spoke: "A person spoke.",
  provider_flag: "The provider recognised a voicemail.",
  voicemail_greeting: "What was said is a voicemail greeting.",
  provider_status: "The provider says so.",
  stopped: "It was stopped before it rang.",
  provider_balance: "The provider's own balance was too low. The try is not counted.",
  nobody_spoke: "The line was open, but nobody spoke.",
  no_transcript: "The line was open, but there is no transcript.",
  never_connected: "The line never opened.",
  no_final_news: "The provider never told how it ended.",
  not_placed: "The provider never placed it. The try is not counted.",
};
