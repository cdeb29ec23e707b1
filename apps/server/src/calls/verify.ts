import { enqueue, param, record, row, rows, sql, touch, type Tx } from "@parley/db";
import { settleCall } from "@parley/db/ledger";
import {
  clockEndsAfterSeconds,
  leaseSeconds,
  pollAtSeconds,
  settleAfterDays,
} from "@parley/core/calls/lease";
import { isTerminal, isWaiting } from "@parley/core/calls/lifecycle";
import { callOutcome } from "@parley/core/calls/outcome";
import { callPrice, talkSeconds } from "@parley/core/calls/price";
import type { Ctx } from "../context.ts";
import type { TaskResult } from "../define-task.ts";
import type { ExecutionResult } from "../providers/bolna.ts";
import { newsOf } from "../providers/bolna-news.ts";
import { requestAnalysis } from "../leads/request-analysis.ts";
import { failpoint } from "../failpoints.ts";
import { applyEvent } from "./apply-event.ts";
import { raiseIncident } from "./incident.ts";
import { factsOf, finalWordsOf, lockCall, type CallRow } from "./row.ts";
import { clockSettings, leaseTerms, type ClockSettings } from "./settings.ts";

/** Webhooks that say the end while the provider itself does not: so often before a person is told. */
const DISAGREEMENTS_MAX = 3;

/**
 * Asks the provider itself how a call stands, folds the answer, and only on its word writes outcome, talk time and
 * money and lets the item go on. Also the cure for silence: every status has a time by which this is rung.
 */
export async function verifyCall(ctx: Ctx, { callId }: { callId: string }): Promise<TaskResult> {
  const call = await ctx.db.tx((tx) =>
    row<Pick<CallRow, "status" | "bolna_execution_id" | "provider_account_id" | "final_at" | "settled_at">>(
      tx,
      sql`select status, bolna_execution_id, provider_account_id, final_at, settled_at from calls where user_id = ${param(tx.userId)} and id = ${param(callId)}`,
    ),
  );
  if (call.final_at && call.settled_at) return ctx.db.tx((tx) => askNoMore(tx, callId));
  if (!call.bolna_execution_id) return;
  const wait = await ctx.db.tx(async (tx) => {
    const { seconds } = await row<{ seconds: number }>(
      tx,
      sql`select app.take_read(${param(call.provider_account_id)}) as seconds`,
    );
    return seconds;
  });
  if (wait > 0) return { snoozeSeconds: wait };
  const answer = await ctx.providers.bolna.getExecution(call.bolna_execution_id);
  failpoint("verify.asked");
  await ctx.db.tx(async (tx) => {
    await writeVerdict(tx, callId, answer);
    failpoint("verify.settled");
  });
  failpoint("verify.done");
}

