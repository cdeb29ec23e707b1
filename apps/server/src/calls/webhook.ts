import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { param, row, sql } from "@parley/db";
import type { Routes } from "../routes.ts";

/** Bolna's bodies carry a whole transcript; nothing honest is larger. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

type Received = { result: "accepted" | "duplicate" | "unknown_key" };

/**
 * POST /api/webhooks/bolna/:key. Stored raw in one statement, then 200; 503 while the database is away, so that the
 * sender tries again; never 200 and lost. Folding happens elsewhere.
 */
export const webhookRoutes: Routes = (app, { parts }) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  );

  app.post<{ Params: { key: string } }>("/api/webhooks/bolna/:key", async (request, reply) => {
    const body = bytes(request.body);
    return answer(reply, request.id, () =>
      row<Received>(
        parts.db.web.pool,
        sql`select result from app.receive('bolna', ${param(sha256(request.params.key))}, ${param(sha256(body))}, ${param(body)})`,
      ),
    );
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
    return answer(reply, request.id, () =>
      row<Received>(
        parts.db.web.pool,
        sql`select result from app.receive_for_agent('bolna', ${param(agentIdIn(body))}, ${param(sha256(body))}, ${param(body)})`,
      ),
    );
  });

  async function answer(reply: FastifyReply, requestId: string, receive: () => Promise<Received>) {
    let result: Received["result"];
    try {
      ({ result } = await receive());
    } catch (error) {
      parts.log.error(
        { err: error, request: { id: requestId } },
        "[Webhook] Could not be stored; the sender is asked to try again",
      );
      return reply.code(503).header("retry-after", "5").send({ message: "Not stored. Send it again." });
    }
    parts.log.info({ request: { id: requestId }, result }, `[Webhook] Received: ${result}`);
    if (result === "unknown_key") return reply.code(404).send({ message: "Unknown address." });
    if (result === "accepted") parts.db.web.wake("drain");
    return { received: true, duplicate: result === "duplicate" };
  }
};

const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest();
const bytes = (body: unknown) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

function agentIdIn(body: Buffer): string | null {
  try {
    const { agent_id: agentId } = JSON.parse(body.toString("utf8")) as { agent_id?: unknown };
    return typeof agentId === "string" ? agentId : null;
  } catch {
    return null;
  }
}
