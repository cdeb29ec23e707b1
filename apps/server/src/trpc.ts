import { initTRPC, TRPCError } from "@trpc/server";
import {
  mayCall,
  permissions,
  type ProcedurePath,
  type Role,
  type Scope,
} from "@parley/core/accounts/permissions";
import { ParleyError } from "@parley/core/errors";
import type { Sessions } from "./accounts/session.ts";
import { contextFor, type Ctx, type Parts, type Person } from "./context.ts";
import { idempotently, type IdempotentCall } from "./idempotency.ts";
import type { LiveReader } from "./live/reader.ts";
import type { RateLimits } from "./rate-limits.ts";
import { errorShape, trpcCode } from "./trpc-errors.ts";

/** Who stands at the door: a person's session, or a key. */
export type Visitor = {
  /** Null for an API key. */
  person: Person | null;
  /** The current workspace; null for a person who belongs to none. */
  userId: string | null;
  role: Role | null;
  isPlatformAdmin: boolean;
  /** Null for a session; what a key may do. */
  scopes: readonly Scope[] | null;
  actor: string;
  sessionId: string | null;
};

/** What is known of a request before its procedure has been looked at. */
export type RequestContext = {
  parts: Parts;
  limits: RateLimits;
  sessions: Sessions;
  live: LiveReader;
  visitor: Visitor | null;
  request: { id: string; ip: string; userAgent: string | null; idempotencyKey: string | null };
  /** Sets or clears the session cookie of the answer. */
  cookie: { set(token: string): void; clear(): void };
};

const t = initTRPC.context<RequestContext>().create({
  errorFormatter: ({ error, shape, ctx }) => errorShape(error, shape.code, ctx?.request.id),
  sse: {
    // Whoever listens comes back now and then, and is asked again who they are.
    maxDurationMs: 15 * 60_000,
    ping: { enabled: true, intervalMs: 15_000 },
    client: { reconnectAfterInactivityMs: 40_000 },
  },
});

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** An absent input is the empty one, so that `GET /trpc/auth.me` needs no query string; a broken one is the sender's. */
const emptyInput = t.middleware(({ next, getRawInput }) =>
  next({
    getRawInput: async () => {
      try {
        return (await getRawInput()) ?? {};
      } catch (error) {
        if (!(error instanceof TRPCError && error.code === "BAD_REQUEST")) throw error;
        throw new ParleyError("invalid", "The input is not JSON. Send one JSON object.", { cause: error });
      }
    },
  }),
);

/** A ParleyError keeps its code on the wire; tRPC would call it an internal error. */
const ownErrors = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof ParleyError) {
    const { cause } = result.error;
    throw new TRPCError({ code: trpcCode[cause.code], message: cause.message, cause });
  }
  return result;
});

/** The permission table decides, by path; then the limits, which a stranger's request spends too. */
const guard = t.middleware(({ next, ctx, path }) => {
  const verdict = mayCall(path as ProcedurePath, ctx.visitor);
  if (!verdict.ok) throw new ParleyError(verdict.code, verdict.reason);
  ctx.limits.spend(path, ctx.request.ip, ctx.visitor?.actor);
  return next();
});

const tenant = t.middleware(({ next, ctx }) => next({ ctx: tenantContext(ctx) }));

const idempotency = t.middleware(async ({ next, ctx, path, getRawInput }) => {
  const key = ctx.request.idempotencyKey;
  const tenantCtx = ctx as unknown as Ctx;
  if (!key || !idempotently.has(path)) return next();
  const call: IdempotentCall = { key, procedure: path, request: await getRawInput() };
  return idempotently.run(tenantCtx, call, async (guarded) => {
    const result = await next({ ctx: guarded });
    if (!result.ok) throw result.error;
    return result;
  });
});

/** For procedures that need no workspace: `ctx` is the RequestContext. Permissions of kind public and signedIn. */
export const openProcedure = t.procedure.use(emptyInput).use(ownErrors).use(guard);

/**
 * What every other procedure is made of. Its path is looked up in the permission table, its `ctx` is the tenant's
 * Ctx, its errors are masked, and listed ones honour Idempotency-Key. Declare input and output.
 */
export const procedure = openProcedure.use(tenant).use(idempotency);

/** The tenant's context of a visitor who has been let in. */
export function tenantContext({
  parts,
  visitor,
  request,
}: Pick<RequestContext, "parts" | "visitor" | "request">): Ctx {
  if (!visitor) throw new ParleyError("not_signed_in", "Sign in first, or send an API key as bearer token.");
  if (!visitor.userId || !visitor.role)
    throw new ParleyError(
      "not_allowed",
      "You belong to no workspace. Ask an owner for an invitation, or sign up for one.",
    );
  const { person, role, actor, userId } = visitor;
  return contextFor(parts, userId, parts.db.web, { person, role, actor, requestId: request.id });
}

/** A procedure that nobody may be asked about must not be served: missing paths and wrong kinds, or none. */
export function unguarded(appRouter: { _def: { procedures: Record<string, unknown> } }): string[] {
  return Object.entries(appRouter._def.procedures).flatMap(([path, built]) => {
    const access = (permissions as Record<string, { kind: string }>)[path];
    const kind = (built as { _def: { type: string } })._def.type;
    if (!access) return [`${path} is not in the permission table`];
    return access.kind === kind ? [] : [`${path} is a ${kind}, the permission table says ${access.kind}`];
  });
}
