/** People, workspaces, keys, members, settings, audit: what goes in and what comes out. */
import * as z from "zod";
import {
  Count,
  Credits,
  Day,
  Done,
  Email,
  Id,
  Instant,
  Name,
  Nothing,
  page,
  pageInput,
  Region,
  Serial,
  ShortText,
  TimeZone,
} from "../fields.ts";
import { roles, scopes } from "./permissions.ts";

/** Long enough to be worth hashing, short enough not to be a denial of service. */
export const Password = z.string().min(10, "must have at least 10 characters").max(200);

export const RoleField = z.enum(roles);
export const ScopeField = z.enum(scopes);

/** `rehearsal` lifts hours and consent and is refused for a real voice provider. */
export const ruleSets = ["by-country", "rehearsal"] as const;
export type RuleSet = (typeof ruleSets)[number];

export const SignUp = z.strictObject({
  email: Email,
  password: Password,
  name: Name,
  company: Name.optional(),
  timeZone: TimeZone.optional(),
  defaultRegion: Region.optional(),
});
export type SignUp = z.infer<typeof SignUp>;

export const SignIn = z.strictObject({ email: Email, password: z.string().min(1).max(200) });
export type SignIn = z.infer<typeof SignIn>;

export const Member = z.object({
  id: Id,
  email: z.string(),
  name: z.string(),
  role: RoleField,
  isPlatformAdmin: z.boolean(),
});
export type Member = z.infer<typeof Member>;

export const Workspace = z.object({
  id: Id,
  company: z.string(),
  timeZone: z.string(),
  defaultRegion: z.string(),
  credits: Credits,
  concurrentLimit: Count,
});
export type Workspace = z.infer<typeof Workspace>;

/** What sign-up and sign-in answer, beside the cookie. */
export const Session = z.object({ member: Member, user: Workspace });
export type Session = z.infer<typeof Session>;

export const Membership = z.object({ userId: Id, company: z.string(), role: RoleField });

/** Which providers are the sandbox now, and what follows from it: the banner on every page. */
export const Surroundings = z.object({
  sandbox: z.array(z.enum(["voice", "analysis", "whatsapp", "calendar"])),
  ruleSet: z.enum(ruleSets),
  now: Instant,
  clockScale: z.number(),
});

export const Me = z.object({
  person: z.object({ id: Id, email: z.string(), name: z.string(), isPlatformAdmin: z.boolean() }),
  memberships: z.array(Membership),
  current: Session.nullable(),
  surroundings: Surroundings.optional(),
});
export type Me = z.infer<typeof Me>;

export const Invitation = z.object({
  email: z.string().nullable(),
  role: RoleField,
  company: z.string(),
  expiresAt: Instant,
  /** The invited address already signs in here: ask for its password, never set a new one. */
  knownPerson: z.boolean(),
});

const Token = z.string().min(20).max(200);

export const authProcedures = {
  signUp: { input: SignUp, output: Session },
  signIn: { input: SignIn, output: Session },
  signOut: { input: Nothing, output: Done },
  me: { input: Nothing, output: Me },
  switch: { input: z.strictObject({ userId: Id }), output: Session },
  changePassword: {
    input: z.strictObject({ currentPassword: z.string().min(1).max(200), newPassword: Password }),
    output: Done,
  },
  resetPassword: { input: z.strictObject({ token: Token, newPassword: Password }), output: Done },
  invitation: { input: z.strictObject({ token: Token }), output: Invitation },
  acceptInvitation: {
    input: z.strictObject({
      token: Token,
      email: Email.optional(),
      name: Name.optional(),
      password: z.string().min(1).max(200),
    }),
    output: Session,
  },
};

/** Limits over one person, all campaigns and direct calls together; null leaves it to the rule set. */
export const FrequencyCap = z.strictObject({
  dialsMax: z.int().min(1).max(100).nullable(),
  answeredMax: z.int().min(1).max(100).nullable(),
  days: z.int().min(1).max(90),
});
export type FrequencyCap = z.infer<typeof FrequencyCap>;
export const defaultFrequencyCap: FrequencyCap = { dialsMax: 6, answeredMax: 2, days: 7 };

