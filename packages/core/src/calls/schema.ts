/** Calls: one row is one attempt. */
import * as z from "zod";
import { Count, Credits, Id, Instant, page, pageInput, RawPhoneNumber, Serial } from "../fields.ts";
import { Analysis } from "../leads/schema.ts";
import { callStatuses } from "./lifecycle.ts";
import { outcomes } from "./outcome.ts";

export const directions = ["outbound", "inbound"] as const;
export const recordingStatuses = ["none", "fetching", "ready", "missing"] as const;

const CallStatusField = z.enum(callStatuses);
const OutcomeField = z.enum(outcomes);

/** Everything heard about a call, as it came. */
export const CallEventRow = z.object({
  id: Serial,
  status: z.string().nullable(),
  source: z.enum(["webhook", "poll", "place", "system", "person"]),
  arrivedAt: Instant,
  providerAt: Instant.nullable(),
  /** False: it was late or a repeat and changed nothing. */
  applied: z.boolean(),
  note: z.string().nullable(),
  body: z.unknown(),
});
export type CallEventRow = z.infer<typeof CallEventRow>;

export const CallRow = z.object({
  id: Id,
  itemId: Id.nullable(),
  campaignId: Id.nullable(),
  campaignName: z.string().nullable(),
  contactId: Id.nullable(),
  contactName: z.string().nullable(),
  agentId: Id,
  agentName: z.string(),
  direction: z.enum(directions),
  status: CallStatusField,
  /** Null until the facts are verified. */
  outcome: OutcomeField.nullable(),
  /** Why it failed or was not placed: a code of reasons.ts or the provider's words. */
  reason: z.string().nullable(),
  /** Null: an inbound caller withheld it. */
  phoneNumber: z.string().nullable(),
  attempt: Count,
  /** The line it holds; null once it is free. */
  line: Count.nullable(),
  talkSeconds: Count.nullable(),
  score: Count.nullable(),
  leadOutcome: z.string().nullable(),
  heldCredits: Credits,
  priceCredits: Credits.nullable(),
  createdAt: Instant,
  /** When the present status began. */
  statusAt: Instant,
  answeredAt: Instant.nullable(),
  endedAt: Instant.nullable(),
});
export type CallRow = z.infer<typeof CallRow>;

export const Call = CallRow.omit({ score: true, leadOutcome: true }).extend({
  bolnaExecutionId: z.string().nullable(),
  fromNumber: z.string().nullable(),
  stages: z.array(z.object({ status: CallStatusField, at: Instant })),
  endedBy: z.string().nullable(),
  hangupBy: z.string().nullable(),
  hangupReason: z.string().nullable(),
  transcript: z.string().nullable(),
  transcriptFinal: z.boolean(),
  conversationSeconds: z.number().nullable(),
  maxCallSeconds: Count,
  recordingReady: z.boolean(),
  recordingStatus: z.enum(recordingStatuses),
  recordingNextAt: Instant.nullable(),
  analysis: Analysis.nullable(),
  waivedCredits: Credits,
  /** Settled by our clock because the provider never told the end. */
  estimated: z.boolean(),
  settledAt: Instant.nullable(),
  nextPollAt: Instant.nullable(),
  /** Which rules allowed the call, in which version, with which consent. */
  receipt: z.record(z.string(), z.unknown()),
  events: z.array(CallEventRow),
  /** The other attempts of the same item, oldest first. */
  attempts: z.array(
    z.object({
      id: Id,
      attempt: Count,
      status: CallStatusField,
      outcome: OutcomeField.nullable(),
      createdAt: Instant,
    }),
  ),
});
export type Call = z.infer<typeof Call>;

const one = <Field extends z.ZodType>(field: Field, most: number) =>
  z.union([field, z.array(field).min(1).max(most)]);

export const CallFilter = {
  itemId: Id.optional(),
  campaignId: Id.optional(),
  contactId: Id.optional(),
  agentId: Id.optional(),
  status: one(CallStatusField, callStatuses.length).optional(),
  outcome: one(OutcomeField, outcomes.length).optional(),
  direction: z.enum(directions).optional(),
  /** Only calls that hold a line now. */
  open: z.boolean().optional(),
  from: Instant.optional(),
  to: Instant.optional(),
};

/** `{ contactId }` or `{ phoneNumber }`, never both; an unknown number becomes a contact. */
export const PlaceCall = z
  .strictObject({
    contactId: Id.optional(),
    phoneNumber: RawPhoneNumber.optional(),
    agentId: Id,
    fromNumber: RawPhoneNumber.optional(),
  })
  .refine(({ contactId, phoneNumber }) => (contactId === undefined) !== (phoneNumber === undefined), {
    path: ["contactId"],
    message: "must be given, or phoneNumber, but not both",
  });
export type PlaceCall = z.infer<typeof PlaceCall>;

const OneCall = z.strictObject({ callId: Id });

/** What a call's row would be, built anew from its events and the provider's own record of it. */
export const Refolded = z.object({
  callId: Id,
  events: Count,
  /** Names of the fields that come out otherwise and can be written. */
  changed: z.array(z.string()),
  differences: z.array(
    z.object({
      field: z.string(),
      stored: z.unknown(),
      rebuilt: z.unknown(),
      /** Why the stored value stays whatever is asked; null: it can be written. */
      kept: z.string().nullable(),
    }),
  ),
  /** What the call has cost and what its rebuilt talk costs; null: the same, or not settled yet. */
  credits: z.object({ charged: Credits, rebuilt: Credits }).nullable(),
  applied: z.boolean(),
  corrected: z.boolean(),
});
export type Refolded = z.infer<typeof Refolded>;

export const callsProcedures = {
  list: { input: z.strictObject({ ...pageInput, ...CallFilter }), output: page(CallRow) },
  get: { input: OneCall, output: Call },
  place: { input: PlaceCall, output: z.object({ itemId: Id, contactId: Id, expiresAt: Instant }) },
  /** Only before the phone rings: the provider cannot hang up a live call. */
  stop: { input: OneCall, output: z.object({ callId: Id, status: CallStatusField, stopping: z.boolean() }) },
  /**
   * Builds the call's row again from its events and tells the differences; `apply` writes them. Credits change only
   * with `correctCredits`, by an entry of their own.
   */
  refold: {
    input: z.strictObject({
      callId: Id,
      apply: z.boolean().optional(),
      correctCredits: z.boolean().optional(),
    }),
    output: Refolded,
  },
};
