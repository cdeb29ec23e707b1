import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { beforeEach, describe, expect, it } from "vitest";
import { createParts } from "./parts.ts";
import { startRunners } from "./runners.ts";
import { testParts } from "./testing/test-parts.ts";
import { startTimers } from "./timers.ts";

const db = useDatabase();
const uuid = "11111111-1111-4111-8111-111111111111";

beforeEach(async () => {
  await db.owner.query(
    "truncate users, people, incidents cascade; delete from worker_pools; delete from graphile_worker._private_jobs",
  );
});

type Job = { key: string; attempts?: number; maxAttempts?: number; lockedBy?: string; lockedFor?: string };

/** A job as graphile-worker leaves it: counted when it is taken, locked in its worker's name. */
async function job({ key, attempts = 1, maxAttempts = 3, lockedBy, lockedFor = "1 second" }: Job) {
  const { rows } = await db.owner.query<{ id: string }>(
    "select id::text from graphile_worker.add_job('calls/verify', json_build_object('userId', $1::text, 'callId', $1::text), job_key => $2, max_attempts => $3)",
    [uuid, key, maxAttempts],
  );
  await db.owner.query(
    "update graphile_worker._private_jobs set attempts = $2, locked_by = $3, locked_at = case when $3::text is not null then app.wall() - $4::interval end where id = $1",
    [rows[0]!.id, attempts, lockedBy ?? null, lockedFor],
  );
  return rows[0]!.id;
}

const pool = (its: {
  workers: string[];
  silentFor?: string;
  inHand?: string[];
  connection?: string | null;
}) =>
  db.owner.query(
    "insert into worker_pools (pool_id, process, role, worker_ids, job_ids, connection_name, beat_at) values (gen_random_uuid()::text, 'test', 'all', $1, $2, $3, app.wall() - $4::interval)",
    [its.workers, its.inHand ?? [], its.connection ?? null, its.silentFor ?? "1 second"],
  );

const sweep = () => db.worker.pool.query("select * from app.sweep()");
const jobs = async () =>
  (
    await db.owner.query(
      "select key, attempts, locked_by, run_at > app.wall() + interval '4 minutes' as later from graphile_worker.jobs order by key",
    )
  ).rows;
const incidents = async () =>
  (await db.owner.query("select kind, ref, severity from incidents order by ref")).rows;

describe("a job that is locked", () => {
  it("by a worker that has stopped beating is free again, with the try it cost", async () => {
    await pool({ workers: ["dead"], silentFor: "31 seconds" });
    await job({ key: "a", lockedBy: "dead" });
    await sweep();
    expect(await jobs()).toEqual([{ key: "a", attempts: 1, locked_by: null, later: false }]);
  });

  it("by a worker that is silent and has no connection left is free within seconds", async () => {
    await pool({ workers: ["killed"], silentFor: "8 seconds", connection: "parley jobs live nobody" });
    await job({ key: "a", lockedBy: "killed" });
    await sweep();
    expect(await jobs()).toMatchObject([{ key: "a", locked_by: null }]);
  });

  it("by a living worker stays, as long as that has it in hand", async () => {
    const id = await job({ key: "a", lockedBy: "alive", lockedFor: "10 minutes" });
    await pool({ workers: ["alive"], inHand: [id] });
    await sweep();
    expect(await jobs()).toMatchObject([{ key: "a", locked_by: "alive" }]);
  });

  it("by a living worker that has not had it in hand for a minute is free: its end could not be written down", async () => {
    await pool({ workers: ["alive"] });
    await job({ key: "just taken", lockedBy: "alive", lockedFor: "20 seconds" });
    await job({ key: "lost", lockedBy: "alive", lockedFor: "70 seconds" });
    await sweep();
    expect(await jobs()).toMatchObject([
      { key: "just taken", locked_by: "alive" },
      { key: "lost", locked_by: null },
    ]);
  });

  it("by nobody we have ever heard of is free after a minute", async () => {
    await job({ key: "new", lockedBy: "stranger", lockedFor: "10 seconds" });
    await job({ key: "old", lockedBy: "stranger", lockedFor: "61 seconds" });
    await sweep();
    expect(await jobs()).toMatchObject([
      { key: "new", locked_by: "stranger" },
      { key: "old", locked_by: null },
    ]);
  });

  it("and was rung for anew meanwhile goes with its dead worker", async () => {
    await pool({ workers: ["dead"], silentFor: "31 seconds" });
    const id = await job({ key: "a", attempts: 3, lockedBy: "dead" });
    await db.owner.query("update graphile_worker._private_jobs set key = null where id = $1", [id]);
    await sweep();
    expect(await jobs()).toEqual([]);
    expect(await incidents()).toEqual([]);
  });
});

