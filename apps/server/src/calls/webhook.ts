import { hash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { param, row, rows, sql } from "@parley/db";
import type { Parts } from "../context.ts";
import type { Routes } from "../routes.ts";
import { failpoint } from "../failpoints.ts";
import { groupCommit } from "./group-commit.ts";

/** Bolna's bodies carry a whole transcript; nothing honest is larger. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

type Result = "accepted" | "duplicate" | "unknown_key";
type Delivery = { key: string; body: Buffer; requestId: string };

/**
 * POST /api/webhooks/bolna/:key. Stored raw, together with what arrived at the same time, then 200; 503 while the
 * database is away, so that the sender tries again; never 200 and lost. Folding happens elsewhere.
 */
export const webhookRoutes: Routes = (app, { parts }) => {
  const keep = groupCommit((deliveries: Delivery[]) => journal(parts, deliveries), {
    items: 256,
    bytes: BODY_BYTES_MAX,
    bytesOf: ({ body }) => body.byteLength,
    isRefusal: (error) => /^2[23]/.test((error as { code?: string }).code ?? ""),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  );

  app.post<{ Params: { key: string } }>("/api/webhooks/bolna/:key", async (request, reply) => {
    const delivery = { key: request.params.key, body: bytes(request.body), requestId: request.id };
    return answer(reply, request.id, () => keep(delivery));
  });

  // The address of the specification, for a provider's own servers only; without a list nobody is let in.
  app.post("/api/webhooks/bolna", async (request, reply) => {
    if (!parts.config.voice.webhookIps.includes(request.ip)) {
      parts.log.warn(
        { request: { id: request.id } },
        "[Webhook] Refused on the bare path: set BOLNA_WEBHOOK_IPS to the provider's addresses, or let the agents be re-pointed to their own URL (parley doctor)",
      );
      return reply.code(404).send({ message: "Unknown address." });
    }
    const body = bytes(request.body);
    return answer(reply, request.id, async () => {
      const { result } = await row<{ result: Result }>(
        parts.db.web.pool,
        sql`select result from app.receive_for_agent('bolna', ${param(agentIdIn(body))}, ${param(sha256(body))}, ${param(body)})`,
      );
      told(parts, [result], [request.id]);
      return result;
    });
  });

  async function answer(reply: FastifyReply, requestId: string, receive: () => Promise<Result>) {
    let result: Result;
    try {
      result = await receive();
    } catch (error) {
      parts.log.error(
        { err: error, request: { id: requestId } },
        "[Webhook] Could not be stored; the sender is asked to try again",
      );
      return reply.code(503).header("retry-after", "5").send({ message: "Not stored. Send it again." });
    }
    if (result === "unknown_key") return reply.code(404).send({ message: "Unknown address." });
    return { received: true, duplicate: result === "duplicate" };
  }
};

/** One statement and one commit for all of them, in the order they came. */
async function journal(parts: Parts, deliveries: Delivery[]): Promise<Result[]> {
  failpoint("webhook.received");
  const found = await rows<{ result: Result }>(
    parts.db.web.pool,
    sql`
    select result from app.receive('bolna', ${param(deliveries.map(({ key }) => sha256(key)))}::bytea[],
      ${param(deliveries.map(({ body }) => sha256(body)))}::bytea[], ${param(deliveries.map(({ body }) => body))}::bytea[])
    order by n`,
  );
  failpoint("webhook.kept");
  const results = found.map(({ result }) => result);
  told(
    parts,
    results,
    deliveries.map(({ requestId }) => requestId),
  );
  return results;
}

/** Rings for what is new, and says in one line what came in. */
function told({ db, log }: Parts, results: Result[], ids: string[]): void {
  if (results.includes("accepted")) db.web.wake("drain");
  const counts = Map.groupBy(results, (result) => result);
  const words = [...counts].map(([result, { length }]) => (length > 1 ? `${length} ${result}` : result));
  log.info({ request: ids.length > 1 ? { ids } : { id: ids[0] } }, `[Webhook] Received: ${words.join(", ")}`);
}

const sha256 = (content: string | Buffer) => hash("sha256", content, "buffer");
const bytes = (body: unknown) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

function agentIdIn(body: Buffer): string | null {
  try {
    const { agent_id: agentId } = JSON.parse(body.toString("utf8")) as { agent_id?: unknown };
    return typeof agentId === "string" ? agentId : null;
  } catch {
    return null;
  }
}
