import {
  enqueue,
  enqueueMany,
  param,
  prepared,
  raw,
  rows,
  sql,
  touchAll,
  type Job,
  type Tx,
} from "@parley/db";
import { leaseSeconds, pollAtSeconds } from "@parley/core/calls/lease";
import {
  artefactNames,
  foldEvent,
  isSighting,
  isTerminal,
  isWaiting,
  statusRank,
  type CallEffect,
  type CallEvent,
  type CallFacts,
} from "@parley/core/calls/lifecycle";
import { requestAnalyses } from "../leads/request-analysis.ts";
import { raiseIncident } from "./incident.ts";
import { factColumns, factsOf, isAccepted, type CallRow } from "./row.ts";
import { stopUnwanted } from "./stop-unwanted.ts";
import { leaseTerms, type ClockSettings } from "./settings.ts";

export type News = CallEvent & {
  source: "webhook" | "poll" | "place" | "system" | "person";
  executionId?: string | null;
  /** The provider's object, kept with the event. */
  body?: unknown;
  webhookEventId?: number | null;
  /** How often the provider has dialled again by itself. */
  retries?: number;
  note?: string;
};

/** One locked call and what was heard of it, in the order it came. */
export type Heard = { call: CallRow; news: readonly News[] };

/**
 * Folds one piece of news into a locked call: writes the event, the facts that changed, and in the same transaction
 * the jobs that follow. Any order and any number of copies ends in the same row. Money and outcome are not touched
 * here: they wait for `verify`. Returns the call as it now stands.
 */
export async function applyEvent(
  tx: Tx,
  call: CallRow,
  heard: News,
  settings: ClockSettings,
): Promise<CallRow> {
  const [next] = await applyEvents(tx, [{ call, news: [heard] }], settings);
  return next!;
}

/** The same for many locked calls of the transaction's tenant: whatever follows is written by one statement of its kind. */
export async function applyEvents(
  tx: Tx,
  heard: readonly Heard[],
  settings: ClockSettings,
): Promise<CallRow[]> {
  const stories = heard.map(({ call, news }) => {
    const steps: Step[] = [];
    for (const told of news) steps.push(foldNews(steps.at(-1)?.next ?? call, told, settings));
    return { call, steps, next: steps.at(-1)?.next ?? call };
  });
  const steps = stories.flatMap((story) => story.steps);
  await writeEvents(tx, steps);
  await writeCalls(tx, stories, settings);

  const jobs: Job[] = [];
  for (const { before, next, effects } of steps) {
    const ids = { userId: before.user_id, callId: before.id };
    if (effects.includes("verify") && next.final_at === null)
      jobs.push({ name: "calls/verify", payload: ids });
    if (effects.includes("fetch_recording")) jobs.push({ name: "calls/fetch_recording", payload: ids });
  }
  await enqueueMany(tx, jobs);
  const having = (effect: CallEffect) => steps.filter(({ effects }) => effects.includes(effect));
  await requestAnalyses(
    tx,
    having("analyse").map(({ before }) => before.id),
  );
  for (const { before } of having("sighted")) await adopted(tx, before);
  await stopUnwanted(
    tx,
    stories.filter(isToBeAsked).map(({ call }) => call.id),
  );
  for (const { before, next } of steps)
    if (next.provider_retries > before.provider_retries) await dialledAgain(tx, next);
  for (const { news, before, isUnknownWord } of steps)
    if (isUnknownWord && news.status !== null && news.source !== "place")
      await raiseIncident(tx, {
        kind: "unknown_status",
        ref: news.status.slice(0, 60),
        message: `The provider sent the status "${news.status.slice(0, 60)}", which Parley does not know.`,
        cure: "The event is kept with the call. Look at its raw form; nothing is lost, and the final facts are re-read.",
        userId: before.user_id,
      });
  const changed = steps.filter((step) => step.isChange).map(({ before }) => before);
  await touchAll(tx, [
    ...changed.map(({ id }) => ({ topic: "calls", ref: id })),
    ...changed.flatMap(({ campaign_id: ref }) => (ref ? [{ topic: "campaigns", ref }] : [])),
  ]);
  // Last, for it locks what the tick looks at.
  const freed = having("slot_freed");
  if (freed.length > 0) {
    await tx.query("select app.lines_freed($1, $2)", [
      tx.userId,
      freed.map(({ before }) => before.phone_number),
    ]);
    tx.wake("dispatch");
  }
  return stories.map(({ next }) => next);
}

