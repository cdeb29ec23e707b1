import { param, rows, sql } from "@parley/db";
import { claimedCall, foldEvents, type CallEvent } from "@parley/core/calls/lifecycle";
import type { Ctx } from "../context.ts";
import { newsOf, readWebhook } from "../providers/bolna-news.ts";
import { factsOf, lockCall } from "./row.ts";

/**
 * Folds every stored event of a call again, from the first, and tells which facts would come out otherwise: none, if
 * events commute as they must. It reads only.
 */
export async function refoldCall(
  ctx: Ctx,
  { callId }: { callId: string },
): Promise<{ callId: string; events: number; changed: string[] }> {
  return ctx.db.tx(async (tx) => {
    const call = await lockCall(tx, callId);
    const stored = await rows<{ status: string | null; at: string; source: string; body: unknown }>(
      tx,
      sql`
      select status, coalesce(provider_at, arrived_at) as at, source, body from call_events
      where user_id = ${param(ctx.user.id)} and call_id = ${param(callId)} order by id`,
    );
    const news = stored.map(({ status, at, source, body }): CallEvent => {
      const read = body === null ? null : readWebhook(body);
      return read && "execution" in read
        ? newsOf(read.execution, at)
        : { status, at, verified: source === "poll" };
    });
    const now = factsOf(call);
    const { facts } = foldEvents({ ...now, ...claimedCall(call.created_at), status: "claimed" }, news);
    const changed = (
      ["transcript", "recordingUrl", "conversationSeconds", "answeredByVoicemail"] as const
    ).filter((fact) => facts[fact] !== null && facts[fact] !== now[fact]);
    return { callId, events: stored.length, changed };
  });
}
