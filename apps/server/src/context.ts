import type pg from "pg";
import type { Role } from "@parley/core/accounts/permissions";
import type { Db, Tx, Wake } from "@parley/db";
import type { Dispatcher } from "./calls/dispatcher.ts";
import type { Config } from "./config.ts";
import type { FileStore } from "./file-store.ts";
import type { Logger } from "./log.ts";
import type { Providers } from "./providers.ts";

export type { Providers } from "./providers.ts";

/** What the program is built from; made once in main.ts, or by the rig of the flow tests. */
export type Parts = {
  /** Requests work as `web`, jobs as `worker`, the operator's SQL as `ro`. */
  db: { web: Db; worker: Db; ro: pg.Pool };
  config: Config;
  providers: Providers;
  files: FileStore;
  log: Logger;
  /** This process's hand on the dispatcher; absent where no jobs run. */
  dispatcher?: Dispatcher;
};

export type Person = { id: string; name: string; email: string; isPlatformAdmin: boolean };

/** What every verb is handed first: one tenant, and who acts in it. */
export type Ctx = {
  /** The only door to a transaction; it sees this tenant's rows alone. Never ask a provider inside it. */
  db: { tx<T>(fn: (tx: Tx) => Promise<T>): Promise<T>; wake(kind: Wake): void };
  /** The read-only login of operators: views of schema `ops` over all tenants. */
  ro: pg.Pool;
  user: { id: string };
  /** Null for an API key or a job. */
  person: Person | null;
  role: Role;
  /** `person:<uuid>`, `key:<uuid>` or `system`: who the audit log and timelines name. */
  actor: string;
  requestId: string;
  config: Config;
  providers: Providers;
  files: FileStore;
  log: Logger;
};

type Acting = Pick<Ctx, "person" | "role" | "actor" | "requestId">;

/** A context of one tenant for someone who has already been let in. */
export function contextFor(parts: Parts, userId: string, db: Db, acting: Acting): Ctx {
  const { config, providers, files, log } = parts;
  return {
    ...acting,
    db: { tx: (fn) => db.tx(userId, fn), wake: (kind) => db.wake(kind) },
    ro: parts.db.ro,
    user: { id: userId },
    config,
    providers,
    files,
    log,
  };
}

/** What a job works with: the worker's login, acting for nobody in particular. */
export function jobContext(parts: Parts, userId: string): Ctx {
  return contextFor(parts, userId, parts.db.worker, {
    person: null,
    role: "owner",
    actor: "system",
    requestId: "job",
  });
}
