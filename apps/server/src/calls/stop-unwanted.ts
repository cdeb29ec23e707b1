import { waitingStatuses } from "@parley/core/calls/lifecycle";
import { enqueueMany, param, rows, sql, type Job, type Tx } from "@parley/db";

const waiting = [...waitingStatuses];

/**
 * Calls of which it has just become known that the provider has them: what waits there and is not wanted any more is
 * taken back. Unwanted: the person said stop or was erased, the campaign was canceled or paused, or the same person has
 * another call. Of two that wait the older may ring; while one rings or talks, none of the waiting may; and one that was
 * thought never placed may not, once a younger one has rung. The caller holds the lock of each call's person.
 */
export async function stopUnwanted(tx: Tx, callIds: readonly string[]): Promise<void> {
  if (callIds.length === 0) return;
  const unwanted = await rows<{ id: string }>(
    tx,
    sql`
    with person as (
      select distinct phone_number from calls
      where user_id = ${param(tx.userId)} and id = any(${param([...callIds])}::uuid[]) and direction = 'outbound'
    ),
    there as (
      select c.id, c.queue_id, c.phone_number, c.created_at, c.adopted,
        c.direction = 'outbound' and c.status = any(${param(waiting)}::text[]) as waits
      from person p join calls c on c.user_id = ${param(tx.userId)} and c.phone_number = p.phone_number
      where c.ended_at is null and c.status not in ('claimed', 'dialing', 'unknown')
    ),
    waiting as (
      select t.id, t.queue_id, row_number() over person_line > 1
        or exists (select from there o where o.phone_number = t.phone_number and not o.waits)
        or t.adopted and exists (
          select from calls y
          where y.user_id = ${param(tx.userId)} and y.phone_number = t.phone_number and y.created_at > t.created_at
            and y.stages ?| array['initiated', 'ringing', 'in-progress', 'call-disconnected']
        ) as is_other_open
      from there t
      where t.waits
      window person_line as (partition by t.phone_number order by t.created_at, t.id)
    ),
    unwanted as (
      select w.id, case
        when k.suppressed is not null or k.erased or coalesce(k.campaign_status = 'canceled', false) then null
        when k.campaign_status = 'paused' then 'campaign_paused'
        else 'other_call_open'
      end as reason
      from waiting w cross join lateral app.item_checks(w.queue_id) k
      where w.is_other_open or k.suppressed is not null or k.erased or k.campaign_status in ('canceled', 'paused')
    ),
    -- one of another item may be locked by whoever hears of it: we never wait for it, it only loses its reason
    free as (
      select c.id, u.reason from unwanted u join calls c on c.user_id = ${param(tx.userId)} and c.id = u.id
      where u.reason is not null and c.stop_reason is null
      for update of c skip locked
    ),
    noted as (update calls c set stop_reason = f.reason from free f where c.user_id = ${param(tx.userId)} and c.id = f.id)
    select id from unwanted`,
  );
  await enqueueMany(
    tx,
    unwanted.map(({ id }): Job<"calls/stop"> => ({
      name: "calls/stop",
      payload: { userId: tx.userId!, callId: id },
    })),
  );
}
