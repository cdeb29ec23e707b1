/** What a conversation came to, as screens and programs read it. */
import * as z from "zod";
import { Count, Id, Instant, page, pageInput } from "../fields.ts";
import { dimensions, leastScore, levels, mostScore, temperatures } from "./grade.ts";

export const sentiments = ["positive", "neutral", "negative"] as const;
export type Sentiment = (typeof sentiments)[number];

export const leadOutcomes = [
  "appointment",
  "callback",
  "interested",
  "refusal",
  "wrong_number",
  "voicemail",
  "other",
] as const;
export type LeadOutcome = (typeof leadOutcomes)[number];

export const analysisStatuses = ["pending", "running", "done", "skipped", "failed"] as const;
export type AnalysisStatus = (typeof analysisStatuses)[number];

const LevelRead = z.object({ level: z.enum(levels), reason: z.string() });

export const Analysis = z.object({
  status: z.enum(analysisStatuses),
  /** Why it was skipped or failed. */
  reason: z.string().nullable(),
  sentiment: z.enum(sentiments).nullable(),
  sentimentScore: z.number().nullable(),
  outcome: z.enum(leadOutcomes).nullable(),
  summary: z.string().nullable(),
  levels: z.record(z.enum(dimensions), LevelRead).nullable(),
  score: Count.nullable(),
  temperature: z.enum(temperatures).nullable(),
  meetingAt: Instant.nullable(),
  callbackAt: Instant.nullable(),
  doNotCall: z.boolean().nullable(),
  extracted: z.array(z.object({ key: z.string(), value: z.string(), evidence: z.string().nullable() })),
  model: z.string().nullable(),
  promptVersion: z.string().nullable(),
  analysedAt: Instant.nullable(),
});
export type Analysis = z.infer<typeof Analysis>;

/** A line of the lead list: the latest conversation of a contact. */
export const LeadRow = z.object({
  contactId: Id,
  contactName: z.string().nullable(),
  phoneNumber: z.string().nullable(),
  callId: Id,
  campaignId: Id.nullable(),
  campaignName: z.string().nullable(),
  outcome: z.enum(leadOutcomes),
  sentiment: z.enum(sentiments).nullable(),
  score: Count,
  temperature: z.enum(temperatures),
  summary: z.string().nullable(),
  meetingAt: Instant.nullable(),
  callbackAt: Instant.nullable(),
  at: Instant,
});
export type LeadRow = z.infer<typeof LeadRow>;

/** What a person may put right; no later analysis overwrites it. */
export const correctable = [
  "outcome",
  "sentiment",
  "summary",
  "score",
  "meetingAt",
  "callbackAt",
] as const satisfies readonly (keyof Analysis)[];
export type Correctable = (typeof correctable)[number];

/** One analysed call, with what was put right by hand and what the reading cost. */
export const Lead = Analysis.extend({
  callId: Id,
  contactId: Id.nullable(),
  corrected: z.array(z.enum(correctable)),
  tokensIn: Count.nullable(),
  tokensOut: Count.nullable(),
  /** Billionths of a US dollar; null when the model's price is not known. */
  costNanodollars: Count.nullable(),
});
export type Lead = z.infer<typeof Lead>;

/** What is absent stays; `reset` gives fields back to the analysis; a meeting or callback of null means that there is none. */
export const LeadCorrection = z.strictObject({
  callId: Id,
  outcome: z.enum(leadOutcomes).optional(),
  sentiment: z.enum(sentiments).optional(),
  summary: z.string().trim().min(1).max(2000).optional(),
  score: z.int().min(leastScore).max(mostScore).optional(),
  meetingAt: Instant.nullish(),
  callbackAt: Instant.nullish(),
  reset: z.array(z.enum(correctable)).max(correctable.length).optional(),
});
export type LeadCorrection = z.infer<typeof LeadCorrection>;

const OneCall = z.strictObject({ callId: Id });

export const leadsProcedures = {
  list: {
    input: z.strictObject({
      ...pageInput,
      campaignId: Id.optional(),
      contactId: Id.optional(),
      temperature: z.enum(temperatures).optional(),
      outcome: z
        .union([z.enum(leadOutcomes), z.array(z.enum(leadOutcomes)).min(1).max(leadOutcomes.length)])
        .optional(),
      from: Instant.optional(),
      to: Instant.optional(),
    }),
    output: page(LeadRow),
  },
  get: { input: OneCall, output: Lead },
  correct: { input: LeadCorrection, output: Lead },
  reanalyse: {
    input: OneCall,
    output: z.object({ callId: Id, status: z.enum(analysisStatuses) }),
  },
};
