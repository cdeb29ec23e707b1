import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { beforeAll } from "vitest";
import { newKey } from "@parley/db/secrets";
import { useDatabase, type TestDatabase } from "@parley/db/testing/database";
import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import type { Parts } from "../context.ts";
import { createFileStore } from "../file-store.ts";
import { createLogger } from "../log.ts";
import { createProviders } from "../providers.ts";
import { signUp, visitor, type SignedUp, type TestVisitor } from "./visitor.ts";

export type TestServer = {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly parts: Parts;
  readonly db: TestDatabase;
  /** Lines logged so far, as JSON. */
  readonly logged: string[];
  visitor(options?: { key?: string; headers?: Record<string, string> }): TestVisitor;
  signUp(its?: { name?: string; company?: string; email?: string }): Promise<SignedUp>;
};

/** The HTTP side alone, listening, on a database of the test file's own. No job runs. */
export function useServer(env: Record<string, string> = {}): TestServer {
  const db = useDatabase();
  const logged: string[] = [];
  const held: { made?: { url: string; app: FastifyInstance; parts: Parts } } = {};
  const here = () => {
    if (!held.made)
      throw new Error("useServer(): the server exists from beforeAll on, not while the file loads.");
    return held.made;
  };
  beforeAll(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "parley-server-"));
    const config = readConfig({
      PARLEY_DATA_DIR: dataDir,
      ENCRYPTION_KEY: newKey(),
      SERVICE_SECRET: newKey(),
      SESSION_PEPPER: newKey(),
      DATABASE_WEB_URL: db.urls.web,
      DATABASE_WORKER_URL: db.urls.worker,
      DATABASE_RO_URL: db.urls.ro,
      RATE_LIMIT_FACTOR: "100",
      ...env,
    });
    const log = createLogger("debug", { write: (line: string) => void logged.push(line) });
    const parts: Parts = {
      db: { web: db.web, worker: db.worker, ro: db.ro },
      config,
      providers: createProviders(config),
      files: createFileStore(dataDir),
      log,
    };
    const app = await createApp(parts);
    held.made = { app, parts, url: await app.listen({ port: 0, host: "127.0.0.1" }) };
    return async () => {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    };
  });
  return {
    db,
    logged,
    get url() {
      return here().url;
    },
    get app() {
      return here().app;
    },
    get parts() {
      return here().parts;
    },
    visitor: (options) => visitor(here().url, options),
    signUp: (its) => signUp(here().url, its),
  };
}
