import { sql } from "@parley/db";

/** Items by status, over `call_queue q`: figures that sum to `total`. */
export const byStatusColumns = sql`
  count(*) filter (where q.status = 'pending') as pending,
  count(*) filter (where q.status = 'in_progress') as "inProgress",
  count(*) filter (where q.status = 'completed') as completed,
  count(*) filter (where q.status = 'failed') as failed,
  count(*) filter (where q.status = 'canceled') as canceled,
  count(*) filter (where q.status = 'skipped') as skipped,
  count(*) as total`;

/** Final attempts by outcome, over `calls c`; what was never placed is no attempt. */
export const byOutcomeColumns = sql`
  count(*) filter (where c.outcome = 'answered' and c.status <> 'not-placed') as answered,
  count(*) filter (where c.outcome = 'voicemail' and c.status <> 'not-placed') as voicemail,
  count(*) filter (where c.outcome = 'busy' and c.status <> 'not-placed') as busy,
  count(*) filter (where c.outcome = 'no_answer' and c.status <> 'not-placed') as "noAnswer",
  count(*) filter (where c.outcome = 'failed' and c.status <> 'not-placed') as failed,
  count(*) filter (where c.outcome = 'canceled' and c.status <> 'not-placed') as canceled,
  count(*) filter (where c.outcome = 'unclear' and c.status <> 'not-placed') as unclear`;
