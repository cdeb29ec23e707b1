/**
 * The floor of the webhook figures: Parley's own HTTP stack with one more route, which finds whose key it is and
 * inserts the body, a statement and a commit for each, and does no more.
 */
import { createHash } from "node:crypto";
import { createPool } from "@parley/db";
import { createApp } from "../apps/server/src/app.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/log.ts";
import { createParts } from "../apps/server/src/parts.ts";

const { BARE_URL, DATABASE_WEB_URL, DATABASE_WORKER_URL, DATABASE_RO_URL } = process.env;
const config = readConfig(process.env);
const urls = { web: DATABASE_WEB_URL!, worker: DATABASE_WORKER_URL!, ro: DATABASE_RO_URL! };
const { parts } = createParts(config, urls, createLogger("warn"));
const pool = createPool({ url: BARE_URL!, name: "bare route" });

const app = await createApp(parts);
await app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  scope.post<{ Params: { key: string }; Body: Buffer }>(
    "/api/webhooks/bare/:key",
    async ({ params, body }, reply) => {
      const { rowCount } = await pool.query({
        name: "bare",
        text: `insert into webhook_events (user_id, source, endpoint_id, body)
             select user_id, 'bolna', agent_id, $2 from agent_webhook_keys where key_sha256 = $1`,
        values: [createHash("sha256").update(params.key).digest(), body],
      });
      return rowCount ? { received: true } : reply.code(404).send({ message: "Unknown address." });
    },
  );
});
await app.listen({ port: config.port, host: config.host });