async function writeVerdict(tx: Tx, callId: string, answer: ExecutionResult): Promise<void> {
  const { queue_id } = await row<{ queue_id: string | null }>(
    tx,
    sql`select queue_id from calls where user_id = ${param(tx.userId)} and id = ${param(callId)}`,
  );
  await tx.query("select 1 from call_queue where user_id = $1 and id = $2 for update", [tx.userId, queue_id]);
  let call = await lockCall(tx, callId);
  const settings = await clockSettings(tx);
  if (answer.kind === "unavailable")
    return pollAgain(tx, call, settings, answer.retryAfterMs ? answer.retryAfterMs / 1000 : 30);
  if (answer.kind === "absent") return forgotten(tx, call, settings);

  const news = newsOf(answer.execution, settings.now);
  await rows(
    tx,
    sql`
    insert into provider_executions (provider_account_id, id, user_id, call_id, status, facts)
    values (${param(call.provider_account_id)}, ${param(news.executionId)}, ${param(tx.userId)}, ${param(call.id)}, ${param(news.status)},
      ${param(JSON.stringify(factsOnly(news)))}::jsonb)
    on conflict (provider_account_id, id) do update
    set call_id = excluded.call_id, status = excluded.status, facts = excluded.facts, read_at = app.now()`,
  );
  call = await applyEvent(tx, call, { ...news, verified: true, source: "poll" }, settings);

  const isOver = (word: string) => isTerminal(call.status) && word === call.status;
  // Closed by our own clock, the item has gone on; the price still waits for the provider's word.
  if (call.final_at && call.settled_at) return;
  if (call.final_at && isOver(news.status)) {
    await rows(
      tx,
      sql`
      update calls set talk_seconds = ${param(talkSeconds(call.conversation_seconds))}
      where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
    );
    return settle(tx, call, false);
  }
  if (isOver(news.status)) return finish(tx, call, settings);
  if (isTerminal(call.status)) return disagree(tx, call, settings, news.status);
  await stillOpen(tx, call, settings);
}

/** What is kept as the provider's word: no transcript, no number. */
function factsOnly({
  status,
  at,
  conversationSeconds,
  answeredByVoicemail,
  hangupBy,
  hangupReason,
  terminationReason,
  errorMessage,
  providerCostCents,
  direction,
}: ReturnType<typeof newsOf>) {
  return {
    status,
    at,
    conversationSeconds,
    answeredByVoicemail,
    hangupBy,
    hangupReason,
    terminationReason,
    errorMessage,
    providerCostCents,
    direction,
  };
}

/** The provider has said the end: outcome, talk time, price, once. */
export async function finish(tx: Tx, call: CallRow, settings: ClockSettings): Promise<void> {
  const words = finalWordsOf(call, factsOf(call));
  const { outcome } = words;
  await rows(
    tx,
    sql`
    update calls
    set outcome = ${param(outcome)}, reason = ${param(words.reason)}, final_at = app.now(),
      talk_seconds = ${param(words.talkSeconds)}, transcript_final = true, next_poll_at = null, lease_until = null
    where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
  await settle(tx, call, false);
  if (call.status === "balance-low") await gateForBalance(tx, call);
  if (call.contact_id) {
    await rows(
      tx,
      sql`update contacts set last_call_at = ${param(settings.now)} where user_id = ${param(tx.userId)} and id = ${param(call.contact_id)}`,
    );
    await record(tx, {
      userId: tx.userId!,
      contactId: call.contact_id,
      kind: "call.ended",
      actor: "system",
      ref: call.id,
      data: { outcome, direction: call.direction, talkSeconds: talkSeconds(call.conversation_seconds) },
    });
  }
  const ids = { userId: call.user_id, callId: call.id };
  // Also without a transcript: then the call says that there was none to read.
  if (call.transcript || talkSeconds(call.conversation_seconds) > 0) await requestAnalysis(tx, ids);
  if (call.queue_id)
    await enqueue(tx, "campaigns/settle_item", { userId: call.user_id, itemId: call.queue_id });
  await touch(tx, "calls", call.id);
  if (call.campaign_id) await touch(tx, "campaigns", call.campaign_id);
}

async function settle(tx: Tx, call: CallRow, estimated: boolean): Promise<void> {
  const rate = await row<{ pulseSeconds: number; pulseCredits: number }>(
    tx,
    sql`select pulse_seconds as "pulseSeconds", pulse_credits as "pulseCredits" from users where id = ${param(tx.userId)}`,
  );
  const { aboveHold } = await settleCall(
    tx,
    call.id,
    callPrice(talkSeconds(call.conversation_seconds), rate),
    estimated,
  );
  if (aboveHold)
    await raiseIncident(tx, {
      kind: "price_above_hold",
      ref: call.id,
      message: "A call lasted longer than its agent's longest call; what it cost above its hold was waived.",
      cure: "Compare the agent's longest call with the provider's setting (Agents → drift).",
      userId: call.user_id,
    });
}

/**
 * The provider's own balance is nobody's fault here: the account rests a little, and its wallet is asked for at once. As
 * long as that is empty the refresh keeps the gate shut. The item is due again.
 */
async function gateForBalance(tx: Tx, call: CallRow): Promise<void> {
  await tx.query("select app.gate_account($1, interval '5 seconds', 'balance_low')", [
    call.provider_account_id,
  ]);
  await enqueue(tx, "provider/refresh", {});
  await raiseIncident(tx, {
    kind: "provider_balance",
    ref: call.provider_account_id,
    severity: "bad",
    message:
      "The voice provider's wallet is empty. Calls end before they ring; no attempt is counted and nothing is charged.",
    cure: "Fill the wallet at the provider. Dialling goes on by itself.",
  });
}

/** The status at the provider is not the end yet: look again when its own time is up, or give the line back by our clock. */
async function stillOpen(tx: Tx, call: CallRow, settings: ClockSettings): Promise<void> {
  const secondsSince = (at: string | undefined) =>
    at ? (Date.parse(settings.now) - Date.parse(at)) / 1000 : 0;
  if (call.status === "call-disconnected") {
    const since = secondsSince(call.ended_at ?? undefined);
    if (since > settleAfterDays * 86_400 * settings.leaseScale) return settleByClock(tx, call);
    const due = pollAtSeconds(call.polls + 1, settings.leaseScale) - since;
    return pollAgain(tx, call, settings, Math.max(due, 1), 1);
  }
  if (call.ended_by === "clock") {
    if (secondsSince(call.ended_at ?? undefined) > settleAfterDays * 86_400 * settings.leaseScale)
      return settleByClock(tx, call);
    return pollAgain(tx, call, settings, pollAtSeconds(call.polls, settings.leaseScale), 1);
  }
  const lease = leaseSeconds(call.status, leaseTerms(settings, call.max_call_seconds)) ?? 60;
  const waits = isWaiting(call.status);
  const airSince =
    call.stages["in-progress"] ??
    call.stages.initiated ??
    call.stages.ringing ??
    call.stages[call.status] ??
    call.created_at;
  // What waits may still ring, so its line is kept far longer; and a short longest call says nothing about ringing.
  const longest =
    call.status === "in-progress" ? call.max_call_seconds : Math.max(call.max_call_seconds, 150);
  const limit = waits
    ? settleAfterDays * 86_400 * settings.leaseScale
    : clockEndsAfterSeconds(longest, settings.leaseScale);
  if (secondsSince(airSince) >= limit) return endByClock(tx, call);
  // Once a look: stopping rings for the next answer by itself.
  const isLook = call.next_poll_at !== null && call.next_poll_at <= settings.now;
  if (waits && isLook && secondsSince(airSince) >= lease) await takeBackFromQueue(tx, call);
  await pollAgain(tx, call, settings, Math.max(1, Math.min(lease, limit - secondsSince(airSince) + 1)), 1);
}

/**
 * Nobody is to be rung an hour after their call was decided on: what the provider keeps in a line of its own is taken
 * back. It never rang, so its item is due again once the account has rested.
 */
async function takeBackFromQueue(tx: Tx, call: CallRow): Promise<void> {
  await enqueue(tx, "calls/stop", { userId: call.user_id, callId: call.id });
  if (call.direction === "inbound" || call.stop_reason) return;
  await rows(
    tx,
    sql`update calls set stop_reason = 'provider_queue' where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
  await tx.query("select app.gate_account($1, null, 'provider_queue')", [call.provider_account_id]);
  await raiseIncident(tx, {
    kind: "provider_queue",
    ref: call.provider_account_id,
    message:
      "Calls wait in the provider's own line for more than two minutes. They are taken back before they ring, and their people are due again.",
    cure: "Ask the provider for more concurrent calls, or lower the installation's limit under Operations.",
  });
}

/** Longer than any call lasts, and the provider still says it goes on: the line is free, the money waits. */
async function endByClock(tx: Tx, call: CallRow): Promise<void> {
  await rows(
    tx,
    sql`
    update calls
    set ended_at = app.now(), ended_by = 'clock', outcome = 'unclear', reason = 'no_final_news', final_at = app.now(), polls = 0,
      next_poll_at = app.now() + interval '1 hour'
    where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
  await tx.query("select app.line_freed($1, $2)", [call.user_id, call.phone_number]);
  tx.wake("dispatch");
  await raiseIncident(tx, {
    kind: "ended_by_clock",
    ref: call.id,
    message:
      "The provider has shown a call as under way for longer than any call lasts. Its line was freed; its hold stays until the provider tells the end, three days at most.",
    cure: "Look the execution up at the provider. Nothing has to be done here.",
    userId: call.user_id,
  });
  if (call.queue_id)
    await enqueue(tx, "campaigns/settle_item", { userId: call.user_id, itemId: call.queue_id });
  await touch(tx, "calls", call.id);
  if (call.campaign_id) await touch(tx, "campaigns", call.campaign_id);
}

/** Three days without a final word: settle from the last facts, and say that it is an estimate. */
async function settleByClock(tx: Tx, call: CallRow): Promise<void> {
  const { outcome } = callOutcome({
    status: isTerminal(call.status) ? call.status : "completed",
    transcript: call.transcript,
    conversationSeconds: call.conversation_seconds,
    answeredByVoicemail: call.voicemail,
  });
  await rows(
    tx,
    sql`
    update calls
    set outcome = coalesce(outcome, ${param(call.ended_by === "clock" ? "unclear" : outcome)}), reason = coalesce(reason, 'no_final_news'), final_at = coalesce(final_at, app.now()),
      talk_seconds = ${param(talkSeconds(call.conversation_seconds))}, next_poll_at = null
    where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
  await settle(tx, call, true);
  if (call.queue_id)
    await enqueue(tx, "campaigns/settle_item", { userId: call.user_id, itemId: call.queue_id });
  await touch(tx, "calls", call.id);
}

/** A webhook said the end, the provider itself does not: believe neither with money, look again soon, for three days. */
async function disagree(tx: Tx, call: CallRow, settings: ClockSettings, word: string): Promise<void> {
  const since = Date.parse(settings.now) - Date.parse(call.ended_at ?? settings.now);
  if (since > settleAfterDays * 86_400_000 * settings.leaseScale) return settleByClock(tx, call);
  if (call.disagreements + 1 === DISAGREEMENTS_MAX)
    await raiseIncident(tx, {
      kind: "provider_disagrees",
      ref: call.id,
      message: `Webhooks say "${call.status}", the provider's record says "${word}". Outcome and price wait.`,
      cure: "Look the execution up at the provider. Parley asks again by itself.",
      userId: call.user_id,
    });
  await rows(
    tx,
    sql`update calls set disagreements = disagreements + 1 where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
  await pollAgain(tx, call, settings, Math.min(10 * 2 ** call.disagreements, 3600) * settings.leaseScale, 1);
}

/** An execution we once bound is gone. That is no proof that nothing rang: nothing changes, and a person is told. */
async function forgotten(tx: Tx, call: CallRow, settings: ClockSettings): Promise<void> {
  await raiseIncident(tx, {
    kind: "execution_gone",
    ref: call.id,
    severity: "bad",
    message:
      "The provider no longer knows an execution that it had confirmed. The call keeps its status and its hold.",
    cure: "Ask the provider. After three days the call is settled from its last facts.",
    userId: call.user_id,
  });
  if (call.ended_at === null) return stillOpen(tx, call, settings);
  const since = (Date.parse(settings.now) - Date.parse(call.ended_at)) / 86_400_000;
  if (since > settleAfterDays * settings.leaseScale) return settleByClock(tx, call);
  await pollAgain(tx, call, settings, pollAtSeconds(call.polls, settings.leaseScale), 1);
}

/** Late news may have set another time to look; there is nothing left to learn. */
async function askNoMore(tx: Tx, callId: string): Promise<void> {
  await rows(
    tx,
    sql`update calls set next_poll_at = null where user_id = ${param(tx.userId)} and id = ${param(callId)} and next_poll_at is not null`,
  );
}

async function pollAgain(
  tx: Tx,
  call: CallRow,
  settings: ClockSettings,
  seconds: number,
  polls = 0,
): Promise<void> {
  await rows(
    tx,
    sql`
    update calls set next_poll_at = ${param(settings.now)}::timestamptz + make_interval(secs => ${param(seconds)}), polls = polls + ${param(polls)}
    where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
}