/**
 * Accepted by the provider since, as far as we knew: somebody may have said stop meanwhile, or another call to the
 * person may be under way. Again when one begins to ring that should have been taken back for such another.
 */
function isToBeAsked({ call, next }: Story): boolean {
  if (next.ended_at !== null || !isAccepted(next.status)) return false;
  const couldNotBeStopped =
    call.stop_reason === "other_call_open" && isWaiting(call.status) && !isWaiting(next.status);
  return !isAccepted(call.status) || couldNotBeStopped;
}

type Step = {
  before: CallRow;
  next: CallRow;
  news: News;
  effects: CallEffect[];
  isChange: boolean;
  /** The provider has a word for it that we do not. */
  isUnknownWord: boolean;
};

/** What one piece of news makes of a call; writes nothing. */
function foldNews(call: CallRow, heard: News, settings: ClockSettings): Step {
  // Before it is compared: what is stored must win or lose in the form in which it is stored, in every order.
  const news = inStorableText(heard);
  // A word we do not know changes no status, but it proves that the call is there.
  const isStrange = news.status !== null && !isSighting(news.status) && !!news.executionId;
  const proves = isStrange && (statusRank[call.status] < statusRank.queued || call.status === "not-placed");
  const { facts, changes, effects } = foldEvent(factsOf(call), proves ? { ...news, status: "queued" } : news);
  const next: CallRow = {
    ...call,
    ...columnsOf(changes),
    bolna_execution_id: call.bolna_execution_id ?? news.executionId ?? null,
    provider_retries: Math.max(call.provider_retries, news.retries ?? 0),
    ...(changes.status ? leaseOf(call, facts, settings) : {}),
    ...(effects.includes("fetch_recording") && call.recording_status === "none"
      ? { recording_status: "fetching" as const }
      : {}),
    // thought never placed, and it exists after all: it takes no line of others, and what it costs is charged without a hold
    ...(effects.includes("sighted")
      ? {
          adopted: true,
          system_slot: null,
          held_credits: 0,
          settled_at: null,
          price_credits: null,
          final_at: null,
          outcome: null,
          reason: null,
        }
      : {}),
  };
  return {
    before: call,
    next,
    news,
    effects,
    isChange: Object.keys(changes).length > 0,
    isUnknownWord: proves || effects.includes("unknown_word"),
  };
}

async function writeEvents(tx: Tx, steps: readonly Step[]): Promise<void> {
  const events = steps.map(({ before, news, isChange }) => ({
    call_id: before.id,
    status: news.status,
    provider_at: news.at,
    source: news.source,
    applied: isChange,
    webhook_event_id: news.webhookEventId ?? null,
    body: news.body ?? null,
    note: news.note ?? null,
  }));
  await rows(
    tx,
    prepared(sql`
    insert into call_events (user_id, call_id, status, provider_at, source, applied, webhook_event_id, body, note, arrived_at)
    select ${param(tx.userId)}, e.call_id, e.status, e.provider_at, e.source, e.applied, e.webhook_event_id, e.body, e.note, (select app.now())
    from jsonb_to_recordset(${param(storable(events))}::jsonb) as e (call_id uuid, status text, provider_at timestamptz,
      source text, applied boolean, webhook_event_id bigint, body jsonb, note text)`),
  );
}

/** We never ask the provider to try again, so that every ring is a row: what it dials by itself is stopped, and told. */
async function dialledAgain(tx: Tx, call: CallRow): Promise<void> {
  await raiseIncident(tx, {
    kind: "provider_retried",
    ref: call.id,
    severity: "bad",
    message: `The provider dialled a call again by itself (${call.provider_retries} times), although nobody asked it to.`,
    cure: "Switch off retries and calling hours on this agent at the provider. Parley has asked it to stop this call.",
    userId: call.user_id,
  });
  await enqueue(tx, "calls/stop", { userId: call.user_id, callId: call.id });
}

