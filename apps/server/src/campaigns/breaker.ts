import { param, row, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { logEvent, notify } from "./log-event.ts";
import { pauseLocked } from "./pause.ts";
import { campaignOf } from "./row.ts";

/** So many attempts within five minutes, so much of them failed: the cause is ours or the provider's, not the people's. */
const ATTEMPTS_MIN = 20;
const FAILED_SHARE = 0.6;
/** Older attempts of the same five minutes say nothing new. */
const ATTEMPTS_SEEN = 200;

/**
 * Pauses a campaign whose calls fail one after the other. Busy and no answer are people's business and do not count,
 * nor does what we withdrew ourselves before dialling. Counting begins anew when the campaign is resumed.
 */
export async function checkBreaker(ctx: Ctx, campaignId: string): Promise<boolean> {
  return ctx.db.tx(async (tx) => {
    const { attempts, failed } = await row<{ attempts: number; failed: number }>(
      tx,
      sql`
      select count(*) as attempts, count(*) filter (where c.status in ('failed', 'error', 'not-placed')) as failed
      from (
        select c.status from calls c
        join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
        where c.user_id = ${param(tx.userId)} and c.campaign_id = ${param(campaignId)} and c.dialing_at is not null
          and c.final_at > greatest(app.now() - interval '5 minutes', k.breaker_from)
        order by c.id desc
        limit ${param(ATTEMPTS_SEEN)}
      ) c`,
    );
    if (attempts < ATTEMPTS_MIN || failed / attempts < FAILED_SHARE) return false;
    const campaign = await campaignOf(tx, campaignId, "for no key update");
    if (campaign.status !== "running") return false;
    await pauseLocked(tx, campaign, "breaker");
    await logEvent(tx, campaignId, "breaker", "system", { attempts, failed });
    const message = `${failed} of the last ${attempts} calls of “${campaign.name}” failed, so it paused itself.`;
    const cure = "Look at the failed calls, cure the cause, then resume the campaign.";
    await tx.query("select app.raise_incident($1, $2, $3, $4, $5, $6)", [
      "campaign_breaker",
      campaignId,
      "warn",
      message,
      cure,
      tx.userId,
    ]);
    await notify(tx, {
      kind: "campaign.breaker",
      ref: `${campaignId}:${campaign.breaker_from ?? ""}`,
      title: `“${campaign.name}” paused itself`,
      body: `${message} ${cure}`,
      link: `/campaigns/${campaignId}`,
    });
    return true;
  });
}
