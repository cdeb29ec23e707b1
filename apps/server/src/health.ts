import type { FastifyInstance } from "fastify";
import { pendingMigrations } from "@parley/db/migrate";
import { loginFault } from "@parley/db/roles";
import type { Parts } from "./context.ts";
import { causeOf } from "./log.ts";

type Check = { name: string; ok: boolean; detail: string };

/** `/healthz`: the process answers. `/readyz`: it can also work, and if not, why. */
export function reportHealth(app: FastifyInstance, parts: Parts): void {
  app.get("/healthz", async () => ({ ok: true }));
  app.get("/readyz", async (_request, reply) => {
    const checks = await readiness(parts);
    const ok = checks.every((check) => check.ok);
    return reply.code(ok ? 200 : 503).send({ ok, checks });
  });
}

async function readiness({ db, log }: Parts): Promise<Check[]> {
  const check = async (name: string, fault: () => Promise<string | null>): Promise<Check> => {
    try {
      const found = await fault();
      return { name, ok: found === null, detail: found ?? "ok" };
    } catch (error) {
      log.error({ err: causeOf(error) }, `Not ready: ${name}`);
      return {
        name,
        ok: false,
        detail: "The database does not answer. Check that it runs and that its URL is right.",
      };
    }
  };
  return Promise.all([
    check("database", async () => {
      await db.web.pool.query("select 1");
      return null;
    }),
    check("migrations", async () => {
      const pending = await pendingMigrations(db.web.pool);
      return pending.length === 0
        ? null
        : `${pending.length} migrations wait (${pending[0]} …). Run npm run db:migrate.`;
    }),
    check("roles", async () => (await loginFault(db.web.pool)) ?? (await loginFault(db.worker.pool))),
  ]);
}
