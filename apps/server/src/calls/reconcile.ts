import { setTimeout } from "node:timers/promises";
import { enqueue, maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import { settleCall } from "@parley/db/ledger";
import { settleAfterDays } from "@parley/core/calls/lease";
import type { CallStatus } from "@parley/core/calls/lifecycle";
import type { Ctx } from "../context.ts";
import type { TaskResult } from "../define-task.ts";
import { newsOf, type ExecutionNews } from "../providers/bolna-news.ts";
import { failpoint } from "../failpoints.ts";
import { applyEvent } from "./apply-event.ts";
import { raiseIncident, resolveIncident } from "./incident.ts";
import { lockInOrder, type CallRow } from "./row.ts";
import { secondExecution } from "./second-execution.ts";
import { clockSettings } from "./settings.ts";
import { withdraw } from "./withdraw.ts";

const PAGE = 50;
const WEEK_MS = 7 * 86_400_000;
/** Longer than this nobody waits inside the job for the read budget. */
const WAIT_MAX_SECONDS = 5;

type TakeOver = (tx: Tx, news: ExecutionNews) => Promise<void>;

type Search = {
  /** The agent as it was called at the provider when these calls were dialled. */
  bolnaAgentId: string;
  accountId: string;
  /** The unknown calls that this listing is about. */
  callIds: string[];
  /** Wall time at which this listing began: only one begun late enough can prove that a call is absent. */
  began: string;
  from: string;
  to: string;
};

/** A listing that came to its end; or why it did not. */
type Looked =
  | { kind: "complete" }
  | { kind: "unreachable"; why: string; isGone?: boolean }
  | { kind: "wait"; seconds: number };

/**
 * Looks for an agent's unknown calls at the provider. One listing serves all of them: a call whose id an execution
 * carries is adopted; one that two complete listings, a grace apart and both begun after its dial could have been
 * answered, do not show was never placed. Anything less proves nothing, and the call keeps its line: so does one to
 * whose number there is an execution that carries no id at all, unless it can only be that one.
 */
export async function reconcileAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<TaskResult> {
  for (const callId of await ctx.db.tx((tx) => forgottenCalls(tx, agentId)))
    await ctx.db.tx((tx) => giveUp(tx, callId));
  for (const search of await ctx.db.tx((tx) => openSearches(tx, agentId))) {
    const unclear = new Set<string>();
    const looked = await lookThrough(ctx, search, async (tx, news) => {
      for (const callId of await bind(tx, agentId, search.accountId, news)) unclear.add(callId);
      failpoint("reconcile.bound");
    });
    if (looked.kind === "wait") return { snoozeSeconds: looked.seconds };
    if (looked.kind === "unreachable") {
      await ctx.db.tx((tx) => unreachable(tx, agentId, looked.why));
      return;
    }
    failpoint("reconcile.listed");
    const callIds = search.callIds.filter((callId) => !unclear.has(callId));
    for (const callId of await ctx.db.tx((tx) => provenAbsent(tx, { ...search, callIds })))
      await ctx.db.tx((tx) => takeBack(tx, callId));
  }
  await ctx.db.tx(async (tx) => {
    await resolveIncident(tx, "reconcile_unreachable", agentId);
    await lookAgain(tx, agentId, (await clockSettings(tx)).reconcileGraceMs / 1000 / 4);
  });
}

/**
 * Every page of the window, in stretches of a week, the most that the provider lists at once. `takeOver` gets each
 * execution that is neither bound to a call nor remembered as somebody else's, in a transaction of its own.
 */
export async function lookThrough(
  ctx: Ctx,
  search: Pick<Search, "bolnaAgentId" | "accountId" | "from" | "to">,
  takeOver: TakeOver,
): Promise<Looked> {
  const end = Date.parse(search.to);
  for (let start = Date.parse(search.from); start < end; start += WEEK_MS) {
    for (let page = 1; ; page++) {
      const wait = await readBudget(ctx, search.accountId);
      if (wait > 0) return { kind: "wait", seconds: wait };
      const answer = await ctx.providers.bolna.listExecutions(search.bolnaAgentId, {
        from: new Date(start).toISOString(),
        to: new Date(Math.min(start + WEEK_MS, end)).toISOString(),
        page_number: page,
        page_size: PAGE,
      });
      if (answer.kind === "unavailable") return { kind: "unreachable", why: answer.message };
      if (answer.kind === "refused")
        return {
          kind: "unreachable",
          why: `${answer.status}: ${answer.message}`,
          isGone: answer.status === 404,
        };
      const found = answer.executions.map((execution) => newsOf(execution, search.to));
      for (const id of await ctx.db.tx((tx) => notSeenBefore(tx, search.accountId, found))) {
        let news = found.find((execution) => execution.executionId === id)!;
        // The list may be trimmed: what shows no id of ours is read once in full.
        if (!news.callId) {
          const pause = await readBudget(ctx, search.accountId);
          if (pause > 0) return { kind: "wait", seconds: pause };
          const read = await ctx.providers.bolna.getExecution(id);
          // Listed, and it cannot be read: it may be ours, so nothing is proven.
          if (read.kind === "absent")
            return { kind: "unreachable", why: `it lists execution ${id} but cannot show it` };
          if (read.kind === "unavailable") return { kind: "unreachable", why: read.message };
          news = newsOf(read.execution, search.to);
        }
        await ctx.db.tx((tx) => takeOver(tx, news));
      }
      if (!answer.hasMore) break;
      if (found.length === 0)
        return { kind: "unreachable", why: "it announces more executions and shows none" };
    }
  }
  return { kind: "complete" };
}

/** The window around all unknown dials of the agent, on the provider's (domain) clock; one search per name it had there. */
function openSearches(tx: Tx, agentId: string): Promise<Search[]> {
  return rows<Search>(
    tx,
    sql`
    select coalesce(c.receipt ->> 'providerAgentId', a.bolna_agent_id) as "bolnaAgentId", c.provider_account_id as "accountId",
      array_agg(c.id) as "callIds", app.wall() as began, min(c.dialing_at) - interval '5 minutes' as "from",
      app.now() + interval '5 minutes' as "to"
    from agents a join calls c on c.user_id = a.user_id and c.agent_id = a.id and c.status = 'unknown' and c.ended_at is null
    where a.user_id = ${param(tx.userId)} and a.id = ${param(agentId)}
    group by 1, 2`,
  );
}

/** Takes one request of the read budget, waiting a little for it; else says for how long there is none. */
async function readBudget(ctx: Ctx, accountId: string): Promise<number> {
  for (let waited = 0; ;) {
    const { seconds } = await ctx.db.tx((tx) =>
      row<{ seconds: number }>(tx, sql`select app.take_read(${param(accountId)}) as seconds`),
    );
    if (seconds <= 0) return 0;
    if (waited + seconds > WAIT_MAX_SECONDS) return seconds;
    waited += seconds;
    await setTimeout(seconds * 1000);
  }
}

/** Executions neither bound to a call nor remembered as somebody else's. */
async function notSeenBefore(tx: Tx, accountId: string, found: ExecutionNews[]): Promise<string[]> {
  const fresh = await rows<{ id: string }>(
    tx,
    sql`
    select f.id from unnest(${param(found.map((execution) => execution.executionId))}::text[]) as f (id)
    where not exists (select 1 from calls c where c.provider_account_id = ${param(accountId)} and c.bolna_execution_id = f.id)
      and not exists (select 1 from provider_executions e where e.provider_account_id = ${param(accountId)} and e.id = f.id and e.call_id is null)`,
  );
  return fresh.map(({ id }) => id);
}

/**
 * A call of ours whose id the execution carries gets it; any other execution is remembered as somebody else's. One that
 * carries no id is compared by number and time: the only call that it can be gets it, and as long as that is not
 * certain it is nobody's. Returns the calls that it may be and that may not be held to be absent because of it.
 */
export async function bind(
  tx: Tx,
  agentId: string,
  accountId: string,
  news: ExecutionNews,
): Promise<string[]> {
  const candidates = news.callId === null ? await callsAlike(tx, agentId, news) : [];
  const [only] = candidates;
  const isCertain = candidates.length === 1 && only!.status === "unknown" && news.personNumber !== null;
  if (only && !isCertain) return candidates.map(({ id }) => id);
  const ours = await maybeRow<{ id: string; executionId: string | null }>(
    tx,
    sql`
    select id, bolna_execution_id as "executionId" from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and id::text = ${param(news.callId ?? only?.id ?? "")}`,
  );
  // A webhook or an answer was faster than we.
  if (ours && ours.executionId === news.executionId) return [];
  if (ours?.executionId) await secondExecution(tx, { callId: ours.id, userId: tx.userId! });
  if (!ours || ours.executionId) {
    await rows(
      tx,
      sql`
      insert into provider_executions (provider_account_id, id, user_id, status, facts)
      values (${param(accountId)}, ${param(news.executionId)}, ${param(tx.userId)}, ${param(news.status)}, '{}')
      on conflict do nothing`,
    );
    return [];
  }
  const call = await lockInOrder(tx, ours.id);
  if (call.bolna_execution_id) return [];
  if (only && call.status !== "unknown") return [only.id];
  const note = only ? "Found by reconciliation, by number and time." : "Found by reconciliation.";
  await applyEvent(tx, call, { ...news, source: "poll", note }, await clockSettings(tx));
  return [];
}

/** The agent's calls without an answer that an execution without an id of ours may be: same number, or none shown, begun after the dial. */
function callsAlike(
  tx: Tx,
  agentId: string,
  news: ExecutionNews,
): Promise<{ id: string; status: CallStatus }[]> {
  if (news.direction === "inbound") return Promise.resolve([]);
  return rows(
    tx,
    sql`
    select id, status from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and ended_at is null
      and status in ('dialing', 'unknown') and bolna_execution_id is null
      and phone_number = coalesce(${param(news.personNumber)}, phone_number)
      -- clocks differ a little
      and dialing_at - interval '1 minute' <= coalesce(${param(news.createdAt)}::timestamptz, app.now())`,
  );
}

/** Complete listing, nothing of ours in it: the first such is noted, the second a grace later is proof. */
async function provenAbsent(tx: Tx, { callIds, began }: Search): Promise<string[]> {
  const { reconcileGraceMs } = await clockSettings(tx);
  const unseen = await rows<{ id: string; proven: boolean }>(
    tx,
    sql`
    with unseen as (
      select id, coalesce(absent_since + g.grace <= ${param(began)}, false) as proven
      from calls cross join (select make_interval(secs => ${param(reconcileGraceMs / 1000)}) as grace) g
      where user_id = ${param(tx.userId)} and id = any(${param(callIds)}::uuid[]) and status = 'unknown' and ended_at is null
        and dialing_lease_end + g.grace <= ${param(began)}
    ),
    noted as (
      update calls set absent_since = coalesce(absent_since, ${param(began)}::timestamptz)
      where user_id = ${param(tx.userId)} and id = any(array(select id from unseen where not proven)) and status = 'unknown'
    )
    select id, proven from unseen`,
  );
  return unseen.filter(({ proven }) => proven).map(({ id }) => id);
}

async function takeBack(tx: Tx, callId: string): Promise<void> {
  const call = await lockInOrder(tx, callId);
  if (isStillUnknown(call)) await withdraw(tx, call, { reason: "proven_absent" });
}

const isStillUnknown = (call: CallRow) =>
  call.status === "unknown" && call.ended_at === null && !call.bolna_execution_id;

/** No call lasts so long, whatever the provider would say of it, if it could be asked. */
async function forgottenCalls(tx: Tx, agentId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`
    select id from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and status = 'unknown' and ended_at is null
      and dialing_wall < app.wall() - make_interval(days => ${param(settleAfterDays)})`,
  );
  return found.map(({ id }) => id);
}

