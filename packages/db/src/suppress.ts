import { enqueueMany, type Job } from "./jobs.ts";
import { touch } from "./live.ts";
import { maybeRow, param, rows, sql } from "./rows.ts";
import { record } from "./timeline.ts";
import type { Tx } from "./tx.ts";

export type Suppress = {
  /** Canonical: `+[ISD] [Number]`. */
  phoneNumber: string;
  channel?: "all" | "call" | "whatsapp";
  reason: "asked" | "dnc" | "manual" | "wrong_number" | "complaint";
  /** Which part of the product it came from: `analysis`, `contact`, `list`. */
  source: string;
  /** Who, for the timeline: `person:<uuid>`, `system`. */
  actor: string;
  callId?: string | null;
  note?: string | null;
  createdBy?: string | null;
};

/**
 * Makes sure that a number is never contacted again on a channel, from this commit on: what waits for it is skipped,
 * calls that wait at the provider are taken back, and the last check before a dial waits for the same lock, which is
 * why this must be the first lock of its transaction. Says whether the suppression is new and how much it stopped.
 */
export async function suppressNumber(tx: Tx, its: Suppress): Promise<{ added: boolean; stopped: number }> {
  const { phoneNumber, channel = "all" } = its;
  await tx.query("select app.lock_phone($1, $2)", [tx.userId, phoneNumber]);
  const added = await maybeRow(
    tx,
    sql`
    insert into suppressions (user_id, channel, phone_number, reason, source, call_id, note, created_by)
    values (${param(tx.userId)}, ${param(channel)}, ${param(phoneNumber)}, ${param(its.reason)}, ${param(its.source)},
      ${param(its.callId ?? null)}, ${param(its.note ?? null)}, ${param(its.createdBy ?? null)})
    on conflict (user_id, phone_number, channel) do nothing
    returning id`,
  );
  const stopped = channel === "whatsapp" ? 0 : await stopDialling(tx, phoneNumber);
  if (added) await tellContact(tx, its, channel);
  return { added: added !== undefined, stopped };
}

async function stopDialling(tx: Tx, phoneNumber: string): Promise<number> {
  const skipped = await rows<{ campaign_id: string | null }>(
    tx,
    sql`
    update call_queue
    set status = 'skipped', skip_reason = 'suppressed', wait_reason = null, closed_at = app.now()
    where user_id = ${param(tx.userId)} and phone_number = ${param(phoneNumber)} and status = 'pending'
    returning campaign_id`,
  );
  // A claimed call is not sent either: placing it asks for suppressions again, under the same lock.
  const waiting = await rows<{ id: string }>(
    tx,
    sql`
    select id from calls
    where user_id = ${param(tx.userId)} and phone_number = ${param(phoneNumber)} and ended_at is null and direction = 'outbound'
      and status in ('prepared', 'scheduled', 'queued', 'rescheduled')`,
  );
  const userId = tx.userId!;
  const campaigns = new Set(skipped.flatMap(({ campaign_id }) => campaign_id ?? []));
  await enqueueMany(tx, [
    ...waiting.map(({ id }): Job => ({ name: "calls/stop", payload: { userId, callId: id } })),
    ...[...campaigns].map((campaignId): Job => ({
      name: "campaigns/finish",
      payload: { userId, campaignId },
    })),
  ]);
  for (const campaignId of campaigns) await touch(tx, "campaigns", campaignId);
  return skipped.length + waiting.length;
}

async function tellContact(tx: Tx, its: Suppress, channel: string): Promise<void> {
  const contact = await maybeRow<{ id: string }>(
    tx,
    sql`select id from contacts where user_id = ${param(tx.userId)} and phone_number = ${param(its.phoneNumber)}`,
  );
  if (!contact) return;
  await record(tx, {
    userId: tx.userId!,
    contactId: contact.id,
    kind: "contact.suppressed",
    actor: its.actor,
    ref: its.callId ?? null,
    data: { channel, reason: its.reason, source: its.source, note: its.note ?? null },
  });
  await touch(tx, "contacts", contact.id);
}
