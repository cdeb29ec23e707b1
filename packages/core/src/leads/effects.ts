/** What follows from an analysis. Each effect happens once a call, whatever order the news came in. */
import { mayAdvance } from "../contacts/stages.ts";
import type { Stage, SystemStage } from "../contacts/stages.ts";
import type { AnalysisRead } from "./analysis.ts";
import type { Temperature } from "./grade.ts";
import type { LeadOutcome } from "./schema.ts";

export type LeadEffect =
  | { effect: "suppress"; channel: "all"; reason: "asked"; evidence: string | null }
  | { effect: "stage"; to: SystemStage }
  | { effect: "tags"; add: string[] }
  | { effect: "score"; score: number; temperature: Temperature }
  | { effect: "meeting"; at: string }
  | { effect: "callback"; at: string };

export type EffectName = LeadEffect["effect"];

/** `now`: also after the first, partial transcript. `final`: only once the call is over for good. */
export const effectTime: Record<EffectName, "now" | "final"> = {
  suppress: "now",
  stage: "now",
  tags: "now",
  score: "now",
  meeting: "final",
  callback: "final",
};

export type ContactNow = {
  stage: Pick<Stage, "key" | "rank" | "isSystem"> | null;
  tags: readonly string[];
  /** Fields a person has edited: `stage`, `score`, `tags`. Never touched again. */
  humanFields: readonly string[];
};

const stageFor: Record<LeadOutcome, SystemStage | null> = {
  appointment: "booked",
  callback: "contacted",
  interested: "interested",
  refusal: "not_interested",
  wrong_number: null,
  voicemail: "attempted",
  other: "contacted",
};

/** One tag per outcome, so that a list can be made of it. */
const tagFor: Record<LeadOutcome, string | null> = {
  appointment: "appointment",
  callback: "call back",
  interested: "interested",
  refusal: "refused",
  wrong_number: "wrong number",
  voicemail: "voicemail",
  other: null,
};

/** Effects of an analysis on its contact, in the order in which they are applied. */
export function effectsOf(analysis: AnalysisRead, contact: ContactNow, isFinal: boolean): LeadEffect[] {
  const { outcome, doNotCall, doNotCallEvidence, meetingAt, callbackAt, score, temperature } = analysis;
  const edited = (field: string) => contact.humanFields.includes(field);
  const spoke = outcome !== "voicemail" && outcome !== "wrong_number";
  const effects: LeadEffect[] = [];

  if (doNotCall)
    effects.push({ effect: "suppress", channel: "all", reason: "asked", evidence: doNotCallEvidence });

  const stage = doNotCall ? "not_interested" : stageFor[outcome];
  if (stage && !edited("stage") && mayAdvance(contact.stage, stage))
    effects.push({ effect: "stage", to: stage });

  const tag = doNotCall ? "do not call" : tagFor[outcome];
  if (tag && !edited("tags") && !contact.tags.includes(tag)) effects.push({ effect: "tags", add: [tag] });

  if (spoke && !edited("score")) effects.push({ effect: "score", score, temperature });
  if (meetingAt && !doNotCall) effects.push({ effect: "meeting", at: meetingAt });
  if (callbackAt && !doNotCall && outcome !== "refusal") effects.push({ effect: "callback", at: callbackAt });

  return effects.filter(({ effect }) => isFinal || effectTime[effect] === "now");
}
