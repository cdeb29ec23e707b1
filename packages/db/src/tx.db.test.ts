import { expect, test } from "vitest";
import { ParleyError } from "@parley/core/errors";
import { maybeRow, param, prepared, row, rows, sql } from "./rows.ts";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();
const tenant = "0197a000-0000-7000-8000-000000000001";

test("a transaction knows its tenant, and the connection forgets it afterwards", async () => {
  const seen = await db.web.tx(tenant, (tx) =>
    row<{ id: string }>(tx, sql`select current_setting('app.user_id') as id`),
  );
  expect(seen.id).toBe(tenant);
  const after = await db.web.txWithoutTenant((tx) =>
    row<{ id: string }>(tx, sql`select current_setting('app.user_id', true) as id`),
  );
  expect(after.id).toBe("");
});

test("a tenant that is not a uuid is refused before any SQL is sent", () => {
  expect(() => db.web.tx("' ; drop table users; --", async () => 1)).toThrow(/uuid/);
});

test("a query made after its transaction ended is refused: the connection may be another tenant's", async () => {
  const late = await db.web.tx(tenant, async (tx) => () => tx.query("select 1"));
  await expect(late()).rejects.toThrow(/transaction is over/);
});

test("what ran after commit saw the commit; a rollback runs nothing and leaves nothing", async () => {
  await db.owner.query("create table notes_of_test (text text); grant all on notes_of_test to parley_web");
  const ran: string[] = [];
  await db.web.tx(tenant, async (tx) => {
    tx.afterCommit(() => void ran.push("kept"));
    await tx.query("insert into notes_of_test values ('kept')");
    expect(ran).toEqual([]);
  });
  const failing = db.web.tx(tenant, async (tx) => {
    tx.afterCommit(() => void ran.push("lost"));
    await tx.query("insert into notes_of_test values ('lost')");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(ran).toEqual(["kept"]);
  expect((await db.owner.query("select text from notes_of_test")).rows).toEqual([{ text: "kept" }]);
});

test("a transaction whose failed statement was swallowed does not pretend to have committed", async () => {
  const swallowed = db.web.tx(tenant, (tx) => tx.query("select 1/0").catch(() => "fine"));
  await expect(swallowed).rejects.toThrow(/rolled back/);
});

test("rows are JSON-ready: instants ISO with milliseconds, bigint and numeric numbers, dates text", async () => {
  const found = await db.web.txWithoutTenant((tx) =>
    row(
      tx,
      sql`select timestamptz '2026-03-29 01:30:00.123456+05:30' as at, 9007199254740991::bigint as big,
      sum(x) as total, date '2026-01-05' as day, '{"a": [1]}'::jsonb as json, 'infinity'::timestamptz as never, interval '42.5 seconds' as span,
      array[1, null]::bigint[] as ids, array['2026-01-01T00:00:00Z']::timestamptz[] as instants
      from (values (1::bigint), (2)) v(x)`,
    ),
  );
  expect(found).toEqual({
    at: "2026-03-28T20:00:00.123Z",
    big: 9007199254740991,
    total: 3,
    day: "2026-01-05",
    json: { a: [1] },
    never: "infinity",
    span: "00:00:42.5",
    ids: [1, null],
    instants: ["2026-01-01T00:00:00.000Z"],
  });
});

test("row throws not_found for no row, maybeRow gives undefined, both refuse two", async () => {
  const none = sql`select 1 as one where false`;
  await expect(row(db.ro, none, "No such call.")).rejects.toThrow(
    new ParleyError("not_found", "No such call."),
  );
  expect(await maybeRow(db.ro, none)).toBeUndefined();
  await expect(row(db.ro, sql`select generate_series(1, 2)`)).rejects.toThrow(/one row at most/);
  expect(await rows(db.ro, sql`select unnest(${param([1, 2])}::int[]) as n`)).toEqual([{ n: 1 }, { n: 2 }]);
});

test("a prepared statement is parsed once by a direct connection, and is one like others behind a pooler", async () => {
  const named = (n: number) => prepared(sql`select ${param(n)}::int * 2 as twice`);
  for (const [login, calls] of [
    ["worker", [{ calls: 2 }]],
    ["web", []],
  ] as const)
    await db[login].txWithoutTenant(async (tx) => {
      expect(await row(tx, named(2))).toEqual({ twice: 4 });
      expect(await row(tx, named(21))).toEqual({ twice: 42 });
      const kept = await rows(
        tx,
        sql`select (generic_plans + custom_plans)::int as calls from pg_prepared_statements where name = ${param(named(0).name)}`,
      );
      expect(kept).toEqual(calls);
    });
});
