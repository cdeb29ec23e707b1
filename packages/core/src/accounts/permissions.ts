/**
 * Who may do what, on one page. The server guards every procedure and route with this table, the web disables
 * buttons with it, and a test fails when a procedure is missing from it. No zod here: the browser reads it early.
 */

/** From most to least: each may do all that the later ones may. */
export const roles = ["owner", "manager", "agent", "viewer"] as const;
export type Role = (typeof roles)[number];

/**
 * What an API key may be limited to. `read` sees, `contacts` edits people and imports, `dial` makes the phone ring
 * or stops it, `manage` changes agents and the workspace, `platform` acts for the operator of the installation.
 */
export const scopes = ["read", "contacts", "dial", "manage", "platform"] as const;
export type Scope = (typeof scopes)[number];

/**
 * `public`: anyone. `signedIn`: a person with a session, whatever the workspace. A role: that role or a higher one
 * in the current workspace. `platform`: the operator of the installation.
 */
export type Who = "public" | "signedIn" | Role | "platform";

export type Access = {
  kind: "query" | "mutation" | "subscription";
  who: Who;
  /** The scope an API key needs; null: never by key, only by a person's session. */
  scope: Scope | null;
};

const query = (who: Who, scope: Scope | null = "read"): Access => ({ kind: "query", who, scope });
const mutation = (who: Who, scope: Scope | null): Access => ({ kind: "mutation", who, scope });

export const permissions = {
  "auth.signUp": mutation("public", null),
  "auth.signIn": mutation("public", null),
  "auth.signOut": mutation("public", null),
  "auth.invitation": query("public", null),
  "auth.acceptInvitation": mutation("public", null),
  "auth.resetPassword": mutation("public", null),
  "auth.me": query("signedIn"),
  "auth.switch": mutation("signedIn", null),
  "auth.changePassword": mutation("signedIn", null),

  "settings.get": query("viewer"),
  "settings.update": mutation("owner", "manage"),
  "destinations.list": query("viewer"),
  // A stolen key must not open the door to costly numbers.
  "destinations.confirm": mutation("owner", null),
  "destinations.remove": mutation("owner", null),

  "apiKeys.create": mutation("viewer", null),
  "apiKeys.list": query("viewer"),
  "apiKeys.revoke": mutation("viewer", "manage"),

  "members.list": query("viewer"),
  "members.invite": mutation("owner", null),
  "members.setRole": mutation("owner", null),
  "members.remove": mutation("owner", null),

  "audit.list": query("owner"),

  "agents.list": query("viewer"),
  "agents.get": query("viewer"),
  "agents.create": mutation("manager", "manage"),
  "agents.update": mutation("manager", "manage"),
  "agents.archive": mutation("manager", "manage"),
  "agents.sync": mutation("manager", "manage"),
  "agents.rotateKey": mutation("manager", "manage"),
  "agents.adopt": mutation("manager", "manage"),
  "agents.voices": query("viewer"),

  "imports.list": query("viewer"),
  "imports.get": query("viewer"),
  "imports.setMapping": mutation("manager", "contacts"),
  "imports.commit": mutation("manager", "contacts"),
  "imports.undo": mutation("manager", "contacts"),
  "imports.cancel": mutation("manager", "contacts"),

  "contacts.list": query("viewer"),
  "contacts.get": query("viewer"),
  "contacts.create": mutation("agent", "contacts"),
  "contacts.update": mutation("agent", "contacts"),
  "contacts.suppress": mutation("agent", "contacts"),
  "contacts.unsuppress": mutation("manager", "contacts"),
  "consents.add": mutation("agent", "contacts"),
  "consents.revoke": mutation("agent", "contacts"),
  "consents.receipts": query("viewer"),
  "tags.list": query("viewer"),
  "customFields.list": query("viewer"),
  "timeline.list": query("viewer"),

  "notes.add": mutation("agent", "contacts"),
  "tasks.list": query("viewer"),
  "tasks.create": mutation("agent", "contacts"),
  "tasks.assign": mutation("agent", "contacts"),
  "tasks.letAgentCall": mutation("agent", "dial"),
  "tasks.reschedule": mutation("agent", "contacts"),
  "tasks.complete": mutation("agent", "contacts"),
  "tasks.cancel": mutation("agent", "contacts"),

  "suppressions.list": query("viewer"),
  "suppressions.add": mutation("agent", "contacts"),
  "suppressions.remove": mutation("manager", "contacts"),

  "campaigns.list": query("viewer"),
  "campaigns.get": query("viewer"),
  "campaigns.progress": query("viewer"),
  "campaigns.preflight": query("viewer"),
  "campaigns.items": query("viewer"),
  "campaigns.explain": query("viewer"),
  "campaigns.events": query("viewer"),
  "campaigns.create": mutation("manager", "dial"),
  "campaigns.update": mutation("manager", "dial"),
  "campaigns.duplicate": mutation("manager", "dial"),
  "campaigns.redial": mutation("manager", "dial"),
  "campaigns.archive": mutation("manager", "dial"),
  "campaigns.start": mutation("manager", "dial"),
  "campaigns.pause": mutation("manager", "dial"),
  "campaigns.resume": mutation("manager", "dial"),
  "campaigns.cancel": mutation("manager", "dial"),
  "campaigns.pauseAll": mutation("manager", "dial"),

  "calls.list": query("viewer"),
  "calls.get": query("viewer"),
  "calls.place": mutation("agent", "dial"),
  "calls.stop": mutation("agent", "dial"),
  "calls.refold": mutation("manager", "manage"),

  "leads.list": query("viewer"),
  "leads.get": query("viewer"),
  "leads.correct": mutation("agent", "contacts"),
  "leads.reanalyse": mutation("agent", "contacts"),

  "billing.balance": query("viewer"),
  "billing.ledger": query("manager"),

  "home.summary": query("viewer"),
  "live.stream": { kind: "subscription", who: "viewer", scope: "read" },
  "notifications.list": query("viewer"),
  "notifications.markRead": mutation("viewer", "read"),

  "incidents.list": query("viewer"),
  "incidents.acknowledge": mutation("manager", "manage"),
  "incidents.resolve": mutation("manager", "manage"),

  "webhooks.list": query("owner"),
  "webhooks.get": query("owner"),
  "webhooks.replay": mutation("owner", "manage"),

  "ops.query": query("platform", "platform"),
  "ops.sql": query("platform", "platform"),
  "ops.doctor": query("platform", "platform"),
  "ops.explain": query("platform", "platform"),
  "ops.replay": mutation("platform", "platform"),
  "admin.tenants": query("platform", "platform"),
  "admin.setLimits": mutation("platform", "platform"),
  "admin.grantCredits": mutation("platform", "platform"),
  "admin.pauseDialling": mutation("platform", "platform"),
} satisfies Record<string, Access>;