export const Settings = z.object({
  company: z.string(),
  email: z.string(),
  timeZone: z.string(),
  defaultRegion: z.string(),
  ruleSet: z.enum(ruleSets),
  /** A real voice provider: the rule set cannot be changed. */
  ruleSetLocked: z.boolean(),
  frequencyCap: FrequencyCap,
  pulseSeconds: Count,
  pulseCredits: Credits,
  messageCredits: Credits,
  /** Starting more calls than this asks for typed confirmation. */
  confirmAbove: Count,
  concurrentLimit: Count,
  systemLimit: Count,
});
export type Settings = z.infer<typeof Settings>;

export const SettingsPatch = z.strictObject({
  company: Name.optional(),
  email: Email.optional(),
  timeZone: TimeZone.optional(),
  defaultRegion: Region.optional(),
  ruleSet: z.enum(ruleSets).optional(),
  frequencyCap: FrequencyCap.optional(),
  confirmAbove: z.int().min(1).max(10_000_000).optional(),
});
export type SettingsPatch = z.infer<typeof SettingsPatch>;

export const settingsProcedures = {
  get: { input: Nothing, output: Settings },
  update: { input: SettingsPatch, output: Settings },
};

/** A country that calls may go to, or that people on the lists live in; with what its rules ask for. */
export const Destination = z.object({
  country: Region,
  contacts: Count,
  /** The workspace's own country needs no confirmation. */
  own: z.boolean(),
  confirmed: z.boolean(),
  rule: z.object({
    version: Count,
    /** ISO weekdays, Monday = 1. */
    days: z.array(z.int()),
    opens: z.string(),
    closes: z.string(),
    holidays: z.array(Day),
    consent: z.enum(["none", "any", "express", "written"]),
    dialsMax: Count.nullable(),
    answeredMax: Count.nullable(),
    note: z.string(),
  }),
});
export type Destination = z.infer<typeof Destination>;

export const destinationsProcedures = {
  list: { input: Nothing, output: z.object({ items: z.array(Destination) }) },
  /** A person says that this workspace means to call that country; who waited for it is due at once. */
  confirm: { input: z.strictObject({ country: Region }), output: z.object({ country: Region, due: Count }) },
  remove: { input: z.strictObject({ country: Region }), output: Done },
};

export const ApiKey = z.object({
  id: Id,
  name: z.string(),
  /** The first and last characters, to tell keys apart. */
  hint: z.string(),
  role: RoleField,
  /** Empty: all that its role may do. */
  scopes: z.array(ScopeField),
  createdBy: z.string().nullable(),
  createdAt: Instant,
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const apiKeysProcedures = {
  create: {
    /** Without scopes the key may do all that its maker may. */
    input: z.strictObject({ name: Name, scopes: z.array(ScopeField).min(1).max(scopes.length).optional() }),
    output: z.object({ id: Id, key: z.string() }),
  },
  list: { input: Nothing, output: z.object({ items: z.array(ApiKey) }) },
  revoke: { input: z.strictObject({ id: Id }), output: Done },
};

export const TeamMember = z.object({
  id: Id,
  personId: Id,
  email: z.string(),
  name: z.string(),
  role: RoleField,
  joinedAt: Instant,
  lastSeenAt: Instant.nullable(),
});

export const membersProcedures = {
  list: {
    input: Nothing,
    output: z.object({
      items: z.array(TeamMember),
      invitations: z.array(
        z.object({
          id: Id,
          email: z.string().nullable(),
          role: RoleField,
          expiresAt: Instant,
          createdBy: z.string().nullable(),
        }),
      ),
    }),
  },
  /** The link is for copying; nothing is mailed. */
  invite: {
    input: z.strictObject({ email: Email.optional(), role: RoleField }),
    output: z.object({ link: z.string(), expiresAt: Instant }),
  },
  setRole: { input: z.strictObject({ id: Id, role: RoleField }), output: Done },
  remove: { input: z.strictObject({ id: Id }), output: Done },
};

export const AuditEntry = z.object({
  id: Serial,
  at: Instant,
  actor: z.string(),
  action: z.string(),
  entity: z.string().nullable(),
  entityId: z.string().nullable(),
  /** Field → [before, after]. */
  changes: z.record(z.string(), z.unknown()),
  requestId: z.string().nullable(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const auditProcedures = {
  list: {
    input: z.strictObject({
      ...pageInput,
      action: z.string().max(100).optional(),
      actor: ShortText.optional(),
      from: Day.optional(),
      to: Day.optional(),
    }),
    output: page(AuditEntry),
  },
};
