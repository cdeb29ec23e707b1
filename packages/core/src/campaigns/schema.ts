/** Campaigns and their queue items: what goes in and what comes out. */
import * as z from "zod";
import {
  Count,
  Credits,
  Day,
  Id,
  Instant,
  Name,
  page,
  pageInput,
  RawPhoneNumber,
  Serial,
  Tag,
} from "../fields.ts";
import { ContactFilter } from "../contacts/filter.ts";
import { weekdays } from "../zone.ts";
import { outcomes } from "../calls/outcome.ts";
import { defaultRetry } from "./retry.ts";
import { campaignStatuses, itemKinds, itemStatuses } from "./status.ts";

export const CampaignStatusField = z.enum(campaignStatuses);
export const ItemStatusField = z.enum(itemStatuses);

const clock = /^([01]\d|2[0-3]):[0-5]\d$/;

/** Hours in the callee's zone; `close` at or before `open` runs past midnight and belongs to the opening day. */
export const Window = z.strictObject({
  days: z
    .array(z.enum(weekdays))
    .min(1, "must name at least one day")
    .max(7)
    .refine((days) => new Set(days).size === days.length, "must name each day once"),
  open: z.string().regex(clock, "must be a time like 09:30"),
  close: z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be a time like 18:00, or 24:00"),
  holidays: z.array(Day).max(366).optional(),
});
export type Window = z.infer<typeof Window>;

const monthMinutes = 30 * 24 * 60;
const Waits = z
  .array(z.number().positive("must be more than 0 minutes").max(monthMinutes, "must be at most 30 days"))
  .max(10);

/** Absent lists take their default; an empty list means no retry after such an end. */
export const Retry = z.strictObject({
  maxAttempts: z.int().min(1).max(10).default(defaultRetry.maxAttempts),
  busy: Waits.default(() => [...defaultRetry.busy]),
  noAnswer: Waits.default(() => [...defaultRetry.noAnswer]),
  failed: Waits.default(() => [...defaultRetry.failed]),
  voicemail: Waits.default(() => [...defaultRetry.voicemail]),
});
export type Retry = z.infer<typeof Retry>;

/** Fractions of a minute are for rehearsals: names every wait that is not whole. */
export function fractionalWaits(retry: Retry): string[] {
  return (["busy", "noAnswer", "failed", "voicemail"] as const).flatMap((list) =>
    retry[list].flatMap((minutes, at) => (Number.isInteger(minutes) ? [] : [`retry.${list}.${at}`])),
  );
}

const endsOfItems = {
  statuses: z.array(ItemStatusField).min(1).max(itemStatuses.length).optional(),
  outcomes: z.array(z.enum(outcomes)).min(1).max(outcomes.length).optional(),
  skipReasons: z.array(z.string().min(1).max(60)).min(1).max(30).optional(),
};

/**
 * The people of another campaign by how it ended for them: those who fit any of the lists; without a list, all whom nobody
 * has spoken with.
 */
export const ItemsOf = z.strictObject({ campaignId: Id, ...endsOfItems });
export type ItemsOf = z.infer<typeof ItemsOf>;

/** Whom a campaign calls: exactly one of the five. */
export const Audience = z.union(
  [
    z.strictObject({ importId: Id }),
    z.strictObject({ tag: Tag }),
    z.strictObject({ contactIds: z.array(Id).min(1).max(10_000) }),
    z.strictObject({ filter: ContactFilter }),
    z.strictObject({ items: ItemsOf }),
  ],
  "must be exactly one of { importId }, { tag }, { contactIds }, { filter }, { items }",
);
export type Audience = z.infer<typeof Audience>;

const limits = {
  maxConcurrent: z.int().min(1).max(1000),
  callsPerSecond: z.number().min(0.001).max(50),
  budgetCredits: Credits.min(1),
};

/** Who keeps a time that was agreed in a call: the agent dials again, or a person gets a task. */
export const callbackKeepers = ["person", "agent"] as const;

const datesInOrder = ({
  startsAt,
  endsAt,
}: {
  startsAt?: string | null | undefined;
  endsAt?: string | null | undefined;
}) => !startsAt || !endsAt || Date.parse(startsAt) < Date.parse(endsAt);
const datesMessage = { path: ["endsAt"], message: "must be later than startsAt" };

