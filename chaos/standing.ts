import { setTimeout as pause } from "node:timers/promises";
import type { Tenant } from "./campaign.ts";
import type { Installation } from "./installation.ts";
import type { Progress } from "./progress.ts";

/** And at the end, when only late figures and calls without an end are waited for: three days in half a minute. */
const CLOCK_SCALE_AT_LAST = 10_000;
const QUIET_MS = 5_000;
/** No event of any call for so long, with nobody killing: it will not end by itself. */
const STALLED_MS = 90_000;

export type Standing = { left: number; calls: number; lines: number; unclear: number };

export async function standing(there: Installation): Promise<Standing> {
  const [now] = await there.ask<Standing>(`
    select (select count(*) from call_queue where status in ('pending', 'in_progress')) as left,
      count(*) as calls, count(*) filter (where ended_at is null) as lines,
      count(*) filter (where ended_at is null and status = 'unknown') as unclear
    from calls`);
  return now!;
}

/** A breaker that paused a campaign is answered as a person would: the cause is known, go on. */
export async function resumeBroken(there: Installation, tenants: Tenant[]): Promise<void> {
  const paused = await there.ask<{ id: string; user_id: string }>(
    "select id, user_id from call_campaigns where status = 'paused' and status_reason = 'breaker'",
  );
  for (const { id, user_id } of paused) {
    const tenant = tenants.find((each) => each.id === user_id)!;
    await tenant.visitor.trpc.campaigns.resume.mutate({ campaignId: id }).catch(() => {});
  }
}

/** What a process that died at a step still holds is free at once: that leases run out is looked at elsewhere. */
export async function freeLeases(there: Installation): Promise<void> {
  await there.ask(
    "update call_campaigns set launch_lease_until = app.wall() where launch_lease_until > app.wall()",
  );
  await there.ask("update imports set lease_until = app.wall() where lease_until > app.wall()");
}

/** Whatever somebody left paused goes on, until every campaign has ended or nothing moves any more. */
export async function untilDone(there: Installation, tenants: Tenant[], progress: Progress): Promise<void> {
  for (; progress.stillForMs() < STALLED_MS; await pause(500)) {
    const open = await there.ask<{ id: string; user_id: string; status: string }>(
      "select id, user_id, status from call_campaigns where status not in ('completed', 'canceled')",
    );
    if (open.length === 0) return;
    for (const { id, user_id } of open.filter(({ status }) => status === "paused")) {
      const tenant = tenants.find((each) => each.id === user_id)!;
      await tenant.visitor.trpc.campaigns.resume.mutate({ campaignId: id }).catch(() => {});
    }
  }
}

/** What a naive server does cannot be long in coming; nothing else of its run is worth waiting for. */
export async function untilSeen(there: Installation, progress: Progress): Promise<void> {
  for (; progress.stillForMs() < STALLED_MS; await pause(250)) {
    const [seen] = await there.ask("select 1 from calls where adopted limit 1");
    if (seen) return;
  }
}

/** Days pass in seconds: final figures that come late, calls that the provider never ends, people who ring back. */
export async function settleTheRest(there: Installation): Promise<void> {
  const until = Date.now() + 60_000;
  let settledAt: number | null = null;
  if (there.provider === "sandbox") await there.sandbox("/clock", { scale: CLOCK_SCALE_AT_LAST });
  while (Date.now() < until) {
    const [open] = await there.ask<{ n: string }>(`
      select (select count(*) from calls where settled_at is null or ended_at is null)
        + (select count(*) from webhook_events where status in ('pending', 'parked')) as n`);
    if (Number(open!.n) > 0) settledAt = null;
    else settledAt ??= Date.now();
    // Events that found nobody at home are sent again after minutes; nothing waits for them any more.
    const isQuiet = settledAt !== null && Date.now() - settledAt > QUIET_MS;
    if (settledAt !== null && (isQuiet || (await there.eventsOnTheirWay()) === 0)) return;
    await pause(500);
  }
}
