import { enqueue, param, sql, type Tx } from "@parley/db";

/** Time for the job to come by itself before the sweeper rings for it. */
const PATIENCE = "1 minute";

/**
 * Asks for a call's transcript to be read, in the transaction in which it arrived or became final: the row is what
 * counts, the job only the quickest way to it. Holding the call's lock is fine.
 */
export async function requestAnalysis(tx: Tx, ids: { userId: string; callId: string }): Promise<void> {
  await tx.query(
    sql`
    insert into lead_analytics (user_id, call_id, next_at)
    values (${param(ids.userId)}, ${param(ids.callId)}, app.wall() + ${param(PATIENCE)}::interval)
    on conflict (user_id, call_id) do nothing`.compile(),
  );
  await enqueue(tx, "leads/analyse", ids);
}
