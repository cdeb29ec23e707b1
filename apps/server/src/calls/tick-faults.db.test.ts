import { beforeEach, describe, expect, it } from "vitest";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";

const db = useDatabase();

const tick = async () =>
  (await db.worker.pool.query("select * from app.claim_tick()")).rows[0] as {
    dialled: number;
    again: boolean;
  };

/** Ticks until there is nothing more to do now. */
async function ring(): Promise<number> {
  let dialled = 0;
  for (let round = 0; round < 30; round++) {
    const done = await tick();
    dialled += done.dialled;
    if (!done.again) return dialled;
  }
  throw new Error("the tick never came to rest");
}

async function tenant(items: number) {
  const userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 5 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < items; n++) await make.item(db.owner, userId, { laneId, campaignId });
  return { userId, campaignId, laneId };
}

/** Hours that no verb would store: whoever works them out meets an SQL error. */
const breakHours = (campaignId: string) =>
  db.owner.query('update call_campaigns set "window" = $2 where id = $1', [
    campaignId,
    { days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], open: "25:99", close: "19:00" },
  ]);
const placed = async (userId: string) =>
  (await db.owner.query("select count(*)::int as n from calls where user_id = $1", [userId])).rows[0].n;
const incidents = async () =>
  (await db.owner.query("select kind, ref, times from incidents where status = 'open' order by kind")).rows;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10, dialling_paused = false;
    update dispatch_turn set served_upto = '00000000-0000-0000-0000-000000000000', missed = '{}';
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 100;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
});

describe("rows on which the tick's statement fails", () => {
  it("stop one tenant only: the others are dialled in the same ring, and an incident names the one", async () => {
    const first = await tenant(2);
    const broken = await tenant(2);
    const last = await tenant(2);
    await breakHours(broken.campaignId);
    expect((await tick()).dialled).toBeGreaterThan(0);
    await ring();
    expect([await placed(first.userId), await placed(broken.userId), await placed(last.userId)]).toEqual([
      2, 0, 2,
    ]);
    expect(await incidents()).toMatchObject([{ kind: "dispatch_failed", ref: broken.userId }]);
  });

  it("do not cost the others every tick: the tenant rests, then is tried again and served once it is mended", async () => {
    const broken = await tenant(1);
    await breakHours(broken.campaignId);
    await ring();
    const other = await tenant(1);
    expect(await ring()).toBe(1);
    expect(await placed(other.userId)).toBe(1);
    expect((await incidents())[0].times).toBe(1);
    await db.owner.query('update call_campaigns set "window" = null where id = $1', [broken.campaignId]);
    await db.owner.query("update call_lanes set next_due_at = app.now() where id = $1", [broken.laneId]);
    expect(await ring()).toBe(1);
  });

  it("do not keep other lanes shut when hours are worked out anew", async () => {
    const broken = await tenant(1);
    const other = await tenant(1);
    await breakHours(broken.campaignId);
    await db.owner.query("update call_lanes set closes_at = app.now() - interval '1 minute'");
    expect(await ring()).toBe(1);
    expect(await placed(other.userId)).toBe(1);
    expect(await incidents()).toMatchObject([{ kind: "lane_hours_failed", ref: broken.laneId }]);
  });

  it("are told from a passing trouble: a lock that takes too long opens no incident", async () => {
    const { userId } = await tenant(1);
    const other = await db.owner.connect();
    try {
      await other.query("begin");
      await other.query("lock table campaign_pace in access exclusive mode");
      await expect(tick()).rejects.toThrow(/lock timeout/);
      await other.query("rollback");
    } finally {
      other.release();
    }
    expect(await incidents()).toEqual([]);
    expect(await ring()).toBe(1);
    expect(await placed(userId)).toBe(1);
  });
});

describe("a tenant whose row somebody holds", () => {
  it("keeps nobody waiting, and has its turn first in the next tick", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 2");
    const tenants = [await tenant(3), await tenant(3), await tenant(3), await tenant(3)];
    const other = await db.owner.connect();
    try {
      await other.query("begin");
      await other.query("select 1 from users where id = $1 for no key update", [tenants[0]!.userId]);
      expect((await tick()).dialled).toBe(2);
      await other.query("rollback");
    } finally {
      other.release();
    }
    const served = async () => Promise.all(tenants.map(({ userId }) => placed(userId)));
    expect(await served()).toEqual([0, 1, 1, 0]);
    await db.owner.query("update system_settings set concurrent_calls_limit = 3");
    expect((await tick()).dialled).toBe(1);
    expect(await served()).toEqual([1, 1, 1, 0]);
    await db.owner.query("update system_settings set concurrent_calls_limit = 4");
    expect((await tick()).dialled).toBe(1);
    expect(await served()).toEqual([1, 1, 1, 1]);
  });
});
