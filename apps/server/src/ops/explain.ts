import type { ExplainedItem, OpsExplanation } from "@parley/core/ops/schema";
import { notFound } from "@parley/core/errors";
import { reasonText } from "@parley/core/reasons";
import { maybeRow, param, row, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";

/** So many of a campaign's next items are judged; the others are counted by what they wait for. */
const ITEMS_SHOWN = 20;

type Check = {
  item_id: string;
  name: string;
  ok: boolean;
  reason: string | null;
  detail: string;
  true_again_at: string | null;
};
type Item = Pick<
  ExplainedItem,
  "itemId" | "company" | "campaign" | "campaignId" | "contactId" | "status" | "dueAt" | "attempts"
>;

/**
 * Why something of any workspace is not dialled, in the words of the tick's own predicates: one item with every check,
 * what is open of a contact, or the next items of a campaign. As the read-only login sees it: no names, no numbers.
 */
export async function explainAnything(
  { ro }: Pick<Ctx, "ro">,
  { id }: { id: string },
): Promise<OpsExplanation> {
  const found = await maybeRow<{ kind: OpsExplanation["kind"]; user_id: string }>(
    ro,
    sql`
    select 'item' as kind, user_id from call_queue where id = ${param(id)}
    union all select 'contact', user_id from contacts where id = ${param(id)}
    union all select 'campaign', user_id from call_campaigns where id = ${param(id)}`,
  );
  if (!found) throw notFound("item, contact or campaign");
  const { kind, user_id } = found;
  const items = await rows<Item>(
    ro,
    sql`
    select q.id as "itemId", u.company, k.name as campaign, q.campaign_id as "campaignId", q.contact_id as "contactId", q.status,
      q.due_at as "dueAt", q.attempts
    from call_queue q
    join users u on u.id = q.user_id
    left join call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
    where q.user_id = ${param(user_id)} and ${
      kind === "item"
        ? sql`q.id = ${param(id)}`
        : kind === "contact"
          ? sql`q.contact_id = ${param(id)}`
          : sql`q.campaign_id = ${param(id)} and q.status in ('pending', 'in_progress')`
    }
    order by q.status not in ('pending', 'in_progress'), q.due_at, q.id
    limit ${param(ITEMS_SHOWN)}`,
  );
  const checks = await rows<Check>(
    ro,
    sql`
    select i.id as item_id, e.name, e.ok, e.reason, e.detail, case when isfinite(e.true_again_at) then e.true_again_at end as true_again_at
    from unnest(${param(items.map(({ itemId }) => itemId))}::uuid[]) i (id) cross join lateral app.ops_explain(i.id) e
    order by i.id, e.ord`,
  );
  const ofItem = Map.groupBy(checks, ({ item_id }) => item_id);
  return {
    kind,
    items: items.map((item) => judged(item, ofItem.get(item.itemId) ?? [])),
    ...(kind === "campaign" ? await ofCampaign(ro, user_id, id) : { limiting: null, waiting: [] }),
  };
}

function judged(item: Item, [verdict, ...checks]: Check[]): ExplainedItem {
  return {
    ...item,
    verdict: verdict?.detail ?? "done",
    reason: verdict?.reason ?? null,
    until: verdict?.true_again_at ?? null,
    checks: checks.map(({ name, ok, reason, detail, true_again_at }) => ({
      name,
      ok,
      reason,
      detail: reason === null ? detail : `${detail} ${reasonText(reason)}`,
      trueAgainAt: true_again_at,
    })),
  };
}

async function ofCampaign(
  ro: Ctx["ro"],
  userId: string,
  campaignId: string,
): Promise<Pick<OpsExplanation, "limiting" | "waiting">> {
  const limiting = await row<NonNullable<OpsExplanation["limiting"]>>(
    ro,
    sql`
    select f.factor, f.amount as count, f.most as limit, case when isfinite(f.until) then f.until end as until
    from (select 1) one left join lateral app.limiting_factor(${param(userId)}, ${param(campaignId)}) f on true`,
  );
  const waiting = await rows<OpsExplanation["waiting"][number]>(
    ro,
    sql`
    select status, coalesce(skip_reason, wait_reason) as reason, count(*) as items,
      case when isfinite(min(due_at)) and status = 'pending' then min(due_at) end as "nextAt"
    from call_queue where user_id = ${param(userId)} and campaign_id = ${param(campaignId)}
    group by status, coalesce(skip_reason, wait_reason)
    order by items desc`,
  );
  return { limiting, waiting };
}
