import { campaignCan } from "@parley/core/campaigns/can";
import type { CampaignStatus } from "@parley/core/campaigns/status";
import { conflict } from "@parley/core/errors";
import { waitingStatuses } from "@parley/core/calls/lifecycle";
import { enqueueMany, param, row, rows, sql, type Job, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { logEvent } from "./log-event.ts";
import { campaignOf, type CampaignRecord } from "./row.ts";

export type Stopped = { status: CampaignStatus; inAir: number };

/**
 * Nothing is dialled once this has returned but the calls it counts as in the air: placing takes the campaign's lock
 * too, so each call was either sent before or is withdrawn.
 */
export function pauseCampaign(
  ctx: Ctx,
  input: { campaignId: string; reason?: string | undefined },
): Promise<Stopped> {
  return ctx.db.tx(async (tx) => {
    await insist(tx);
    const campaign = await campaignOf(tx, input.campaignId, "for no key update");
    const may = campaignCan.pause(campaign.status);
    if (!may.ok) throw conflict(may.reason);
    const stopped = await pauseLocked(tx, campaign, "paused");
    await logEvent(tx, campaign.id, "paused", ctx.actor, input.reason ? { reason: input.reason } : {});
    await audit(ctx, tx, {
      action: "campaign.paused",
      entity: "campaign",
      entityId: campaign.id,
      changes: { status: [campaign.status, "paused"] },
    });
    return stopped;
  });
}

/** Who starts or stops calls waits longer for a lock than others: on a busy machine it must not be refused. */
export async function insist(tx: Tx): Promise<void> {
  await tx.query("set local lock_timeout = '10s'; set local statement_timeout = '12s'");
}

/** Every campaign of the workspace that calls or will; one lock after the other, oldest first. */
export async function pauseAll(
  ctx: Ctx,
  input: { reason?: string | undefined },
): Promise<{ paused: number; inAir: number }> {
  const running = await ctx.db.tx((tx) =>
    rows<{ id: string }>(
      tx,
      sql`select id from call_campaigns where user_id = ${param(ctx.user.id)} and status in ('running', 'scheduled') order by id`,
    ),
  );
  let paused = 0;
  let inAir = 0;
  for (const { id } of running) {
    const stopped = await pauseCampaign(ctx, { campaignId: id, reason: input.reason }).catch(
      (error: unknown) => {
        // It ended, or somebody else paused it, a moment ago: nothing is left to stop.
        if (error instanceof Error && "code" in error && error.code === "conflict") return null;
        throw error;
      },
    );
    if (!stopped) continue;
    paused += 1;
    inAir += stopped.inAir;
  }
  return { paused, inAir };
}

/** Under the campaign's lock. `reason` is a code of core/reasons. */
export async function pauseLocked(tx: Tx, campaign: CampaignRecord, reason: string): Promise<Stopped> {
  await rows(
    tx,
    sql`
    update call_campaigns set status = 'paused', status_reason = ${param(reason)}
    where user_id = ${param(tx.userId)} and id = ${param(campaign.id)}`,
  );
  await stopWaiting(tx, campaign.id);
  await setLanesPaused(tx, campaign.id, true);
  return { status: "paused", inAir: await inAirOf(tx, campaign.id) };
}

/**
 * Calls that wait at the provider are taken back, so that nobody is rung by a campaign that is paused; their people are
 * due again. Before the account's lock, which comes after a call's.
 */
async function stopWaiting(tx: Tx, campaignId: string): Promise<void> {
  const waiting = await rows<{ id: string }>(
    tx,
    sql`
    with waiting as (
      select id from calls
      where user_id = ${param(tx.userId)} and campaign_id = ${param(campaignId)} and ended_at is null and direction = 'outbound'
        and status = any(${param([...waitingStatuses])}::text[])
      order by id
      for update
    )
    update calls c set stop_reason = coalesce(c.stop_reason, 'campaign_paused')
    from waiting w where c.user_id = ${param(tx.userId)} and c.id = w.id
    returning c.id`,
  );
  await enqueueMany(
    tx,
    waiting.map(({ id }): Job<"calls/stop"> => ({
      name: "calls/stop",
      payload: { userId: tx.userId!, callId: id },
    })),
  );
}

/** Whoever writes many lanes holds the account first, so that two of them never wait for each other crosswise. */
export async function setLanesPaused(tx: Tx, campaignId: string, paused: boolean): Promise<void> {
  await rows(tx, sql`select 1 from users where id = ${param(tx.userId)} for no key update`);
  await rows(
    tx,
    sql`update call_lanes set paused = ${param(paused)} where user_id = ${param(tx.userId)} and campaign_id = ${param(campaignId)}`,
  );
}

/** Calls whose request to dial has left, or may have: they end by themselves, or are taken back if they still wait. */
export async function inAirOf(tx: Tx, campaignId: string): Promise<number> {
  const { calls } = await row<{ calls: number }>(
    tx,
    sql`
    select count(*) as calls from calls
    where user_id = ${param(tx.userId)} and campaign_id = ${param(campaignId)} and ended_at is null and status <> 'claimed'`,
  );
  return calls;
}
