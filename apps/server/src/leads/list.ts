import { param, rows, sql, type SQLFragment } from "@parley/db";
import { Id } from "@parley/core/fields";
import type { LeadRow, leadsProcedures } from "@parley/core/leads/schema";
import type * as z from "zod";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";

type ListInput = z.infer<typeof leadsProcedures.list.input>;

/**
 * People with their latest conversation that was analysed, newest first, by keyset over the analyses. With a campaign
 * it is the latest conversation in that campaign.
 */
export async function listLeads(
  ctx: Ctx,
  input: ListInput,
): Promise<{ items: LeadRow[]; nextCursor: string | null }> {
  const after = cursorOf(input, Id);
  const found = await ctx.db.tx((tx) =>
    rows<LeadRow & { position: string }>(
      tx,
      sql`
      select l.id as position, l.contact_id as "contactId", p.name as "contactName", p.phone_number as "phoneNumber", l.call_id as "callId",
        c.campaign_id as "campaignId", k.name as "campaignName", l.call_outcome as outcome, l.sentiment, l.score, l.temperature, l.summary,
        l.meeting_at as "meetingAt", l.callback_at as "callbackAt", c.created_at as at
      from lead_analytics l
      join calls c on c.user_id = l.user_id and c.id = l.call_id
      join contacts p on p.user_id = l.user_id and p.id = l.contact_id
      left join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
      where l.user_id = ${param(ctx.user.id)} and l.score is not null and l.call_outcome is not null
        and not exists (
          select 1 from lead_analytics n
          join calls nc on nc.user_id = n.user_id and nc.id = n.call_id
          where n.user_id = l.user_id and n.contact_id = l.contact_id and n.score is not null and n.id > l.id${
            input.campaignId ? sql` and nc.campaign_id = ${param(input.campaignId)}` : sql``
          }
        )${after ? sql` and l.id < ${param(after)}` : sql``}${filters(input)}
      order by l.id desc
      limit ${param(fetchLimit(input))}`,
    ),
  );
  return pageOf(
    found,
    input,
    ({ position }) => position,
    ({ position: _position, ...lead }) => lead,
  );
}

function filters(input: ListInput): SQLFragment<any, any>[] {
  const all: (SQLFragment<any, any> | false)[] = [
    !!input.campaignId && sql` and c.campaign_id = ${param(input.campaignId)}`,
    !!input.contactId && sql` and l.contact_id = ${param(input.contactId)}`,
    !!input.temperature && sql` and l.temperature = ${param(input.temperature)}`,
    !!input.outcome && sql` and l.call_outcome = any (${param([input.outcome].flat())}::text[])`,
    !!input.from && sql` and c.created_at >= ${param(input.from)}`,
    !!input.to && sql` and c.created_at < ${param(input.to)}`,
  ];
  return all.filter((part): part is SQLFragment<any, any> => !!part);
}
