import type { RequestContext } from "../trpc.ts";

/** Ends the session of this browser; without one there is nothing to do. */
export async function signOut({ sessions, visitor, cookie }: RequestContext): Promise<{ ok: true }> {
  if (visitor?.sessionId) await sessions.end(visitor.sessionId);
  cookie.clear();
  return { ok: true };
}
