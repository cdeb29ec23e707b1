/** What a conversation came to, as screens and programs read it. */
import * as z from "zod";
import { Count, Id, Instant, page, pageInput } from "../fields.ts";
import { dimensions, levels, temperatures } from "./grade.ts";

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
  reanalyse: {
    input: z.strictObject({ callId: Id }),
    output: z.object({ callId: Id, status: z.enum(analysisStatuses) }),
  },
};
