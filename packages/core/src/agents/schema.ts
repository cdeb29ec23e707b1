/** AI voice agents, mirrored at the provider. */
import * as z from "zod";
import {
  Count,
  CustomKey,
  Id,
  Instant,
  Language,
  Name,
  Nothing,
  page,
  pageInput,
  ShortText,
} from "../fields.ts";

export const agentStatuses = ["active", "archived"] as const;
export type AgentStatus = (typeof agentStatuses)[number];

/** `drifted`: somebody changed it at the provider. */
export const syncStatuses = ["pending", "synced", "failed", "drifted"] as const;
export type SyncStatus = (typeof syncStatuses)[number];

export const extractionKinds = ["text", "number", "boolean", "date", "choice"] as const;

/** Something to find out in every conversation. */
export const ExtractionField = z
  .strictObject({
    key: CustomKey,
    label: z.string().trim().max(120).optional(),
    /** What to look for, in the words one would tell a colleague. */
    description: z.string().trim().min(1).max(500),
    kind: z.enum(extractionKinds).default("text"),
    choices: z.array(z.string().trim().min(1).max(120)).min(2).max(50).optional(),
  })
  .refine(({ kind, choices }) => (kind === "choice") === (choices !== undefined), {
    path: ["choices"],
    message: "must be given for the kind choice, and only then",
  });
export type ExtractionField = z.infer<typeof ExtractionField>;

export const Extraction = z
  .array(ExtractionField)
  .max(40)
  .refine(
    (fields) => new Set(fields.map(({ key }) => key)).size === fields.length,
    "must name each key once",
  );

/** The provider's choice of voice; free text, since its list grows weekly. */
export const Voice = z.strictObject({
  provider: z.string().trim().min(1).max(60),
  voice: z.string().trim().min(1).max(120),
  voiceId: z.string().trim().max(200).optional(),
  model: z.string().trim().max(120).optional(),
});
export type Voice = z.infer<typeof Voice>;

/** A voice by its name alone, or in full. */
export const VoiceInput = z.union([z.string().trim().min(1).max(120), Voice]);

const agentFields = {
  name: Name,
  prompt: z.string().trim().min(1, "must say what the agent is to do").max(50_000),
  welcomeMessage: z.string().trim().min(1, "must be the first thing the agent says").max(1000),
  /** Spoken before the welcome message; tells people that they speak to a machine. */
  disclosure: ShortText.min(1, "must not be empty: people have to be told that they speak to a machine"),
  language: Language,
  voice: VoiceInput,
  maxCallSeconds: z.int().min(10, "must be at least 10 seconds").max(7200, "must be at most 2 hours"),
  extraction: Extraction,
  fromNumber: z.string().trim().max(40).nullable(),
};

export const AgentDraft = z.strictObject({
  name: agentFields.name,
  prompt: agentFields.prompt,
  welcomeMessage: agentFields.welcomeMessage,
  disclosure: agentFields.disclosure.optional(),
  language: agentFields.language.optional(),
  voice: agentFields.voice.optional(),
  maxCallSeconds: agentFields.maxCallSeconds.optional(),
  extraction: agentFields.extraction.optional(),
  fromNumber: agentFields.fromNumber.optional(),
});
export type AgentDraft = z.infer<typeof AgentDraft>;

export const AgentPatch = z.strictObject({ agentId: Id, ...AgentDraft.partial().shape });
export type AgentPatch = z.infer<typeof AgentPatch>;

/** Longest call of an agent that does not say. */
export const defaultMaxCallSeconds = 300;

export const Agent = z.object({
  id: Id,
  name: z.string(),
  status: z.enum(agentStatuses),
  bolnaAgentId: z.string().nullable(),
  syncStatus: z.enum(syncStatuses),
  syncError: z.string().nullable(),
  syncedAt: Instant.nullable(),
  /** What differs at the provider: field → [ours, theirs]. */
  drift: z.record(z.string(), z.unknown()).nullable(),
  prompt: z.string(),
  welcomeMessage: z.string(),
  disclosure: z.string(),
  language: z.string(),
  voice: z.record(z.string(), z.unknown()),
  maxCallSeconds: Count,
  extraction: z.array(
    z.object({
      key: z.string(),
      label: z.string().optional(),
      description: z.string(),
      kind: z.enum(extractionKinds),
      choices: z.array(z.string()).optional(),
    }),
  ),
  fromNumber: z.string().nullable(),
  version: Count,
  createdAt: Instant,
  updatedAt: Instant,
  archivedAt: Instant.nullable(),
});
export type Agent = z.infer<typeof Agent>;

/** A line of the list: what the agent is, and how it does. */
export const AgentRow = Agent.omit({ prompt: true, extraction: true, drift: true }).extend({
  calls: Count,
  answered: Count,
  talkSeconds: Count,
  spentCredits: Count,
  runningCampaigns: Count,
});
export type AgentRow = z.infer<typeof AgentRow>;

const OneAgent = z.strictObject({ agentId: Id });

export const agentsProcedures = {
  list: {
    input: z.strictObject({ ...pageInput, status: z.enum(agentStatuses).optional() }),
    output: page(AgentRow),
  },
  get: { input: OneAgent, output: Agent },
  create: { input: AgentDraft, output: Agent },
  update: { input: AgentPatch, output: Agent },
  archive: { input: OneAgent, output: Agent },
  /** Sends our version to the provider again; overwrites what was changed there. */
  sync: { input: OneAgent, output: Agent },
  /** Takes over what was changed at the provider as a version of ours. */
  adopt: { input: OneAgent, output: Agent },
  /** A new secret in the webhook address. */
  rotateKey: { input: OneAgent, output: Agent },
  /** What the provider offers now. */
  voices: {
    input: Nothing,
    output: z.object({ items: z.array(Voice.extend({ accent: z.string().nullable() })) }),
  },
};
