import { isTransient, maybeRow, param, prepared, rows, sql, type Tx } from "@parley/db";
import type { Parts } from "../context.ts";
import { newsOf, readWebhook, type ExecutionNews } from "../providers/bolna-news.ts";
import { failpoint } from "../failpoints.ts";
import { applyEvent, applyEvents, type News } from "./apply-event.ts";
import { raiseIncident } from "./incident.ts";
import { recordInbound } from "./inbound.ts";
import { lockForNews, type CallRow } from "./row.ts";
import { secondExecution } from "./second-execution.ts";
import { clockSettings } from "./settings.ts";

/** Taken at once, over all tenants; and folded in one transaction, which keeps their calls locked so long. */
const BATCH = 500;
const TOGETHER = 100;
/** After so many failures an event is `bad`: visible, and to be replayed by hand. */
const ATTEMPTS_MAX = 8;
/** A database that is away or busy says nothing about the event: it is tried again so much later, and not counted. */
const BUSY_SECONDS = 1;

type Due = { id: number; user_id: string; agent_id: string };
/** Still: several processes may have been told of the same event. */
const isDue = sql`status in ('pending', 'parked') and next_at <= app.wall()`;

/**
 * Folds all webhook events that are due. Those of one tenant go together where nothing is odd about them; what is left,
 * and a group that fails, is folded one by one, each event in a transaction of its own: a poison event fails alone.
 */
export async function drainWebhooks(parts: Parts, signal?: AbortSignal): Promise<number> {
  let drained = 0;
  for (;;) {
    const due = await parts.db.worker.txWithoutTenant((tx) =>
      rows<Due>(tx, sql`select * from app.drain_batch(${param(BATCH)}::int)`),
    );
    if (due.length === 0 || signal?.aborted) return drained;
    failpoint("drain.taken");
    const byTenant = Map.groupBy(due, (event) => event.user_id);
    await Promise.all([...byTenant].map(([userId, events]) => drainTenant(parts, userId, events)));
    drained += due.length;
    if (due.length < BATCH) return drained;
  }
}

async function drainTenant(parts: Parts, userId: string, events: Due[]): Promise<void> {
  for (let at = 0; at < events.length; at += TOGETHER) {
    const some = events.slice(at, at + TOGETHER);
    const left = await drainTogether(parts, userId, some).catch((error: unknown) => {
      parts.log.debug({ err: error }, "[Webhook] Events could not be folded together; now one by one");
      return some;
    });
    // Events of different agents side by side, those of one agent in order.
    const byAgent = Map.groupBy(left, (event) => event.agent_id);
    await Promise.all(
      [...byAgent.values()].map(async (ofAgent) => {
        for (const event of ofAgent) await drainOne(parts, event);
      }),
    );
  }
}

type Taken = { id: number; body: Buffer | null; received_at: string; agent_id: string };
type Readable = { id: number; agentId: string; body: unknown; news: ExecutionNews };

/**
 * Folds in one transaction what is news of a call we know, and returns the rest: what cannot be read or failed before,
 * calls nobody knows yet, calls not known to be accepted (they are locked together with their person), calls that
 * somebody else has locked.
 */
async function drainTogether(parts: Parts, userId: string, due: Due[]): Promise<Due[]> {
  if (due.length < 2) return due;
  const gone = new Set<number>();
  await parts.db.worker.tx(userId, async (tx) => {
    const taken = await rows<Taken>(
      tx,
      sql`
      select id, body, received_at, endpoint_id as agent_id from webhook_events
      where user_id = ${param(userId)} and id = any(${param(due.map(({ id }) => id))}::bigint[])
        and status in ('pending', 'parked') and attempts = 0
      order by id
      for update skip locked`,
    );
    const events = taken.flatMap(readable);
    const groups = byCall(events, await lockKnown(tx, events));
    const folded = groups.flatMap((group) => group.events.map(({ id }) => ({ id, callId: group.call.id })));
    if (folded.length > 0) {
      await rows(
        tx,
        sql`
        update webhook_events e set status = 'done', done_at = app.now(), call_id = f.call_id, error = null
        from unnest(${param(folded.map(({ id }) => id))}::bigint[], ${param(folded.map(({ callId }) => callId))}::uuid[]) f (id, call_id)
        where e.user_id = ${param(userId)} and e.id = f.id`,
      );
      const heard = groups.map(({ call, events: its }) => ({ call, news: its.map(newsFrom) }));
      await applyEvents(tx, heard, await clockSettings(tx));
    }
    failpoint("drain.folded");
    for (const { id } of folded) gone.add(id);
  });
  failpoint("drain.committed", [...gone].join());
  return due.filter(({ id }) => !gone.has(id));
}

