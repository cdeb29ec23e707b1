import { ParleyError } from "@parley/core/errors";
import { param, row, rows, sql, maybeRow } from "./rows.ts";
import { touch } from "./live.ts";
import type { Tx } from "./tx.ts";

export type CreditKind = "grant" | "purchase" | "adjustment" | "refund";

/** Locks the tenant's account; whoever frees or spends money meets here, and the dispatcher's tick with them. */
async function lockAccount(tx: Tx): Promise<number> {
  const { credits } = await row<{ credits: number }>(
    tx,
    sql`select credits from users where id = ${param(tx.userId)} for no key update`,
  );
  return credits;
}

/**
 * Adds credits (or, as an adjustment, takes them back) and wakes what had run out. `paymentRef` makes a repeat a no-op.
 * Returns the new balance. Throws `no_credits` if an adjustment would take more than there is beside the holds of calls.
 */
export async function addCredits(
  tx: Tx,
  its: {
    kind: CreditKind;
    amount: number;
    reason?: string | null;
    paymentRef?: string | null;
    createdBy?: string | null;
  },
): Promise<number> {
  const credits = await lockAccount(tx);
  if (its.paymentRef) {
    const paid = await maybeRow(
      tx,
      sql`select 1 from credit_entries where payment_ref = ${param(its.paymentRef)}`,
    );
    if (paid) return credits;
  }
  const balance = credits + its.amount;
  if (its.amount < 0) {
    const { available } = await row<{ available: number }>(
      tx,
      sql`select available from app.tenant_room(${param(tx.userId)})`,
    );
    if (available + its.amount < 0)
      throw new ParleyError(
        "no_credits",
        `${available} of the ${credits} credits are free, the rest is held by calls; ${-its.amount} cannot be taken.`,
      );
  }
  await rows(
    tx,
    sql`
    with entry as (
      insert into credit_entries (user_id, kind, amount, balance, reason, payment_ref, created_by)
      values (${param(tx.userId)}, ${param(its.kind)}, ${param(its.amount)}, ${param(balance)}, ${param(its.reason ?? null)},
        ${param(its.paymentRef ?? null)}, ${param(its.createdBy ?? null)})
    )
    update users set credits = ${param(balance)} where id = ${param(tx.userId)}`,
  );
  await wakeTenant(tx, ["credits"]);
  await touch(tx, "billing");
  return balance;
}

export type CallSettlement = {
  /** False when the call had been settled before; nothing was written then. */
  settled: boolean;
  charged: number;
  waived: number;
  /** The price was above the hold of an ordinary outbound call: an incident, never a debt. */
  aboveHold: boolean;
};

/**
 * Takes the price of one call and thereby frees the rest of its hold: once, whatever comes twice. The call row is
 * locked by the caller. An ordinary call is charged at most its hold; one without a hold (inbound, adopted late) at
 * most what is available.
 */
export async function settleCall(
  tx: Tx,
  callId: string,
  price: number,
  estimated = false,
): Promise<CallSettlement> {
  const credits = await lockAccount(tx);
  const call = await row<{
    held: number;
    campaign_id: string | null;
    unheld: boolean;
    settled: boolean;
    others_held: number;
  }>(
    tx,
    sql`
    select c.held_credits as held, c.campaign_id, c.direction = 'inbound' or c.adopted as unheld, c.settled_at is not null as settled,
      coalesce((select sum(o.held_credits) from calls o where o.user_id = c.user_id and o.settled_at is null and o.id <> c.id), 0)::bigint as others_held
    from calls c where c.user_id = ${param(tx.userId)} and c.id = ${param(callId)}`,
  );
  if (call.settled) return { settled: false, charged: 0, waived: 0, aboveHold: false };
  const most = call.unheld && call.held === 0 ? Math.max(0, credits - call.others_held) : call.held;
  const charged = Math.min(price, most);
  const waived = price - charged;
  await rows(
    tx,
    sql`
    with settled as (
      update calls
      set settled_at = app.now(), price_credits = ${param(charged)}, waived_credits = ${param(waived)}, estimated = ${param(estimated)}
      where user_id = ${param(tx.userId)} and id = ${param(callId)} and settled_at is null
      returning id, campaign_id
    ),
    entry as (
      insert into credit_entries (user_id, kind, amount, balance, call_id, campaign_id)
      select ${param(tx.userId)}, 'call', ${param(-charged)}::bigint, ${param(credits - charged)}::bigint, id, campaign_id
      from settled where ${param(charged)}::bigint > 0
      returning campaign_id
    ),
    spent as (
      update campaign_spend s set spent_credits = spent_credits + ${param(charged)}
      from entry e where s.campaign_id = e.campaign_id
    )
    update users set credits = ${param(credits - charged)}
    where id = ${param(tx.userId)} and exists (select 1 from entry)`,
  );
  await wakeTenant(tx, ["credits", "budget"]);
  await touch(tx, "billing");
  return { settled: true, charged, waived, aboveHold: waived > 0 && !call.unheld };
}

export type BlockedBy = "credits" | "budget" | "campaign_cap" | "user_limit" | "pace";

/** Lanes that had no room for one of these reasons are ready again; the workers are rung after commit. */
export async function wakeTenant(tx: Tx, reasons: readonly BlockedBy[]): Promise<void> {
  await tx.query("select app.wake_tenant($1, $2)", [tx.userId, reasons]);
  tx.wake("dispatch");
}
