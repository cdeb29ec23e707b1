import { beforeAll, inject } from "vitest";
import type pg from "pg";
import { createPool } from "../pool.ts";
import type { LoginUrls } from "../roles.ts";
import { Db } from "../tx.ts";
import { cloneDatabase } from "./cluster.ts";
import "./global-setup.ts";

export type TestDatabase = {
  /** The owner's pool: sees every row, for arranging and for looking afterwards. */
  readonly owner: pg.Pool;
  readonly web: Db;
  readonly worker: Db;
  readonly ro: pg.Pool;
  readonly urls: LoginUrls & { owner: string };
};

/**
 * A database of the test file's own, cloned from the migrated template and dropped after it. Call it at the top
 * of the file; its fields can be used from the first test or `beforeAll` on.
 */
export function useDatabase(): TestDatabase {
  let made: TestDatabase | undefined;
  beforeAll(async () => {
    const clone = await cloneDatabase(inject("cluster"));
    const pool = (url: string, name: string) => createPool({ url, name, max: 16 });
    const { web, worker, ro } = clone.loginUrls;
    const here = {
      owner: pool(clone.ownerUrl, "test owner"),
      web: new Db({ url: web, name: "test web" }),
      worker: new Db({ url: worker, name: "test worker", direct: true }),
      ro: pool(ro, "test ro"),
      urls: { ...clone.loginUrls, owner: clone.ownerUrl },
    };
    made = here;
    return async () => {
      await Promise.all([here.owner.end(), here.web.end(), here.worker.end(), here.ro.end()]);
      await clone.drop();
    };
  });
  const field = <Key extends keyof TestDatabase>(key: Key) => ({
    enumerable: true,
    get: () => {
      if (!made)
        throw new Error("useDatabase(): the database exists from beforeAll on, not while the file loads.");
      return made[key];
    },
  });
  return Object.defineProperties({} as TestDatabase, {
    owner: field("owner"),
    web: field("web"),
    worker: field("worker"),
    ro: field("ro"),
    urls: field("urls"),
  });
}
