import type { CampaignRow } from "@parley/core/campaigns/schema";
import type { CampaignStatus } from "@parley/core/campaigns/status";
import { Id } from "@parley/core/fields";
import { param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { forecasts } from "../forecasts.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import { byOutcomeColumns, byStatusColumns } from "../tallies.ts";

export type ListInput = PageInput & {
  status?: CampaignStatus | CampaignStatus[] | undefined;
  search?: string | undefined;
  archived?: boolean | undefined;
};

/** The latest first, each with the figures its row shows. */
export async function listCampaigns(
  ctx: Ctx,
  input: ListInput,
): Promise<{ items: CampaignRow[]; nextCursor: string | null }> {
  const after = cursorOf(input, Id);
  const statuses = input.status === undefined ? null : [input.status].flat();
  const search = input.search ? `%${input.search.toLowerCase().replace(/[\\%_]/g, "\\$&")}%` : null;
  const { found, ahead } = await ctx.db.tx(async (tx) => {
    const listed = await rows<Omit<CampaignRow, "forecast">>(
      tx,
      sql`
      select k.id, k.name, k.status, k.status_reason as "statusReason", k.agent_id as "agentId", a.name as "agentName",
        k.budget_credits as "budgetCredits", k.created_at as "createdAt", k.started_at as "startedAt", k.completed_at as "completedAt",
        k.archived_at as "archivedAt", to_jsonb(i) as counts, to_jsonb(o) as "byOutcome", coalesce(s.spent_credits, 0) as spent,
        case when k.status = 'running' then l.opens_at end as "opensAt",
        (select n.name from app.names_of(array[k.created_by]) n) as "createdBy"
      from (
        select * from call_campaigns k
        where k.user_id = ${param(ctx.user.id)}
          and (${param(after)}::uuid is null or k.id < ${param(after)}::uuid)
          and (${param(statuses)}::text[] is null or k.status = any(${param(statuses)}::text[]))
          and (k.archived_at is not null) = ${param(input.archived ?? false)}
          and (${param(search)}::text is null or lower(k.name) like ${param(search)})
        order by k.id desc
        limit ${param(fetchLimit(input))}
      ) k
      join agents a on a.user_id = k.user_id and a.id = k.agent_id
      left join campaign_spend s on s.user_id = k.user_id and s.campaign_id = k.id
      cross join lateral (
        select ${byStatusColumns} from call_queue q where q.user_id = k.user_id and q.campaign_id = k.id
      ) i
      cross join lateral (
        select ${byOutcomeColumns} from calls c where c.user_id = k.user_id and c.campaign_id = k.id and c.final_at is not null
      ) o
      -- when nothing is open now: the first lane that will be
      left join lateral (
        select case when min(l.opens_at) > app.now() and isfinite(min(l.opens_at)) then min(l.opens_at) end as opens_at
        from call_lanes l where l.user_id = k.user_id and l.campaign_id = k.id and isfinite(l.next_due_at)
      ) l on true
      order by k.id desc`,
    );
    const moves = listed.some(({ status }) => status === "running");
    return { found: listed, ahead: moves ? await forecasts(tx) : null };
  });
  return pageOf(
    found,
    input,
    ({ id }) => id,
    (campaign) => ({ ...campaign, forecast: ahead?.get(campaign.id) ?? null }),
  );
}
