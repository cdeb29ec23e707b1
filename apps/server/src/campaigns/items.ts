import type { Outcome } from "@parley/core/calls/outcome";
import type { Item } from "@parley/core/campaigns/schema";
import type { ItemStatus } from "@parley/core/campaigns/status";
import { Id } from "@parley/core/fields";
import { param, raw, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import { waitReason } from "./row.ts";

export type ItemsInput = PageInput & {
  campaignId?: string | undefined;
  itemId?: string | undefined;
  contactId?: string | undefined;
  status?: ItemStatus | ItemStatus[] | undefined;
  waitReason?: string | undefined;
  lastOutcome?: Outcome | undefined;
};

/** Queue items of a campaign in the order they were queued, of a person the latest first. */
export async function listItems(
  ctx: Ctx,
  input: ItemsInput,
): Promise<{ items: Item[]; nextCursor: string | null }> {
  const after = cursorOf(input, Id);
  const isLatestFirst = input.campaignId === undefined;
  const order = raw(isLatestFirst ? "desc" : "asc");
  const beyond = raw(isLatestFirst ? "<" : ">");
  const statuses = input.status === undefined ? null : [input.status].flat();
  const found = await ctx.db.tx((tx) =>
    rows<Item>(
      tx,
      sql`
      with item as (
        select q.*, ${waitReason} as waits, k.retry
        from call_queue q
        join call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
        left join call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
        cross join (select app.now() as at offset 0) n
        where q.user_id = ${param(ctx.user.id)}
          and (${param(after)}::uuid is null or q.id ${beyond} ${param(after)}::uuid)
          and (${param(input.campaignId ?? null)}::uuid is null or q.campaign_id = ${param(input.campaignId ?? null)}::uuid)
          and (${param(input.itemId ?? null)}::uuid is null or q.id = ${param(input.itemId ?? null)}::uuid)
          and (${param(input.contactId ?? null)}::uuid is null or q.contact_id = ${param(input.contactId ?? null)}::uuid)
          and (${param(statuses)}::text[] is null or q.status = any(${param(statuses)}::text[]))
          and (${param(input.lastOutcome ?? null)}::text is null or q.last_outcome = ${param(input.lastOutcome ?? null)}::text)
          and (${param(input.waitReason ?? null)}::text is null or ${waitReason} = ${param(input.waitReason ?? null)}::text)
        order by q.id ${order}
        limit ${param(fetchLimit(input))}
      )
      select i.id, i.campaign_id as "campaignId", i.contact_id as "contactId", c.name as "contactName", i.phone_number as "phoneNumber",
        i.kind, i.status, i.waits as "waitReason", i.skip_reason as "skipReason",
        case when i.status = 'pending' then i.due_at end as "dueAt",
        case when i.status = 'pending' then i.expires_at end as "expiresAt",
        i.attempts, coalesce((i.retry ->> 'maxAttempts')::int, 1) as "attemptsMax", i.last_outcome as "lastOutcome",
        coalesce(t.tries, '[]') as tries, t.last_call_id as "lastCallId", s.score, coalesce(t.spent, 0) as spent
      from item i
      join contacts c on c.user_id = i.user_id and c.id = i.contact_id
      left join lateral (
        select jsonb_agg(a.outcome order by a.attempt) filter (where a.status <> 'not-placed') as tries,
          (array_agg(a.id order by a.attempt desc))[1] as last_call_id, sum(a.price_credits)::bigint as spent
        from calls a where a.user_id = i.user_id and a.queue_id = i.id
      ) t on true
      left join lead_analytics s on s.user_id = i.user_id and s.call_id = t.last_call_id
      order by i.id ${order}`,
    ),
  );
  return pageOf(
    found,
    input,
    ({ id }) => id,
    (item) => item,
  );
}
