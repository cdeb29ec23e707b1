import { campaignCan } from "@parley/core/campaigns/can";
import type { Campaign } from "@parley/core/campaigns/schema";
import { conflict } from "@parley/core/errors";
import { param, rows, sql } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { logEvent } from "./log-event.ts";
import { campaignOf, readCampaign } from "./row.ts";

/** Puts a draft or an ended campaign away, or takes it out again. It keeps its page, its figures and its people. */
export function archiveCampaign(
  ctx: Ctx,
  { campaignId, archived }: { campaignId: string; archived: boolean },
): Promise<Campaign> {
  return ctx.db.tx(async (tx) => {
    const campaign = await campaignOf(tx, campaignId, "for no key update");
    const may = campaignCan.archive(campaign.status);
    if (archived && !may.ok) throw conflict(may.reason);
    if (archived !== (campaign.archived_at !== null)) {
      await rows(
        tx,
        sql`
        update call_campaigns set archived_at = ${archived ? sql`app.now()` : sql`null`}
        where user_id = ${param(ctx.user.id)} and id = ${param(campaignId)}`,
      );
      await logEvent(tx, campaignId, archived ? "archived" : "restored", ctx.actor);
      await audit(ctx, tx, {
        action: archived ? "campaign.archived" : "campaign.restored",
        entity: "campaign",
        entityId: campaignId,
        changes: { archived: [!archived, archived] },
      });
    }
    return readCampaign(tx, campaignId);
  });
}