describe("a job whose tries were used up by crashes", () => {
  it("is an incident, and is tried again later instead of lying dead for ever", async () => {
    await pool({ workers: ["dead"], silentFor: "31 seconds" });
    await job({ key: "calls/verify:x", attempts: 3, lockedBy: "dead" });
    await job({ key: "calls/verify:y", attempts: 3 });
    await sweep();
    expect(await incidents()).toEqual([
      { kind: "job_died", ref: "calls/verify:x", severity: "bad" },
      { kind: "job_died", ref: "calls/verify:y", severity: "bad" },
    ]);
    expect(await jobs()).toEqual([
      { key: "calls/verify:x", attempts: 0, locked_by: null, later: true },
      { key: "calls/verify:y", attempts: 0, locked_by: null, later: true },
    ]);
    await sweep();
    const { rows } = await db.owner.query("select distinct times from incidents");
    expect(rows).toEqual([{ times: 1 }]);
  });

  it("is one also where it has no key, as the tick rings for a call", async () => {
    await pool({ workers: ["dead"], silentFor: "31 seconds" });
    const { rows } = await db.owner.query(
      `select (graphile_worker.add_job('calls/place', '{}', max_attempts => 3)).id`,
    );
    await db.owner.query(
      `update graphile_worker._private_jobs set attempts = 3, locked_by = 'dead', locked_at = app.wall() - interval '1 minute' where id = $1`,
      [rows[0].id],
    );
    await sweep();
    expect(await incidents()).toEqual([{ kind: "job_died", ref: String(rows[0].id), severity: "bad" }]);
    expect(await jobs()).toEqual([{ key: null, attempts: 0, locked_by: null, later: true }]);
  });
});

describe("an overdue row", () => {
  let callId: string;
  beforeEach(async () => {
    const userId = await make.user(db.owner, { credits: 1000 });
    const campaignId = await make.campaign(db.owner, userId, await make.agent(db.owner, userId));
    const laneId = await make.lane(db.owner, userId, campaignId);
    await make.item(db.owner, userId, { laneId, campaignId });
    await db.owner.query(
      "update provider_accounts set gate_until = null; update provider_pace set post_tokens_at = app.wall() - interval '1 hour'",
    );
    await db.worker.pool.query("select * from app.claim_tick()");
    const { rows } = await db.owner.query<{ id: string }>(
      "update calls set status = 'queued', bolna_execution_id = 'e', lease_until = null, next_poll_at = app.now() - interval '1 minute' returning id",
    );
    callId = rows[0]!.id;
    await db.owner.query("delete from graphile_worker._private_jobs");
  });
  const rung = async () => (await sweep()).rows as { task: string; rung: number }[];

  it("is rung for when its job is lost", async () => {
    expect(await rung()).toEqual([{ task: "calls/verify", rung: 1 }]);
  });

  it("is rung for again when its job is dead", async () => {
    await job({ key: `calls/verify:${callId}`, attempts: 3 });
    await db.owner.query("update graphile_worker._private_jobs set last_error = 'it failed'");
    expect(await rung()).toEqual([{ task: "calls/verify", rung: 1 }]);
    expect(await jobs()).toContainEqual(expect.objectContaining({ attempts: 0, locked_by: null }));
  });

  it("leaves a failing job its back-off, so that it can run out of tries and be told about", async () => {
    await job({ key: `calls/verify:${callId}`, attempts: 2 });
    await db.owner.query(
      "update graphile_worker._private_jobs set run_at = app.wall() + interval '20 seconds', last_error = 'it failed'",
    );
    expect(await rung()).toEqual([]);
    expect(await jobs()).toMatchObject([{ attempts: 2 }]);
  });

  it("leaves a job alone that a living worker has in hand, for two minutes", async () => {
    const id = await job({ key: `calls/verify:${callId}`, lockedBy: "alive", lockedFor: "20 seconds" });
    await pool({ workers: ["alive"], inHand: [id] });
    expect(await rung()).toEqual([]);
    await db.owner.query(
      "update graphile_worker._private_jobs set locked_at = app.wall() - interval '3 minutes'",
    );
    expect(await rung()).toEqual([{ task: "calls/verify", rung: 1 }]);
  });
});

describe("a running worker", () => {
  it("publishes who locks for it and what it has in hand, and uses no named queue", async () => {
    const { urls } = db;
    const given = testParts(db);
    const { parts, close } = createParts(given.config, urls, given.log);
    const runners = await startRunners(parts, urls.worker);
    const timers = startTimers(parts, { role: "all", inHand: runners.inHand });
    try {
      await expect
        .poll(
          async () =>
            (
              await db.owner.query(
                `select cardinality(worker_ids) = 2 as workers,
                   exists (select from pg_stat_activity a where a.application_name = connection_name) as connected from worker_pools`,
              )
            ).rows,
          { timeout: 20_000 },
        )
        .toEqual([{ workers: true, connected: true }]);
      await db.owner.query(`
        create table lockers (locked_by text, task text);
        create function locker() returns trigger language plpgsql security definer as $$ begin
          insert into lockers select new.locked_by, t.identifier from graphile_worker._private_tasks t where t.id = new.task_id; return new; end $$;
        create trigger locker before update on graphile_worker._private_jobs for each row
          when (new.locked_by is not null) execute function locker();
        select graphile_worker.add_job('ops/noop'), graphile_worker.add_job('ops/prune')`);
      await expect
        .poll(
          async () =>
            (
              await db.owner.query(
                `select distinct l.task, exists (select from worker_pools p where l.locked_by = any (p.worker_ids)) as published
                 from lockers l where l.task in ('ops/noop', 'ops/prune') order by 1`,
              )
            ).rows,
          { timeout: 20_000 },
        )
        .toEqual([
          { task: "ops/noop", published: true },
          { task: "ops/prune", published: true },
        ]);
      const { rows } = await db.owner.query(
        "select count(*)::int as queues from graphile_worker._private_job_queues",
      );
      expect(rows).toEqual([{ queues: 0 }]);
    } finally {
      await timers.stop();
      await runners.stop();
      await close();
      await db.owner.query(
        "drop trigger if exists locker on graphile_worker._private_jobs; drop function if exists locker(); drop table if exists lockers",
      );
    }
  });
});
