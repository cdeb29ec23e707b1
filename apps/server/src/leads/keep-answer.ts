import { maybeRow, param, sql, touch, type Tx } from "@parley/db";
import type { AnalysisEnd, AnalysisFailure, Receipt } from "../providers/openai.ts";
import { configurationFaults, type AfterFailure } from "./after-failure.ts";
import type { Claimed } from "./begin-analysis.ts";

type Answer = Extract<AnalysisEnd, { kind: "ok" }>;

const INCIDENT = "analysis_provider";

/** Stores a paid answer before anything is made of it. False when somebody else has taken the run over meanwhile. */
export async function keepAnswer(tx: Tx, run: Claimed, answer: Answer, model: string): Promise<boolean> {
  const kept = await maybeRow(
    tx,
    sql`
    update analysis_runs
    set status = 'answered', answer = ${param(storable(answer.raw))}::jsonb, result = ${param(storable(answer.analysis))}::jsonb,
      error_kind = null, error = ${param(answer.notes.join(" ") || null)}, ${spent(answer, model)},
      lease_until = null, finished_at = app.wall()
    where ${mine(tx, run)}
    returning id`,
  );
  await tx.query("select app.resolve_incident($1, kind, 'system') from unnest($2::text[]) kind", [
    INCIDENT,
    configurationFaults,
  ]);
  return kept !== undefined;
}

/** Writes down why there is no answer, and when the next try is. */
export async function keepFailure(
  tx: Tx,
  run: Claimed,
  failure: AnalysisFailure,
  then: AfterFailure,
  model: string,
): Promise<void> {
  const again = then.waitSeconds;
  const kept = await maybeRow<{ next_at: string | null }>(
    tx,
    sql`
    update analysis_runs
    set status = ${param(again === null ? "failed" : "waiting")}, error_kind = ${param(failure.kind)}, error = ${param(then.reason)},
      ${spent(failure, model)}, lease_until = null, finished_at = app.wall(),
      next_at = app.wall() + make_interval(secs => ${param(again)})
    where ${mine(tx, run)}
    returning next_at`,
  );
  if (!kept) return;
  // What only a person can cure is shown as failed at once, though it is tried again by itself.
  const status = again !== null && then.verdict === "retry" ? "pending" : "failed";
  await tx.query(
    sql`
    update lead_analytics l
    set status = ${param(status)}, reason = ${param(then.reason)}, lease_until = null, next_at = ${param(kept.next_at)}, ${sums}
    from (${totals(tx, run.callId)}) t
    where l.user_id = ${param(tx.userId)} and l.call_id = ${param(run.callId)} and l.run_id = ${param(run.id)}`.compile(),
  );
  if (then.verdict === "configuration") {
    await tx.query("select app.raise_incident($1, $2, 'bad', $3, $4, null)", [
      INCIDENT,
      failure.kind,
      `Conversations are not analysed: ${then.reason}`,
      then.cure,
    ]);
  }
  await touch(tx, "calls", run.callId);
}

const mine = (tx: Tx, run: Claimed) =>
  sql`user_id = ${param(tx.userId)} and id = ${param(run.id)} and status = 'running' and attempts = ${param(run.attempt)}`;

/** jsonb refuses U+0000 and lone surrogates, and a model may write anything. */
const storable = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/\\u0000|\\ud[89a-f][0-9a-f]{2}/gi, "\\ufffd");

/** Every try that generated something is paid, also the useless ones. */
function spent({ usage, modelUsed, requestId }: Receipt, model: string) {
  const { tokensIn, tokensCached, tokensOut } = usage ?? { tokensIn: 0, tokensCached: 0, tokensOut: 0 };
  return sql`
      model = ${param(model)}, model_used = coalesce(${param(modelUsed)}, model_used), request_id = coalesce(${param(requestId)}, request_id),
      tokens_in = tokens_in + ${param(tokensIn)}::int, tokens_cached = tokens_cached + ${param(tokensCached)}::int,
      tokens_out = tokens_out + ${param(tokensOut)}::int,
      cost_nanodollars = cost_nanodollars + case when ${param(usage === null)}::boolean then 0 else (
        select ${param(tokensIn - tokensCached)}::bigint * p.input_nanodollars + ${param(tokensCached)}::bigint * p.cached_nanodollars
          + ${param(tokensOut)}::bigint * p.output_nanodollars
        from model_prices p
        where p.model in (${param(modelUsed)}, ${param(model)}) and p.valid_from <= app.wall()::date
        order by p.model = ${param(modelUsed)} desc, p.valid_from desc
        limit 1) end`;
}

/** Sums over all runs of a call, and the columns of lead_analytics they go to. */
export const totals = (tx: Tx, callId: string) => sql`
      select sum(tokens_in)::int as tokens_in, sum(tokens_cached)::int as tokens_cached, sum(tokens_out)::int as tokens_out,
        case when bool_and(cost_nanodollars is not null) then sum(cost_nanodollars)::bigint end as cost_nanodollars
      from analysis_runs where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`;
export const sums = sql`
      tokens_in = t.tokens_in, tokens_cached = t.tokens_cached, tokens_out = t.tokens_out, cost_nanodollars = t.cost_nanodollars`;
