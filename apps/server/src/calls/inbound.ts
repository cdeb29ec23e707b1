import { maybeRow, param, record, row, sql, type Tx } from "@parley/db";
import { countryOf } from "@parley/core/phone";
import { zonesOf } from "../phone-zones.ts";
import type { ExecutionNews } from "../providers/bolna-news.ts";
import type { ClockSettings } from "./settings.ts";

/**
 * Somebody called one of our agents: the first news of it makes the call, and the contact if the number is new. It
 * takes no line and holds no credit. A withheld number makes a call without a contact. Returns the call's id; null if the
 * execution is not an inbound call, or not one of this agent: whoever knows one agent's address could tell there of
 * another workspace's callers, and be first.
 */
export async function recordInbound(
  tx: Tx,
  agentId: string,
  news: ExecutionNews,
  settings: ClockSettings,
): Promise<string | null> {
  if (news.direction !== "inbound") return null;
  const asked = await maybeRow(
    tx,
    sql`
    select 1 as one from agents
    where user_id = ${param(tx.userId)} and id = ${param(agentId)} and bolna_agent_id = ${param(news.agentId)}`,
  );
  if (!asked) return null;
  // Who withholds the number is nobody we could know again: a call without a contact.
  const contactId = news.personNumber ? await contactOf(tx, news.personNumber) : null;
  const made = await maybeRow<{ id: string }>(
    tx,
    sql`
    insert into calls (user_id, status, direction, contact_id, agent_id, agent_version, provider_account_id, bolna_execution_id,
      phone_number, from_number, max_call_seconds, created_at, claimed_at, next_poll_at)
    select a.user_id, 'queued', 'inbound', ${param(contactId)}, a.id, a.version, a.provider_account_id, ${param(news.executionId)},
      ${param(news.personNumber)}, ${param(news.agentNumber)}, a.max_call_seconds,
      coalesce(${param(news.createdAt)}::timestamptz, ${param(settings.now)}), ${param(settings.now)},
      ${param(settings.now)}::timestamptz + interval '2 minutes'
    from agents a where a.user_id = ${param(tx.userId)} and a.id = ${param(agentId)}
    on conflict (provider_account_id, bolna_execution_id) do nothing
    returning id`,
  );
  if (made) {
    if (contactId)
      await record(tx, {
        userId: tx.userId!,
        contactId,
        kind: "call.received",
        actor: "contact",
        ref: made.id,
        data: {},
      });
    return made.id;
  }
  // Another event of the same call was first.
  const first = await maybeRow<{ id: string }>(
    tx,
    sql`select id from calls where user_id = ${param(tx.userId)} and bolna_execution_id = ${param(news.executionId)}`,
  );
  return first?.id ?? null;
}

/** The contact of a number, made if nobody has met it yet. */
export async function contactOf(tx: Tx, phoneNumber: string): Promise<string> {
  const country = countryOf(phoneNumber);
  const made = await maybeRow<{ id: string }>(
    tx,
    sql`
    insert into contacts (user_id, phone_number, country, zones, source, stage_id)
    select ${param(tx.userId)}, ${param(phoneNumber)}, ${param(country)}, ${param(zonesOf(phoneNumber, country))}, 'inbound', (select id from stages where user_id = ${param(tx.userId)} and key = 'new')
    on conflict (user_id, phone_number) do nothing
    returning id`,
  );
  if (made) return made.id;
  const { id } = await row<{ id: string }>(
    tx,
    sql`select id from contacts where user_id = ${param(tx.userId)} and phone_number = ${param(phoneNumber)}`,
  );
  return id;
}
