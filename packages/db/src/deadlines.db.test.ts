import type pg from "pg";
import { expect, test } from "vitest";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();

const deadlines = async (on: pg.Pool) =>
  (
    await on.query(`
      select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
        current_setting('idle_in_transaction_session_timeout') as idle, current_setting('transaction_timeout') as transaction`)
  ).rows[0];

test("no login waits for ever: statements, locks, idle and long transactions end by themselves", async () => {
  expect(await deadlines(db.web.pool)).toEqual({
    statement: "5s",
    lock: "2s",
    idle: "10s",
    transaction: "1min",
  });
  expect(await deadlines(db.worker.pool)).toEqual({
    statement: "30s",
    lock: "2s",
    idle: "10s",
    transaction: "1min",
  });
  expect(await deadlines(db.ro)).toEqual({ statement: "5s", lock: "500ms", idle: "5s", transaction: "15s" });
});

test("a request that waits for a lock is refused after two seconds and holds no connection any longer", async () => {
  const { rows } = await db.owner.query<{ id: string }>(
    "insert into users (company, email) values ('Acme', 'a@example.com') returning id",
  );
  const userId = rows[0]!.id;
  const holder = await db.owner.connect();
  await holder.query("begin; select 1 from users for update");
  const wait = db.web.tx(userId, (tx) => tx.query("select 1 from users for update"));
  await expect(wait).rejects.toMatchObject({ code: "55P03" });
  await holder.query("rollback");
  holder.release();
  expect(db.web.pool.waitingCount).toBe(0);
  await db.web.tx(userId, (tx) => tx.query("select 1 from users for update"));
});