/** Nobody could tell in three days whether it was placed: line and hold are free, and it counts as a call, so that nobody is rung twice. */
async function giveUp(tx: Tx, callId: string): Promise<void> {
  const call = await lockInOrder(tx, callId);
  if (!isStillUnknown(call)) return;
  await rows(
    tx,
    sql`
    update calls
    set ended_at = app.now(), ended_by = 'clock', final_at = app.now(), outcome = 'unclear', reason = 'no_final_news', next_poll_at = null
    where user_id = ${param(tx.userId)} and id = ${param(callId)}`,
  );
  await tx.query("select app.line_freed($1, $2)", [call.user_id, call.phone_number]);
  await settleCall(tx, callId, 0, true);
  await raiseIncident(tx, {
    kind: "ended_by_clock",
    ref: callId,
    message:
      "For three days the provider could not say whether a call was placed. Its line and its hold are free; the person is not dialled again for it.",
    cure: "Look at the provider whether it was placed. If it was not, call the person by hand.",
    userId: call.user_id,
  });
  if (call.queue_id)
    await enqueue(tx, "campaigns/settle_item", { userId: call.user_id, itemId: call.queue_id });
  await touch(tx, "calls", callId);
}

/** The provider cannot be asked: every unknown call stays as it is. */
async function unreachable(tx: Tx, agentId: string, why: string): Promise<void> {
  await raiseIncident(tx, {
    kind: "reconcile_unreachable",
    ref: agentId,
    message: `The provider cannot be asked about calls whose dial had no clear answer (${why.slice(0, 200)}). They keep their lines and are not dialled again.`,
    cure: "Nothing, if the provider comes back: Parley asks again by itself. Otherwise check its status page and the key.",
    userId: tx.userId,
  });
  await lookAgain(tx, agentId, 15);
}

async function lookAgain(tx: Tx, agentId: string, seconds: number): Promise<void> {
  await rows(
    tx,
    sql`
    update calls set next_poll_at = app.in_wall(make_interval(secs => ${param(Math.min(60, Math.max(1, seconds)))})), polls = polls + 1
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and status = 'unknown' and ended_at is null`,
  );
}
