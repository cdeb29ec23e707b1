import { enqueue, maybeRow, param, raw, row, rows, sql, touch, type Tx } from "@parley/db";
import { addCredits } from "@parley/db/ledger";
import {
  artefactNames,
  claimedCall,
  foldEvent,
  isSighting,
  isTerminal,
  statusRank,
  type CallEvent,
  type CallFacts,
} from "@parley/core/calls/lifecycle";
import { callPrice } from "@parley/core/calls/price";
import type { Refolded } from "@parley/core/calls/schema";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { requestAnalysis } from "../leads/request-analysis.ts";
import { newsOf, readWebhook } from "../providers/bolna-news.ts";
import { factColumns, factsOf, finalWordsOf, lockInOrder, type CallRow, type FinalWords } from "./row.ts";

type Input = { callId: string; apply?: boolean | undefined; correctCredits?: boolean | undefined };
type Difference = Refolded["differences"][number];
type Stored = {
  status: string | null;
  at: string;
  source: "webhook" | "poll" | "place" | "system" | "person";
  body: unknown;
};
type Rebuilt = { facts: CallFacts; words: FinalWords | null; told: Told };
type Told = { sighted: boolean; incomplete: boolean };

const factFields = ["status", "stages", "endedAt", "endedBy", ...artefactNames] as const;
const columnOf = {
  ...factColumns,
  outcome: "outcome",
  reason: "reason",
  talkSeconds: "talk_seconds",
} as const;

/**
 * Rebuilds a call's row from the events that are kept and from what the provider itself said of its execution, and
 * tells field by field where that differs. With `apply` the differences are written, in one transaction, with the jobs
 * that follow. Credits are never touched by that: a price that comes out otherwise is told, and made right by an entry
 * of its own only with `correctCredits`. `discreet`: values that name people are told by their length.
 */
export async function refoldCall(
  ctx: Ctx,
  { callId, apply = false, correctCredits = false }: Input,
  { discreet = false } = {},
): Promise<Refolded> {
  return ctx.db.tx(async (tx) => {
    const call = await lockInOrder(tx, callId);
    const events = await rows<Stored>(
      tx,
      sql`
      select status, coalesce(provider_at, arrived_at) as at, source, body from call_events
      where user_id = ${param(tx.userId)} and call_id = ${param(callId)} and source <> 'person' order by id`,
    );
    const rebuilt = await rebuild(tx, call, events);
    const differences = compare(call, rebuilt);
    const writable = differences.filter(({ kept }) => kept === null);
    const credits = await creditsOf(tx, call, rebuilt.words);
    const applied = apply && writable.length > 0;
    if (applied) await write(ctx, tx, call, rebuilt, writable);
    const corrected = correctCredits && credits !== null && (await correct(ctx, tx, call, credits));
    return {
      callId,
      events: events.length,
      changed: writable.map(({ field }) => field),
      differences: discreet ? differences.map(withoutWords) : differences,
      credits: credits && { charged: credits.charged, rebuilt: credits.rebuilt },
      applied,
      corrected,
    };
  });
}

async function rebuild(tx: Tx, call: CallRow, events: Stored[]): Promise<Rebuilt> {
  const read = await maybeRow<{ facts: Partial<CallEvent> & { at: string } }>(
    tx,
    sql`
    select facts from provider_executions
    where user_id = ${param(tx.userId)} and provider_account_id = ${param(call.provider_account_id)} and id = ${param(call.bolna_execution_id)}`,
  );
  const now = factsOf(call);
  // What we did ourselves is no news of the provider's: our marks, and an end that was our own conclusion, stay.
  const refused = events.some((event) => !isTheirs(event) && event.status === "failed");
  const base: CallFacts = {
    ...claimedCall(call.created_at),
    status: refused ? "failed" : call.direction === "inbound" ? "queued" : "claimed",
    stages: ownMarks(now, events),
    ...(refused || call.ended_by === "clock" ? { endedAt: now.endedAt, endedBy: now.endedBy } : {}),
  };
  let facts = base;
  const told: Told = { sighted: false, incomplete: false };
  let isVerifiedEnd = false;
  for (const event of events.filter((each) => isTheirs(each) || each.status === "queued")) {
    const news = newsFrom(event, read?.facts);
    if (event.body === null) told.incomplete = true;
    if (news.status !== null) told.sighted = true;
    const isStrange = news.status !== null && !isSighting(news.status);
    const proves = isStrange && statusRank[facts.status] < statusRank.queued;
    facts = foldEvent(facts, proves ? { ...news, status: "queued" } : news).facts;
    isVerifiedEnd ||=
      event.source === "poll" && news.status !== null && isSighting(news.status) && isTerminal(news.status);
  }
  const byOurWord = call.estimated || call.ended_by === "clock" || !isVerifiedEnd || call.final_at === null;
  return { facts, told, words: byOurWord || !isTerminal(facts.status) ? null : finalWordsOf(call, facts) };
}

