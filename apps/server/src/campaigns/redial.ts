import { campaignCan } from "@parley/core/campaigns/can";
import type { campaignsProcedures, ItemsOf } from "@parley/core/campaigns/schema";
import { conflict } from "@parley/core/errors";
import { param, row, sql } from "@parley/db";
import type * as z from "zod";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { inAudience } from "./audience.ts";
import { insertDraft } from "./create.ts";
import { logEvent } from "./log-event.ts";
import { campaignOf, readCampaign } from "./row.ts";

type Its = (typeof campaignsProcedures)["redial"];

/**
 * Calls some people of an ended campaign again, as a new draft under the same rules. Each person is on the new list once,
 * however many items they had; whom a rule forbids by now is left out when it is launched, like everybody else.
 */
export function redialCampaign(
  ctx: Ctx,
  { campaignId, name, ...ends }: z.output<Its["input"]>,
): Promise<z.output<Its["output"]>> {
  return ctx.db.tx(async (tx) => {
    const source = await campaignOf(tx, campaignId, "for share");
    const may = campaignCan.redial(source.status);
    if (!may.ok) throw conflict(may.reason);
    const audience = { items: { campaignId, ...ends } satisfies ItemsOf };
    const { people } = await row<{ people: number }>(
      tx,
      sql`
      select count(*)::int as people from contacts c
      where c.user_id = ${param(ctx.user.id)} and c.erased_at is null and ${inAudience(audience)}`,
    );
    if (people === 0)
      throw conflict(`For nobody in “${source.name}” did it end so. Choose other outcomes or reasons.`);
    const id = await insertDraft(tx, {
      name: name ?? `${source.name} (again)`.slice(0, 200),
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
    await logEvent(tx, id, "created", ctx.actor, { redialOf: source.id, people });
    await logEvent(tx, source.id, "redialled", ctx.actor, { as: id, people });
    await audit(ctx, tx, {
      action: "campaign.redialled",
      entity: "campaign",
      entityId: id,
      changes: { from: [null, source.id], people: [null, people] },
    });
    return { ...(await readCampaign(tx, id)), people };
  });
}
