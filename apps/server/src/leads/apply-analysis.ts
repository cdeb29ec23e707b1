import { enqueue, maybeRow, param, record, row, rows, sql, touch, type Tx } from "@parley/db";
import { systemStages } from "@parley/core/contacts/stages";
import type { AnalysisRead } from "@parley/core/leads/analysis";
import { effectsOf, type ContactNow, type LeadEffect } from "@parley/core/leads/effects";
import { temperature, type Temperature } from "@parley/core/leads/grade";
import type { Correctable } from "@parley/core/leads/schema";
import { sums, totals } from "./keep-answer.ts";

/** Until it is final, a call is looked at again in case the ring for its end was lost. */
const LOOK_AGAIN = "10 minutes";

type Call = {
  id: string;
  phone_number: string;
  contact_id: string | null;
  created_at: string;
  is_final: boolean;
};

/** What effects an earlier analysis of this call has had, by name, with what each changed. */
type Had = Map<LeadEffect["effect"], Detail>;
type Detail = { from?: string | null; to?: string; added?: string[]; taskId?: string; at?: string };

/**
 * Makes the stored answer of a call's current run true: result row, contact, history, tasks. Running it again changes
 * nothing, and a later analysis of the same call replaces what an earlier one did, so that every order of news ends
 * in the same rows. Only a suppression stays for good. Locks in this order: phone, call, analysis, contact.
 */
export async function applyAnalysis(tx: Tx, callId: string): Promise<void> {
  const call = await maybeRow<Call>(
    tx,
    sql`
    select id, phone_number, contact_id, created_at, final_at is not null as is_final from calls
    where user_id = ${param(tx.userId)} and id = ${param(callId)}`,
  );
  if (!call) return;
  await tx.query("select app.lock_phone($1, $2)", [tx.userId, call.phone_number]);
  const wish = await currentResult(tx, callId);
  if (wish?.result.doNotCall) await suppressOnce(tx, call, wish.result.doNotCallEvidence);

  await tx.query("select from calls where user_id = $1 and id = $2 for key share", [tx.userId, callId]);
  await tx.query("select from lead_analytics where user_id = $1 and call_id = $2 for update", [
    tx.userId,
    callId,
  ]);
  // The run may have been replaced while we waited for the locks.
  const current = await currentResult(tx, callId);
  if (!current || current.runId !== wish?.runId) return;
  const analysis = withCorrections(current.result, current.corrected);

  await writeResult(tx, call, current.runId, analysis);
  if (call.contact_id) await writeContact(tx, call, call.contact_id, analysis);
  if (call.is_final) await forgetTranscripts(tx, callId);
  await touch(tx, "calls", callId);
  await touch(tx, "leads", callId);
}

type Current = { runId: string; result: AnalysisRead; corrected: Partial<AnalysisRead> };

const currentResult = (tx: Tx, callId: string): Promise<Current | undefined> =>
  maybeRow<Current>(
    tx,
    sql`
    select r.id as "runId", r.result, l.corrected from lead_analytics l
    join analysis_runs r on r.user_id = l.user_id and r.id = l.run_id and r.status = 'answered'
    where l.user_id = ${param(tx.userId)} and l.call_id = ${param(callId)}`,
  );

/** What a person has put right counts as if it had been read so. */
function withCorrections(
  result: AnalysisRead,
  corrected: Partial<Pick<AnalysisRead, Correctable>>,
): AnalysisRead {
  const analysis = { ...result, ...corrected };
  return { ...analysis, temperature: temperature(analysis.score) };
}

/** The one effect that cannot wait and is never taken back by a later reading. */
async function suppressOnce(tx: Tx, call: Call, evidence: string | null): Promise<void> {
  const done = await maybeRow(
    tx,
    sql`
    select 1 as one from call_effects
    where user_id = ${param(tx.userId)} and call_id = ${param(call.id)} and effect = 'suppress'`,
  );
  if (done) return;
  const { added, skipped } = await row<{ added: boolean; skipped: number }>(
    tx,
    sql`
    select added, skipped from app.suppress(${param(tx.userId)}, ${param(call.phone_number)}, 'all', 'asked', 'analysis',
      ${param(call.id)}, ${param(evidence)})`,
  );
  if (added && call.contact_id)
    await record(tx, {
      userId: tx.userId!,
      contactId: call.contact_id,
      kind: "contact.suppressed",
      actor: "system",
      ref: call.id,
      data: { channel: "all", reason: "asked", note: evidence },
    });
  if (skipped > 0) await touch(tx, "campaigns");
  await keepEffect(tx, call.id, "suppress", {});
}

