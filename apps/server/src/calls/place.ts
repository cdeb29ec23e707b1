import { enqueue, param, prepared, row, rows, sql, type Tx } from "@parley/db";
import { leaseSeconds } from "@parley/core/calls/lease";
import { toWire } from "@parley/core/phone-text";
import type { Ctx } from "../context.ts";
import type { PlaceResult } from "../providers/bolna.ts";
import { failpoint } from "../failpoints.ts";
import { applyEvent } from "./apply-event.ts";
import { raiseIncident } from "./incident.ts";
import { lockInOrder, type CallRow } from "./row.ts";
import { lastSeenLsn } from "./watch-database.ts";
import { secondExecution } from "./second-execution.ts";
import { clockSettings, leaseTerms } from "./settings.ts";
import { refuse, withdraw, type Withdrawal } from "./withdraw.ts";

/** A phone rings a moment after the request, and must not ring after hours. */
const MARGIN_SECONDS = 60;

/**
 * Places one claimed call: at most one POST leaves for it, whatever crashes, because `dialing` is committed before and
 * is never left backwards. Three steps: decide under the locks and commit, dial without a transaction, write down.
 */
export async function placeCall(ctx: Ctx, { callId }: { callId: string }): Promise<void> {
  failpoint("place.taken", callId);
  const dial = await ctx.db.tx(async (tx) => {
    const decided = await decide(tx, callId);
    failpoint("place.decided");
    return decided;
  });
  if (!dial) return;
  if (Date.now() > dial.sendBefore) {
    await ctx.db.tx((tx) => neverSent(tx, callId, dial.epoch));
    ctx.log.warn({ call: { id: callId } }, "[Calls] not dialled: this process had stood still");
    return;
  }
  failpoint("place.dialing");
  const result = await dialled(ctx, dial.request);
  failpoint("place.answered");
  const gateAt =
    result.kind !== "accepted" || dial.afterGate
      ? await ctx.db.tx((tx) => tellAccount(tx, dial.accountId, result))
      : null;
  failpoint("place.told");
  await ctx.db.tx(async (tx) => {
    await writeDown(tx, callId, dial.epoch, result, gateAt);
    failpoint("place.written");
  });
  failpoint("place.done");
  ctx.log.info({ call: { id: callId }, result: result.kind }, `[Calls] placed: ${result.kind}`);
}

type Dial = {
  epoch: number;
  /** Wall time of this process after which the answer could come too late to be believed. */
  sendBefore: number;
  accountId: string;
  /** Calls were refused lately: that one is taken is news. */
  afterGate: boolean;
  request: Parameters<Ctx["providers"]["bolna"]["placeCall"]>[0];
};

/** Only who calls in may withhold the number. */
type DialledRow = CallRow & { phone_number: string };

