import { createHash, createHmac, randomBytes } from "node:crypto";
import { Lucia, TimeSpan, type Adapter } from "lucia";
import { roles, type Role, type Scope, scopes } from "@parley/core/accounts/permissions";
import { apiKeyPrefix } from "@parley/core/ids";
import { maybeRow, param, sql, type Db } from "@parley/db";
import type { Visitor } from "../trpc.ts";

/** A session unused for so long is over … */
const IDLE = new TimeSpan(14, "d");
/** … and every session is over after so long. */
const ABSOLUTE = new TimeSpan(90, "d");
const SEEN_EVERY_MS = 5 * 60_000;

type SessionFacts = {
  workspaceId: string | null;
  role: Role | null;
  lastSeenAt: string;
  userAgent: string | null;
};
type PersonFacts = { email: string; name: string; isPlatformAdmin: boolean };

declare module "lucia" {
  interface Register {
    Lucia: Lucia<SessionFacts, PersonFacts>;
    UserId: string;
    DatabaseSessionAttributes: SessionFacts;
    DatabaseUserAttributes: PersonFacts;
  }
}

type Found = {
  person_id: string;
  email: string;
  name: string;
  is_platform_admin: boolean;
  user_id: string | null;
  role: Role | null;
  idle_expires_at: string;
  expires_at: string;
  last_seen_at: string;
};

/** Lucia's storage over the definer functions; what is stored is a hash of the token. */
function adapter({ pool }: Db): Adapter {
  return {
    async getSessionAndUser(id) {
      const found = await maybeRow<Found>(pool, sql`select * from app.session(${param(id)})`);
      if (!found) return [null, null];
      const session: SessionFacts = {
        workspaceId: found.user_id,
        role: found.role,
        lastSeenAt: found.last_seen_at,
        userAgent: null,
      };
      const person = { email: found.email, name: found.name, isPlatformAdmin: found.is_platform_admin };
      return [
        { id, userId: found.person_id, expiresAt: new Date(found.idle_expires_at), attributes: session },
        { id: found.person_id, attributes: person },
      ];
    },
    async setSession({ id, userId: personId, expiresAt, attributes }) {
      const end = new Date(Date.now() + ABSOLUTE.milliseconds());
      await pool.query("select app.session_start($1, $2, $3, $4, $5, $6)", [
        id,
        personId,
        attributes.workspaceId,
        expiresAt,
        end,
        attributes.userAgent,
      ]);
    },
    async updateSessionExpiration(id, expiresAt) {
      await pool.query("select app.session_touch($1, $2)", [id, expiresAt]);
    },
    async deleteSession(id) {
      await pool.query("select app.session_end($1)", [id]);
    },
    async deleteUserSessions(personId) {
      await pool.query("select app.sessions_end($1)", [personId]);
    },
    getUserSessions: () => Promise.reject(new Error("Sessions are not listed.")),
    // ops/prune does that.
    deleteExpiredSessions: async () => {},
  };
}

/** Who a request is from: a session by its cookie, or a program by its key. */
export class Sessions {
  readonly lucia: Lucia<SessionFacts, PersonFacts>;
  readonly #db: Db;
  readonly #pepper: Buffer;

  constructor(db: Db, { publicUrl, pepper }: { publicUrl: string; pepper: string }) {
    const secure = publicUrl.startsWith("https:");
    this.#db = db;
    this.#pepper = Buffer.from(pepper, "base64");
    this.lucia = new Lucia<SessionFacts, PersonFacts>(adapter(db), {
      sessionExpiresIn: IDLE,
      sessionCookie: {
        name: secure ? "__Host-parley_s" : "parley_s",
        // The database knows when a session ends; the cookie merely outlives it.
        expires: false,
        attributes: { secure, sameSite: "lax", path: "/" },
      },
      getSessionAttributes: (session) => session,
      getUserAttributes: (person) => person,
    });
  }

  /** Signs a person in to a workspace; returns the token for the cookie. */
  async start(personId: string, workspaceId: string, userAgent: string | null): Promise<string> {
    const token = randomBytes(32).toString("base64url");
    const facts = { workspaceId, role: null, lastSeenAt: "", userAgent };
    await this.lucia.createSession(personId, facts, { sessionId: this.#idOf(token) });
    return token;
  }

  async read(token: string): Promise<Visitor | null> {
    const { session, user: person } = await this.lucia.validateSession(this.#idOf(token));
    if (!session) return null;
    if (!session.fresh && Date.now() - Date.parse(session.lastSeenAt) > SEEN_EVERY_MS) {
      const idleEnd = new Date(Date.now() + IDLE.milliseconds());
      await this.#db.pool.query("select app.session_touch($1, $2)", [session.id, idleEnd]);
    }
    const { id, name, email, isPlatformAdmin } = person;
    return {
      person: { id, name, email, isPlatformAdmin },
      userId: session.workspaceId,
      role: session.role,
      isPlatformAdmin,
      scopes: null,
      actor: `person:${id}`,
      sessionId: session.id,
    };
  }

  end(sessionId: string): Promise<void> {
    return this.lucia.invalidateSession(sessionId);
  }

  endAll(personId: string): Promise<void> {
    return this.lucia.invalidateUserSessions(personId);
  }

  async readKey(key: string): Promise<Visitor | null> {
    if (!key.startsWith(apiKeyPrefix)) return null;
    const found = await maybeRow<{
      id: string;
      user_id: string;
      role: string;
      scopes: string[];
      is_platform_admin: boolean;
    }>(this.#db.pool, sql`select * from app.api_key(${param(sha256(key))})`);
    if (!found) return null;
    return {
      person: null,
      userId: found.user_id,
      role: roles.find((role) => role === found.role) ?? null,
      isPlatformAdmin: found.is_platform_admin,
      scopes: scopes.filter((scope): scope is Scope => found.scopes.includes(scope)),
      actor: `key:${found.id}`,
      sessionId: null,
    };
  }

  /** Keyed, so that whoever reads the table cannot even tell a guessed token from a wrong one. */
  #idOf(token: string): string {
    return createHmac("sha256", this.#pepper).update(token).digest("hex");
  }
}

/** How single-use tokens and keys are stored: they are random enough for a plain hash. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** 256 random bits for a link or key. */
export const newToken = (): string => randomBytes(32).toString("base64url");