export const CampaignDraft = z
  .strictObject({
    name: Name,
    agentId: Id,
    audience: Audience,
    fromNumber: RawPhoneNumber.optional(),
    window: Window.optional(),
    retry: Retry.optional(),
    maxConcurrent: limits.maxConcurrent.optional(),
    callsPerSecond: limits.callsPerSecond.optional(),
    budgetCredits: limits.budgetCredits.optional(),
    callbacks: z.enum(callbackKeepers).optional(),
    /** Whose task it is, where a person calls back; absent: whoever looks after the contact. */
    callbackAssigneeId: Id.optional(),
    startsAt: Instant.optional(),
    endsAt: Instant.optional(),
  })
  .refine(datesInOrder, datesMessage);
export type CampaignDraft = z.infer<typeof CampaignDraft>;

/** What is absent stays; null takes a limit or date away. */
export const CampaignPatch = z
  .strictObject({
    campaignId: Id,
    name: Name.optional(),
    agentId: Id.optional(),
    audience: Audience.optional(),
    fromNumber: RawPhoneNumber.nullish(),
    window: Window.nullish(),
    retry: Retry.optional(),
    maxConcurrent: limits.maxConcurrent.nullish(),
    callsPerSecond: limits.callsPerSecond.nullish(),
    budgetCredits: limits.budgetCredits.nullish(),
    callbacks: z.enum(callbackKeepers).optional(),
    callbackAssigneeId: Id.nullish(),
    startsAt: Instant.nullish(),
    endsAt: Instant.nullish(),
  })
  .refine(datesInOrder, datesMessage);
export type CampaignPatch = z.infer<typeof CampaignPatch>;

/** Fields that may change while calls go out. */
export const runningPatchFields = [
  "campaignId",
  "name",
  "maxConcurrent",
  "callsPerSecond",
  "budgetCredits",
  "callbacks",
  "callbackAssigneeId",
  "endsAt",
] as const;

/** Items by where they stand; they sum to the total. */
export const ByStatus = z.object({
  pending: Count,
  inProgress: Count,
  completed: Count,
  failed: Count,
  canceled: Count,
  skipped: Count,
});
export type ByStatus = z.infer<typeof ByStatus>;

/** Final attempts by what they came to. */
export const ByOutcome = z.object({
  answered: Count,
  voicemail: Count,
  busy: Count,
  noAnswer: Count,
  failed: Count,
  canceled: Count,
  unclear: Count,
});
export type ByOutcome = z.infer<typeof ByOutcome>;

export const Campaign = z.object({
  id: Id,
  name: z.string(),
  status: CampaignStatusField,
  statusReason: z.string().nullable(),
  agentId: Id,
  audience: z.unknown(),
  fromNumber: z.string().nullable(),
  window: z
    .object({
      days: z.array(z.enum(weekdays)),
      open: z.string(),
      close: z.string(),
      holidays: z.array(z.string()).optional(),
    })
    .nullable(),
  retry: z.object({
    maxAttempts: Count,
    busy: z.array(z.number()),
    noAnswer: z.array(z.number()),
    failed: z.array(z.number()),
    voicemail: z.array(z.number()),
  }),
  maxConcurrent: Count.nullable(),
  callsPerSecond: z.number().nullable(),
  budgetCredits: Credits.nullable(),
  callbacks: z.enum(callbackKeepers),
  callbackAssigneeId: Id.nullable(),
  startsAt: Instant.nullable(),
  endsAt: Instant.nullable(),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  completedAt: Instant.nullable(),
  archivedAt: Instant.nullable(),
  counts: ByStatus.extend({ total: Count }),
});
export type Campaign = z.infer<typeof Campaign>;

/** Eight of ten times not before `low` and not after `high`; as often before `mid` as after. */
export const Eta = z.object({ low: Instant, mid: Instant, high: Instant });
export type Eta = z.infer<typeof Eta>;

const CountBand = z.object({ low: Count, mid: Count, high: Count });