/** (a) Under phone, campaign and call locks: may it still be dialled? A STOP or a pause that committed first wins. */
async function decide(tx: Tx, callId: string): Promise<Dial | null> {
  const call = (await lockInOrder(tx, callId)) as DialledRow;
  const settings = await clockSettings(tx);
  const overdue = call.lease_until !== null && call.lease_until <= settings.wall;

  if (call.status === "dialing") {
    // The worker that dialled is gone, or too late to be believed: it may have rung.
    if (overdue) await becomeUnknown(tx, call);
    return null;
  }
  if (call.status !== "claimed") return null;

  const withheld = overdue ? { reason: "lease_expired" } : await reasonToWithhold(tx, call, lastSeenLsn());
  if (withheld) {
    await withdraw(tx, call, withheld);
    return null;
  }
  const seconds = leaseSeconds("dialing", leaseTerms(settings, call.max_call_seconds))!;
  const { lease_epoch } = await row<{ lease_epoch: number }>(
    tx,
    prepared(sql`
    update calls
    set status = 'dialing', dialing_at = app.now(), dialing_wall = app.wall(), lease_epoch = lease_epoch + 1,
      lease_until = app.wall() + make_interval(secs => ${param(seconds)}),
      dialing_lease_end = app.wall() + make_interval(secs => ${param(seconds)}),
      stages = stages || jsonb_build_object('dialing', app.now()),
      receipt = receipt || ${receiptAtDial}
    where id = ${param(call.id)}
    returning lease_epoch`),
  );
  const sendBefore = Date.now() + seconds * 1000 - settings.placeTimeoutMs;
  const who = await row<{
    bolna_agent_id: string;
    name: string | null;
    company: string | null;
    email: string | null;
    city: string | null;
    zone: string | null;
    custom: Record<string, unknown>;
    agent_name: string;
    after_gate: boolean;
  }>(
    tx,
    prepared(sql`
    select a.bolna_agent_id, a.name as agent_name, c.name, c.company, c.email, c.city, c.custom,
      coalesce(c.time_zone, c.zones[1]) as zone, p.gate_count > 0 as after_gate
    from agents a
    join provider_accounts p on p.id = a.provider_account_id
    left join contacts c on c.user_id = ${param(tx.userId)} and c.id = ${param(call.contact_id)}
    where a.user_id = ${param(tx.userId)} and a.id = ${param(call.agent_id)}`),
  );
  return {
    epoch: lease_epoch,
    sendBefore,
    accountId: call.provider_account_id,
    afterGate: who.after_gate,
    request: {
      agent_id: who.bolna_agent_id,
      recipient_phone_number: toWire(call.phone_number),
      ...(call.from_number ? { from_phone_number: toWire(call.from_number) } : {}),
      user_data: {
        ...who.custom,
        name: who.name ?? "",
        company: who.company ?? "",
        email: who.email ?? "",
        city: who.city ?? "",
        ...(who.zone ? { timezone: who.zone } : {}),
        call_id: call.id,
        item_id: call.queue_id,
      },
    },
  };
}

/**
 * What the call is dialled on, beside the rules written down at the claim, over `calls`: the words that tell people they
 * speak to a machine, in their version, and the best consent there is.
 */
const receiptAtDial = sql`(
  select jsonb_strip_nulls(jsonb_build_object('providerAgentId', a.bolna_agent_id, 'agentVersion', a.version, 'disclosure', a.disclosure,
    'consentId', t.id, 'consentBasis', t.basis, 'consentSource', t.source))
  from agents a
  left join lateral (
    select t.id, t.basis, t.source from consents t
    where t.user_id = calls.user_id and t.contact_id = calls.contact_id and t.channel = 'call' and t.revoked_at is null
      and coalesce(t.expires_at > app.now(), true)
    order by array_position(array['written', 'express', 'existing'], t.basis), t.obtained_at desc
    limit 1
  ) t on true
  where a.user_id = calls.user_id and a.id = calls.agent_id)`;

