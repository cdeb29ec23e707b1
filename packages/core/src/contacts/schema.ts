/** Contacts, what may be said to them, and their history. */
import * as z from "zod";
import {
  Count,
  Custom,
  CustomKey,
  CustomValue,
  Email,
  Id,
  Instant,
  LongText,
  Name,
  Nothing,
  page,
  pageInput,
  RawPhoneNumber,
  Region,
  ShortText,
  Tag,
  Tags,
  TimeZone,
} from "../fields.ts";
import { temperatures } from "../leads/grade.ts";
import { ContactFilter } from "./filter.ts";

export const consentChannels = ["call", "whatsapp", "email"] as const;
export const consentBases = ["express", "written", "existing"] as const;

/** `voice` and `phone` are what other systems call the channel `call`. */
const ConsentChannel = z.preprocess(
  (channel) => (channel === "voice" || channel === "phone" ? "call" : channel),
  z.enum(consentChannels),
);

/** What a person agreed to, and how we know. */
export const Consent = z.strictObject({
  channels: z.array(ConsentChannel).min(1, "must name at least one channel").max(consentChannels.length),
  basis: z.enum(consentBases),
  source: ShortText.min(1, "must say where the consent was given"),
  obtainedAt: Instant,
  evidence: z.string().trim().max(2000).optional(),
  /** Absent: until it is withdrawn. */
  expiresAt: Instant.optional(),
});
export type Consent = z.infer<typeof Consent>;

/** Lists are sorted by one of these; a leading minus turns the order round. */
export const contactSorts = ["-createdAt", "createdAt", "name", "-name", "-score", "score"] as const;