const isTheirs = ({ source }: Stored) => source === "webhook" || source === "poll";

/** Stages that only we saw: the dial, and an end that was our own conclusion from a refusal. */
function ownMarks(now: CallFacts, events: Stored[]): CallFacts["stages"] {
  const theirs = new Set(events.filter(isTheirs).map(({ status }) => status));
  return Object.fromEntries(
    Object.entries(now.stages).filter(([status]) => !theirs.has(status) && status !== "queued"),
  );
}

function newsFrom(event: Stored, verified: (Partial<CallEvent> & { at: string }) | undefined): CallEvent {
  const read = event.body === null ? null : readWebhook(event.body);
  const isVerified = event.source === "poll";
  if (read && "execution" in read) return { ...newsOf(read.execution, event.at), verified: isVerified };
  const isThis = isVerified && verified !== undefined && Date.parse(verified.at) === Date.parse(event.at);
  return { ...(isThis ? verified : {}), status: event.status, at: event.at, verified: isVerified };
}

/** Field by field. What the events cannot know is kept, and says why. */
function compare(call: CallRow, { facts, words, told }: Rebuilt): Difference[] {
  const now = factsOf(call);
  const found: Difference[] = [];
  for (const field of factFields) {
    const [stored, rebuilt] = [plain(now[field]), plain(facts[field])];
    if (JSON.stringify(stored) === JSON.stringify(rebuilt)) continue;
    const kept = reasonToKeep(field, call, { facts, words, told });
    // Our own conclusions and instants are no differences; what a pruned body said is one that cannot be decided.
    if (kept !== "ours") found.push({ field, stored, rebuilt, kept });
  }
  if (words)
    for (const [field, stored] of [
      ["outcome", call.outcome],
      ["reason", call.reason],
      ["talkSeconds", call.talk_seconds],
    ] as const)
      if (stored !== words[field]) found.push({ field, stored, rebuilt: words[field], kept: null });
  return found;
}

function reasonToKeep(
  field: (typeof factFields)[number],
  call: CallRow,
  { facts, told }: Rebuilt,
): string | null {
  if (!told.sighted && ["status", "stages", "endedAt", "endedBy"].includes(field)) return "ours";
  if ((field === "endedAt" || field === "endedBy") && call.ended_at !== null && facts.endedAt === null)
    return "The events show no end; an ended call is not opened again.";
  if (field === "status" && call.final_at !== null && !isTerminal(facts.status))
    return "The events show no end; a closed call is not opened again.";
  if ((artefactNames as readonly string[]).includes(field)) {
    const name = field as (typeof artefactNames)[number];
    if (facts[name] === null) return "No event that is kept tells it, and what is known is never erased.";
    const [held, made] = [call.sources[name], facts.sources[name]];
    if (told.incomplete && held !== undefined && (made === undefined || held > made))
      return "It came from the provider's own answer or a pruned body, which is not kept in full.";
  }
  return null;
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "string") return value.replaceAll("\u0000", "\ufffd").toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(
        ([name, inner]) =>
          [
            name,
            typeof inner === "string" && !Number.isNaN(Date.parse(inner))
              ? new Date(inner).toISOString()
              : inner,
          ] as const,
      )
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function withoutWords(difference: Difference): Difference {
  if (!["transcript", "recordingUrl", "errorMessage", "reason"].includes(difference.field)) return difference;
  const told = (value: unknown) => (typeof value === "string" ? `${value.length} characters` : value);
  return { ...difference, stored: told(difference.stored), rebuilt: told(difference.rebuilt) };
}