/** The tick's checks again, at the point of no return: since the claim anything may have been said. */
async function reasonToWithhold(tx: Tx, call: CallRow, seenLsn: string | null): Promise<Withdrawal | null> {
  const now = await row<{
    dialling_paused: boolean;
    same_database: boolean;
    after_beat: string;
    account_status: string;
    gate_at: string | null;
    campaign_status: string | null;
    suppressed: string | null;
    erased: boolean;
    expired: boolean;
    consent_ok: boolean;
    agent_ready: boolean;
    campaign_over: boolean;
    destination_ok: boolean;
    frequency_until: string | null;
    now: string;
    item_status: string;
    other_call_open: boolean;
    open: boolean;
    opens_at: string | null;
  }>(
    tx,
    prepared(sql`
    select s.dialling_paused, app.database_is_same(${param(seenLsn)}::pg_lsn) as same_database,
      app.in_wall(interval '10 seconds') as after_beat, a.status as account_status,
      case when a.gate_until > app.wall() then app.in_wall(a.gate_until - app.wall()) end as gate_at,
      k.campaign_status, k.suppressed, k.erased, k.expired, k.consent_ok, k.agent_ready, k.campaign_over,
      k.destination_ok, k.frequency_until, k.at as now,
      q.status as item_status,
      exists (
        select 1 from calls o
        where o.user_id = q.user_id and o.phone_number = ${param(call.phone_number)} and o.ended_at is null and o.id <> ${param(call.id)}
      ) as other_call_open,
      coalesce(o.opens_at <= app.now() and (o.closes_at > d.soon_at or soon.opens_at <= d.soon_at), false) as open,
      case when o.opens_at <= app.now() then coalesce(soon.opens_at, d.soon_at) else o.opens_at end as opens_at
    from call_queue q
    join users u on u.id = q.user_id
    join call_lanes l on l.user_id = q.user_id and l.id = q.lane_id
    left join call_campaigns c on c.user_id = q.user_id and c.id = q.campaign_id
    cross join system_settings s
    join provider_accounts a on a.id = ${param(call.provider_account_id)}
    cross join lateral app.item_checks(q.id) k
    left join lateral app.next_open(l.zone_set, l.country, u.rule_set, c."window", app.now()) o on true
    cross join (select app.now() + make_interval(secs => ${param(MARGIN_SECONDS)}) as soon_at) d
    -- asked a second time only in the last minute
    left join lateral (
      select n.opens_at from app.next_open(l.zone_set, l.country, u.rule_set, c."window", d.soon_at) n where o.closes_at <= d.soon_at
    ) soon on true
    where q.user_id = ${param(tx.userId)} and q.id = ${param(call.queue_id)}`),
  );
  if (now.item_status !== "in_progress") return { reason: "item_closed" };
  if (now.suppressed) return { reason: "suppressed", skip: now.suppressed === "dnc" ? "dnc" : "suppressed" };
  if (now.erased) return { reason: "erased", skip: "erased" };
  if (now.expired) return { reason: "expired", skip: "expired" };
  if (now.campaign_status === "canceled") return { reason: "campaign_canceled", cancel: true };
  if (now.campaign_status !== null && now.campaign_status !== "running")
    return { reason: `campaign_${now.campaign_status}` };
  if (now.campaign_over) return { reason: "campaign_over", skip: "campaign_over" };
  if (!now.consent_ok) return { reason: "no_consent", skip: "no_consent" };
  if (now.dialling_paused) return { reason: "dialling_paused" };
  if (!now.same_database) return { reason: "dialling_paused", dueAt: now.after_beat };
  if (now.account_status !== "ok") return { reason: "provider_suspended" };
  if (now.gate_at) return { reason: "provider_gate", dueAt: now.gate_at };
  if (now.other_call_open) return { reason: "other_call_open" };
  if (!now.open) return { reason: "window_closed", dueAt: now.opens_at };
  if (!now.agent_ready) return { reason: "agent_not_ready" };
  if (!now.destination_ok) return { reason: "destination_not_confirmed" };
  if (now.frequency_until && now.frequency_until > now.now)
    return { reason: "frequency_cap", dueAt: now.frequency_until };
  return null;
}

/** (c) What the answer means. Anything but a clear yes or no is `unknown`: it keeps its line and is looked up, never redialled. */
async function writeDown(
  tx: Tx,
  callId: string,
  epoch: number,
  result: PlaceResult,
  gateAt: string | null,
): Promise<void> {
  const call = await lockInOrder(tx, callId);
  const settings = await clockSettings(tx);

  if (result.kind === "accepted") {
    if (call.bolna_execution_id && call.bolna_execution_id !== result.executionId) {
      return secondExecution(tx, { callId: call.id, userId: call.user_id });
    }
    // A fact even if it comes late: the fold raises dialing and unknown to queued, and leaves what is further along.
    await applyEvent(
      tx,
      call,
      { source: "place", status: "queued", at: settings.now, executionId: result.executionId },
      settings,
    );
    await rows(
      tx,
      sql`update calls set placed_at = coalesce(placed_at, app.now()) where id = ${param(call.id)}`,
    );
    return;
  }
  // A no, or no answer, counts only for the dial it answers.
  if (call.status !== "dialing" || call.lease_epoch !== epoch) return;
  if (result.kind === "refused" && result.credential)
    await withdraw(tx, call, { reason: "provider_suspended" });
  else if (result.kind === "refused") await refuse(tx, call, result.message);
  else if (result.kind === "rate_limited")
    await withdraw(tx, call, { reason: "rate_limited", dueAt: gateAt });
  else await becomeUnknown(tx, call, result.reason);
}