async function writeResult(tx: Tx, call: Call, runId: string, analysis: AnalysisRead): Promise<void> {
  await tx.query(
    sql`
    update lead_analytics l
    set status = 'done', reason = null, contact_id = ${param(call.contact_id)}, sentiment = ${param(analysis.sentiment)},
      sentiment_score = ${param(analysis.sentimentScore)}, call_outcome = ${param(analysis.outcome)}, summary = ${param(analysis.summary)},
      levels = ${param(JSON.stringify(analysis.levels))}::jsonb, score = ${param(analysis.score)}, temperature = ${param(analysis.temperature)},
      meeting_at = ${param(analysis.meetingAt)}, callback_at = ${param(analysis.callbackAt)}, do_not_call = ${param(analysis.doNotCall)},
      extracted_data = ${param(JSON.stringify(analysis.extracted))}::jsonb,
      raw = r.answer, model = r.model, model_used = r.model_used, prompt_version = r.prompt_version, transcript_sha256 = r.transcript_sha256,
      request_id = r.request_id, attempts = r.attempts, lease_until = null, analysed_at = case when l.status = 'done' then l.analysed_at else app.now() end,
      next_at = case when ${param(call.is_final)} then null else app.wall() + ${param(LOOK_AGAIN)}::interval end, ${sums}
    from analysis_runs r, (${totals(tx, call.id)}) t
    where l.user_id = ${param(tx.userId)} and l.call_id = ${param(call.id)} and r.user_id = l.user_id and r.id = ${param(runId)}`.compile(),
  );
}

async function writeContact(tx: Tx, call: Call, contactId: string, analysis: AnalysisRead): Promise<void> {
  const had = await hadEffects(tx, call.id);
  const before = await contactBefore(tx, contactId, had);
  // A score set by hand stays on the contact; the history of what was read goes on beside it.
  const humanFields = before.asIf.humanFields.filter((field) => field !== "score");
  const effects = effectsOf(analysis, { ...before.asIf, humanFields }, call.is_final);
  const wants = <Name extends LeadEffect["effect"]>(name: Name) =>
    effects.find((each): each is Extract<LeadEffect, { effect: Name }> => each.effect === name);

  if (!before.asIf.humanFields.includes("stage"))
    await moveStage(tx, call.id, contactId, before, wants("stage")?.to ?? null);
  if (!before.asIf.humanFields.includes("tags"))
    await replaceTags(tx, call.id, contactId, had, wants("tags")?.add ?? []);
  await writeScores(
    tx,
    call,
    contactId,
    analysis,
    wants("score") ?? null,
    before.asIf.humanFields.includes("score"),
  );
  if (call.is_final) {
    await planTask(tx, call, contactId, "meeting", wants("meeting")?.at ?? null, had);
    await planTask(tx, call, contactId, "callback", wants("callback")?.at ?? null, had);
  }
  await tellHistory(tx, call.id, contactId, analysis);
  await touch(tx, "contacts", contactId);
}

async function hadEffects(tx: Tx, callId: string): Promise<Had> {
  const found = await rows<{ effect: LeadEffect["effect"]; detail: Detail }>(
    tx,
    sql`select effect, detail from call_effects where user_id = ${param(tx.userId)} and call_id = ${param(callId)}`,
  );
  return new Map(found.map(({ effect, detail }) => [effect, detail]));
}

type ContactBefore = { stageId: string | null; fromStageId: string | null; asIf: ContactNow };

/** The contact, locked, as it would be had this call never been analysed. */
async function contactBefore(tx: Tx, contactId: string, had: Had): Promise<ContactBefore> {
  const contact = await row<{ stage_id: string | null; human_fields: string[]; tags: string[] }>(
    tx,
    sql`
    select stage_id, human_fields,
      array(select t.tag from contact_tags t where t.user_id = c.user_id and t.contact_id = c.id) as tags
    from contacts c
    where user_id = ${param(tx.userId)} and id = ${param(contactId)}
    for no key update`,
  );
  const moved = had.get("stage");
  // Only where it still stands where we put it: moves by people, and by later calls, are not undone.
  const fromStageId = moved && moved.to === contact.stage_id ? (moved.from ?? null) : contact.stage_id;
  const stage = await maybeRow<{ key: string; rank: number; isSystem: boolean }>(
    tx,
    sql`select key, rank, is_system as "isSystem" from stages where user_id = ${param(tx.userId)} and id = ${param(fromStageId)}`,
  );
  const ours = new Set(had.get("tags")?.added);
  return {
    stageId: contact.stage_id,
    fromStageId,
    asIf: {
      stage: stage ?? null,
      tags: contact.tags.filter((tag) => !ours.has(tag)),
      humanFields: contact.human_fields,
    },
  };
}

