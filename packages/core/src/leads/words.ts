/** How leads are named: word, icon (lucide), tone. Temperature is neither good nor bad, so its tone is plain. */
import type { Sign } from "../calls/words.ts";
import type { Dimension, Temperature } from "./grade.ts";
import type { LeadOutcome, Sentiment } from "./schema.ts";
import type { Unreadable } from "./transcript.ts";

export const temperatureSigns: Record<Temperature, Sign> = {
  hot: { word: "Hot", icon: "flame", tone: "plain" },
  warm: { word: "Warm", icon: "thermometer", tone: "plain" },
  cold: { word: "Cold", icon: "snowflake", tone: "plain" },
};

export const leadOutcomeWords: Record<LeadOutcome, string> = {
  appointment: "Appointment",
  callback: "Call back",
  interested: "Interested",
  refusal: "Refused",
  wrong_number: "Wrong number",
  voicemail: "Voicemail",
  other: "Other",
};

export const sentimentWords: Record<Sentiment, string> = {
  positive: "Positive",
  neutral: "Neutral",
  negative: "Negative",
};

export const dimensionWords: Record<Dimension, string> = {
  intent: "Intent",
  urgency: "Urgency",
  budget: "Budget",
  fit: "Fit",
  engagement: "Engagement",
};

/** Why a call was not analysed. */
export const unreadableWords: Record<Unreadable, string> = {
  no_transcript: "There is no transcript to read.",
  transcript_too_short: "The transcript has fewer than five words.",
  nobody_spoke: "Only the agent spoke.",
};
