import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, expect, it } from "vitest";
import type { Parts } from "../context.ts";
import { testParts } from "../testing/test-parts.ts";
import { startWorker } from "../worker.ts";
import { startDispatcher } from "./dispatcher.ts";

const db = useDatabase();
let parts: Parts;
let userId: string;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  parts = testParts(db, { SANDBOX_URL: "http://127.0.0.1:9" });
  userId = await make.user(db.owner, { credits: 10_000 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
});

const calls = async () => (await db.owner.query("select count(*)::int as n from calls")).rows[0].n;
const doorbells = async () =>
  (await db.owner.query("select count(*)::int as n from graphile_worker.jobs where key = 'calls/dispatch'"))
    .rows[0].n;

it("answers a ring of its own process itself, for either login, and adds no job for it", async () => {
  for (const login of [db.worker, db.web]) {
    await db.owner.query(
      "delete from calls; update call_queue set status = 'pending', attempts = 0; update call_lanes set next_due_at = '-infinity', blocked_by = null",
    );
    const dispatcher = startDispatcher(parts);
    try {
      await login.tx(userId, async (tx) => tx.wake("dispatch"));
      await expect.poll(calls).toBe(1);
      expect(await doorbells()).toBe(0);
    } finally {
      await dispatcher.stop();
    }
  }
});

it("answers a ring of a worker's own jobs at once, not by way of a job", async () => {
  await db.owner.query(`
    update call_lanes set paused = true;
    create table doorbells ();
    create function note_doorbell() returns trigger language plpgsql security definer as $$ begin
      if new.key = 'calls/dispatch' then insert into public.doorbells default values; end if;
      return new;
    end $$;
    create trigger note_doorbell after insert on graphile_worker._private_jobs for each row execute function note_doorbell()`);
  const worker = await startWorker(parts, db.urls.worker);
  try {
    await db.owner.query(
      "update call_lanes set paused = false, next_due_at = '-infinity', blocked_by = null",
    );
    await parts.db.worker.tx(userId, async (tx) => tx.wake("dispatch")); // as the fold of a webhook does
    await expect.poll(calls).toBe(1);
    expect((await db.owner.query("select count(*)::int as n from doorbells")).rows[0].n).toBe(0);
  } finally {
    await worker.stop();
    await db.owner.query("drop table doorbells; drop function note_doorbell() cascade");
  }
});

it("leaves rings to jobs once it has stopped", async () => {
  await startDispatcher(parts).stop();
  await db.worker.tx(userId, async (tx) => tx.wake("dispatch"));
  await expect.poll(doorbells).toBe(1);
  expect(await calls()).toBe(0);
});