async function moveStage(
  tx: Tx,
  callId: string,
  contactId: string,
  { stageId, fromStageId }: ContactBefore,
  to: string | null,
): Promise<void> {
  const target = to === null ? fromStageId : await systemStage(tx, to);
  if (target !== stageId) {
    await tx.query("update contacts set stage_id = $3 where user_id = $1 and id = $2", [
      tx.userId,
      contactId,
      target,
    ]);
  }
  if (to === null) await dropEffect(tx, callId, "stage");
  else await keepEffect(tx, callId, "stage", { from: fromStageId, to: target! });
}

/** A workspace that was made without its system stages gets the one that is needed. */
async function systemStage(tx: Tx, key: string): Promise<string> {
  const stage = systemStages.find((each) => each.key === key)!;
  const { id } = await row<{ id: string }>(
    tx,
    sql`
    insert into stages (user_id, key, name, rank, is_system)
    values (${param(tx.userId)}, ${param(key)}, ${param(stage.name)}, ${param(stage.rank)}, true)
    on conflict (user_id, key) do update set key = excluded.key
    returning id`,
  );
  return id;
}

async function replaceTags(
  tx: Tx,
  callId: string,
  contactId: string,
  had: Had,
  add: string[],
): Promise<void> {
  const gone = (had.get("tags")?.added ?? []).filter((tag) => !add.includes(tag));
  await tx.query("delete from contact_tags where user_id = $1 and contact_id = $2 and tag = any($3)", [
    tx.userId,
    contactId,
    gone,
  ]);
  await tx.query(
    `insert into contact_tags (user_id, contact_id, tag) select $1, $2, unnest($3::text[]) on conflict do nothing`,
    [tx.userId, contactId, add],
  );
  if (add.length > 0) await keepEffect(tx, callId, "tags", { added: add });
  else await dropEffect(tx, callId, "tags");
}

type Scored = { at: string; score: number; callId: string };

/** The history holds one score a call, in the order of the calls; the contact shows the last one. */
async function writeScores(
  tx: Tx,
  call: Call,
  contactId: string,
  analysis: AnalysisRead,
  scored: { score: number; temperature: Temperature } | null,
  isHuman: boolean,
): Promise<void> {
  const known = await maybeRow<{ scores: Scored[] }>(
    tx,
    sql`
    select scores from lead_profiles where user_id = ${param(tx.userId)} and contact_id = ${param(contactId)}
    for update`,
  );
  const others = (known?.scores ?? []).filter(({ callId }) => callId !== call.id);
  const mine = scored ? [{ at: call.created_at, score: scored.score, callId: call.id }] : [];
  const scores = [...others, ...mine].toSorted((one, other) => one.at.localeCompare(other.at));
  const last = scores.at(-1);
  if (scored) await keepEffect(tx, call.id, "score", {});
  else await dropEffect(tx, call.id, "score");
  await tx.query(
    sql`
    with called as (
      select count(*)::int as calls,
        (array_agg(l.summary order by c.created_at desc))[1] as summary
      from lead_analytics l join calls c on c.user_id = l.user_id and c.id = l.call_id
      where l.user_id = ${param(tx.userId)} and l.contact_id = ${param(contactId)} and l.summary is not null
    )
    insert into lead_profiles (contact_id, user_id, summary, score, temperature, scores, calls)
    select ${param(contactId)}, ${param(tx.userId)}, called.summary, ${param(last?.score ?? null)}, ${param(last ? temperature(last.score) : null)},
      ${param(JSON.stringify(scores))}::jsonb, called.calls
    from called
    on conflict (contact_id) do update
    set summary = excluded.summary, score = excluded.score, temperature = excluded.temperature, scores = excluded.scores, calls = excluded.calls`.compile(),
  );
  if (isHuman) return;
  await tx.query(
    "update contacts set score = $3, temperature = $4, scored_at = $5 where user_id = $1 and id = $2",
    [tx.userId, contactId, last?.score ?? null, last ? temperature(last.score) : null, last?.at ?? null],
  );
}