/** What is still to come, by forecast.ts. */
export const CampaignForecast = z.object({
  /** Null: it will most probably not end without somebody's help; `stops` says why. */
  finish: Eta.nullable(),
  /** What ends it before everybody was called as often as the rules want: a code of reasons.ts, how probably, and when. */
  stops: z.object({ reason: z.string(), share: z.number(), at: Instant.nullable() }).nullable(),
  calls: CountBand,
  answered: CountBand,
  credits: CountBand,
  /** People who will not be called any more because it stops. */
  left: Count,
  /** What most of the remaining time is waited for, a code of reasons.ts; null: the calls themselves. */
  limitingFactor: z.string().nullable(),
  /** Finished attempts it rests on: the campaign's own, and the workspace's earlier ones. None: usual figures. */
  learnedFrom: z.object({ own: Count, earlier: Count }),
});
export type CampaignForecast = z.infer<typeof CampaignForecast>;

export const CampaignProgress = z.object({
  status: CampaignStatusField,
  statusReason: z.string().nullable(),
  total: Count,
  byStatus: ByStatus,
  byOutcome: ByOutcome,
  spent: Credits,
  held: Credits,
  budgetCredits: Credits.nullable(),
  inAir: Count,
  /** Finished attempts per minute, over the last few minutes. */
  rate: z.number(),
  /** When it will be done; null when nothing is left, it is not running, or it cannot end by itself. */
  eta: Eta.nullable(),
  forecast: CampaignForecast.nullable(),
  /** A code of reasons.ts: what keeps it from going faster now; null when nothing does or nothing is left. */
  limitingFactor: z.string().nullable(),
  /** The figures behind it: how many lines, calls or credits, and when it changes. */
  limiting: z
    .object({ count: Count.nullable(), limit: Count.nullable(), until: Instant.nullable() })
    .nullable(),
  waiting: z.array(z.object({ reason: z.string(), count: Count, nextAt: Instant.nullable() })),
  launch: z.object({ done: Count, total: Count }).nullable(),
});
export type CampaignProgress = z.infer<typeof CampaignProgress>;

/** One line of the campaign list: what its row shows, without a second query. */
export const CampaignRow = Campaign.pick({
  id: true,
  name: true,
  status: true,
  statusReason: true,
  agentId: true,
  budgetCredits: true,
  createdAt: true,
  startedAt: true,
  completedAt: true,
  archivedAt: true,
  counts: true,
}).extend({
  agentName: z.string(),
  byOutcome: ByOutcome,
  spent: Credits,
  opensAt: Instant.nullable(),
  forecast: CampaignForecast.nullable(),
  createdBy: z.string().nullable(),
});
export type CampaignRow = z.infer<typeof CampaignRow>;

export const problemCodes = [
  "no_agent",
  "agent_archived",
  "agent_not_synced",
  "no_contacts",
  "no_eligible_contacts",
  "suppressed",
  "no_phone",
  "no_consent",
  "destination_not_confirmed",
  "disclosure_silent",
  "disclosure_anonymous",
  "denies_being_a_machine",
  "unknown_placeholder",
  "zone_unknown",
  "zone_never_open",
  "window_closed_until",
  "credits",
  "budget_below_hold",
  "provider_suspended",
  "webhook_unreachable",
  "system_paused",
  "starts_in_past",
  "ends_in_past",
  "from_number_unknown",
] as const;

export const Problem = z.object({
  code: z.enum(problemCodes),
  message: z.string(),
  cure: z.string(),
  /** A blocking problem refuses the start. */
  blocking: z.boolean(),
  count: Count.optional(),
});
export type Problem = z.infer<typeof Problem>;

export const Preflight = z.object({
  problems: z.array(Problem),
  /** May it be started as it is? */
  ready: z.boolean(),
  audience: Count,
  eligible: Count,
  skipped: z.array(z.object({ reason: z.string(), count: Count })),
  zones: z.array(
    z.object({
      zones: z.array(z.string()),
      count: Count,
      opensAt: Instant.nullable(),
      closesAt: Instant.nullable(),
    }),
  ),
  holdPerCall: Credits,
  /** If every eligible contact took one longest call. */
  costCeiling: Credits,
  available: Credits,
  lines: z.object({ user: Count, system: Count }),
  /** If it were started now, or at its start time; null when nobody may be called. */
  forecast: CampaignForecast.nullable(),
});
export type Preflight = z.infer<typeof Preflight>;

