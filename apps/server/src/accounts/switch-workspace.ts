import type { Session } from "@parley/core/accounts/schema";
import { notFound } from "@parley/core/errors";
import type { RequestContext } from "../trpc.ts";
import { enter, membershipsOf } from "./sign-in.ts";

/** Goes on in another of the person's workspaces, under a new session. */
export async function switchWorkspace(ctx: RequestContext, { userId }: { userId: string }): Promise<Session> {
  const personId = ctx.visitor?.person?.id;
  const memberships = personId ? await membershipsOf(ctx, personId) : [];
  if (!personId || !memberships.some((membership) => membership.userId === userId))
    throw notFound("workspace");
  return enter(ctx, personId, userId);
}
