import type { Destination } from "@parley/core/accounts/schema";
import { conflict, invalid } from "@parley/core/errors";
import { isRegion } from "@parley/core/phone";
import { param, row, rows, sql, touch, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";

/** Countries the workspace calls, and those that people on its lists live in, the most people first. */
export function listDestinations(ctx: Ctx): Promise<{ items: Destination[] }> {
  return ctx.db.tx(async (tx) => ({
    items: await rows<Destination>(
      tx,
      sql`
      with tenant as (select * from users where id = ${param(ctx.user.id)}),
      people as (
        select c.country, count(*)::int as contacts from contacts c
        where c.user_id = ${param(ctx.user.id)} and c.erased_at is null and c.country is not null
        group by c.country
      ),
      place as (
        select country from people
        union select default_region from tenant
        union select unnest(destinations) from tenant
      )
      select p.country, coalesce(n.contacts, 0) as contacts, p.country = t.default_region as own,
        p.country = any(t.destinations || t.default_region) as confirmed,
        jsonb_build_object('version', r.version, 'days', r.days, 'opens', to_char(r.opens, 'HH24:MI'), 'closes', to_char(r.closes, 'HH24:MI'),
          'holidays', r.holidays, 'consent', r.consent, 'dialsMax', r.dials_max, 'answeredMax', r.answered_max, 'note', r.note) as rule
      from place p
      cross join tenant t
      left join people n on n.country = p.country
      cross join lateral (
        select * from calling_rules r
        where r.rule_set = t.rule_set and r.country in (p.country, '**') order by r.country = '**' limit 1
      ) r
      order by contacts desc, p.country`,
    ),
  }));
}

/** Opens a country; people whose turn had passed for want of it are due now. */
export function confirmDestination(
  ctx: Ctx,
  { country }: { country: string },
): Promise<{ country: string; due: number }> {
  if (!isRegion(country))
    throw invalid(`country: ${country} is no country whose numbers we know. Use a code like IN or US.`, [
      { path: "country", message: "is no country whose numbers we know" },
    ]);
  return ctx.db.tx(async (tx) => {
    const before = await lock(tx);
    if (before.own === country || before.destinations.includes(country)) return { country, due: 0 };
    await write(ctx, tx, before.destinations, [...before.destinations, country].toSorted());
    const { due } = await row<{ due: number }>(
      tx,
      sql`
      with redue as (
        update call_queue q set due_at = app.now(), wait_reason = null
        from call_lanes l
        where q.user_id = ${param(ctx.user.id)} and q.status = 'pending' and q.wait_reason = 'destination_not_confirmed'
          and l.user_id = q.user_id and l.id = q.lane_id and l.country = ${param(country)}
        returning q.lane_id
      ),
      woken as (
        select app.lanes_due(array(select distinct lane_id from redue), app.now())
      )
      select (select count(*) from redue)::int as due from woken`,
    );
    tx.wake("dispatch");
    return { country, due };
  });
}

/** Closes it again: nobody there is dialled after this, whoever waits. */
export function removeDestination(ctx: Ctx, { country }: { country: string }): Promise<{ ok: true }> {
  return ctx.db.tx(async (tx) => {
    const before = await lock(tx);
    if (before.own === country)
      throw conflict("This is the workspace's own country. Change that under Settings → Workspace first.");
    if (before.destinations.includes(country))
      await write(
        ctx,
        tx,
        before.destinations,
        before.destinations.filter((each) => each !== country),
      );
    return { ok: true as const };
  });
}

const lock = (tx: Tx) =>
  row<{ own: string; destinations: string[] }>(
    tx,
    sql`select default_region as own, destinations from users where id = ${param(tx.userId)} for no key update`,
  );

async function write(ctx: Ctx, tx: Tx, before: string[], after: string[]): Promise<void> {
  await rows(
    tx,
    sql`update users set destinations = ${param(after)}::text[] where id = ${param(ctx.user.id)}`,
  );
  await audit(ctx, tx, {
    action: "destinations.changed",
    entity: "workspace",
    entityId: ctx.user.id,
    changes: { destinations: [before, after] },
  });
  await touch(tx, "settings");
}
