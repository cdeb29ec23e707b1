import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { beforeAll } from "vitest";
import { freePort } from "@parley/db/embedded";
import { newKey } from "@parley/db/secrets";
import { useDatabase, type TestDatabase } from "@parley/db/testing/database";
import { createSandbox, type RunningSandbox } from "@parley/sandbox/app";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import type { Parts } from "../context.ts";
import { createLogger } from "../log.ts";
import { createParts } from "../parts.ts";
import { settle, startWorker } from "../worker.ts";
import { signUp, visitor, type SignedUp, type TestVisitor } from "./visitor.ts";

export type Rig = {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly parts: Parts;
  readonly sandbox: RunningSandbox;
  readonly db: TestDatabase;
  /** Lines logged at warn and above, as JSON. */
  readonly complaints: string[];
  visitor(options?: { key?: string; headers?: Record<string, string> }): TestVisitor;
  signUp(its?: { name?: string; company?: string; email?: string }): Promise<SignedUp>;
  /** Both clocks run this many times as fast from now on, or jump ahead. */
  clock(change: { scale?: number; advanceTo?: string }): Promise<void>;
  /** Resolves with the first truthy answer; fails with `what` when there is none within `withinMs` (wall time). */
  until<T>(
    what: string,
    look: () => Promise<T>,
    withinMs?: number,
  ): Promise<Exclude<T, false | null | undefined>>;
  /** Resolves when no job is due or running. */
  idle(): Promise<void>;
};

type Made = {
  url: string;
  app: FastifyInstance;
  parts: Parts;
  sandbox: RunningSandbox;
  close: () => Promise<void>;
};

/**
 * All of Parley in one process, as `npm start` runs it: server, jobs, dispatcher and sandbox, on a database of the
 * test file's own. At the end of the file no job may be left that failed.
 */
export function useRig(env: Record<string, string> = {}): Rig {
  const db = useDatabase();
  const complaints: string[] = [];
  const held: { made?: Made } = {};
  const here = () => {
    if (!held.made) throw new Error("useRig(): the rig exists from beforeAll on, not while the file loads.");
    return held.made;
  };
  const until: Rig["until"] = async (what, look, withinMs = 60_000) => {
    const end = performance.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found) return found as never;
      if (performance.now() > end) throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  };
  const idle = async () =>
    void (await until("no job is due or running", async () => {
      const { rows } = await db.owner.query(
        `select from graphile_worker.jobs where locked_at is not null or (run_at <= app.wall() and attempts < max_attempts) limit 1`,
      );
      return rows.length === 0;
    }));

  beforeAll(async () => {
    held.made = await createRig(db, env, complaints);
    return async () => {
      await idle().finally(() => here().close());
      const { rows } = await db.owner.query(
        "select task_identifier, last_error from graphile_worker.jobs where last_error is not null",
      );
      if (rows.length > 0) throw new Error(`Jobs are left that failed: ${JSON.stringify(rows)}`);
    };
  });
  return {
    db,
    complaints,
    until,
    idle,
    get url() {
      return here().url;
    },
    get app() {
      return here().app;
    },
    get parts() {
      return here().parts;
    },
    get sandbox() {
      return here().sandbox;
    },
    visitor: (options) => visitor(here().url, options),
    signUp: (its) => signUp(here().url, its),
    async clock(change) {
      const answer = await fetch(`${here().parts.config.sandboxUrl}/sandbox/clock`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(change),
      });
      if (!answer.ok) throw new Error(`The clock was not changed: ${await answer.text()}`);
    },
  };
}

async function createRig(
  { urls }: TestDatabase,
  env: Record<string, string>,
  complaints: string[],
): Promise<Made> {
  const home = mkdtempSync(join(tmpdir(), "parley-rig-"));
  const [port, serviceSecret] = [await freePort(), newKey()];
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await createSandbox({ parleyUrl: url, serviceSecret });
  const config = readConfig({
    SANDBOX_URL: await sandbox.listen(0),
    PORT: String(port),
    PUBLIC_URL: url,
    PARLEY_DATA_DIR: home,
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: serviceSecret,
    SESSION_PEPPER: newKey(),
    DATABASE_WEB_URL: urls.web,
    DATABASE_WORKER_URL: urls.worker,
    DATABASE_RO_URL: urls.ro,
    RATE_LIMIT_FACTOR: "100",
    ...env,
  });
  const log = createLogger("warn", { write: (line: string) => void complaints.push(line) });
  const { parts, close } = createParts(config, urls, log);
  await settle(parts);
  const worker = await startWorker(parts, urls.worker);
  const app = await createApp(parts);
  await app.listen({ port, host: "127.0.0.1" });
  return {
    url,
    app,
    parts,
    sandbox,
    async close() {
      await worker.stop();
      await app.close();
      await sandbox.close();
      await close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