/** jsonb refuses U+0000 and lone surrogates; the raw bytes stay in the journal. */
function storable(body: unknown): string {
  return JSON.stringify(body)
    .replaceAll(/\\u0000/g, "\\ufffd")
    .replaceAll(/\\ud[89a-f][0-9a-f]{2}/gi, "\\ufffd");
}

/** text refuses the same; each becomes the sign for what cannot be shown. */
function inStorableText(news: News): News {
  const clean = { ...news };
  for (const name of ["status", ...artefactNames] as const) {
    const told = news[name];
    if (typeof told === "string")
      Object.assign(clean, { [name]: told.replaceAll("\u0000", "\ufffd").toWellFormed() });
  }
  return clean;
}

function columnsOf(changes: Partial<CallFacts>): Partial<CallRow> {
  return Object.fromEntries(
    Object.entries(changes).flatMap(([fact, value]) => {
      const column = factColumns[fact as keyof typeof factColumns];
      return column ? [[column, value]] : [];
    }),
  ) as Partial<CallRow>;
}

/** From `queued` on the lease is a time to look at the provider, on the domain clock. */
function leaseOf(call: CallRow, facts: CallFacts, settings: ClockSettings): Partial<CallRow> {
  const after = (seconds: number) => new Date(Date.parse(settings.now) + seconds * 1000).toISOString();
  if (facts.status === "call-disconnected")
    return { lease_until: null, polls: 0, next_poll_at: after(pollAtSeconds(0, settings.leaseScale)) };
  if (isTerminal(facts.status)) return { lease_until: null, next_poll_at: after(30 * settings.leaseScale) };
  const seconds = leaseSeconds(facts.status, leaseTerms(settings, call.max_call_seconds));
  if (statusRank[facts.status] < statusRank.queued || seconds === null) return {};
  return { lease_until: null, next_poll_at: after(seconds) };
}

const written = [
  ...Object.values(factColumns),
  "bolna_execution_id",
  "provider_retries",
  "lease_until",
  "next_poll_at",
  "polls",
  "recording_status",
  "adopted",
  "system_slot",
  "held_credits",
  "settled_at",
  "price_credits",
  "final_at",
  "outcome",
  "reason",
] as const satisfies (keyof CallRow)[];

type Story = { call: CallRow; steps: readonly Step[]; next: CallRow };

/** Only what differs is written: an instant that is read and written again would lose its microseconds. */
async function writeCalls(tx: Tx, stories: readonly Story[], settings: ClockSettings): Promise<void> {
  const patches = stories.flatMap(({ call, steps, next }) => {
    const changed = written.filter((column) => call[column] !== next[column]);
    if (changed.length === 0) return [];
    const sighted = steps.some(({ effects }) => effects.includes("sighted"));
    const patch = {
      ...Object.fromEntries(changed.map((column) => [column, next[column]])),
      ...(changed.includes("recording_status") ? { recording_next_at: settings.now } : {}),
      ...(sighted ? { user_slot: null, account_slot: null, waived_credits: 0 } : {}),
    };
    return [{ id: call.id, patch }];
  });
  if (patches.length === 0) return;
  const columns = [...written, "recording_next_at", "user_slot", "account_slot", "waived_credits"].join(", ");
  await rows(
    tx,
    prepared(sql`
    update calls c set (${raw(columns)}) = (select ${raw(columns)} from jsonb_populate_record(c, p.patch))
    from jsonb_to_recordset(${param(JSON.stringify(patches))}::jsonb) as p (id uuid, patch jsonb)
    where c.user_id = ${param(tx.userId)} and c.id = p.id`),
  );
}

/**
 * The one thing that must never happen did: say so loudly, and let the item wait for this call's end. A younger call is
 * withheld by the check before its dial, or one of the two is stopped as soon as both are accepted.
 */
async function adopted(tx: Tx, call: CallRow): Promise<void> {
  await raiseIncident(tx, {
    kind: "adopted_call",
    ref: call.id,
    severity: "bad",
    message: "A call that two complete listings did not show was placed after all.",
    cure: "It is followed like any other. Check whether the person was called again, and report the listing to the provider.",
    userId: call.user_id,
  });
  await rows(
    tx,
    sql`
    update call_queue set status = 'in_progress', wait_reason = null, attempts = attempts + 1
    where user_id = ${param(call.user_id)} and id = ${param(call.queue_id)} and status = 'pending'`,
  );
}