export const Item = z.object({
  id: Id,
  campaignId: Id.nullable(),
  contactId: Id,
  contactName: z.string().nullable(),
  phoneNumber: z.string(),
  /** `callback`: an agreed time that the agent keeps, beside the person's first item. */
  kind: z.enum(itemKinds),
  status: ItemStatusField,
  waitReason: z.string().nullable(),
  skipReason: z.string().nullable(),
  dueAt: Instant.nullable(),
  expiresAt: Instant.nullable(),
  attempts: Count,
  attemptsMax: Count,
  lastOutcome: z.enum(outcomes).nullable(),
  /** Outcome of each attempt made, oldest first; null while one is open. */
  tries: z.array(z.enum(outcomes).nullable()),
  lastCallId: Id.nullable(),
  score: Count.nullable(),
  spent: Credits,
});
export type Item = z.infer<typeof Item>;

export const Explanation = z.object({
  verdict: z.enum(["dial", "defer", "skip", "done"]),
  reason: z.string().nullable(),
  until: Instant.nullable(),
  checks: z.array(
    z.object({ name: z.string(), ok: z.boolean(), detail: z.string(), trueAgainAt: Instant.nullish() }),
  ),
});
export type Explanation = z.infer<typeof Explanation>;

export const CampaignEvent = z.object({
  id: Serial,
  at: Instant,
  kind: z.string(),
  actor: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});
export type CampaignEvent = z.infer<typeof CampaignEvent>;

const OneCampaign = z.strictObject({ campaignId: Id });
const reasonField = z.string().trim().max(300).optional();

/** Pause and cancel answer after their locks: no call is placed later but those counted as in the air. */
export const Stopped = z.object({ status: CampaignStatusField, inAir: Count });

export const campaignsProcedures = {
  list: {
    input: z.strictObject({
      ...pageInput,
      status: z.union([CampaignStatusField, z.array(CampaignStatusField).max(6)]).optional(),
      search: z.string().trim().max(200).optional(),
      /** Only those put away; absent: only the others. */
      archived: z.boolean().optional(),
    }),
    output: page(CampaignRow),
  },
  create: { input: CampaignDraft, output: Campaign },
  get: { input: OneCampaign, output: Campaign },
  update: { input: CampaignPatch, output: Campaign },
  duplicate: {
    input: z.strictObject({ campaignId: Id, name: Name.optional(), audience: Audience.optional() }),
    output: Campaign,
  },
  /** A draft with the rules of an ended campaign for some of its people. */
  redial: {
    input: z.strictObject({ campaignId: Id, name: Name.optional(), ...endsOfItems }),
    output: Campaign.extend({ people: Count }),
  },
  /** Out of the list, or back into it; nothing is lost. */
  archive: {
    input: z.strictObject({ campaignId: Id, archived: z.boolean().default(true) }),
    output: Campaign,
  },
  preflight: { input: OneCampaign, output: Preflight },
  start: { input: OneCampaign, output: Campaign },
  pause: { input: z.strictObject({ campaignId: Id, reason: reasonField }), output: Stopped },
  resume: { input: OneCampaign, output: Campaign },
  cancel: { input: z.strictObject({ campaignId: Id, reason: reasonField }), output: Stopped },
  pauseAll: {
    input: z.strictObject({ reason: reasonField }),
    output: z.object({ paused: Count, inAir: Count }),
  },
  progress: { input: OneCampaign, output: CampaignProgress },
  items: {
    input: z.strictObject({
      ...pageInput,
      campaignId: Id.optional(),
      itemId: Id.optional(),
      contactId: Id.optional(),
      status: z.union([ItemStatusField, z.array(ItemStatusField).max(6)]).optional(),
      waitReason: z.string().max(60).optional(),
      lastOutcome: z.enum(outcomes).optional(),
    }),
    output: page(Item),
  },
  explain: { input: z.strictObject({ itemId: Id }), output: Explanation },
  events: { input: z.strictObject({ ...pageInput, campaignId: Id }), output: page(CampaignEvent) },
};
