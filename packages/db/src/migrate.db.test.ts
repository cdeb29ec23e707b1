import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate, MIGRATIONS, pendingMigrations } from "./migrate.ts";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();
const dir = mkdtempSync(join(tmpdir(), "parley-migrations-"));
const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const answer = async () => (await db.owner.query<{ answer: number }>("select app.answer()")).rows[0]!.answer;

beforeAll(() => {
  cpSync(MIGRATIONS, dir, { recursive: true });
  mkdirSync(join(dir, "functions"), { recursive: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

test("three processes that migrate at once apply a new file once", async () => {
  write("000900_toys.sql", "create table toys (id int primary key);");
  expect(await pendingMigrations(db.owner, dir)).toEqual(["000900_toys.sql"]);
  const applied = await Promise.all([1, 2, 3].map(() => migrate(db.urls.owner, dir)));
  expect(applied.flat()).toEqual(["000900_toys.sql"]);
  expect(await pendingMigrations(db.owner, dir)).toEqual([]);
});

test("a function file is applied when its text changed, and only then", async () => {
  const text = (n: number) =>
    `create or replace function app.answer() returns int language sql as $$ select ${n} $$;`;
  write("functions/answer.sql", text(1));
  expect(await migrate(db.urls.owner, dir)).toContain("functions/answer.sql");
  expect(await answer()).toBe(1);
  expect(await migrate(db.urls.owner, dir)).toEqual([]);
  write("functions/answer.sql", text(2));
  expect(await migrate(db.urls.owner, dir)).toContain("functions/answer.sql");
  expect(await answer()).toBe(2);
});

test("a broken file names itself and leaves everything as it was", async () => {
  write(
    "functions/answer.sql",
    "create or replace function app.answer() returns int language sql as $$ select 3 $$;",
  );
  write("functions/broken.sql", "create functoin oops();");
  await expect(migrate(db.urls.owner, dir)).rejects.toThrow(/migrations\/functions\/broken\.sql/);
  expect(await answer()).toBe(2);
  rmSync(join(dir, "functions/broken.sql"));
});

test("a change of a busy table lets its readers through while it waits, and is made in the end", async () => {
  const holder = await db.owner.connect();
  await holder.query("begin; select from users");
  write("000901_busy.sql", "alter table users add column toy int;");
  const migrated = migrate(db.urls.owner, dir);
  const isWaiting = async () =>
    (
      await db.owner.query(
        "select from pg_stat_activity where application_name = 'parley migrate' and wait_event_type = 'Lock' and query ~ 'toy'",
      )
    ).rowCount;
  await expect.poll(isWaiting, { timeout: 20_000, interval: 10 }).toBe(1);
  // Behind a change that waited for ever, this reader would wait for ever too.
  await db.web.txWithoutTenant((tx) =>
    tx.query("set local lock_timeout = '15s'; select count(*) from users"),
  );
  await holder.query("commit");
  holder.release();
  expect(await migrated).toContain("000901_busy.sql");
});

test("a numbered file that comes before one already applied is refused", async () => {
  write("000899_late.sql", "create table late (id int primary key);");
  await expect(migrate(db.urls.owner, dir)).rejects.toThrow(
    /already has migration .* lacks .*nothing was changed/,
  );
});
