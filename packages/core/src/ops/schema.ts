/** The operator's side: views, read-only SQL, doctor, tenants and limits, the webhook journal. */
import * as z from "zod";
import { Count, Credits, Id, Instant, Nothing, page, pageInput, Serial, ShortText } from "../fields.ts";

/** The views of schema `ops` that the screen and `parley queue` show. */
export const opsViews = [
  "queue_now",
  "slots_now",
  "lines_held",
  "lanes",
  "stuck",
  "unknown_calls",
  "jobs",
  "webhook_lag",
  "webhook_journal",
  "ledger_check",
  "campaign_progress",
  "incidents_open",
  "tenants",
] as const;
export type OpsView = (typeof opsViews)[number];

/** Rows as arrays in column order: a result may have two columns of one name. */
export const Result = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean(),
});
export type Result = z.infer<typeof Result>;

export const Diagnosis = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.enum(["ok", "warn", "bad"]),
      detail: z.string(),
      cure: z.string().nullable(),
    }),
  ),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

const checkFields = {
  name: z.string(),
  ok: z.boolean(),
  /** Code of reasons.ts; null while it holds. */
  reason: z.string().nullable(),
  detail: z.string(),
  trueAgainAt: Instant.nullable(),
};

/** An item of any workspace with the dispatcher's verdict on it; the checks when it was asked for by itself. */
export const ExplainedItem = z.object({
  itemId: Id,
  company: z.string(),
  campaign: z.string().nullable(),
  campaignId: Id.nullable(),
  contactId: Id,
  status: z.string(),
  dueAt: Instant,
  attempts: Count,
  /** What the next tick does with it: dial, defer, skip, done. */
  verdict: z.string(),
  reason: z.string().nullable(),
  until: Instant.nullable(),
  checks: z.array(z.object(checkFields)),
});
export type ExplainedItem = z.infer<typeof ExplainedItem>;

/** Why something is not dialled: an item, what is open of a contact, or the next items of a campaign. */
export const OpsExplanation = z.object({
  kind: z.enum(["item", "contact", "campaign"]),
  items: z.array(ExplainedItem),
  /** Of a campaign: what keeps it from going faster, and how many of its items wait for what. */
  limiting: z
    .object({
      factor: z.string().nullable(),
      count: z.number().nullable(),
      limit: z.number().nullable(),
      until: Instant.nullable(),
    })
    .nullable(),
  waiting: z.array(
    z.object({ status: z.string(), reason: z.string().nullable(), items: Count, nextAt: Instant.nullable() }),
  ),
});
export type OpsExplanation = z.infer<typeof OpsExplanation>;

const period = { from: Instant.optional(), to: Instant.optional() };
/** What may be replayed by its state: it could not be read, its call was not there, or it was of no call of ours. */
export const replayable = ["bad", "parked", "unmatched"] as const;

export const opsProcedures = {
  query: {
    input: z.strictObject({ view: z.enum(opsViews), limit: z.int().min(1).max(1000).optional() }),
    output: Result,
  },
  sql: { input: z.strictObject({ text: z.string().trim().min(1).max(20_000) }), output: Result },
  doctor: { input: Nothing, output: Diagnosis },
  /** The id of an item, a contact or a campaign of any workspace. */
  explain: { input: z.strictObject({ id: Id }), output: OpsExplanation },
  /** Folds stored webhooks of any workspace again: one, or all in a state, of a period. */
  replay: {
    input: z
      .strictObject({ id: Serial.optional(), status: z.enum(replayable).optional(), ...period })
      .refine(
        ({ id, status }) => (id === undefined) !== (status === undefined),
        "must be exactly one of id, status",
      ),
    output: z.object({ replayed: Count, workspaces: Count }),
  },
};

export const Tenant = z.object({
  id: Id,
  company: z.string(),
  email: z.string(),
  status: z.string(),
  credits: Credits,
  held: Credits,
  concurrentLimit: Count,
  live: Count,
  members: Count,
  contacts: Count,
  runningCampaigns: Count,
  createdAt: Instant,
});
export type Tenant = z.infer<typeof Tenant>;

export const SystemState = z.object({
  systemLimit: Count,
  /** Of these, left to calls by hand. */
  directReserve: Count,
  live: Count,
  diallingPaused: z.boolean(),
  diallingPausedReason: z.string().nullable(),
});

