import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKey } from "@parley/db/secrets";
import type { TestDatabase } from "@parley/db/testing/database";
import { onTestFinished } from "vitest";
import { readConfig } from "../config.ts";
import { contextFor, type Ctx, type Parts } from "../context.ts";
import { createFileStore } from "../file-store.ts";
import { createLogger } from "../log.ts";
import { createProviders } from "../providers.ts";

/** The program's parts on a test database, with a file store of the test's own. `env` as the program would read it. */
export function testParts(db: TestDatabase, env: Record<string, string> = {}): Parts {
  const dataDir = mkdtempSync(join(tmpdir(), "parley-files-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const config = readConfig({
    PARLEY_DATA_DIR: dataDir,
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
    ...env,
  });
  return {
    db: { web: db.web, worker: db.worker, ro: db.ro },
    config,
    providers: createProviders(config),
    files: createFileStore(dataDir),
    log: createLogger("silent"),
  };
}

/** A request's context of a tenant: an API key that may do anything. */
export function requestOf(parts: Parts, userId: string): Ctx {
  return contextFor(parts, userId, parts.db.web, {
    person: null,
    role: "owner",
    actor: "key:test",
    requestId: "test",
  });
}
