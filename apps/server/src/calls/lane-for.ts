import { param, row, sql, type Tx } from "@parley/db";

export type LaneKey = {
  userId: string;
  /** Null: the lanes of direct calls. */
  campaignId: string | null;
  country: string | null;
  /** Sorted zones, comma-separated (`contacts.zone_set`); null when nothing is known, and such a lane never opens. */
  zoneSet: string | null;
  window: unknown;
  ruleSet: string;
  /** What its cheapest call may cost: the lane is blocked only when not even that is covered. */
  holdCredits: number;
};

/**
 * The lane an item belongs to, made if it is the first of its kind. Write the items, then call `app.lanes_due`: a new
 * lane sleeps until then, so that no tick looks at it half filled.
 */
export async function laneFor(tx: Tx, key: LaneKey): Promise<string> {
  const { lane_id } = await row<{ lane_id: string }>(
    tx,
    sql`
    select lane_id from app.lane_for(${param(key.userId)}::uuid, ${param(key.campaignId)}::uuid, ${param(key.country)}::text,
      ${param(key.zoneSet)}::text, ${param(key.ruleSet)}::text, ${param(key.window === null ? null : JSON.stringify(key.window))}::jsonb,
      ${param(key.holdCredits)}::bigint)`,
  );
  return lane_id;
}
