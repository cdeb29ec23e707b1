/** Today at a glance: one query behind every figure of the first page. */
import * as z from "zod";
import { callStatuses } from "../calls/lifecycle.ts";
import { ByOutcome, ByStatus, CampaignForecast } from "../campaigns/schema.ts";
import { Count, Credits, Id, Instant, Nothing } from "../fields.ts";
import { temperatures } from "../leads/grade.ts";

/** A line in use: the slot's number and the call that holds it. */
export const Line = z.object({
  line: Count,
  callId: Id,
  status: z.enum(callStatuses),
  statusAt: Instant,
  contactId: Id.nullable(),
  contactName: z.string().nullable(),
  phoneNumber: z.string().nullable(),
  campaignId: Id.nullable(),
  campaignName: z.string().nullable(),
  agentName: z.string(),
});
export type Line = z.infer<typeof Line>;

/** Something that waits for a person: what it is, how many, and where to go. */
export const needKinds = [
  "incident",
  "unknown_call",
  "paused_campaign",
  "callback_due",
  "task_due",
  "meeting",
  "analysis_failed",
  "agent_drifted",
  "bad_webhook",
] as const;

export const Need = z.object({
  kind: z.enum(needKinds),
  id: z.string(),
  title: z.string(),
  detail: z.string(),
  severity: z.enum(["info", "warn", "bad"]),
  at: Instant,
  contactId: Id.nullable(),
  callId: Id.nullable(),
  campaignId: Id.nullable(),
});
export type Need = z.infer<typeof Need>;

/** What a day came to so far. `calls` were placed or are about to be; `finished` have an outcome. */
const Day = z.object({
  calls: Count,
  finished: Count,
  answered: Count,
  bookings: Count,
  spent: Credits,
  leads: Count,
});

export const HomeSummary = z.object({
  now: Instant,
  live: z.object({
    total: Count,
    byStatus: z.array(z.object({ status: z.enum(callStatuses), count: Count })),
  }),
  lines: z.object({
    used: Count,
    limit: Count,
    systemUsed: Count,
    systemLimit: Count,
    /** What the provider says of itself; null if it did not. */
    provider: z.object({ current: Count.nullable(), max: Count }).nullable(),
    items: z.array(Line),
  }),
  queue: z.object({
    due: Count,
    waiting: Count,
    oldestDueAt: Instant.nullable(),
    nextOpensAt: Instant.nullable(),
  }),
  campaigns: z.array(
    z.object({
      id: Id,
      name: z.string(),
      status: z.string(),
      statusReason: z.string().nullable(),
      byStatus: ByStatus,
      byOutcome: ByOutcome,
      total: Count,
      spent: Credits,
      budgetCredits: Credits.nullable(),
      limitingFactor: z.string().nullable(),
      forecast: CampaignForecast.nullable(),
    }),
  ),
  /** Since midnight in the workspace's zone, and the same hours of yesterday. */
  today: Day,
  yesterday: Day,
  credits: z.object({
    credits: Credits,
    held: Credits,
    available: z.int(),
    /** Mean of the last seven days that had calls; null if none had. */
    perDay: z.number().nullable(),
    daysLeft: z.number().nullable(),
  }),
  needs: z.array(Need),
  needsTotal: Count,
  /** Twenty-four hours, oldest first; the last one is not over. */
  series: z.array(z.object({ from: Instant, to: Instant, byOutcome: ByOutcome, inProgress: Count })),
  leads: z.array(
    z.object({
      contactId: Id,
      contactName: z.string().nullable(),
      callId: Id,
      score: Count,
      temperature: z.enum(temperatures),
      summary: z.string().nullable(),
      at: Instant,
    }),
  ),
  dialling: z.object({ paused: z.boolean(), reason: z.string().nullable() }),
  /** First steps that are done; drives the checklist of an empty workspace. */
  steps: z.object({ agent: z.boolean(), contacts: z.boolean(), call: z.boolean(), campaign: z.boolean() }),
});
export type HomeSummary = z.infer<typeof HomeSummary>;

export const homeProcedures = { summary: { input: Nothing, output: HomeSummary } };
