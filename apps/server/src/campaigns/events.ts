import type { CampaignEvent } from "@parley/core/campaigns/schema";
import { Serial } from "@parley/core/fields";
import { param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import { campaignOf } from "./row.ts";

/** What happened to a campaign, the latest first; a person is named, a key or the system is not. */
export async function listEvents(
  ctx: Ctx,
  input: PageInput & { campaignId: string },
): Promise<{ items: CampaignEvent[]; nextCursor: string | null }> {
  const after = cursorOf(input, Serial);
  const found = await ctx.db.tx(async (tx) => {
    await campaignOf(tx, input.campaignId);
    return rows<CampaignEvent>(
      tx,
      sql`
      select e.id, e.at, e.kind, e.detail,
        case when e.actor like 'person:%' then (select n.name from app.names_of(array[substr(e.actor, 8)::uuid]) n) else e.actor end as actor
      from campaign_events e
      where e.user_id = ${param(ctx.user.id)} and e.campaign_id = ${param(input.campaignId)}
        and (${param(after)}::bigint is null or e.id < ${param(after)}::bigint)
      order by e.id desc
      limit ${param(fetchLimit(input))}`,
    );
  });
  return pageOf(
    found,
    input,
    ({ id }) => id,
    (event) => event,
  );
}