async function write(ctx: Ctx, tx: Tx, call: CallRow, { facts, words }: Rebuilt, differences: Difference[]) {
  const fields = new Set(differences.map(({ field }) => field));
  const values: Record<string, unknown> = { ...facts, ...words };
  const freed = call.ended_at === null && fields.has("endedAt");
  const asksAgain = fields.has("status") && isTerminal(facts.status) && call.final_at === null;
  const fetches = fields.has("recordingUrl") && call.recording_status !== "ready";
  const sets = [...fields, ...(fields.size > 0 ? ["sources"] : [])].flatMap((field, n) => {
    const value = values[field];
    const written =
      typeof value === "object" && value !== null
        ? param(JSON.stringify(value))
        : param(typeof value === "string" ? plain(value) : value);
    return [n ? raw(", ") : raw(""), sql`${raw(columnOf[field as keyof typeof columnOf])} = ${written}`];
  });
  await rows(
    tx,
    sql`
    update calls set ${sets}${raw(fetches ? ", recording_status = 'fetching', recording_next_at = app.now()" : "")}${raw(
      asksAgain ? ", lease_until = null, next_poll_at = app.now()" : "",
    )}
    where user_id = ${param(tx.userId)} and id = ${param(call.id)}`,
  );
  const told = differences.map(withoutWords);
  await rows(
    tx,
    sql`
    insert into call_events (user_id, call_id, source, applied, note)
    values (${param(tx.userId)}, ${param(call.id)}, 'person', true, ${param(`Folded again: ${[...fields].join(", ")} changed.`)})`,
  );
  await audit(ctx, tx, {
    action: "call.refolded",
    entity: "call",
    entityId: call.id,
    changes: Object.fromEntries(
      told.map(({ field, stored, rebuilt }) => [field, [stored, rebuilt] as const]),
    ),
  });
  const ids = { userId: call.user_id, callId: call.id };
  if (freed) {
    await tx.query("select app.line_freed($1, $2)", [call.user_id, call.phone_number]);
    tx.wake("dispatch");
  }
  if (asksAgain) await enqueue(tx, "calls/verify", ids);
  if (fields.has("transcript") && facts.transcript) await requestAnalysis(tx, ids);
  if (fetches) await enqueue(tx, "calls/fetch_recording", ids);
  await touch(tx, "calls", call.id);
  if (call.campaign_id) await touch(tx, "campaigns", call.campaign_id);
}

type Credits = { charged: number; rebuilt: number; corrections: number };

/** What the call has cost so far, corrections included, beside what its rebuilt talk costs at today's rate; null: the same, or still open. */
async function creditsOf(tx: Tx, call: CallRow, words: FinalWords | null): Promise<Credits | null> {
  if (call.settled_at === null || call.price_credits === null || words === null) return null;
  const account = await row<{
    pulseSeconds: number;
    pulseCredits: number;
    talk: number | null;
    corrected: number;
    corrections: number;
  }>(
    tx,
    sql`
    select u.pulse_seconds as "pulseSeconds", u.pulse_credits as "pulseCredits", c.talk_seconds as talk,
      (select coalesce(sum(e.amount), 0) from credit_entries e where e.user_id = u.id and e.payment_ref like ${param(`refold:${call.id}:%`)})::bigint as corrected,
      (select count(*) from credit_entries e where e.user_id = u.id and e.payment_ref like ${param(`refold:${call.id}:%`)}) as corrections
    from users u join calls c on c.user_id = u.id and c.id = ${param(call.id)}
    where u.id = ${param(tx.userId)}`,
  );
  const charged = call.price_credits - account.corrected;
  // The rate may have changed since: the same talk is never priced anew.
  if (account.talk === words.talkSeconds && account.corrections === 0) return null;
  const price = callPrice(words.talkSeconds, account);
  const isOrdinary = call.direction === "outbound" && !call.adopted;
  const rebuilt = isOrdinary ? Math.min(price, call.held_credits) : price;
  return rebuilt === charged ? null : { charged, rebuilt, corrections: account.corrections };
}

/** An entry of its own beside the call's: given back as a refund, or taken as an adjustment from what is free. */
async function correct(
  ctx: Ctx,
  tx: Tx,
  call: CallRow,
  { charged, rebuilt, corrections }: Credits,
): Promise<boolean> {
  await addCredits(tx, {
    kind: rebuilt < charged ? "refund" : "adjustment",
    amount: charged - rebuilt,
    reason: `Call ${call.id} folded again: ${charged} → ${rebuilt} credits`,
    paymentRef: `refold:${call.id}:${corrections + 1}`,
    createdBy: ctx.person?.id ?? null,
  });
  await audit(ctx, tx, {
    action: "call.credits_corrected",
    entity: "call",
    entityId: call.id,
    changes: { credits: [charged, rebuilt] },
  });
  return true;
}
