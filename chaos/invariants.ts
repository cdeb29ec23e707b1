import type { Installation, Truth } from "./installation.ts";

export type Verdict = { what: string; found: number; expected: string; ok: boolean };

/**
 * Holds Parley's rows against what really rang. The sandbox writes each ring down before it answers, in a process of
 * its own, so that nobody here can remember it otherwise.
 */
export async function judge(
  there: Installation,
  limits: { system: number; tenant: number },
): Promise<Verdict[]> {
  const truth = await there.truth();
  const count = async (sql: string) => Number((await there.ask<{ n: string }>(sql))[0]!.n);
  const none = (what: string, found: number): Verdict => ({ what, found, expected: "0", ok: found === 0 });
  const most = (what: string, found: number, limit: number): Verdict => ({
    what,
    found,
    expected: `≤ ${limit}`,
    ok: found <= limit,
  });

  const ringsByCall = Map.groupBy(truth.rings, (ring) => String(ring.userData?.["call_id"]));
  const calls = new Map(
    (
      await there.ask<{ id: string; status: string; execution: string | null }>(
        "select id, status, bolna_execution_id as execution from calls where direction = 'outbound'",
      )
    ).map((call) => [call.id, call]),
  );
  const rungWhere = (
    holds: (call: { status: string; execution: string | null } | undefined, executionId: string) => boolean,
  ) =>
    [...ringsByCall].filter(([id, rings]) => rings.some((ring) => holds(calls.get(id), ring.executionId)))
      .length;

  return [
    none(
      "attempts that rang more than once",
      [...ringsByCall.values()].filter((rings) => rings.length > 1).length,
    ),
    none(
      "rings that no attempt knows of",
      rungWhere((call) => call === undefined),
    ),
    none(
      "rings whose attempt says it never rang",
      rungWhere((call) => call?.status === "not-placed"),
    ),
    none(
      "rings bound to another execution",
      rungWhere((call, executionId) => call !== undefined && call.execution !== executionId),
    ),
    none(
      "calls declared never placed that were placed after all",
      await count("select count(*) as n from calls where adopted"),
    ),
    none(
      "people rung more often than their item counts attempts, or than the retry policy allows",
      await rungTooOften(there, truth),
    ),
    most("most lines open at once, whole system", truth.peaks.system, limits.system),
    most(
      "most lines open at once, one tenant",
      Math.max(0, ...Object.values(truth.peaks.byAgent)),
      limits.tenant,
    ),
    none("lines still open", await count("select count(*) as n from calls where ended_at is null")),
    none("holds still kept", await count("select count(*) as n from calls where settled_at is null")),
    none("attempts without an end", await count("select count(*) as n from calls where final_at is null")),
    none(
      "items still waiting or on the phone",
      await count("select count(*) as n from call_queue where status in ('pending', 'in_progress')"),
    ),
    none(
      "people on the lists of started campaigns without an item",
      await count(`
        select count(*) as n from call_campaigns k join contacts p on p.user_id = k.user_id and p.import_id::text = k.audience ->> 'importId'
        where k.status not in ('draft', 'canceled')
          and not exists (select 1 from call_queue q where q.campaign_id = k.id and q.contact_id = p.id)`),
    ),
    none(
      "items without an outcome or a reason",
      await count(
        "select count(*) as n from call_queue where last_outcome is null and skip_reason is null and status <> 'canceled'",
      ),
    ),
    none(
      "tenants and campaigns whose ledger does not add up",
      await count("select count(*) as n from ops.ledger_check where difference <> 0"),
    ),
    none("balances below zero", await count("select count(*) as n from users where credits < 0")),
    none(
      "calls charged twice, or not what they cost",
      await count(`
        select count(*) as n from calls c
        where coalesce(c.price_credits, 0) <> (select coalesce(-sum(e.amount), 0) from credit_entries e where e.call_id = c.id)
          or (select count(*) from credit_entries e where e.call_id = c.id) > 1`),
    ),
    none(
      "webhooks not folded",
      await count("select count(*) as n from webhook_events where status in ('pending', 'parked')"),
    ),
    none(
      "webhooks that could not be read",
      await count("select count(*) as n from webhook_events where status = 'bad'"),
    ),
    none(
      "rows of one tenant that name another's",
      await count(`
        select count(*) as n from calls c join call_queue q on q.id = c.queue_id join contacts p on p.id = q.contact_id
        where c.user_id <> q.user_id or p.user_id <> q.user_id`),
    ),
    none(
      "started campaigns neither completed nor canceled",
      await count(
        "select count(*) as n from call_campaigns where status not in ('completed', 'canceled', 'draft')",
      ),
    ),
  ];
}

/** What happened on the way, for the table: nothing here is right or wrong. */
export async function tell(there: Installation): Promise<Record<string, number | string>> {
  const truth = await there.truth();
  const [row] = await there.ask<Record<string, string>>(`
    select
      (select count(*) from call_queue) as items,
      (select count(*) from calls where direction = 'outbound') as attempts,
      (select count(*) from calls where status = 'not-placed') as "attempts that never rang",
      (select count(distinct call_id) from call_events where status = 'unknown') as "attempts once unknown",
      (select count(*) from calls where adopted) as "adopted after all",
      (select count(*) from calls where direction = 'inbound') as "calls from people",
      (select count(*) from calls where estimated) as "settled by our own clock",
      (select count(*) from webhook_events) as "webhooks taken in"`);
  const incidents = await there.ask<{ kind: string; n: string }>(
    "select kind, sum(times) as n from incidents group by kind order by kind",
  );
  return {
    rings: truth.rings.length,
    ...row,
    ...Object.fromEntries(incidents.map(({ kind, n }) => [`incidents: ${kind}`, n])),
  };
}

/** By number: the truth of rings against the attempts of the person's items, each list of numbers being a campaign's own. */
async function rungTooOften(there: Installation, truth: Truth): Promise<number> {
  const allowed = new Map(
    (
      await there.ask<{ phone: string; attempts: number }>(`
        select replace(q.phone_number, ' ', '') as phone,
          sum(least(q.attempts, coalesce((k.retry ->> 'maxAttempts')::int, 1)))::int as attempts
        from call_queue q left join call_campaigns k on k.id = q.campaign_id
        group by 1`)
    ).map(({ phone, attempts }) => [phone, attempts]),
  );
  const rung = Map.groupBy(truth.rings, (ring) => ring.to);
  return [...rung].filter(([phone, rings]) => rings.length > (allowed.get(phone) ?? 0)).length;
}
