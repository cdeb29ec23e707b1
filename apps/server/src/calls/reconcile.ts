import { maybeRow, param, row, rows, sql, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import type { TaskResult } from "../define-task.ts";
import { newsOf, type ExecutionNews } from "../providers/bolna-news.ts";
import { applyEvent } from "./apply-event.ts";
import { raiseIncident, resolveIncident } from "./incident.ts";
import { lockCall } from "./row.ts";
import { clockSettings } from "./settings.ts";
import { withdraw } from "./withdraw.ts";

const PAGE = 50;
const WEEK_MS = 7 * 86_400_000;

type Search = {
  bolnaAgentId: string;
  accountId: string;
  /** Wall time at which this listing began: only one begun late enough can prove that a call is absent. */
  began: string;
  from: string;
  to: string;
};

/**
 * Looks for an agent's unknown calls at the provider. One listing serves all of them: a call whose id an execution
 * carries is adopted; one that two complete listings, a grace apart and both begun after its dial could have been
 * answered, do not show was never placed. Anything less proves nothing, and the call keeps its line.
 */
export async function reconcileAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<TaskResult> {
  const search = await ctx.db.tx((tx) => openSearch(tx, agentId));
  if (!search) return;
  for (let page = 1; ; page++) {
    const wait = await ctx.db.tx((tx) => takeRead(tx, search.accountId));
    if (wait > 0) return { snoozeSeconds: wait };
    const answer = await ctx.providers.bolna.listExecutions(search.bolnaAgentId, {
      from: search.from,
      to: search.to,
      page_number: page,
      page_size: PAGE,
    });
    if (answer.kind !== "page") {
      await ctx.db.tx((tx) =>
        unreachable(
          tx,
          agentId,
          answer.kind === "unavailable" ? answer.message : `${answer.status}: ${answer.message}`,
        ),
      );
      return;
    }
    const found = answer.executions.map((execution) => newsOf(execution, search.began));
    for (const id of await ctx.db.tx((tx) => notSeenBefore(tx, search.accountId, found))) {
      const known = found.find((execution) => execution.executionId === id)!;
      const news = known.callId ? known : await readOne(ctx, search.accountId, id);
      if (!news) return { snoozeSeconds: 2 };
      await ctx.db.tx((tx) => bind(tx, agentId, search.accountId, news));
    }
    if (!answer.hasMore) break;
  }
  await ctx.db.tx((tx) => concludeAbsence(tx, agentId, search.began));
}

/** The window around all unknown dials of the agent, on the provider's (domain) clock; null when there is none left. */
async function openSearch(tx: Tx, agentId: string): Promise<Search | null> {
  const found = await maybeRow<Search & { unknown: number }>(
    tx,
    sql`
    select a.bolna_agent_id as "bolnaAgentId", a.provider_account_id as "accountId", app.wall() as began,
      min(c.dialing_at) - interval '5 minutes' as "from", app.now() + interval '5 minutes' as "to", count(c.id)::int as unknown
    from agents a join calls c on c.user_id = a.user_id and c.agent_id = a.id and c.status = 'unknown'
    where a.user_id = ${param(tx.userId)} and a.id = ${param(agentId)}
    group by a.id`,
  );
  if (!found || found.unknown === 0) return null;
  const oldest = Date.parse(found.to) - WEEK_MS;
  return { ...found, from: new Date(Math.max(Date.parse(found.from), oldest)).toISOString() };
}

async function takeRead(tx: Tx, accountId: string): Promise<number> {
  const { seconds } = await row<{ seconds: number }>(
    tx,
    sql`select app.take_read(${param(accountId)}) as seconds`,
  );
  return seconds;
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

/** The list may be trimmed: what shows no id of ours is read once in full. */
async function readOne(ctx: Ctx, accountId: string, executionId: string): Promise<ExecutionNews | null> {
  if ((await ctx.db.tx((tx) => takeRead(tx, accountId))) > 0) return null;
  const answer = await ctx.providers.bolna.getExecution(executionId);
  return answer.kind === "found" ? newsOf(answer.execution, new Date(0).toISOString()) : null;
}

async function bind(tx: Tx, agentId: string, accountId: string, news: ExecutionNews): Promise<void> {
  const ours = await maybeRow<{ id: string; queue_id: string | null }>(
    tx,
    sql`
    select id, queue_id from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and bolna_execution_id is null and id::text = ${param(news.callId ?? "")}`,
  );
  if (!ours) {
    await rows(
      tx,
      sql`
      insert into provider_executions (provider_account_id, id, user_id, status, facts)
      values (${param(accountId)}, ${param(news.executionId)}, ${param(tx.userId)}, ${param(news.status)}, '{}')
      on conflict do nothing`,
    );
    return;
  }
  await tx.query("select 1 from call_queue where user_id = $1 and id = $2 for update", [
    tx.userId,
    ours.queue_id,
  ]);
  const call = await lockCall(tx, ours.id);
  if (call.bolna_execution_id) return;
  await applyEvent(
    tx,
    call,
    { ...news, source: "poll", note: "Found by reconciliation." },
    await clockSettings(tx),
  );
}

/** Complete listing, nothing of ours in it: the first such is noted, the second a grace later is proof. */
async function concludeAbsence(tx: Tx, agentId: string, began: string): Promise<void> {
  const settings = await clockSettings(tx);
  const unseen = await rows<{ id: string; proven: boolean }>(
    tx,
    sql`
    select id, coalesce(absent_since + make_interval(secs => ${param(settings.reconcileGraceMs / 1000)}) <= ${param(began)}, false) as proven
    from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and status = 'unknown'
      and dialing_lease_end + make_interval(secs => ${param(settings.reconcileGraceMs / 1000)}) <= ${param(began)}`,
  );
  await resolveIncident(tx, "reconcile_unreachable", agentId);
  for (const { id } of unseen.filter((call) => call.proven)) {
    const its = await row<{ phone_number: string; queue_id: string }>(
      tx,
      sql`select phone_number, queue_id from calls where user_id = ${param(tx.userId)} and id = ${param(id)}`,
    );
    await tx.query("select app.lock_phone($1, $2)", [tx.userId, its.phone_number]);
    await tx.query("select 1 from call_queue where user_id = $1 and id = $2 for update", [
      tx.userId,
      its.queue_id,
    ]);
    const call = await lockCall(tx, id);
    if (call.status === "unknown" && !call.bolna_execution_id)
      await withdraw(tx, call, { reason: "proven_absent" });
  }
  const waiting = unseen.filter((call) => !call.proven).map(({ id }) => id);
  await rows(
    tx,
    sql`
    update calls set absent_since = coalesce(absent_since, ${param(began)}::timestamptz)
    where user_id = ${param(tx.userId)} and id = any (${param(waiting)}::uuid[]) and status = 'unknown'`,
  );
  await lookAgain(tx, agentId, settings.reconcileGraceMs / 1000 / 4);
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
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and status = 'unknown'`,
  );
}
