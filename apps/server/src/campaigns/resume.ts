import { campaignCan } from "@parley/core/campaigns/can";
import type { Campaign } from "@parley/core/campaigns/schema";
import { conflict, invalid } from "@parley/core/errors";
import { enqueue, param, row, rows, sql } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { logEvent } from "./log-event.ts";
import { insist, setLanesPaused } from "./pause.ts";
import { lookAhead } from "./preflight.ts";
import { campaignOf, readCampaign } from "./row.ts";
import { refusal, setRunning } from "./start.ts";

/** Goes on where it stood; one that was paused before its start waits for its time again, or starts. */
export function resumeCampaign(ctx: Ctx, { campaignId }: { campaignId: string }): Promise<Campaign> {
  return ctx.db.tx(async (tx) => {
    await insist(tx);
    const campaign = await campaignOf(tx, campaignId, "for no key update");
    const may = campaignCan.resume(campaign.status);
    if (!may.ok) throw conflict(may.reason);
    const { agent_status } = await row<{ agent_status: string }>(
      tx,
      sql`select status as agent_status from agents where user_id = ${param(ctx.user.id)} and id = ${param(campaign.agent_id)}`,
    );
    if (agent_status !== "active")
      throw invalid("agentId: the agent of this campaign is archived. Choose another agent, then resume.", [
        { path: "agentId", message: "is archived; choose another agent" },
      ]);

    if (campaign.started_at === null) {
      const isAhead = campaign.starts_at !== null && campaign.starts_at > campaign.now;
      const { problems } = await lookAhead(tx, ctx.config, campaign);
      const blocking = problems.filter((problem) => problem.blocking);
      if (blocking.length > 0) throw refusal(blocking);
      if (isAhead)
        await rows(
          tx,
          sql`update call_campaigns set status = 'scheduled', status_reason = null where id = ${param(campaignId)}`,
        );
      else await setRunning(tx, campaignId);
    } else {
      await rows(
        tx,
        sql`update call_campaigns set status = 'running', status_reason = null, breaker_from = app.now() where id = ${param(campaignId)}`,
      );
      await setLanesPaused(tx, campaignId, false);
      await tx.query("select app.relane($1, $2)", [ctx.user.id, campaignId]);
      // Nothing may be left to do.
      await enqueue(tx, "campaigns/finish", { userId: ctx.user.id, campaignId });
    }
    await logEvent(tx, campaignId, "resumed", ctx.actor);
    await audit(ctx, tx, {
      action: "campaign.resumed",
      entity: "campaign",
      entityId: campaignId,
      changes: { status: ["paused", "running"] },
    });
    tx.wake("dispatch");
    return readCampaign(tx, campaignId);
  });
}
