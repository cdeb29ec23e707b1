import type { Audience, Campaign } from "@parley/core/campaigns/schema";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { checkDraft } from "./check-draft.ts";
import { insertDraft } from "./create.ts";
import { logEvent } from "./log-event.ts";
import { campaignOf, readCampaign } from "./row.ts";

/** The same rules as a new draft, for the same list or (calling some of them again) another one. Dates are not copied. */
export function duplicateCampaign(
  ctx: Ctx,
  input: { campaignId: string; name?: string | undefined; audience?: Audience | undefined },
): Promise<Campaign> {
  return ctx.db.tx(async (tx) => {
    const source = await campaignOf(tx, input.campaignId);
    const audience = input.audience ?? source.audience;
    // Only what was handed in now is checked: an agent archived meanwhile is preflight's to name.
    await checkDraft(tx, ctx.config, { audience: input.audience });
    const campaignId = await insertDraft(tx, {
      name: input.name ?? `${source.name} (copy)`.slice(0, 200),
      agentId: source.agent_id,
      audience,
      fromNumber: source.from_number,
      window: source.window ?? undefined,
      retry: source.retry,
      maxConcurrent: source.max_concurrent ?? undefined,
      callsPerSecond: source.calls_per_second ?? undefined,
      budgetCredits: source.budget_credits ?? undefined,
      callbacks: source.callbacks,
      callbackAssigneeId: source.callback_assignee_id ?? undefined,
      createdBy: ctx.person?.id ?? null,
    });
    await logEvent(tx, campaignId, "created", ctx.actor, { copyOf: source.id });
    await audit(ctx, tx, { action: "campaign.duplicated", entity: "campaign", entityId: campaignId });
    return readCampaign(tx, campaignId);
  });
}