const contactFields = {
  name: z.string().trim().max(200).nullish(),
  email: Email.nullish(),
  company: z.string().trim().max(200).nullish(),
  city: z.string().trim().max(120).nullish(),
  /** ISO 3166 alpha-2; derived from the number when absent. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, "must be a country code of two capitals, like IN")
    .nullish(),
  timeZone: TimeZone.nullish(),
  notes: LongText.nullish(),
  stage: z.string().trim().min(1).max(60).optional(),
  tags: Tags.optional(),
  custom: Custom.optional(),
};

export const ContactDraft = z.strictObject({
  ...contactFields,
  phoneNumber: RawPhoneNumber,
  consent: Consent.optional(),
});
export type ContactDraft = z.infer<typeof ContactDraft>;

/** What is absent stays; null empties a field. `tags` replaces them, `addTags` and `removeTags` do not. */
export const ContactPatch = z
  .strictObject({
    contactId: Id,
    ...contactFields,
    phoneNumber: RawPhoneNumber.optional(),
    addTags: Tags.optional(),
    removeTags: Tags.optional(),
    consent: Consent.optional(),
  })
  .refine(({ tags, addTags, removeTags }) => !tags || (!addTags && !removeTags), {
    path: ["tags"],
    message: "cannot stand beside addTags or removeTags",
  });
export type ContactPatch = z.infer<typeof ContactPatch>;

export const Contact = z.object({
  id: Id,
  name: z.string().nullable(),
  phoneNumber: z.string().nullable(),
  email: z.string().nullable(),
  company: z.string().nullable(),
  city: z.string().nullable(),
  country: z.string().nullable(),
  tags: z.array(z.string()),
  stage: z.string().nullable(),
  temperature: z.enum(temperatures).nullable(),
  score: Count.nullable(),
  suppressed: z.boolean(),
  custom: z.record(z.string(), CustomValue),
  lastCallAt: Instant.nullable(),
  createdAt: Instant,
});
export type Contact = z.infer<typeof Contact>;

export const ContactDetail = Contact.extend({
  timeZone: z.string().nullable(),
  /** Zones the person may be in, derived from the number unless one is set. */
  zones: z.array(z.string()),
  notes: z.string().nullable(),
  source: z.string(),
  importId: Id.nullable(),
  updatedAt: Instant,
  scores: z.array(z.object({ at: Instant, score: Count, callId: Id })),
  consents: z.array(
    z.object({
      id: Id,
      channel: z.enum(consentChannels),
      basis: z.enum(consentBases),
      source: z.string(),
      obtainedAt: Instant,
      expiresAt: Instant.nullable(),
      revokedAt: Instant.nullable(),
      evidence: z.string().nullable(),
    }),
  ),
  suppressions: z.array(z.object({ id: Id, channel: z.string(), reason: z.string(), at: Instant })),
  /** The open direct call, if there is one: it disables the Call button. */
  openItemId: Id.nullable(),
  calls: z.object({ total: Count, answered: Count }),
});
export type ContactDetail = z.infer<typeof ContactDetail>;

export const suppressionChannels = ["all", "call", "whatsapp"] as const;
export const suppressionReasons = ["asked", "dnc", "manual", "wrong_number", "complaint"] as const;

const suppressionFields = {
  channel: z.enum(suppressionChannels).default("all"),
  reason: z.enum(suppressionReasons).default("manual"),
  note: ShortText.optional(),
};

/** `stopped`: waiting items skipped and waiting calls taken back by it; `inAir`: calls that can no longer be stopped. */
export const Suppressed = z.object({ suppressed: z.boolean(), stopped: Count, inAir: Count });

export const Suppression = z.object({
  id: Id,
  phoneNumber: z.string(),
  contactId: Id.nullable(),
  channel: z.enum(suppressionChannels),
  reason: z.enum(suppressionReasons),
  source: z.string(),
  note: z.string().nullable(),
  createdAt: Instant,
});
export type Suppression = z.infer<typeof Suppression>;

/** Query of `POST /api/suppressions`: what holds for rows that do not say. */
export const SuppressionUpload = z.strictObject({
  channel: suppressionFields.channel,
  reason: suppressionFields.reason,
  defaultRegion: Region.optional(),
});
export type SuppressionUpload = z.infer<typeof SuppressionUpload>;

/** Its answer: `refused` counts rows that hold no number; the first of them stand in `invalid`. */
export type SuppressionsImported = {
  rows: number;
  added: number;
  known: number;
  stopped: number;
  inAir: number;
  refused: number;
  invalid: { row: number; raw: string; reason: string }[];
};

export const contactsProcedures = {
  list: {
    input: z.strictObject({
      ...pageInput,
      search: z.string().trim().max(200).optional(),
      filter: ContactFilter.optional(),
      sort: z.enum(contactSorts).optional(),
    }),
    output: page(Contact).extend({ total: Count.nullable() }),
  },
  get: { input: z.strictObject({ contactId: Id }), output: ContactDetail },
  create: { input: ContactDraft, output: ContactDetail },
  update: { input: ContactPatch, output: ContactDetail },
  suppress: { input: z.strictObject({ contactId: Id, ...suppressionFields }), output: Suppressed },
  unsuppress: { input: z.strictObject({ contactId: Id }), output: Suppressed },
};

/** What one call was dialled on: rules and their version, hours, consent, the words that told of the machine. */
export const CallReceipt = z.object({
  callId: Id,
  at: Instant,
  outcome: z.string().nullable(),
  receipt: z.record(z.string(), z.unknown()),
});
export type CallReceipt = z.infer<typeof CallReceipt>;

export const consentsProcedures = {
  add: { input: z.strictObject({ contactId: Id, ...Consent.shape }), output: ContactDetail },
  /** Withdrawn from now on; that it was given stays on record. What waits under it is skipped at its turn. */
  revoke: { input: z.strictObject({ contactId: Id, consentId: Id }), output: ContactDetail },
  /** The latest calls to a person, each with its receipt. */
  receipts: {
    input: z.strictObject({ ...pageInput, contactId: Id }),
    output: page(CallReceipt),
  },
};

export const suppressionsProcedures = {
  list: {
    input: z.strictObject({ ...pageInput, search: z.string().trim().max(200).optional() }),
    output: page(Suppression),
  },
  add: {
    input: z.strictObject({
      phoneNumbers: z.array(RawPhoneNumber).min(1).max(1000),
      ...suppressionFields,
    }),
    output: z.object({
      added: Count,
      known: Count,
      invalid: z.array(z.object({ raw: z.string(), reason: z.string() })),
      stopped: Count,
      inAir: Count,
    }),
  },
  remove: { input: z.strictObject({ suppressionId: Id }), output: Suppressed },
};

export const tagsProcedures = {
  list: { input: Nothing, output: z.object({ items: z.array(z.object({ tag: Tag, contacts: Count })) }) },
};

export const customFieldKinds = ["text", "number", "date", "boolean"] as const;

export const customFieldsProcedures = {
  list: {
    input: Nothing,
    output: z.object({
      items: z.array(z.object({ key: CustomKey, label: Name, kind: z.enum(customFieldKinds) })),
      stages: z.array(z.object({ key: z.string(), name: z.string(), rank: z.int(), isSystem: z.boolean() })),
    }),
  },
};

/** One fact of a contact's history: `call.ended`, `contact.edited`, with what it needs to be told in a sentence. */
export const TimelineEntry = z.object({
  id: Id,
  contactId: Id,
  at: Instant,
  kind: z.string(),
  actor: z.string(),
  ref: z.string().nullable(),
  summary: z.record(z.string(), z.unknown()),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const timelineProcedures = {
  list: {
    input: z.strictObject({
      ...pageInput,
      contactId: Id,
      kinds: z.array(z.string().max(60)).max(20).optional(),
    }),
    output: page(TimelineEntry),
  },
};