function readable({ id, body, received_at: at, agent_id: agentId }: Taken): Readable[] {
  const parsed = parse(body);
  const read = parsed === undefined ? null : readWebhook(parsed);
  return read && "execution" in read ? [{ id, agentId, body: parsed, news: newsOf(read.execution, at) }] : [];
}

const newsFrom = ({ id, body, news }: Readable): News => ({
  ...news,
  source: "webhook",
  body,
  webhookEventId: id,
});

/** The calls that events may be about, locked unless somebody else has them; in order of ids, as all who lock several. */
function lockKnown(tx: Tx, events: readonly Readable[]): Promise<CallRow[]> {
  const ids = events.flatMap(({ news }) => uuidOrNull(news.callId) ?? []);
  return rows<CallRow>(
    tx,
    sql`
    select *, provider_cost_cents::float8 from calls
    where user_id = ${param(tx.userId)} and status not in ('claimed', 'dialing', 'unknown', 'not-placed') and id = any(array(
      select id from calls
      where user_id = ${param(tx.userId)} and bolna_execution_id = any(${param(events.map(({ news }) => news.executionId))}::text[])
      union
      select id from calls
      where user_id = ${param(tx.userId)} and bolna_execution_id is null and id = any(${param(ids)}::uuid[])))
    order by id
    for update skip locked`,
  );
}

/** Whose news it is, as `knownCall` decides it. A call that is not bound yet and is named by two executions is left out. */
function byCall(
  events: readonly Readable[],
  calls: readonly CallRow[],
): { call: CallRow; events: Readable[] }[] {
  const key = (agentId: string, name: string) => `${agentId} ${name}`;
  const bound = new Map(
    calls.flatMap((call) =>
      call.bolna_execution_id ? [[key(call.agent_id, call.bolna_execution_id), call] as const] : [],
    ),
  );
  const unbound = new Map(
    calls.flatMap((call) =>
      call.bolna_execution_id === null ? [[key(call.agent_id, call.id), call] as const] : [],
    ),
  );
  const groups = Map.groupBy(
    events,
    ({ agentId, news }) =>
      bound.get(key(agentId, news.executionId)) ??
      unbound.get(key(agentId, uuidOrNull(news.callId)?.toLowerCase() ?? "")),
  );
  return [...groups].flatMap(([call, its]) =>
    call && (call.bolna_execution_id !== null || new Set(its.map(({ news }) => news.executionId)).size === 1)
      ? [{ call, events: its }]
      : [],
  );
}

async function drainOne(parts: Parts, event: Due): Promise<void> {
  try {
    await parts.db.worker.tx(event.user_id, async (tx) => {
      await foldWebhook(tx, event);
      failpoint("drain.folded");
    });
    failpoint("drain.committed", String(event.id));
  } catch (error) {
    const status = await parts.db.worker.tx(event.user_id, (tx) => putOff(tx, event, error));
    // It is tried again by itself; only what is given up needs somebody.
    parts.log[status === "bad" ? "error" : "warn"](
      { err: error, webhook: { id: event.id } },
      "[Webhook] An event could not be folded",
    );
  }
}

/** Several may have failed at the same event: the first of them notes it. Null = somebody has, or has folded it since. */
async function putOff(tx: Tx, event: Due, error: unknown): Promise<string | null> {
  const counted = !isTransient(error);
  const failed = await maybeRow<{ status: string }>(
    tx,
    sql`
    update webhook_events
    set attempts = attempts + ${param(counted ? 1 : 0)}, error = ${param(reasonOf(error))},
      next_at = app.wall() + make_interval(secs => case when ${param(counted)} then least(300, power(2, attempts)) else ${param(BUSY_SECONDS)} end),
      status = case when ${param(counted)} and attempts + 1 >= ${param(ATTEMPTS_MAX)} then 'bad' else status end
    where user_id = ${param(event.user_id)} and id = ${param(event.id)} and ${isDue}
    returning status`,
  );
  if (failed?.status === "bad") await reportBad(tx, event);
  return failed?.status ?? null;
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 500);

