import { campaignCan } from "@parley/core/campaigns/can";
import type { Campaign, Problem } from "@parley/core/campaigns/schema";
import { conflict, ParleyError } from "@parley/core/errors";
import { enqueue, param, rows, sql, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { insist } from "./pause.ts";
import { logEvent } from "./log-event.ts";
import { lookAhead } from "./preflight.ts";
import { campaignOf, readCampaign } from "./row.ts";

/** Starts a draft, or a scheduled campaign early. A start time ahead schedules a draft instead. */
export function startCampaign(ctx: Ctx, { campaignId }: { campaignId: string }): Promise<Campaign> {
  return ctx.db.tx(async (tx) => {
    await insist(tx);
    const campaign = await campaignOf(tx, campaignId, "for no key update");
    const may = campaignCan.start(campaign.status);
    if (!may.ok) throw conflict(may.reason);
    if (campaign.archived_at !== null)
      throw conflict("The campaign is archived. Restore it first, then start it.");
    const { problems } = await lookAhead(tx, ctx.config, campaign);
    const blocking = problems.filter((problem) => problem.blocking);
    if (blocking.length > 0) throw refusal(blocking);

    const isAhead = campaign.starts_at !== null && campaign.starts_at > campaign.now;
    if (campaign.status === "draft" && isAhead) {
      await rows(tx, sql`update call_campaigns set status = 'scheduled' where id = ${param(campaignId)}`);
      await logEvent(tx, campaignId, "scheduled", ctx.actor, { at: campaign.starts_at });
    } else {
      await setRunning(tx, campaignId);
      await logEvent(tx, campaignId, "started", ctx.actor);
    }
    await audit(ctx, tx, {
      action: "campaign.started",
      entity: "campaign",
      entityId: campaignId,
      changes: {
        status: [campaign.status, campaign.status === "draft" && isAhead ? "scheduled" : "running"],
      },
    });
    return readCampaign(tx, campaignId);
  });
}

/**
 * The campaign runs and its list is put into the queue by a job. The lease is due at once: if the job is lost, the
 * sweeper finds the row.
 */
export async function setRunning(tx: Tx, campaignId: string): Promise<void> {
  await rows(
    tx,
    sql`
    update call_campaigns
    set status = 'running', status_reason = null, started_at = coalesce(started_at, app.now()), breaker_from = app.now(),
      launch_lease_until = app.wall()
    where user_id = ${param(tx.userId)} and id = ${param(campaignId)}`,
  );
  await enqueue(tx, "campaigns/launch", { userId: tx.userId!, campaignId });
}

const fieldOf: Partial<Record<Problem["code"], string>> = {
  agent_archived: "agentId",
  agent_not_synced: "agentId",
  no_contacts: "audience",
  no_eligible_contacts: "audience",
  no_consent: "audience",
  destination_not_confirmed: "audience",
  disclosure_silent: "agentId",
  denies_being_a_machine: "agentId",
  zone_unknown: "audience",
  zone_never_open: "window",
  budget_below_hold: "budgetCredits",
  ends_in_past: "endsAt",
};

/** Every blocking problem by its field; the first one is the sentence. */
export function refusal(blocking: readonly Problem[]): ParleyError {
  const [first] = blocking;
  return new ParleyError(
    blocking.every(({ code }) => code === "credits") ? "no_credits" : "invalid",
    `${first!.message} ${first!.cure}`,
    {
      issues: blocking.map(({ code, message, cure }) => ({
        path: fieldOf[code] ?? "",
        message: `${message} ${cure}`,
      })),
    },
  );
}
