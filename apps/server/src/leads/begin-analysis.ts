import { createHash } from "node:crypto";
import { maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { AnalysisQuestion } from "@parley/core/leads/analysis";
import { normaliseTranscript, unreadable } from "@parley/core/leads/transcript";
import { unreadableWords } from "@parley/core/leads/words";
import { nextStep, type Run } from "./next-step.ts";
import { promptVersion } from "./prompt-version.ts";

export type Claimed = {
  id: string;
  callId: string;
  /** Fences: whoever took the run over has another number. */
  attempt: number;
  question: AnalysisQuestion;
};

export type Begun = { kind: "ask"; run: Claimed } | { kind: "apply" } | { kind: "nothing" };

/** Longer than the longest request, so that a live one is never taken over. */
const LEASE_SECONDS = 120;
const EARLIER_SUMMARIES_MAX = 5;

/**
 * Decides under the call's lock what is to be done, and claims the run before anything is asked. Concurrent jobs of
 * one call queue up here; the unique key of the runs holds even without the lock. What can be paid twice is only the
 * answer of a process that died between receiving and storing it: its lease runs out and the question is asked again.
 */
export async function beginAnalysis(tx: Tx, callId: string, model: string): Promise<Begun> {
  // Calls before lead_analytics, as everywhere: the fold that follows a webhook holds the call.
  const call = await maybeRow<{ transcript: string | null; contact_id: string | null; is_final: boolean }>(
    tx,
    sql`
    select transcript, contact_id, final_at is not null as is_final from calls
    where user_id = ${param(tx.userId)} and id = ${param(callId)}
    for key share`,
  );
  if (!call) return { kind: "nothing" };
  const analysis = await lockAnalysis(tx, callId);

  const why = unreadable(call.transcript);
  if (why) {
    if (analysis.run_id !== null) return { kind: "apply" };
    if (analysis.status !== "skipped") await skip(tx, callId, unreadableWords[why]);
    return { kind: "nothing" };
  }

  const transcript = normaliseTranscript(call.transcript);
  const sha256 = createHash("sha256").update(transcript).digest("hex");
  const version = promptVersion(analysis.reruns);
  const runs = await rows<Run>(
    tx,
    sql`
    select id, status, transcript_sha256, transcript, attempts, lease_until, next_at from analysis_runs
    where user_id = ${param(tx.userId)} and call_id = ${param(callId)} and prompt_version = ${param(version)}
    order by id`,
  );
  const { wall } = await row<{ wall: string }>(tx, sql`select app.wall() as wall`);
  const step = nextStep(runs, { transcript, sha256, isFinal: call.is_final, wall });
  switch (step.kind) {
    case "apply":
      return { kind: "apply" };
    case "wait":
    case "leave":
      return { kind: "nothing" };
    case "start":
    case "retry":
      break;
  }
  const question = await questionOf(tx, callId, transcript);
  const { id, attempts } =
    step.kind === "retry"
      ? await retryRun(tx, step.run.id, transcript)
      : await startRun(tx, { callId, version, sha256, transcript, askedAt: question.now });
  await tx.query(
    sql`
    update lead_analytics
    set status = 'running', reason = null, run_id = ${param(id)}, contact_id = ${param(call.contact_id)},
      prompt_version = ${param(version)}, transcript_sha256 = ${param(sha256)}, model = ${param(model)}, attempts = ${param(attempts)},
      lease_until = app.wall() + make_interval(secs => ${param(LEASE_SECONDS)}),
      next_at = app.wall() + make_interval(secs => ${param(LEASE_SECONDS)})
    where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`.compile(),
  );
  await touch(tx, "calls", callId);
  return { kind: "ask", run: { id, callId, attempt: attempts, question } };
}

type AnalysisRow = { status: string; run_id: string | null; reruns: number };

async function lockAnalysis(tx: Tx, callId: string): Promise<AnalysisRow> {
  await tx.query(
    sql`
    insert into lead_analytics (user_id, call_id) values (${param(tx.userId)}, ${param(callId)})
    on conflict (user_id, call_id) do nothing`.compile(),
  );
  return row<AnalysisRow>(
    tx,
    sql`
    select status, run_id, reruns from lead_analytics
    where user_id = ${param(tx.userId)} and call_id = ${param(callId)}
    for update`,
  );
}

async function skip(tx: Tx, callId: string, reason: string): Promise<void> {
  await tx.query(
    sql`
    update lead_analytics set status = 'skipped', reason = ${param(reason)}, next_at = null
    where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`.compile(),
  );
  await touch(tx, "calls", callId);
}

type Started = { id: string; attempts: number };

const startRun = (
  tx: Tx,
  its: { callId: string; version: string; sha256: string; transcript: string; askedAt: string },
): Promise<Started> =>
  row<Started>(
    tx,
    sql`
    insert into analysis_runs (user_id, call_id, prompt_version, transcript_sha256, transcript, asked_at, lease_until)
    values (${param(tx.userId)}, ${param(its.callId)}, ${param(its.version)}, ${param(its.sha256)}, ${param(its.transcript)},
      ${param(its.askedAt)}, app.wall() + make_interval(secs => ${param(LEASE_SECONDS)}))
    returning id, attempts`,
  );

const retryRun = (tx: Tx, runId: string, transcript: string): Promise<Started> =>
  row<Started>(
    tx,
    sql`
    update analysis_runs
    set status = 'running', attempts = attempts + 1, transcript = ${param(transcript)}, next_at = null,
      lease_until = app.wall() + make_interval(secs => ${param(LEASE_SECONDS)})
    where user_id = ${param(tx.userId)} and id = ${param(runId)}
    returning id, attempts`,
  );

/** The call's own time: "tomorrow" means the day after the conversation, however late it is read. */
async function questionOf(tx: Tx, callId: string, transcript: string): Promise<AnalysisQuestion> {
  const about = await row<Omit<AnalysisQuestion, "transcript" | "earlierSummaries">>(
    tx,
    sql`
    select coalesce(c.ended_at, c.created_at) as now,
      coalesce(p.time_zone, case when cardinality(p.zones) = 1 then p.zones[1] end, u.time_zone) as "timeZone",
      a.language,
      coalesce(v.config -> 'extraction', a.extraction) as "extractionFields"
    from calls c
    join users u on u.id = c.user_id
    join agents a on a.user_id = c.user_id and a.id = c.agent_id
    left join agent_versions v on v.user_id = c.user_id and v.agent_id = c.agent_id and v.version = c.agent_version
    left join contacts p on p.user_id = c.user_id and p.id = c.contact_id
    where c.user_id = ${param(tx.userId)} and c.id = ${param(callId)}`,
  );
  const earlier = await rows<{ summary: string }>(
    tx,
    sql`
    select l.summary from calls c
    join calls e on e.user_id = c.user_id and e.contact_id = c.contact_id and e.created_at < c.created_at
    join lead_analytics l on l.user_id = e.user_id and l.call_id = e.id and l.summary is not null
    where c.user_id = ${param(tx.userId)} and c.id = ${param(callId)}
    order by e.created_at desc
    limit ${param(EARLIER_SUMMARIES_MAX)}`,
  );
  return { ...about, transcript, earlierSummaries: earlier.map(({ summary }) => summary).toReversed() };
}
