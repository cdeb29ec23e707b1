import { maybeRow, param, rows, sql, type SQLFragment } from "@parley/db";
import { ParleyError } from "@parley/core/errors";
import { callStatuses, statusRank, type CallStatus } from "@parley/core/calls/lifecycle";
import type { Call, CallRow, callsProcedures } from "@parley/core/calls/schema";
import * as z from "zod";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";

type ListInput = z.infer<typeof callsProcedures.list.input>;
const Position = z.tuple([z.uuid()]);

/** The columns of a line, for lists and for the page alike, so that no two screens disagree. */
const line = sql`
  c.id, c.queue_id as "itemId", c.campaign_id as "campaignId", k.name as "campaignName", c.contact_id as "contactId", p.name as "contactName",
  c.agent_id as "agentId", a.name as "agentName", c.direction, c.status, c.outcome, c.reason, c.phone_number as "phoneNumber", c.attempt,
  case when c.ended_at is null then c.system_slot end as line, c.talk_seconds as "talkSeconds",
  c.held_credits as "heldCredits", c.price_credits as "priceCredits", c.created_at as "createdAt",
  coalesce((c.stages ->> c.status)::timestamptz, c.ended_at, c.created_at) as "statusAt",
  (c.stages ->> 'in-progress')::timestamptz as "answeredAt", c.ended_at as "endedAt"`;

const joined = sql`
  calls c
  join agents a on a.user_id = c.user_id and a.id = c.agent_id
  left join call_campaigns k on k.user_id = c.user_id and k.id = c.campaign_id
  left join contacts p on p.user_id = c.user_id and p.id = c.contact_id
  left join lead_analytics l on l.user_id = c.user_id and l.call_id = c.id`;

/** Newest first; ids are ordered by time, so the position is the last id. */
export async function listCalls(
  ctx: Ctx,
  input: ListInput,
): Promise<{ items: CallRow[]; nextCursor: string | null }> {
  const after = cursorOf(input, Position);
  const found = await ctx.db.tx((tx) =>
    rows<CallRow>(
      tx,
      sql`
      select ${line}, l.score, l.call_outcome as "leadOutcome"
      from ${joined}
      where c.user_id = ${param(ctx.user.id)}${filters(input)}${after ? sql` and c.id < ${param(after[0])}` : []}
      order by c.id desc
      limit ${param(fetchLimit(input))}`,
    ),
  );
  return pageOf(
    found,
    input,
    (last) => [last.id],
    (call) => call,
  );
}

function filters(input: ListInput): SQLFragment<any, any>[] {
  const all: (SQLFragment<any, any> | false | undefined)[] = [
    !!input.itemId && sql` and c.queue_id = ${param(input.itemId)}`,
    !!input.campaignId && sql` and c.campaign_id = ${param(input.campaignId)}`,
    !!input.contactId && sql` and c.contact_id = ${param(input.contactId)}`,
    !!input.agentId && sql` and c.agent_id = ${param(input.agentId)}`,
    !!input.status && sql` and c.status = any (${param([input.status].flat())}::text[])`,
    !!input.outcome && sql` and c.outcome = any (${param([input.outcome].flat())}::text[])`,
    !!input.direction && sql` and c.direction = ${param(input.direction)}`,
    input.open === true && sql` and c.ended_at is null`,
    input.open === false && sql` and c.ended_at is not null`,
    !!input.from && sql` and c.created_at >= ${param(input.from)}`,
    !!input.to && sql` and c.created_at < ${param(input.to)}`,
  ];
  return all.filter((part): part is SQLFragment<any, any> => !!part);
}

type PageRow = Omit<Call, "stages" | "recordingReady" | "analysis" | "events" | "attempts"> & {
  stageTimes: Partial<Record<CallStatus, string>>;
};

/** Everything about one call: stages, analysis, money, receipt, what was heard, and its item's other attempts. */
export async function getCall(ctx: Ctx, { callId }: { callId: string }): Promise<Call> {
  return ctx.db.tx(async (tx) => {
    const call = await maybeRow<PageRow>(
      tx,
      sql`
      select ${line}, c.bolna_execution_id as "bolnaExecutionId", c.from_number as "fromNumber", c.stages as "stageTimes", c.ended_by as "endedBy",
        c.hangup_by as "hangupBy", c.hangup_reason as "hangupReason", c.transcript, c.transcript_final as "transcriptFinal",
        c.conversation_seconds as "conversationSeconds", c.max_call_seconds as "maxCallSeconds", c.recording_status as "recordingStatus",
        c.recording_next_at as "recordingNextAt", c.waived_credits as "waivedCredits", c.estimated, c.settled_at as "settledAt",
        c.next_poll_at as "nextPollAt", c.receipt
      from ${joined}
      where c.user_id = ${param(ctx.user.id)} and c.id = ${param(callId)}`,
    );
    if (!call) throw new ParleyError("not_found", "There is no such call in this workspace.");
    const analysis = await maybeRow<NonNullable<Call["analysis"]>>(
      tx,
      sql`
      select status, reason, sentiment, sentiment_score as "sentimentScore", call_outcome as outcome, summary, levels, score, temperature,
        meeting_at as "meetingAt", callback_at as "callbackAt", do_not_call as "doNotCall", coalesce(extracted_data, '[]') as extracted,
        model, prompt_version as "promptVersion", analysed_at as "analysedAt"
      from lead_analytics where user_id = ${param(ctx.user.id)} and call_id = ${param(callId)}`,
    );
    const events = await rows<Call["events"][number]>(
      tx,
      sql`
      select id, status, source, arrived_at as "arrivedAt", provider_at as "providerAt", applied, note, body
      from call_events where user_id = ${param(ctx.user.id)} and call_id = ${param(callId)} order by id limit 200`,
    );
    const attempts = await rows<Call["attempts"][number]>(
      tx,
      sql`
      select id, attempt, status, outcome, created_at as "createdAt" from calls
      where user_id = ${param(ctx.user.id)} and queue_id = ${param(call.itemId)} order by attempt`,
    );
    const { stageTimes, ...rest } = call;
    return {
      ...rest,
      stages: stagesOf(stageTimes),
      recordingReady: call.recordingStatus === "ready",
      analysis: analysis ?? null,
      events,
      attempts,
    };
  });
}

/** In the order of a call's life, whatever order the news came in. */
function stagesOf(times: PageRow["stageTimes"]): Call["stages"] {
  return callStatuses
    .flatMap((status) => (times[status] ? [{ status, at: times[status] }] : []))
    .toSorted(
      (one, other) => statusRank[one.status] - statusRank[other.status] || one.at.localeCompare(other.at),
    );
}
