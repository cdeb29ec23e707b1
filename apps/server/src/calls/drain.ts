import { param, row, maybeRow, rows, sql, type Tx } from "@parley/db";
import type { Parts } from "../context.ts";
import { newsOf, readWebhook, type ExecutionNews } from "../providers/bolna-news.ts";
import { failpoint } from "../failpoints.ts";
import { applyEvent } from "./apply-event.ts";
import { raiseIncident } from "./incident.ts";
import { recordInbound } from "./inbound.ts";
import { lockCall } from "./row.ts";
import { secondExecution } from "./second-execution.ts";
import { clockSettings } from "./settings.ts";

const BATCH = 100;
/** After so many failures an event is `bad`: visible, and to be replayed by hand. */
const ATTEMPTS_MAX = 8;

type Due = { id: number; user_id: string; agent_id: string };

/**
 * Folds all webhook events that are due, each in a transaction of its own: a poison event fails alone. Events of
 * different agents side by side, those of one agent in order.
 */
export async function drainWebhooks(parts: Parts, signal?: AbortSignal): Promise<number> {
  let drained = 0;
  for (;;) {
    const due = await parts.db.worker.txWithoutTenant((tx) =>
      rows<Due>(tx, sql`select * from app.drain_batch(${param(BATCH)}::int)`),
    );
    if (due.length === 0 || signal?.aborted) return drained;
    failpoint("drain.taken");
    const byAgent = Map.groupBy(due, (event) => event.agent_id);
    await Promise.all(
      [...byAgent.values()].map(async (events) => {
        for (const event of events) await drainOne(parts, event);
      }),
    );
    drained += due.length;
    if (due.length < BATCH) return drained;
  }
}

async function drainOne(parts: Parts, event: Due): Promise<void> {
  try {
    await parts.db.worker.tx(event.user_id, async (tx) => {
      await foldWebhook(tx, event);
      failpoint("drain.folded");
    });
    failpoint("drain.committed");
  } catch (error) {
    const status = await parts.db.worker.tx(event.user_id, async (tx) => {
      const failed = await row<{ status: string }>(
        tx,
        sql`
        update webhook_events
        set attempts = attempts + 1, next_at = app.wall() + make_interval(secs => least(300, power(2, attempts))), error = ${param(reasonOf(error))},
          status = case when attempts + 1 >= ${param(ATTEMPTS_MAX)} then 'bad' else status end
        where user_id = ${param(event.user_id)} and id = ${param(event.id)}
        returning status`,
      );
      if (failed.status === "bad") await reportBad(tx, event);
      return failed.status;
    });
    // It is tried again by itself; only what is given up needs somebody.
    parts.log[status === "bad" ? "error" : "warn"](
      { err: error, webhook: { id: event.id } },
      "[Webhook] An event could not be folded",
    );
  }
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
    sql`
    select body, attempts, received_at, endpoint_id from webhook_events
    where user_id = ${param(due.user_id)} and id = ${param(due.id)} and status in ('pending', 'parked') for update skip locked`,
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
  // Thought never placed: its item, which is locked before a call, may have to wait for it again.
  if (known?.status === "not-placed")
    await tx.query("select 1 from call_queue where user_id = $1 and id = $2 for update", [
      tx.userId,
      known.queue_id,
    ]);
  const call = await lockCall(tx, callId);
  await applyEvent(tx, call, { ...news, source: "webhook", body, webhookEventId: due.id }, settings);
  await done(tx, due, callId, null);
}

type Known = { id: string; status: string; queue_id: string | null };

/** By execution once bound; before that by our own id, which we sent along with the call. */
async function knownCall(tx: Tx, agentId: string, news: ExecutionNews): Promise<Known | undefined> {
  return maybeRow<Known>(
    tx,
    sql`
    select id, status, queue_id from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and bolna_execution_id = ${param(news.executionId)}
    union
    select id, status, queue_id from calls
    where user_id = ${param(tx.userId)} and agent_id = ${param(agentId)} and bolna_execution_id is null and id = ${param(uuidOrNull(news.callId))}::uuid
    limit 1`,
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
    sql`
    update webhook_events set status = 'done', done_at = app.now(), call_id = ${param(callId)}, error = ${param(note)}
    where user_id = ${param(due.user_id)} and id = ${param(due.id)}`,
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
