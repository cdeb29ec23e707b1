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
    link: found.blocked_by === "credits" ? "/billing" : `/campaigns/${campaignId}`,
  });
  if (isNew) await logEvent(tx, campaignId, "blocked", "system", { reason: found.blocked_by });
}
