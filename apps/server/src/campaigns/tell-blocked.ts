import { formatCredits } from "@parley/core/money";
import { reasonOf } from "@parley/core/reasons";
import { maybeRow, param, sql, type Tx } from "@parley/db";
import { logEvent, notify } from "./log-event.ts";

/**
 * A running campaign with people still waiting, nothing in the air, and no money for another call: somebody has to know.
 * Once per campaign and top-up (or budget); dialling goes on by itself when there is money again.
 */
export async function tellBlocked(tx: Tx, campaignId: string): Promise<void> {
  const found = await maybeRow<{ name: string; blocked_by: "credits" | "budget"; since: string }>(
    tx,
    sql`
    select k.name, b.blocked_by,
      case b.blocked_by
        when 'budget' then k.budget_credits::text
        else (select e.id::text from credit_entries e where e.user_id = k.user_id and e.kind <> 'call' order by e.id desc limit 1) end as since
    from call_campaigns k
    cross join lateral (
      select min(l.hold_credits) as hold from call_lanes l
      where l.user_id = k.user_id and l.campaign_id = k.id
        and exists (select 1 from call_queue q where q.lane_id = l.id and q.status = 'pending')
    ) l
    cross join lateral app.tenant_room(k.user_id) t
    cross join lateral app.campaign_room(k.user_id, k.id) c
    cross join lateral (
      select case when t.available < l.hold and t.held = 0 then 'credits' when c.budget_left < l.hold and c.held = 0 then 'budget' end as blocked_by
      from (select c.budget_left, coalesce(sum(u.held_credits), 0) as held from calls u
            where u.user_id = k.user_id and u.campaign_id = k.id and u.settled_at is null) c
    ) b
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)} and k.status = 'running' and b.blocked_by is not null`,
  );
  if (!found) return;
  const { text, next } = reasonOf(found.blocked_by);
  const isNew = await notify(tx, {
    kind: `campaign.${found.blocked_by}`,
    ref: `${campaignId}:${found.since}`,
    title: `“${found.name}” waits for ${found.blocked_by === "credits" ? "credits" : "a larger budget"}`,
    body: `${text} ${next}`,
    link: found.blocked_by === "credits" ? "/credits" : `/campaigns/${campaignId}`,
  });
  if (isNew) await logEvent(tx, campaignId, "blocked", "system", { reason: found.blocked_by });
}

/** Of a budget, when somebody has to know that it will be used up. */
const NEAR_SHARE = 0.8;
/** Of what the last top-up left on the account. */
const LOW_SHARE = 0.2;

/** Four fifths of a campaign's budget are spent: told once per campaign and budget, while calls go on. */
export async function tellBudgetNear(tx: Tx, campaignId: string): Promise<void> {
  const near = await maybeRow<{ name: string; spent: number; budget: number }>(
    tx,
    sql`
    select k.name, s.spent_credits as spent, k.budget_credits as budget
    from call_campaigns k join campaign_spend s on s.user_id = k.user_id and s.campaign_id = k.id
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)} and k.status = 'running'
      and s.spent_credits >= k.budget_credits * ${param(NEAR_SHARE)}::float8`,
  );
  if (!near) return;
  const { name, spent, budget } = near;
  const isNew = await notify(tx, {
    kind: "campaign.budget_near",
    ref: `${campaignId}:${budget}`,
    title: `“${name}” has used ${Math.floor((spent / budget) * 100)} % of its budget`,
    body: `${formatCredits(spent)} of ${formatCredits(budget)} are spent. Dialling stops when the rest does not cover another call; raise the budget and it goes on at once.`,
    link: `/campaigns/${campaignId}`,
  });
  if (isNew) await logEvent(tx, campaignId, "budget_near", "system", { spent, budget });
}

/** A fifth of what the last top-up left is on the account: told once per top-up, before anything stops. */
export async function tellCreditsLow(tx: Tx): Promise<void> {
  const low = await maybeRow<{ credits: number; top_up: string }>(
    tx,
    sql`
    select u.credits, e.id as top_up
    from users u
    cross join lateral (
      select e.id, e.balance from credit_entries e where e.user_id = u.id and e.amount > 0 order by e.id desc limit 1
    ) e
    where u.id = ${param(tx.userId)} and u.credits < e.balance * ${param(LOW_SHARE)}::float8`,
  );
  if (!low) return;
  await notify(tx, {
    kind: "credits.low",
    ref: low.top_up,
    title: `${formatCredits(low.credits)} are left`,
    body: "That is a fifth of what there was after the last top-up. Top up before campaigns have to wait.",
    link: "/credits",
  });
}