export type ProcedurePath = keyof typeof permissions;

/** The plain HTTP routes, guarded by the same rules. */
export const routePermissions = {
  "POST /api/imports": mutation("manager", "contacts"),
  "GET /api/imports/:id/rejects.csv": query("viewer"),
  "POST /api/suppressions": mutation("manager", "contacts"),
  "GET /api/export/contacts.csv": query("manager"),
  "GET /api/export/calls.csv": query("manager"),
  "GET /api/export/items.csv": query("manager"),
  "GET /api/export/ledger.csv": query("manager"),
  "GET /api/export/leads.csv": query("manager"),
  "GET /api/export/suppressions.csv": query("manager"),
  "GET /api/calls/:id/recording": query("viewer"),
} satisfies Record<string, Access>;

export type RoutePath = keyof typeof routePermissions;

/** Does `role` include all that `least` may do? */
export function atLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(least);
}

/** Who stands before the door. `scopes: null` is a person's session; a list is an API key. */
export type Caller = {
  role: Role | null;
  isPlatformAdmin: boolean;
  scopes: readonly Scope[] | null;
};

export type Verdict = { ok: true } | { ok: false; code: "not_signed_in" | "not_allowed"; reason: string };

/** May `caller` (null: nobody signed in) use a procedure or route with this access? */
export function mayUse(access: Access, caller: Caller | null): Verdict {
  if (access.who === "public") return { ok: true };
  if (!caller)
    return { ok: false, code: "not_signed_in", reason: "Sign in first, or send an API key as bearer token." };
  if (caller.scopes) {
    if (access.scope === null)
      return refuse("An API key cannot do this. Sign in with your password instead.");
    if (!caller.scopes.includes(access.scope)) {
      return refuse(`This API key lacks the scope “${access.scope}”. Create a key that has it.`);
    }
  }
  if (access.who === "signedIn") return { ok: true };
  if (access.who === "platform") {
    return caller.isPlatformAdmin ? { ok: true } : refuse("Only a platform admin can do this.");
  }
  if (!caller.role) return refuse("You are not a member of this workspace.");
  if (atLeast(caller.role, access.who)) return { ok: true };
  return refuse(
    `This needs the role ${access.who}; yours is ${caller.role}. An owner can change it under Team.`,
  );
}

/** The same for a procedure by its path: what the web asks before it offers a button. */
export function mayCall(path: ProcedurePath, caller: Caller | null): Verdict {
  return mayUse(permissions[path], caller);
}

/** Scopes a key of this person can carry at most: no more than the person may do. */
export function grantableScopes(role: Role | null, isPlatformAdmin: boolean): Scope[] {
  const person: Caller = { role, isPlatformAdmin, scopes: null };
  return scopes.filter((scope) =>
    Object.values<Access>(permissions).some((access) => access.scope === scope && mayUse(access, person).ok),
  );
}

function refuse(reason: string): Verdict {
  return { ok: false, code: "not_allowed", reason };
}
