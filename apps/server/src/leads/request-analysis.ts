import { enqueueMany, param, sql, type Tx } from "@parley/db";

/** Time for the job to come by itself before the sweeper rings for it. */
const PATIENCE = "1 minute";

/**
 * Asks for a call's transcript to be read, in the transaction in which it arrived or became final: the row is what
 * counts, the job only the quickest way to it. Holding the call's lock is fine.
 */
export const requestAnalysis = (tx: Tx, { callId }: { callId: string }): Promise<void> =>
  requestAnalyses(tx, [callId]);

/** The same for many calls of the transaction's tenant. */
export async function requestAnalyses(tx: Tx, callIds: readonly string[]): Promise<void> {
  if (callIds.length === 0) return;
  const userId = tx.userId!;
  await tx.query(
    sql`
    insert into lead_analytics (user_id, call_id, next_at)
    select ${param(userId)}, c, app.wall() + ${param(PATIENCE)}::interval from unnest(${param(callIds)}::uuid[]) c
    on conflict (user_id, call_id) do nothing`.compile(),
  );
  await enqueueMany(
    tx,
    callIds.map((callId) => ({ name: "leads/analyse" as const, payload: { userId, callId } })),
  );
}
