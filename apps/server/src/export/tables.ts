import { param, rows, sql } from "@parley/db";
import type { Ctx } from "../context.ts";
import { csvFile, type Columns } from "./csv-file.ts";

export type OfCampaign = { campaignId?: string | undefined };

type Row = Record<string, string | number | boolean | null> & { id: string };
const plain = (...headers: string[]): Columns<Row> => headers.map((header) => [header, (row) => row[header]]);

/** Every attempt, oldest first, with what the analysis said of it. No transcripts: those stand on the call's page. */
export function callsFile(ctx: Ctx, { campaignId }: OfCampaign): AsyncGenerator<string> {
  const columns = plain(
    "created_at",
    "direction",
    "status",
    "outcome",
    "reason",
    "phone_number",
    "contact_name",
    "agent_name",
    "campaign_name",
    "attempt",
    "talk_seconds",
    "price_credits",
    "call_outcome",
    "sentiment",
    "score",
    "temperature",
    "summary",
    "ended_at",
    "bolna_execution_id",
  );
  return csvFile<Row>(ctx, [...columns, ["call_id", ({ id }) => id]], (tx, after, limit) =>
    rows(
      tx,
      sql`
      select l.id, l.created_at, l.direction, l.status, l.outcome, l.reason, l.phone_number, c.name as contact_name, a.name as agent_name,
        k.name as campaign_name, l.attempt, l.talk_seconds, l.price_credits, n.call_outcome, n.sentiment, n.score, n.temperature,
        n.summary, l.ended_at, l.bolna_execution_id
      from calls l
      join agents a on a.user_id = l.user_id and a.id = l.agent_id
      left join contacts c on c.user_id = l.user_id and c.id = l.contact_id
      left join call_campaigns k on k.user_id = l.user_id and k.id = l.campaign_id
      left join lead_analytics n on n.user_id = l.user_id and n.call_id = l.id and n.status = 'done'
      where l.user_id = ${param(ctx.user.id)}
        and (${param(campaignId ?? null)}::uuid is null or l.campaign_id = ${param(campaignId ?? null)}::uuid)
        and (${param(after)}::uuid is null or l.id > ${param(after)}::uuid)
      order by l.id
      limit ${param(limit)}`,
    ),
  );
}

/** Who was to be called, and what came of it or why it waits. */
export function itemsFile(ctx: Ctx, { campaignId }: OfCampaign): AsyncGenerator<string> {
  const columns = plain(
    "campaign_name",
    "contact_name",
    "phone_number",
    "kind",
    "status",
    "attempts",
    "last_outcome",
    "wait_reason",
    "skip_reason",
    "due_at",
    "created_at",
    "closed_at",
  );
  return csvFile<Row>(ctx, [...columns, ["item_id", ({ id }) => id]], (tx, after, limit) =>
    rows(
      tx,
      sql`
      select q.id, k.name as campaign_name, c.name as contact_name, q.phone_number, q.kind, q.status, q.attempts, q.last_outcome,
        q.wait_reason, q.skip_reason, q.due_at, q.created_at, q.closed_at
      from call_queue q
      join contacts c on c.user_id = q.user_id and c.id = q.contact_id
      left join call_campaigns k on k.user_id = q.user_id and k.id = q.campaign_id
      where q.user_id = ${param(ctx.user.id)}
        and (${param(campaignId ?? null)}::uuid is null or q.campaign_id = ${param(campaignId ?? null)}::uuid)
        and (${param(after)}::uuid is null or q.id > ${param(after)}::uuid)
      order by q.id
      limit ${param(limit)}`,
    ),
  );
}

/** Every movement of credits with the balance after it. */
export function ledgerFile(ctx: Ctx): AsyncGenerator<string> {
  const columns = plain(
    "at",
    "kind",
    "amount",
    "balance",
    "campaign_name",
    "call_id",
    "payment_ref",
    "reason",
  );
  return csvFile<Row>(ctx, [...columns, ["entry_id", ({ id }) => id]], (tx, after, limit) =>
    rows(
      tx,
      sql`
      select e.id, e.at, e.kind, e.amount, e.balance, k.name as campaign_name, e.call_id, e.payment_ref, e.reason
      from credit_entries e
      left join call_campaigns k on k.user_id = e.user_id and k.id = e.campaign_id
      where e.user_id = ${param(ctx.user.id)} and (${param(after)}::uuid is null or e.id > ${param(after)}::uuid)
      order by e.id
      limit ${param(limit)}`,
    ),
  );
}

/** What conversations came to, one line a call, with the fields that were asked for. */
export function leadsFile(ctx: Ctx, { campaignId }: OfCampaign): AsyncGenerator<string> {
  const columns = plain(
    "analysed_at",
    "contact_name",
    "phone_number",
    "company",
    "campaign_name",
    "call_outcome",
    "sentiment",
    "sentiment_score",
    "score",
    "temperature",
    "meeting_at",
    "callback_at",
    "summary",
    "extracted",
    "call_id",
    "contact_id",
  );
  return csvFile<Row>(ctx, columns, (tx, after, limit) =>
    rows(
      tx,
      sql`
      select n.id, n.analysed_at, c.name as contact_name, l.phone_number, c.company, k.name as campaign_name, n.call_outcome, n.sentiment,
        n.sentiment_score, n.score, n.temperature, n.meeting_at, n.callback_at, n.summary, n.extracted_data::text as extracted,
        n.call_id, n.contact_id
      from lead_analytics n
      join calls l on l.user_id = n.user_id and l.id = n.call_id
      left join contacts c on c.user_id = n.user_id and c.id = n.contact_id
      left join call_campaigns k on k.user_id = l.user_id and k.id = l.campaign_id
      where n.user_id = ${param(ctx.user.id)} and n.status = 'done'
        and (${param(campaignId ?? null)}::uuid is null or l.campaign_id = ${param(campaignId ?? null)}::uuid)
        and (${param(after)}::uuid is null or n.id > ${param(after)}::uuid)
      order by n.id
      limit ${param(limit)}`,
    ),
  );
}

/** Numbers that are not to be contacted, under headers that the import of such lists understands. */
export function suppressionsFile(ctx: Ctx): AsyncGenerator<string> {
  const columns = plain("phone_number", "reason", "channel", "note", "source", "contact_name", "created_at");
  return csvFile<Row>(ctx, columns, (tx, after, limit) =>
    rows(
      tx,
      sql`
      select s.id, s.phone_number, s.reason, s.channel, s.note, s.source, c.name as contact_name, s.created_at
      from suppressions s
      left join contacts c on c.user_id = s.user_id and c.phone_number = s.phone_number and c.erased_at is null
      where s.user_id = ${param(ctx.user.id)} and (${param(after)}::uuid is null or s.id > ${param(after)}::uuid)
      order by s.id
      limit ${param(limit)}`,
    ),
  );
}