export const adminProcedures = {
  tenants: {
    input: z.strictObject({ ...pageInput, search: ShortText.optional() }),
    output: page(Tenant).extend({ system: SystemState }),
  },
  setLimits: {
    input: z
      .strictObject({
        userId: Id.optional(),
        concurrentLimit: z.int().min(0).max(1000).optional(),
        systemLimit: z.int().min(0).max(10_000).optional(),
        /** Lines of the system that campaigns leave to calls by hand; null: one of every twenty. */
        directReserve: z.int().min(0).max(10_000).nullable().optional(),
      })
      .refine(
        ({ concurrentLimit, systemLimit, directReserve }) =>
          concurrentLimit !== undefined || systemLimit !== undefined || directReserve !== undefined,
        { message: "must set concurrentLimit, systemLimit or directReserve" },
      )
      .refine(({ userId, concurrentLimit }) => (concurrentLimit === undefined) === (userId === undefined), {
        path: ["userId"],
        message: "must name the tenant whose concurrentLimit is set",
      }),
    output: z.object({
      userId: Id.nullable(),
      concurrentLimit: Count.nullable(),
      systemLimit: Count,
      directReserve: Count,
    }),
  },
  grantCredits: {
    input: z.strictObject({
      userId: Id,
      credits: z.int().min(1).max(1_000_000_000),
      reason: ShortText.min(1, "must say what the credits are for"),
    }),
    output: z.object({ userId: Id, credits: Credits }),
  },
  /** Stops every claim of every tenant at once; calls in the air end by themselves. */
  pauseDialling: {
    input: z.strictObject({ paused: z.boolean().default(true), reason: ShortText.optional() }),
    output: z.object({ paused: z.boolean(), inAir: Count }),
  },
};

export const webhookStatuses = ["pending", "done", "bad", "parked"] as const;

export const WebhookRow = z.object({
  id: Serial,
  status: z.enum(webhookStatuses),
  source: z.string(),
  receivedAt: Instant,
  doneAt: Instant.nullable(),
  attempts: Count,
  callId: Id.nullable(),
  error: z.string().nullable(),
  /** The beginning of the body as text; null once pruned. */
  body: z.string().nullable(),
});
export type WebhookRow = z.infer<typeof WebhookRow>;

export const WebhookBody = WebhookRow.omit({ body: true }).extend({
  sizeBytes: Count,
  /** The exact bytes; null once pruned. */
  bodyBase64: z.string().nullable(),
});
export type WebhookBody = z.infer<typeof WebhookBody>;

export const webhooksProcedures = {
  list: {
    input: z.strictObject({
      ...pageInput,
      /** `unmatched`: read, but of no call of ours. */
      status: z.enum([...webhookStatuses, "unmatched"]).optional(),
      callId: Id.optional(),
      /** Part of the body or of the error, or the whole number of a webhook. */
      search: ShortText.optional(),
      ...period,
    }),
    output: page(WebhookRow),
  },
  get: { input: z.strictObject({ id: Serial }), output: WebhookBody },
  /** One stored webhook, all of a call, or all in a state; of a period if one is given. */
  replay: {
    input: z
      .strictObject({
        id: Serial.optional(),
        callId: Id.optional(),
        status: z.enum(replayable).optional(),
        ...period,
      })
      .refine(
        ({ id, callId, status }) => [id, callId, status].filter((value) => value !== undefined).length === 1,
        "must be exactly one of id, callId, status",
      ),
    output: z.object({ replayed: Count }),
  },
};

export const incidentStatuses = ["open", "resolved"] as const;

/** What needs a person: what happened and its cure. It opens again if the cause is still there. */
export const Incident = z.object({
  id: Id,
  status: z.enum(incidentStatuses),
  severity: z.enum(["info", "warn", "bad"]),
  kind: z.string(),
  message: z.string(),
  cure: z.string(),
  times: Count,
  openedAt: Instant,
  lastAt: Instant,
  resolvedAt: Instant.nullable(),
  resolvedBy: z.string().nullable(),
  /** Somebody looks after it. */
  acknowledgedAt: Instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  /** What was done, in the words of who resolved it. */
  resolution: z.string().nullable(),
});
export type Incident = z.infer<typeof Incident>;

export const incidentsProcedures = {
  list: {
    input: z.strictObject({ ...pageInput, status: z.enum(incidentStatuses).optional() }),
    output: page(Incident),
  },
  acknowledge: { input: z.strictObject({ incidentId: Id }), output: Incident },
  resolve: {
    input: z.strictObject({ incidentId: Id, resolution: ShortText.min(1).optional() }),
    output: Incident,
  },
};
