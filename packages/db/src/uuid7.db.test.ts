import { expect, test } from "vitest";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();

test("ids are uuids of version 7, in the order of their making, at the time of their making", async () => {
  const ids: string[] = [];
  for (let made = 0; made < 50; made++)
    ids.push((await db.web.pool.query("select app.uuid7() as id")).rows[0].id);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Math.abs(Number.parseInt(ids[0]!.replace("-", "").slice(0, 12), 16) - Date.now())).toBeLessThan(
    60_000,
  );
  expect(new Set(ids).size).toBe(50);
});