/** One task a call and kind: made, moved when a later reading names another time, canceled when it names none. */
async function planTask(
  tx: Tx,
  call: Call,
  contactId: string,
  kind: "meeting" | "callback",
  at: string | null,
  had: Had,
): Promise<void> {
  const known = had.get(kind);
  if (known?.taskId) {
    await tx.query(
      sql`
      update tasks
      set due_at = coalesce(${param(at)}::timestamptz, due_at), status = ${param(at ? "open" : "canceled")},
        done_at = ${at ? sql`null` : sql`app.now()`}, changed_at = app.now()
      where user_id = ${param(tx.userId)} and id = ${param(known.taskId)} and status <> 'done'
        and (due_at is distinct from ${param(at)}::timestamptz or status <> 'open')`.compile(),
    );
    await keepEffect(tx, call.id, kind, { taskId: known.taskId, ...(at ? { at } : {}) });
    await followTask(tx, known.taskId, kind);
    return;
  }
  if (!at) return;
  const { id, agent_calls } = await row<{ id: string; agent_calls: boolean }>(
    tx,
    sql`
    insert into tasks (user_id, contact_id, kind, due_at, title, call_id, agent_calls, assignee_id)
    select p.user_id, p.id, ${param(kind)}, ${param(at)},
      ${param(kind === "meeting" ? "Meet" : "Call back")} || ' ' || coalesce(p.name, p.phone_number, 'this contact'), c.id,
      ${param(kind)} = 'callback' and coalesce(k.callbacks = 'agent', false),
      coalesce(q.assignee_id, ${kind === "callback" ? sql`k.callback_assignee_id` : sql`null`}, p.assignee_id, q.created_by, k.created_by)
    from calls c
    join contacts p on p.user_id = c.user_id and p.id = ${param(contactId)}
    left join call_queue q on q.user_id = c.user_id and q.id = c.queue_id
    left join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
    where c.user_id = ${param(tx.userId)} and c.id = ${param(call.id)}
    returning id, agent_calls`,
  );
  await keepEffect(tx, call.id, kind, { taskId: id, at });
  await record(tx, {
    userId: tx.userId!,
    contactId,
    kind: kind === "meeting" ? "meeting.agreed" : "callback.agreed",
    actor: "system",
    ref: call.id,
    data: { at, agentCalls: agent_calls },
  });
  await followTask(tx, id, kind);
}

/** The queue stands before us: a job brings it in line with the task. */
async function followTask(tx: Tx, taskId: string, kind: "meeting" | "callback"): Promise<void> {
  if (kind === "callback") await enqueue(tx, "campaigns/callback", { userId: tx.userId!, taskId });
  await touch(tx, "tasks", taskId);
}

/** One entry a call: a later reading of it changes the entry, not the number of things that happened. */
async function tellHistory(tx: Tx, callId: string, contactId: string, analysis: AnalysisRead): Promise<void> {
  const { outcome, score, temperature: warmth, sentiment, summary } = analysis;
  const data = { outcome, score, temperature: warmth, sentiment, summary };
  const told = await rows(
    tx,
    sql`
    update timeline_entries set summary = ${param(JSON.stringify(data))}::jsonb
    where user_id = ${param(tx.userId)} and contact_id = ${param(contactId)} and kind = 'lead.analysed' and ref = ${param(callId)}
    returning id`,
  );
  if (told.length > 0) return;
  await record(tx, {
    userId: tx.userId!,
    contactId,
    kind: "lead.analysed",
    actor: "system",
    ref: callId,
    data,
  });
}

/** After the end nothing can say more than what was read: the copies are no longer needed. */
const forgetTranscripts = (tx: Tx, callId: string) =>
  tx.query(
    "update analysis_runs set transcript = null where user_id = $1 and call_id = $2 and transcript is not null and status = 'answered'",
    [tx.userId, callId],
  );

const keepEffect = (tx: Tx, callId: string, effect: LeadEffect["effect"], detail: Detail) =>
  tx.query(
    `insert into call_effects (user_id, call_id, effect, detail) values ($1, $2, $3, $4)
     on conflict (user_id, call_id, effect) do update set detail = excluded.detail`,
    [tx.userId, callId, effect, JSON.stringify(detail)],
  );

const dropEffect = (tx: Tx, callId: string, effect: LeadEffect["effect"]) =>
  tx.query("delete from call_effects where user_id = $1 and call_id = $2 and effect = $3", [
    tx.userId,
    callId,
    effect,
  ]);
