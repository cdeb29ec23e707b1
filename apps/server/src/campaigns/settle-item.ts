import { isUnburned, type Outcome } from "@parley/core/calls/outcome";
import { directRetry, nextAttempt, type Attempt } from "@parley/core/campaigns/retry";
import type { CampaignStatus } from "@parley/core/campaigns/status";
import type { Retry } from "@parley/core/campaigns/schema";
import { enqueue, maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { wasTakenBack, type CallRow } from "../calls/row.ts";
import { failpoint } from "../failpoints.ts";
import { checkBreaker } from "./breaker.ts";
import { tellBlocked, tellBudgetNear, tellCreditsLow } from "./tell-blocked.ts";

type Item = { id: string; campaign_id: string | null; contact_id: string };
type Campaign = { status: CampaignStatus; retry: Retry; ends_at: string | null };
type Tried = Attempt & { reason: string | null };

/**
 * Asks what becomes of an item whose attempt has ended, and writes the answer down: closed, or due again. Does nothing
 * unless the item is on the phone and its last attempt is final, so that it may be rung for at any time.
 */
export async function settleItem(ctx: Ctx, { itemId }: { itemId: string }): Promise<void> {
  const settled = await ctx.db.tx(async (tx) => {
    const closed = await settle(tx, itemId);
    failpoint("item.settled");
    return closed;
  });
  if (!settled) return;
  const { campaignId, failed } = settled;
  const isBroken = failed && (await checkBreaker(ctx, campaignId));
  await ctx.db.tx((tx) => tellCreditsLow(tx));
  if (isBroken) return;
  await ctx.db.tx(async (tx) => {
    await tellBudgetNear(tx, campaignId);
    await tellBlocked(tx, campaignId);
  });
}

/** Returns the running campaign that the item belongs to, and whether its last attempt had failed. */
async function settle(tx: Tx, itemId: string): Promise<{ campaignId: string; failed: boolean } | null> {
  const known = await maybeRow<Item>(
    tx,
    sql`
    select id, campaign_id, contact_id from call_queue
    where user_id = ${param(tx.userId)} and id = ${param(itemId)}`,
  );
  if (!known) return null;
  // Shared, before the item: a cancel waits for us, or we see it.
  const campaign = known.campaign_id
    ? await row<Campaign>(
        tx,
        sql`
        select status, retry, ends_at from call_campaigns
        where user_id = ${param(tx.userId)} and id = ${param(known.campaign_id)} for share`,
      )
    : null;
  const item = await maybeRow<Item>(
    tx,
    sql`
    select id, campaign_id, contact_id from call_queue
    where user_id = ${param(tx.userId)} and id = ${param(itemId)} and status = 'in_progress' for update`,
  );
  if (!item) return null;

  const history = await attemptsOf(tx, itemId);
  // An attempt that showed itself late may end after a younger one.
  if (history.some(({ status, outcome }) => outcome === null && !isUnburned(status))) return null;
  const { now } = await row<{ now: string }>(tx, sql`select app.now() as now`);
  // A conversation is the end of it, even if a later attempt was already under way.
  const answered = history.findLast(({ outcome }) => outcome === "answered");
  const next = nextAttempt(
    campaign?.retry ?? directRetry,
    answered ? [answered] : history,
    now,
    campaign?.ends_at ?? null,
  );
  if (next.kind === "blocked" && next.because === "not_final") return null;

  const last = history.at(-1);
  const attempts = history.filter(({ status }) => !isUnburned(status)).length;
  const lastOutcome =
    history.findLast(({ status, outcome }) => !isUnburned(status) && outcome)?.outcome ?? null;
  const isOver = campaign !== null && (campaign.status === "canceled" || campaign.status === "completed");

  if (next.kind === "settled" || isOver) {
    await close(tx, item, {
      status: next.kind === "settled" ? next.itemStatus : "canceled",
      attempts,
      lastOutcome,
    });
  } else {
    // An item on the phone without any attempt cannot be; if it is, it goes back into the line.
    const at = next.kind === "retry" ? next.at : now;
    await retry(tx, item, {
      at,
      attempts,
      lastOutcome,
      waitReason: next.kind === "retry" && !next.burned ? waitReasonOf(last) : "retry_gap",
    });
  }
  const failed = last?.status === "failed" || last?.status === "error" || last?.status === "not-placed";
  return item.campaign_id && campaign?.status === "running" ? { campaignId: item.campaign_id, failed } : null;
}

/** Why an item waits whose attempt is not counted: what took its call back, where that was not the provider. */
const waitReasonOf = (last: Tried | undefined) =>
  last?.reason === "campaign_paused" || last?.reason === "other_call_open" ? last.reason : "provider_gate";

type Written = { attempts: number; lastOutcome: Outcome | null };

async function close(tx: Tx, item: Item, its: Written & { status: string }): Promise<void> {
  await rows(
    tx,
    sql`
    update call_queue
    set status = ${param(its.status)}, attempts = ${param(its.attempts)}, last_outcome = ${param(its.lastOutcome)}, wait_reason = null, closed_at = app.now()
    where id = ${param(item.id)}`,
  );
  if (!item.campaign_id) return touch(tx, "calls");
  await enqueue(tx, "campaigns/finish", { userId: tx.userId!, campaignId: item.campaign_id });
  await touch(tx, "campaigns", item.campaign_id);
}

async function retry(tx: Tx, item: Item, its: Written & { at: string; waitReason: string }): Promise<void> {
  await rows(
    tx,
    sql`
    update call_queue
    set status = 'pending', due_at = ${param(its.at)}, wait_reason = ${param(its.waitReason)}, attempts = ${param(its.attempts)}, last_outcome = ${param(its.lastOutcome)}
    where id = ${param(item.id)}`,
  );
  await tx.query("select app.item_due($1, $2, $3)", [tx.userId, item.id, its.at]);
  tx.wake("dispatch");
  if (item.campaign_id) await touch(tx, "campaigns", item.campaign_id);
}

type Kept = Tried & Pick<CallRow, "stop_reason"> & { createdAt: string } & Parameters<typeof wasTakenBack>[1];

/**
 * In the order in which they decided something: one that showed itself late may have outlasted a younger one, and one
 * that is not counted only says that the item was due when it was claimed. What we took back at the provider before it
 * rang counts as not placed. An attempt that was not the person's fault may be repeated once the provider takes calls
 * again.
 */
async function attemptsOf(tx: Tx, itemId: string): Promise<Tried[]> {
  const kept = await rows<Kept>(
    tx,
    sql`
    select c.status, c.created_at as "createdAt", c.stop_reason, c.stages, c.transcript, c.conversation_seconds as "conversationSeconds",
      c.provider_cost_cents::float8 as "providerCostCents",
      case when c.final_at is not null then c.outcome end as outcome, c.ended_at as "endedAt", c.reason,
      case when a.gate_until > app.wall() then app.in_wall(a.gate_until - app.wall()) end as "dueAgainAt"
    from calls c
    join provider_accounts a on a.id = c.provider_account_id
    where c.user_id = ${param(tx.userId)} and c.queue_id = ${param(itemId)}
    order by c.attempt, c.id`,
  );
  const tried = kept.map((call) =>
    wasTakenBack(call, call) ? { ...call, status: "not-placed" as const } : call,
  );
  const decidedAt = ({ status, createdAt, endedAt }: (typeof tried)[number]) =>
    isUnburned(status) ? createdAt : (endedAt ?? "9");
  return tried.toSorted((a, b) => (decidedAt(a) < decidedAt(b) ? -1 : decidedAt(a) > decidedAt(b) ? 1 : 0));
}