/**
 * One POST. "Not allowed" (403) may be said of the key or of this call alone; a key that works elsewhere is not to blame,
 * and one agent's or number's fault stops nobody else.
 */
async function dialled(
  { providers: { bolna } }: Ctx,
  request: Parameters<typeof bolna.placeCall>[0],
): Promise<PlaceResult> {
  const result = await bolna.placeCall(request);
  if (result.kind !== "refused" || result.status !== 403) return result;
  const keyWorks = await bolna.me().then(
    () => true,
    () => false,
  );
  return keyWorks ? { ...result, credential: false } : result;
}

/** A process that was stopped before its request left, longer than its lease: it alone knows that nothing rang. */
async function neverSent(tx: Tx, callId: string, epoch: number): Promise<void> {
  const call = await lockInOrder(tx, callId);
  if ((call.status === "dialing" || call.status === "unknown") && call.lease_epoch === epoch)
    await withdraw(tx, call, { reason: "lease_expired" });
}

async function becomeUnknown(
  tx: Tx,
  call: CallRow,
  why = "The worker that dialled stopped before it had the answer.",
): Promise<void> {
  await rows(
    tx,
    sql`
    with changed as (
      update calls
      set status = 'unknown', reason = ${param(why)}, lease_until = null, next_poll_at = app.now(),
        stages = stages || jsonb_build_object('unknown', app.now())
      where user_id = ${param(tx.userId)} and id = ${param(call.id)}
    )
    insert into call_events (user_id, call_id, status, provider_at, source, note)
    values (${param(tx.userId)}, ${param(call.id)}, 'unknown', app.now(), 'place', ${param(why)})`,
  );
  await rows(
    tx,
    sql`insert into live_changes (user_id, topic, ref) values (${param(tx.userId)}, 'calls', ${param(call.id)})`,
  );
  tx.ringScreens();
  await enqueue(tx, "calls/reconcile", { userId: call.user_id, agentId: call.agent_id });
}

/**
 * What the answer says of the account, before anything is said of the call: the gate stands when its item is due again,
 * and a crash in between leaves an unknown call, never a forgotten gate. A short transaction of its own: the dispatcher
 * skips a locked account. Returns the gate's end in domain time, if there is one.
 */
async function tellAccount(tx: Tx, accountId: string, result: PlaceResult): Promise<string | null> {
  if (result.kind === "accepted") {
    await tx.query("select app.account_takes_calls($1)", [accountId]);
    return null;
  }
  if (result.kind === "rate_limited") {
    const seconds = result.retryAfterMs === null ? null : result.retryAfterMs / 1000;
    const { at } = await row<{ at: string }>(
      tx,
      sql`
      select app.in_wall(app.gate_account(${param(accountId)}, make_interval(secs => ${param(seconds)}::float8), 'rate_limited') - app.wall()) as at`,
    );
    tx.wake("dispatch");
    return at;
  }
  if (result.kind === "refused" && result.credential) {
    await tx.query("update provider_accounts set status = 'suspended', status_reason = $2 where id = $1", [
      accountId,
      `${result.status}: ${result.message}`,
    ]);
    await raiseIncident(tx, {
      kind: "provider_credentials",
      ref: accountId,
      severity: "bad",
      message: `The voice provider refused the key (${result.status}). Nobody is dialled, and no attempt was counted.`,
      cure: "Set BOLNA_API_KEY to a valid key and restart; dialling resumes by itself.",
    });
  }
  return null;
}