async function foldWebhook(tx: Tx, due: Due): Promise<void> {
  const event = await maybeRow<{
    body: Buffer | null;
    attempts: number;
    received_at: string;
    endpoint_id: string;
  }>(
    tx,
    prepared(sql`
    select body, attempts, received_at, endpoint_id from webhook_events
    where user_id = ${param(due.user_id)} and id = ${param(due.id)} and ${isDue} for update skip locked`),
  );
  if (!event) return;
  const body = parse(event.body);
  if (body === undefined)
    return bad(
      tx,
      due,
      "The body is not JSON. Look at the raw bytes and replay it once the sender is mended.",
    );
  const read = readWebhook(body);
  if ("bad" in read) return bad(tx, due, read.bad);
  if ("tool" in read) return done(tx, due, null, "A tool's own webhook, not a stage of a call.");

  const news = newsOf(read.execution, event.received_at);
  const settings = await clockSettings(tx);
  const known = await knownCall(tx, event.endpoint_id, news);
  const callId = known?.id ?? (await recordInbound(tx, event.endpoint_id, news, settings));
  if (!callId) return notOurs(tx, due, news, event.attempts);
  const call = await lockForNews(tx, callId);
  await applyEvent(tx, call, { ...news, source: "webhook", body, webhookEventId: due.id }, settings);
  await done(tx, due, callId, null);
}

/** By execution once bound; before that by our own id, which we sent along with the call. */
async function knownCall(tx: Tx, agentId: string, news: ExecutionNews): Promise<{ id: string } | undefined> {
  return maybeRow<{ id: string }>(
    tx,
    prepared(sql`
    select id from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and bolna_execution_id = ${param(news.executionId)}
    union
    select id from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and bolna_execution_id is null and id = ${param(uuidOrNull(news.callId))}::uuid
    limit 1`),
  );
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const uuidOrNull = (text: string | null) => (text && UUID.test(text) ? text : null);

function parse(body: Buffer | null): unknown {
  try {
    return JSON.parse((body ?? Buffer.alloc(0)).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** An execution that carries our id but no call of ours may simply be early; one without is a call placed elsewhere. */
async function notOurs(tx: Tx, due: Due, news: ExecutionNews, attempts: number): Promise<void> {
  const followed = await maybeRow<{ id: string }>(
    tx,
    sql`
    select id from calls
    where user_id = ${param(due.user_id)} and id = ${param(uuidOrNull(news.callId))}::uuid and bolna_execution_id <> ${param(news.executionId)}`,
  );
  if (followed) {
    await secondExecution(tx, { callId: followed.id, userId: due.user_id });
    return done(tx, due, null, "A second execution of one attempt; the first one is followed.");
  }
  if (news.callId && attempts < 5) {
    await rows(
      tx,
      sql`
      update webhook_events
      set status = 'parked', attempts = attempts + 1, next_at = app.wall() + make_interval(secs => power(2, attempts)), error = 'It names a call that is not there yet.'
      where user_id = ${param(due.user_id)} and id = ${param(due.id)}`,
    );
    return;
  }
  await done(tx, due, null, "An execution that Parley did not place: kept, not followed.");
}

async function done(tx: Tx, due: Due, callId: string | null, note: string | null): Promise<void> {
  await rows(
    tx,
    prepared(sql`
    update webhook_events set status = 'done', done_at = app.now(), call_id = ${param(callId)}, error = ${param(note)}
    where user_id = ${param(due.user_id)} and id = ${param(due.id)}`),
  );
}

async function bad(tx: Tx, due: Due, why: string): Promise<void> {
  await rows(
    tx,
    sql`update webhook_events set status = 'bad', error = ${param(why)} where user_id = ${param(due.user_id)} and id = ${param(due.id)}`,
  );
  await reportBad(tx, due);
}

async function reportBad(tx: Tx, due: Due): Promise<void> {
  await raiseIncident(tx, {
    kind: "bad_webhook",
    ref: due.agent_id,
    message: "A webhook of the voice provider could not be read. Its raw bytes are kept.",
    cure: "Operations → Webhooks shows why. Replay it once the cause is mended; the call itself is re-read from the provider.",
    userId: due.user_id,
  });
}
