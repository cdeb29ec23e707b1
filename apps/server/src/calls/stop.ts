import { enqueue, param, rows, sql, touch } from "@parley/db";
import { ParleyError } from "@parley/core/errors";
import { isWaiting, type CallStatus } from "@parley/core/calls/lifecycle";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { lockCall, lockInOrder } from "./row.ts";
import { withdraw } from "./withdraw.ts";

/**
 * Stops a call that has not been dialled yet. Claimed: it is withdrawn at once. Waiting at the provider: the provider
 * is asked by a job. A ringing or running call cannot be hung up from here, and we say so.
 */
export async function stopCall(
  ctx: Ctx,
  { callId }: { callId: string },
): Promise<{ callId: string; status: CallStatus; stopping: boolean }> {
  return ctx.db.tx(async (tx) => {
    const call = await lockInOrder(tx, callId);
    const stopped = { action: "call.stopped", entity: "call", entityId: callId };
    if (call.status === "claimed") {
      await withdraw(tx, call, { reason: "stopped", cancel: true });
      await audit(ctx, tx, { ...stopped, changes: { status: [call.status, "not-placed"] } });
      return { callId, status: "not-placed" as const, stopping: false };
    }
    if (!isWaiting(call.status))
      throw new ParleyError(
        "conflict",
        call.ended_at
          ? "The call has ended already."
          : "The provider cannot hang up a call that is being dialled or under way. It ends by itself, at the latest after the agent's longest call.",
      );
    // Written down: whatever reason of our own there was or comes, a person's wish ends the item.
    await rows(
      tx,
      sql`update calls set stop_reason = 'person' where user_id = ${param(tx.userId)} and id = ${param(callId)}`,
    );
    await enqueue(tx, "calls/stop", { userId: ctx.user.id, callId });
    await audit(ctx, tx, { ...stopped, changes: { status: [call.status, "stopping"] } });
    await touch(tx, "calls", callId);
    return { callId, status: call.status, stopping: true };
  });
}

/** The job: asks the provider to take back a waiting call. Its own answer arrives as news, and verify closes the call. */
export async function stopAtProvider(ctx: Ctx, { callId }: { callId: string }): Promise<void> {
  const call = await ctx.db.tx((tx) => lockCall(tx, callId));
  // One that the provider dials again by itself waits there, whatever we have written down of its first end.
  if (!(isWaiting(call.status) || call.provider_retries > 0) || !call.bolna_execution_id) return;
  const answer = await ctx.providers.bolna.stopCall(call.bolna_execution_id);
  ctx.log.info({ call: { id: callId }, result: answer.kind }, `[Calls] stop: ${answer.kind}`);
  if (answer.kind === "unavailable")
    throw new ParleyError("provider_failed", answer.message, { retryable: true });
  await ctx.db.tx((tx) => enqueue(tx, "calls/verify", { userId: ctx.user.id, callId }));
}
