import { Retry, type Audience, type Campaign, type CampaignDraft } from "@parley/core/campaigns/schema";
import { param, row, sql, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { checkDraft } from "./check-draft.ts";
import { logEvent } from "./log-event.ts";
import { readCampaign } from "./row.ts";

/** A draft: nothing is dialled until it is started. */
export function createCampaign(ctx: Ctx, draft: CampaignDraft): Promise<Campaign> {
  return ctx.db.tx(async (tx) => {
    const retry = draft.retry ?? Retry.parse({});
    const { fromNumber } = await checkDraft(tx, ctx.config, { ...draft, retry });
    const campaignId = await insertDraft(tx, {
      ...draft,
      retry,
      fromNumber,
      createdBy: ctx.person?.id ?? null,
    });
    await logEvent(tx, campaignId, "created", ctx.actor);
    await audit(ctx, tx, { action: "campaign.created", entity: "campaign", entityId: campaignId });
    return readCampaign(tx, campaignId);
  });
}

export type NewDraft = Omit<CampaignDraft, "fromNumber" | "retry"> & {
  retry: Retry;
  audience: Audience;
  fromNumber: string | null;
  createdBy: string | null;
};

/** The row with its two companions: the pace and the spend are apart, so that neither ever waits for the other. */
export async function insertDraft(tx: Tx, its: NewDraft): Promise<string> {
  const { id } = await row<{ id: string }>(
    tx,
    sql`
    with campaign as (
      insert into call_campaigns (user_id, name, agent_id, audience, from_number, "window", retry, max_concurrent,
        calls_per_second, budget_credits, callbacks, callback_assignee_id, starts_at, ends_at, created_by)
      values (${param(tx.userId)}, ${param(its.name)}, ${param(its.agentId)}, ${param(JSON.stringify(its.audience))}::jsonb,
        ${param(its.fromNumber)}, ${param(its.window ? JSON.stringify(its.window) : null)}::jsonb, ${param(JSON.stringify(its.retry))}::jsonb,
        ${param(its.maxConcurrent ?? null)}, ${param(its.callsPerSecond ?? null)}, ${param(its.budgetCredits ?? null)},
        ${param(its.callbacks ?? "person")}, ${param(its.callbackAssigneeId ?? null)}, ${param(its.startsAt ?? null)}, ${param(its.endsAt ?? null)}, ${param(its.createdBy)})
      returning id, user_id
    ),
    pace as (
      insert into campaign_pace (campaign_id, user_id) select id, user_id from campaign
    ),
    spend as (
      insert into campaign_spend (campaign_id, user_id) select id, user_id from campaign
    )
    select id from campaign`,
  );
  return id;
}
