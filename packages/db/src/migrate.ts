import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, parse, resolve } from "node:path";
import { makeWorkerUtils, Logger } from "graphile-worker";
import { runner } from "node-pg-migrate";
import pg from "pg";
import { settleRoles } from "./roles.ts";

export const MIGRATIONS = resolve(import.meta.dirname, "../../../migrations");

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const quietLogger = new Logger(() => () => {});

/**
 * Brings a database to the shape of this tree: numbered migrations once, then graphile-worker's own schema,
 * then every function, view and grant file whose content changed. Safe to run from several processes at once:
 * one works, the others wait. `url` is the owner's login. Returns what was applied.
 */
export async function migrate(url: string, dir = MIGRATIONS): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: "parley migrate" });
  client.on("error", () => {});
  await client.connect();
  try {
    await client.query("select pg_advisory_lock(hashtext('parley migrate'))");
    // Everybody who reads the table queues behind a change of it that waits: it gives up soon, and tries again.
    await client.query("create schema if not exists meta; set lock_timeout = '2s'");
    const pending = existsSync(dir) ? await unapplied(client, dir) : [];
    await refuseOvertaken(client, pending);
    await patiently(client, () =>
      runner({
        dbClient: client,
        dir,
        direction: "up",
        migrationsSchema: "meta",
        migrationsTable: "migrations",
        ignorePattern: "(\\..*|README\\.md|functions|views|grants\\.sql)",
        checkOrder: true,
        singleTransaction: false,
        advisoryLockMode: "wait",
        logger: silent,
      }),
    );
    await migrateGraphile(url);
    const replaced = await patiently(client, () => applyReplaceable(client, dir));
    await patiently(client, () => settleRoles(client));
    return [...pending, ...replaced];
  } finally {
    await client.end();
  }
}

const LOCK_TRIES = 60;

/** Again and again while somebody holds what is to be changed; every file is whole or not applied at all. */
async function patiently<T>(client: pg.Client, act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      // The runner leaves its transaction open when a file fails.
      await client.query("rollback");
      const cause = (error as Error).cause ?? error;
      if ((cause as pg.DatabaseError).code !== "55P03" || tries === LOCK_TRIES) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
}

/** A file that comes before one already applied was never meant for this database: the runner would only name both. */
async function refuseOvertaken(client: pg.Client, pending: string[]): Promise<void> {
  const first = pending[0] && parse(pending[0]).name;
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('meta.migrations') is not null as there",
  );
  if (!first || !rows[0]!.there) return;
  const last = (await client.query<{ name: string | null }>("select max(name) as name from meta.migrations"))
    .rows[0]!.name;
  if (last === null || last < first) return;
  throw new Error(
    `The database already has migration ${last}, and lacks ${first}, which comes before it. It was made by another ` +
      "line of versions and cannot be brought to this one; nothing was changed. Start the version that made it, or " +
      "move its data directory (.parley, or PARLEY_DATA_DIR) away to begin with an empty database.",
  );
}

async function unapplied(client: pg.Client, dir: string): Promise<string[]> {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('meta.migrations') is not null as there",
  );
  const done = rows[0]!.there
    ? (await client.query<{ name: string }>("select name from meta.migrations")).rows
    : [];
  const names = new Set(done.map((row) => row.name));
  return numberedFiles(dir).filter((file) => !names.has(parse(file).name));
}

/** What `migrate` would still apply; empty when the database fits this tree. Any login may ask. */
export async function pendingMigrations(on: pg.Pool | pg.ClientBase, dir = MIGRATIONS): Promise<string[]> {
  const { rows: done } = await on.query<{ name: string }>("select name from meta.migrations");
  const { rows: kept } = await on.query<{ name: string; sha256: string }>(
    "select name, sha256 from meta.replaceable_files",
  );
  const names = new Set(done.map((row) => row.name));
  const hashes = new Map(kept.map((row) => [row.name, row.sha256]));
  return [
    ...numberedFiles(dir).filter((file) => !names.has(parse(file).name)),
    ...replaceableFiles(dir)
      .filter((file) => hashes.get(file.name) !== file.sha256)
      .map((file) => file.name),
  ];
}

function numberedFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => /^\d+_.*\.(sql|js)$/.test(name))
    .toSorted();
}

/** Functions first, views next, for they may call them; grants last, for they name both. */
function replaceableFiles(dir: string): { name: string; text: string; sha256: string }[] {
  const inside = (folder: string) =>
    existsSync(join(dir, folder))
      ? readdirSync(join(dir, folder))
          .filter((name) => name.endsWith(".sql"))
          .toSorted()
          .map((name) => `${folder}/${name}`)
      : [];
  const names = [
    ...inside("functions"),
    ...inside("views"),
    ...(existsSync(join(dir, "grants.sql")) ? ["grants.sql"] : []),
  ];
  return names.map((name) => {
    const text = readFileSync(join(dir, name), "utf8");
    return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
  });
}

async function migrateGraphile(url: string): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: url, logger: quietLogger });
  try {
    await utils.migrate();
  } finally {
    await utils.release();
  }
}

/**
 * All changed files in one transaction. A function used by a changed one need not exist yet, so bodies are
 * checked by their tests, not here; the grants are applied again whenever anything else changed.
 */
async function applyReplaceable(client: pg.Client, dir: string): Promise<string[]> {
  await client.query(`
    create table if not exists meta.replaceable_files (
      name text constraint replaceable_files_pkey primary key,
      sha256 text not null,
      applied_at timestamptz not null default app.wall()
    );
    comment on table meta.replaceable_files is 'Files of migrations/functions and migrations/views, with the hash last applied.'`);
  const { rows } = await client.query<{ name: string; sha256: string }>(
    "select name, sha256 from meta.replaceable_files",
  );
  const kept = new Map(rows.map((row) => [row.name, row.sha256]));
  const files = replaceableFiles(dir);
  const changed = files.filter((file) => kept.get(file.name) !== file.sha256);
  const gone = [...kept.keys()].filter((name) => !files.some((file) => file.name === name));
  const due =
    changed.length > 0 ? files.filter((file) => changed.includes(file) || file.name === "grants.sql") : [];
  await client.query("begin; set local check_function_bodies = off");
  try {
    for (const { name, text, sha256 } of due) {
      await client.query(text).catch((cause: Error) => {
        throw new Error(`migrations/${name}: ${cause.message}`, { cause });
      });
      await client.query(
        `insert into meta.replaceable_files (name, sha256) values ($1, $2)
         on conflict (name) do update set sha256 = excluded.sha256, applied_at = app.wall()`,
        [name, sha256],
      );
    }
    await client.query("delete from meta.replaceable_files where name = any($1)", [gone]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
  return due.map((file) => file.name);
}
