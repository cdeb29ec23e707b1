import { campaignCan } from "@parley/core/campaigns/can";
import { runningPatchFields, type Campaign, type CampaignPatch } from "@parley/core/campaigns/schema";
import { conflict, invalid } from "@parley/core/errors";
import { param, row, rows, sql, type Tx } from "@parley/db";
import { audit, changed } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { checkDraft } from "./check-draft.ts";
import { logEvent } from "./log-event.ts";
import { campaignOf, readCampaign, type CampaignRecord } from "./row.ts";

/** Columns by the field that sets them, and whether they are stored as JSON. */
const columns = {
  name: "name",
  agentId: "agent_id",
  audience: "audience",
  fromNumber: "from_number",
  window: "window",
  retry: "retry",
  maxConcurrent: "max_concurrent",
  callsPerSecond: "calls_per_second",
  budgetCredits: "budget_credits",
  callbacks: "callbacks",
  callbackAssigneeId: "callback_assignee_id",
  startsAt: "starts_at",
  endsAt: "ends_at",
} as const satisfies Partial<Record<keyof CampaignPatch, keyof CampaignRecord>>;
type Field = keyof typeof columns;

/** Fields after which lanes that were closed or blocked may be ready. */
const reopening: readonly Field[] = ["agentId", "window", "maxConcurrent", "callsPerSecond", "budgetCredits"];

/**
 * Edits a campaign: everything in a draft, everything but the list while it is scheduled or paused, name, limits and
 * end while it runs. A raised limit or budget, or wider hours, count from the next tick on.
 */
export function updateCampaign(ctx: Ctx, patch: CampaignPatch): Promise<Campaign> {
  return ctx.db.tx(async (tx) => {
    const campaign = await campaignOf(tx, patch.campaignId, "for no key update");
    const fields = (Object.keys(columns) as Field[]).filter((field) => patch[field] !== undefined);
    guard(campaign, patch, fields);
    const { fromNumber } = await checkDraft(tx, ctx.config, {
      ...patch,
      // An edited window is held against the list it is for.
      audience:
        patch.audience ?? (patch.window && campaign.status === "draft" ? campaign.audience : undefined),
    });
    checkDates(campaign, patch);

    const values = { ...patch, ...(patch.fromNumber === undefined ? {} : { fromNumber }) };
    const after = Object.fromEntries(
      fields.map((field) => [columns[field], values[field] ?? null]),
    ) as Partial<CampaignRecord>;
    // Told by the names that the contract uses, whatever the columns are called.
    const differing = changed(campaign, after);
    const changes = Object.fromEntries(
      fields
        .filter((field) => columns[field] in differing)
        .map((field) => [field, differing[columns[field]]!]),
    );
    if (Object.keys(changes).length > 0) {
      await write(tx, campaign.id, after);
      if (patch.callsPerSecond !== undefined)
        await rows(
          tx,
          sql`update campaign_pace set tokens_at = app.wall() where user_id = ${param(tx.userId)} and campaign_id = ${param(campaign.id)}`,
        );
      if (campaign.started_at !== null && fields.some((field) => reopening.includes(field))) {
        await tx.query("select app.relane($1, $2)", [ctx.user.id, campaign.id]);
        if (patch.window !== undefined) await refuseClosedLanes(tx, campaign.id);
        tx.wake("dispatch");
      }
      await logEvent(tx, campaign.id, "updated", ctx.actor, { fields: Object.keys(changes), changes });
      await audit(ctx, tx, {
        action: "campaign.updated",
        entity: "campaign",
        entityId: campaign.id,
        changes,
      });
    }
    return readCampaign(tx, campaign.id);
  });
}

function guard(campaign: CampaignRecord, patch: CampaignPatch, fields: readonly Field[]): void {
  const isLimits = fields.every((field) => (runningPatchFields as readonly string[]).includes(field));
  const may = (isLimits ? campaignCan.changeLimits : campaignCan.update)(campaign.status);
  if (!may.ok) throw conflict(may.reason);
  if (patch.audience !== undefined) {
    const mayList = campaignCan.changeAudience(campaign.status);
    if (!mayList.ok) throw conflict(mayList.reason);
  }
}

function checkDates(campaign: CampaignRecord, patch: CampaignPatch): void {
  const startsAt = patch.startsAt === undefined ? campaign.starts_at : patch.startsAt;
  const endsAt = patch.endsAt === undefined ? campaign.ends_at : patch.endsAt;
  if (startsAt && endsAt && Date.parse(startsAt) >= Date.parse(endsAt))
    throw invalid("endsAt: must be later than startsAt.", [
      { path: "endsAt", message: "must be later than startsAt" },
    ]);
  if (campaign.status === "scheduled" && startsAt === null)
    throw invalid("startsAt: a scheduled campaign needs a start time. Start it now instead, or cancel it.", [
      { path: "startsAt", message: "cannot be removed while the campaign is scheduled" },
    ]);
}

async function write(tx: Tx, campaignId: string, after: Partial<CampaignRecord>): Promise<void> {
  const json = Object.fromEntries(Object.entries(after));
  await rows(
    tx,
    sql`
    update call_campaigns k
    set name = n.name, agent_id = n.agent_id, audience = n.audience, from_number = n.from_number, "window" = nullif(n."window", 'null'),
      retry = n.retry, max_concurrent = n.max_concurrent, calls_per_second = n.calls_per_second, budget_credits = n.budget_credits,
      callbacks = n.callbacks, callback_assignee_id = n.callback_assignee_id, starts_at = n.starts_at, ends_at = n.ends_at
    from call_campaigns o
    cross join lateral jsonb_populate_record(o, ${param(JSON.stringify(json))}::jsonb) n
    where o.user_id = ${param(tx.userId)} and o.id = ${param(campaignId)} and k.id = o.id`,
  );
}

/** With these hours somebody already in the queue could never be called: say so now, not in a campaign that never ends. */
async function refuseClosedLanes(tx: Tx, campaignId: string): Promise<void> {
  const { people, zones } = await row<{ people: number; zones: string | null }>(
    tx,
    sql`
    select count(*) as people, string_agg(distinct replace(l.zone_set, ',', ' + '), '; ') as zones
    from call_lanes l
    join call_queue q on q.lane_id = l.id and q.status = 'pending'
    where l.user_id = ${param(tx.userId)} and l.campaign_id = ${param(campaignId)} and not isfinite(l.opens_at)`,
  );
  if (people > 0)
    throw invalid(
      `window: with these hours ${people} ${people === 1 ? "person" : "people"} of this campaign could never be called (${zones}). Widen the days or hours.`,
      [{ path: "window", message: `never opens for ${people} people in ${zones}` }],
    );
}
