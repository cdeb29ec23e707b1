import { maybeRow, param, rows, sql, touch, type Tx } from "@parley/db";

/** Kinds of the campaign's own log. */
export type CampaignEventKind =
  | "created"
  | "updated"
  | "scheduled"
  | "started"
  | "launched"
  | "paused"
  | "resumed"
  | "canceled"
  | "completed"
  | "breaker"
  | "blocked"
  | "budget_near"
  | "redialled"
  | "archived"
  | "restored"
  | "not_started";

/** One line in the campaign's log, in the transaction of what it tells; open screens are told too. */
export async function logEvent(
  tx: Tx,
  campaignId: string,
  kind: CampaignEventKind,
  actor: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await rows(
    tx,
    sql`insert into campaign_events (user_id, campaign_id, kind, actor, detail)
      values (${param(tx.userId)}, ${param(campaignId)}, ${param(kind)}, ${param(actor)}, ${param(JSON.stringify(detail))}::jsonb)`,
  );
  await touch(tx, "campaigns", campaignId);
}

/** A notice in the app, once per fact; false if it had been given before. */
export async function notify(
  tx: Tx,
  notice: { kind: string; ref: string; title: string; body: string; link: string },
): Promise<boolean> {
  const given = await maybeRow(
    tx,
    sql`insert into notifications (user_id, kind, ref, title, body, link)
      values (${param(tx.userId)}, ${param(notice.kind)}, ${param(notice.ref)}, ${param(notice.title)}, ${param(notice.body)}, ${param(notice.link)})
      on conflict (user_id, kind, ref) do nothing
      returning id`,
  );
  if (given) await touch(tx, "notifications");
  return given !== undefined;
}
