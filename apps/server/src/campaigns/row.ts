import type { CampaignStatus } from "@parley/core/campaigns/status";
import type { Audience, Campaign, Retry, Window } from "@parley/core/campaigns/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, raw, row, sql, type Tx } from "@parley/db";
import { byStatusColumns } from "../tallies.ts";

/** A row of `call_campaigns`, as its verbs read it. */
export type CampaignRecord = {
  id: string;
  user_id: string;
  status: CampaignStatus;
  status_reason: string | null;
  name: string;
  agent_id: string;
  from_number: string | null;
  audience: Audience;
  window: Window | null;
  retry: Retry;
  max_concurrent: number | null;
  calls_per_second: number | null;
  budget_credits: number | null;
  callbacks: "person" | "agent";
  callback_assignee_id: string | null;
  archived_at: string | null;
  starts_at: string | null;
  ends_at: string | null;
  launch_total: number | null;
  launched: number;
  launch_skipped: number;
  launch_lease_until: string | null;
  breaker_from: string | null;
  started_at: string | null;
  completed_at: string | null;
  created_at: string;
  /** Domain time of this statement. */
  now: string;
};

/** `lock`: what is decided on the row holds until commit. Locked before items, calls and the account. */
export async function campaignOf(
  tx: Tx,
  campaignId: string,
  lock?: "for share" | "for no key update",
): Promise<CampaignRecord> {
  const found = await maybeRow<CampaignRecord>(
    tx,
    sql`
    select k.*, app.now() as now from call_campaigns k
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)}
    ${raw(lock ?? "")}`,
  );
  if (!found) throw notFound("campaign");
  return found;
}

/** A campaign as it leaves the server. */
export function readCampaign(tx: Tx, campaignId: string): Promise<Campaign> {
  return row<Campaign>(
    tx,
    sql`
    select k.id, k.name, k.status, k.status_reason as "statusReason", k.agent_id as "agentId", k.audience,
      k.from_number as "fromNumber", k."window", k.retry, k.max_concurrent as "maxConcurrent",
      k.calls_per_second as "callsPerSecond", k.budget_credits as "budgetCredits", k.callbacks,
      k.callback_assignee_id as "callbackAssigneeId", k.archived_at as "archivedAt", k.starts_at as "startsAt",
      k.ends_at as "endsAt", k.created_at as "createdAt", k.started_at as "startedAt", k.completed_at as "completedAt",
      to_jsonb(i) as counts
    from call_campaigns k
    cross join lateral (
      select ${byStatusColumns} from call_queue q where q.user_id = k.user_id and q.campaign_id = k.id
    ) i
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaignId)}`,
    notFound("campaign").message,
  );
}

/** What one call of the campaign's agent may cost at most: over `agents a` and `users u`. */
export const holdPerCall = sql`ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits`;

/**
 * Why a pending item waits, over `call_queue q`, `call_lanes l`, `call_campaigns k` (null: a direct call) and `n.at`.
 * The same words count the waiting on the progress page and stand on each item.
 */
export const waitReason = sql`case
  when q.status <> 'pending' then null
  when k.status <> 'running' then 'campaign_' || k.status
  when q.due_at > n.at then coalesce(q.wait_reason, 'retry_gap')
  when not isfinite(l.opens_at) then 'zone_never_open'
  when l.opens_at > n.at then 'window_closed'
  else coalesce(l.blocked_by, 'due') end`;
