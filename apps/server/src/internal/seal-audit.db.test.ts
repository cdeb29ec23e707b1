import { newKey } from "@parley/db/secrets";
import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { beforeEach, expect, test } from "vitest";
import { testParts } from "../testing/test-parts.ts";
import { sealAudit } from "./seal-audit.ts";

const db = useDatabase();
const key = newKey();

beforeEach(async () => {
  await db.owner.query("delete from audit_digests");
  await db.owner.query("delete from audit_log");
});

/** Entries of a tenant, so many on each of the last days, oldest first; the last number is today's. */
async function tenantWith(perDay: number[]): Promise<string> {
  const userId = await make.user(db.owner);
  await db.owner.query(
    `insert into audit_log (user_id, at, actor, action, changes)
     select $1, date_trunc('day', app.wall(), 'UTC') - make_interval(days => $3 - d.n::int) + e.n * interval '1 second',
       'system', 'settings.updated', jsonb_build_object('n', jsonb_build_array(e.n, e.n + 1))
     from unnest($2::int[]) with ordinality d (entries, n), generate_series(1, d.entries) e (n)`,
    [userId, perDay, perDay.length],
  );
  return userId;
}

const changed = async (userId: string) =>
  (await sealAudit(testParts(db, { ENCRYPTION_KEY: key })))
    .filter((fault) => fault.userId === userId)
    .map(({ fault }) => fault);

const sealsOf = async (userId: string) =>
  (await db.owner.query("select entries from audit_digests where user_id = $1 order by day", [userId])).rows;

test("the days that are over are sealed once, and hold as long as nobody touches them", async () => {
  const userId = await tenantWith([3, 0, 2, 1]);
  expect(await changed(userId)).toEqual([]);
  expect(await sealsOf(userId)).toEqual([{ entries: 3 }, { entries: 2 }]);
  await tenantWith([1, 1]);
  expect(await changed(userId)).toEqual([]);
  expect(await sealsOf(userId)).toHaveLength(2);
});

test.each([
  [
    "an entry taken away",
    "delete from audit_log where id = (select max(id) from yesterday)",
    "3 entries were sealed, 2 are there",
  ],
  [
    "an entry added later",
    "insert into audit_log (user_id, at, actor, action) select user_id, at, actor, action from yesterday limit 1",
    "3 entries were sealed, 4 are there",
  ],
  [
    "an entry that reads otherwise",
    "update audit_log set actor = 'person:other' where id = (select min(id) from yesterday)",
    "an entry reads otherwise",
  ],
  [
    "a seal taken away",
    "delete from audit_digests where user_id = $1 and day = (select min(at)::date from yesterday)",
    "3 entries, and no seal",
  ],
  [
    "a seal made by somebody without the key",
    "update audit_digests set entries = 2 where user_id = $1 and day = (select min(at)::date from yesterday)",
    "the seal, or the one before it, is not ours",
  ],
])("%s is noticed, and told as an incident", async (_what, act, fault) => {
  const userId = await tenantWith([1, 3, 0]);
  await tenantWith([1, 1, 0]);
  expect(await changed(userId)).toEqual([]);
  await db.owner.query(
    `with yesterday as (
       select * from audit_log where user_id = $1 and at >= date_trunc('day', app.wall(), 'UTC') - interval '1 day'
     ) ${act}`,
    [userId],
  );
  expect(await changed(userId)).toEqual([fault]);
  const { rows } = await db.owner.query(
    "select message from incidents where kind = 'audit_changed' and user_id = $1 and status = 'open'",
    [userId],
  );
  expect(rows).toEqual([{ message: expect.stringContaining(fault) }]);
});

test("no login of the house may change the log or its seals", async () => {
  for (const { pool } of [db.web, db.worker])
    for (const table of ["audit_log", "audit_digests"])
      await expect(pool.query(`delete from ${table}`)).rejects.toThrow(/permission denied/);
});
