import { campaignCan } from "@parley/core/campaigns/can";
import { waitingStatuses } from "@parley/core/calls/lifecycle";
import { conflict } from "@parley/core/errors";
import { enqueue, enqueueMany, param, row, rows, sql, touch, type Job, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { logEvent } from "./log-event.ts";
import { inAirOf, insist, setLanesPaused, type Stopped } from "./pause.ts";
import { campaignOf } from "./row.ts";

const CHUNK = 10_000;

/**
 * Ends a campaign for good. Nothing is dialled once this has returned but the calls it counts; calls that still wait at
 * the provider are stopped there, and the pending items are canceled by a job, 10 000 at a time.
 */
export function cancelCampaign(
  ctx: Ctx,
  input: { campaignId: string; reason?: string | undefined },
): Promise<Stopped> {
  return ctx.db.tx(async (tx) => {
    await insist(tx);
    const campaign = await campaignOf(tx, input.campaignId, "for no key update");
    const may = campaignCan.cancel(campaign.status);
    if (!may.ok) throw conflict(may.reason);
    // The lease, due at once, says that the queue has still to follow; the sweeper rings for it.
    await rows(
      tx,
      sql`
      update call_campaigns
      set status = 'canceled', status_reason = ${param(input.reason ?? null)}, completed_at = app.now(), launch_lease_until = app.wall()
      where user_id = ${param(ctx.user.id)} and id = ${param(campaign.id)}`,
    );
    await enqueue(tx, "campaigns/launch", { userId: ctx.user.id, campaignId: campaign.id });
    const waiting = await rows<{ id: string }>(
      tx,
      sql`
      select id from calls
      where user_id = ${param(ctx.user.id)} and campaign_id = ${param(campaign.id)} and ended_at is null
        and status = any(${param([...waitingStatuses])}::text[])`,
    );
    await enqueueMany(
      tx,
      waiting.map(({ id }): Job<"calls/stop"> => ({
        name: "calls/stop",
        payload: { userId: ctx.user.id, callId: id },
      })),
    );
    await setLanesPaused(tx, campaign.id, true);
    await logEvent(tx, campaign.id, "canceled", ctx.actor, input.reason ? { reason: input.reason } : {});
    await audit(ctx, tx, {
      action: "campaign.canceled",
      entity: "campaign",
      entityId: campaign.id,
      changes: { status: [campaign.status, "canceled"] },
    });
    return { status: "canceled" as const, inAir: await inAirOf(tx, campaign.id) };
  });
}

/** The job behind it: pending items of an ended campaign, chunk by chunk, then the lease goes and the summary comes. */
export async function cancelPending(ctx: Ctx, campaignId: string, lease: string): Promise<void> {
  while ((await ctx.db.tx((tx) => closePending(tx, campaignId, "canceled"))) > 0);
  await ctx.db.tx(async (tx) => {
    await rows(
      tx,
      sql`
      update call_campaigns set launch_lease_until = null
      where user_id = ${param(ctx.user.id)} and id = ${param(campaignId)} and launch_lease_until = ${param(lease)}::timestamptz`,
    );
    await enqueue(tx, "campaigns/finish", { userId: ctx.user.id, campaignId });
  });
}

/** Closes the next pending items and says how many; in order of id, so that two runs never wait crosswise. */
export async function closePending(tx: Tx, campaignId: string, as: "canceled" | "skipped"): Promise<number> {
  const { closed } = await row<{ closed: number }>(
    tx,
    sql`
    with item as (
      select id from call_queue
      where user_id = ${param(tx.userId)} and campaign_id = ${param(campaignId)} and status = 'pending'
      order by id
      limit ${param(CHUNK)}
      for update
    ),
    closed as (
      update call_queue
      set status = ${param(as)}, skip_reason = ${param(as === "skipped" ? "campaign_over" : null)}, wait_reason = null, closed_at = app.now()
      where id = any(array(select id from item))
      returning 1
    )
    select count(*) as closed from closed`,
  );
  if (closed > 0) await touch(tx, "campaigns", campaignId);
  return closed;
}
