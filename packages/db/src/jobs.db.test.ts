import { once } from "node:events";
import { jobNames } from "@parley/core/jobs";
import { Logger, run } from "graphile-worker";
import pg from "pg";
import { expect, test } from "vitest";
import { enqueue, enqueueMany } from "./jobs.ts";
import { LIVE_CHANNEL, touch } from "./live.ts";
import { createPool } from "./pool.ts";
import { loginFault } from "./roles.ts";
import { row, sql } from "./rows.ts";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();
const userId = "0197a000-0000-7000-8000-000000000001";
const callId = "0197a000-0000-7000-8000-0000000000c1";

type JobRow = {
  task_identifier: string;
  key: string;
  run_at: string;
  priority: number;
  max_attempts: number;
};
const queued = async () =>
  (await db.owner.query<JobRow>("select * from graphile_worker.jobs order by id")).rows;
const emptied = () => db.owner.query("delete from graphile_worker._private_jobs");

test("a job is written with its transaction, under the key, priority and attempts of its task", async () => {
  await expect(
    db.web.tx(userId, async (tx) => {
      await enqueue(tx, "calls/verify", { userId, callId });
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(await queued()).toEqual([]);
  await db.web.tx(userId, (tx) => enqueue(tx, "calls/verify", { userId, callId }));
  expect(await queued()).toMatchObject([
    { task_identifier: "calls/verify", key: `calls/verify:${callId}`, priority: 2, max_attempts: 5 },
  ]);
  await emptied();
});

test("the same work twice is one job, which a later wish may keep its time", async () => {
  const runAt = "2030-01-01T00:00:00.000Z";
  await db.worker.tx(userId, async (tx) => {
    await enqueue(tx, "calls/verify", { userId, callId }, { runAt });
    await enqueueMany(tx, [
      { name: "calls/verify", payload: { userId, callId }, jobKeyMode: "preserve_run_at" },
      { name: "calls/dispatch", payload: {} },
      { name: "ops/noop", payload: {}, jobKey: null },
      { name: "ops/noop", payload: {}, jobKey: null },
    ]);
  });
  const jobs = await queued();
  expect(jobs.map((job) => job.task_identifier)).toEqual([
    "calls/verify",
    "calls/dispatch",
    "ops/noop",
    "ops/noop",
  ]);
  expect(jobs[0]!.run_at).toBe(runAt);
  await emptied();
});

test("a payload of another task is refused before anything is written", async () => {
  const wrong = db.web.tx(userId, (tx) => enqueue(tx, "calls/verify", { userId } as never));
  await expect(wrong).rejects.toThrow(/callId/);
});

test("the database knows exactly the tasks that the registry names", async () => {
  const { names } = await db.worker.txWithoutTenant((tx) =>
    row<{ names: string[] }>(tx, sql`select app.task_names() as names`),
  );
  expect(names.toSorted()).toEqual(jobNames.toSorted());
});

test("the worker login runs a job; the web login can add one but see none", async () => {
  const pool = createPool({ url: db.urls.worker, name: "test runner" });
  const ran = new Promise((done) => {
    void run({
      pgPool: pool,
      noHandleSignals: true,
      logger: new Logger(() => () => {}),
      taskList: { "ops/noop": () => done("ran") },
    }).then((runner) => void ranAll.then(() => runner.stop()));
  });
  const ranAll = ran.then(() => undefined);
  await db.web.tx(userId, (tx) => enqueue(tx, "ops/noop", {}));
  await expect(ran).resolves.toBe("ran");
  await expect(
    db.web.txWithoutTenant((tx) => tx.query("select * from graphile_worker.jobs")),
  ).rejects.toThrow(/permission denied/);
});

test("a hundred changes ring the screens once or twice, and a rolled-back change never", async () => {
  await db.owner.query("insert into users (id, company, email) values ($1, 'Clinic', 'a@b.example')", [
    userId,
  ]);
  const listener = new pg.Client({ connectionString: db.urls.worker });
  await listener.connect();
  await listener.query(`listen ${LIVE_CHANNEL}`);
  let rings = 0;
  listener.on("notification", () => rings++);
  await db.web
    .tx(userId, (tx) => touch(tx, "calls", callId).then(() => Promise.reject(new Error("no"))))
    .catch(() => {});
  const first = once(listener, "notification");
  await Promise.all(Array.from({ length: 100 }, () => db.web.tx(userId, (tx) => touch(tx, "calls", callId))));
  await first;
  const { rows } = await db.owner.query("select count(*) as n from live_changes");
  expect(rows).toEqual([{ n: 100 }]);
  expect(rings).toBeLessThanOrEqual(10);
  await listener.end();
});

test("a job that is used up goes after a day, also one that a killed worker still holds; a waiting one stays", async () => {
  const later = "0197a000-0000-7000-8000-0000000000c2";
  await db.web.tx(userId, async (tx) => {
    await enqueue(tx, "calls/verify", { userId, callId });
    await enqueue(tx, "calls/verify", { userId, callId: later });
  });
  await db.owner.query(
    `update graphile_worker._private_jobs
     set attempts = max_attempts, locked_by = 'killed', locked_at = app.wall() - interval '25 hours' where key = $1`,
    [`calls/verify:${callId}`],
  );
  await db.worker.txWithoutTenant((tx) => tx.query("select app.prune()"));
  expect((await queued()).map(({ key }) => key)).toEqual([`calls/verify:${later}`]);
  await emptied();
});

test("a ring of the workers is one dispatch job", async () => {
  await emptied();
  for (let i = 0; i < 50; i++) db.web.wake("dispatch");
  await expect.poll(async () => (await queued()).map((job) => job.key)).toEqual(["calls/dispatch"]);
});

test("only the logins that cannot take the wall down may serve", async () => {
  expect(await loginFault(db.web.pool)).toBeNull();
  expect(await loginFault(db.worker.pool)).toBeNull();
  expect(await loginFault(db.ro)).toBeNull();
  expect(await loginFault(db.owner)).toMatch(/parley/);
});
