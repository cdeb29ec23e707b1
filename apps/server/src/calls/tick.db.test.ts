import { beforeEach, describe, expect, it } from "vitest";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";

const db = useDatabase();

type Tick = {
  ran: boolean;
  dialled: number;
  disposed: number;
  again: boolean;
  next_wake: string | null;
  stopped_by: string | null;
};
const tick = async (): Promise<Tick> =>
  (await db.worker.pool.query("select * from app.claim_tick()")).rows[0];
async function tickUntilQuiet(): Promise<number> {
  let dialled = 0;
  for (let round = 0; round < 50; round++) {
    const done = await tick();
    dialled += done.dialled;
    if (!done.again && done.dialled === 0) return dialled;
  }
  throw new Error("the tick never came to rest");
}
const items = async (userId: string) =>
  (
    await db.owner.query(
      "select id, status, wait_reason, skip_reason, due_at, attempts from call_queue where user_id = $1 order by id",
      [userId],
    )
  ).rows;
const calls = async (userId: string) =>
  (await db.owner.query("select * from calls where user_id = $1 order by id", [userId])).rows;

async function tenant(
  its: Parameters<typeof make.user>[1] & {
    items?: number;
    campaign?: Parameters<typeof make.campaign>[3];
  } = {},
) {
  const userId = await make.user(db.owner, { credits: 100_000, ...its });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId, its.campaign);
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < (its.items ?? 0); n++) await make.item(db.owner, userId, { laneId, campaignId });
  return { userId, agentId, campaignId, laneId };
}

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10, direct_reserve = null, dialling_paused = false;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 100;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
});

describe("the dispatcher's tick", () => {
  it("dials up to the tenant's limit and leaves the rest pending at the head", async () => {
    const { userId } = await tenant({ concurrentLimit: 2, items: 5 });
    const first = await tick();
    expect(first).toMatchObject({ ran: true, dialled: 2 });
    expect((await items(userId)).map((item) => item.status).toSorted()).toEqual([
      "in_progress",
      "in_progress",
      "pending",
      "pending",
      "pending",
    ]);
    expect((await calls(userId)).map((call) => call.user_slot).toSorted()).toEqual([1, 2]);
    expect(await tickUntilQuiet()).toBe(0);
  });

  it("is not stopped for everybody by one campaign's pace, however small", async () => {
    const slow = await tenant({ items: 2, campaign: { callsPerSecond: 1e-300 } });
    const other = await tenant({ items: 1 });
    expect(await tickUntilQuiet()).toBe(2);
    expect(await calls(slow.userId)).toHaveLength(1);
    expect(await calls(other.userId)).toHaveLength(1);
  });

  it("keeps a campaign's pace when the clock slows down", async () => {
    await db.owner.query("select * from app.set_clock(3600, null)");
    const { userId } = await tenant({ items: 2, campaign: { callsPerSecond: 0.1 } });
    expect(await tickUntilQuiet()).toBe(1);
    await db.owner.query("update calls set status = 'queued' where user_id = $1", [userId]);
    await db.owner.query("select * from app.set_clock(1, null)");
    await db.owner.query("update campaign_pace set tokens_at = app.wall()");
    expect(await tickUntilQuiet()).toBe(1);
  });

  it("adds one place job for every call it claims", async () => {
    const { userId } = await tenant({ items: 2 });
    await tick();
    const { rows } = await db.owner.query(
      "select j.payload ->> 'callId' as id from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'calls/place'",
    );
    const claimed = await calls(userId);
    expect(rows.map((job) => job.id).toSorted()).toEqual(claimed.map((call) => call.id).toSorted());
  });

  it("never has more lines open than the system allows, whatever the tenants may", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 3");
    for (let n = 0; n < 4; n++) await tenant({ concurrentLimit: 5, items: 5 });
    expect(await tickUntilQuiet()).toBe(3);
    const { rows } = await db.owner.query("select system_slot from calls where ended_at is null order by 1");
    expect(rows.map((row) => row.system_slot)).toEqual([1, 2, 3]);
    expect((await tick()).stopped_by).toBe("system_limit");
  });

  it("leaves the last lines of the system to calls by hand, of whichever tenant", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 12, direct_reserve = 2");
    const busy = await tenant({ concurrentLimit: 30, items: 25 });
    expect(await tickUntilQuiet()).toBe(10);
    expect(await tick()).toMatchObject({ dialled: 0, again: false, stopped_by: "system_limit" });
    const [waiting] = (await items(busy.userId)).filter(({ status }) => status === "pending");
    const lines = async (itemId: string) =>
      (await db.owner.query("select ok, detail from app.explain($1) where name = 'system_lines'", [itemId]))
        .rows[0];
    expect(await lines(waiting.id)).toEqual({
      ok: false,
      detail: "10 of 12 lines of the installation in use. 2 are kept for calls by hand.",
    });

    const other = await tenant({ concurrentLimit: 30, items: 5 });
    const direct = await make.lane(db.owner, other.userId, null);
    const byHand: string[] = [];
    for (let n = 0; n < 3; n++)
      byHand.push(await make.item(db.owner, other.userId, { laneId: direct, agentId: other.agentId }));
    expect(await lines(byHand[0]!)).toMatchObject({ ok: true });
    expect(await tickUntilQuiet()).toBe(2);
    expect((await calls(other.userId)).map(({ campaign_id }) => campaign_id)).toEqual([null, null]);
    expect(await tick()).toMatchObject({ dialled: 0, stopped_by: "system_limit" });
    expect(await lines(byHand[2]!)).toMatchObject({ ok: false });

    await db.owner.query("update system_settings set concurrent_calls_limit = 14, direct_reserve = 0");
    expect(await tickUntilQuiet()).toBe(2);
  });

  it("shares scarce lines evenly between tenants", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 6");
    const big = await tenant({ concurrentLimit: 6, items: 20 });
    const small = await tenant({ concurrentLimit: 6, items: 2 });
    const middle = await tenant({ concurrentLimit: 6, items: 20 });
    await tickUntilQuiet();
    expect(
      [await calls(big.userId), await calls(small.userId), await calls(middle.userId)].map(
        (rows) => rows.length,
      ),
    ).toEqual([2, 2, 2]);
  });

  it("claims nothing for credit that an unsettled call still holds, and claims it once the call is settled", async () => {
    const { userId } = await tenant({ credits: 50, items: 2 });
    expect(await tickUntilQuiet()).toBe(1);
    await db.owner.query(
      "update calls set ended_at = app.now(), status = 'call-disconnected' where user_id = $1",
      [userId],
    );
    await db.worker.tx(userId, (tx) => tx.query("select app.line_freed($1, $2)", [userId, "+91 1234567"]));
    expect(await tickUntilQuiet()).toBe(0);
    expect(
      (await db.owner.query("select blocked_by from call_lanes where user_id = $1", [userId])).rows[0]
        .blocked_by,
    ).toBe("credits");
    await db.owner.query(
      "update calls set status = 'completed', settled_at = app.now(), price_credits = 0, outcome = 'no_answer', final_at = app.now() where user_id = $1",
      [userId],
    );
    await db.worker.tx(userId, (tx) => tx.query("select app.wake_tenant($1, array['credits'])", [userId]));
    expect(await tickUntilQuiet()).toBe(1);
  });

  it("lets a call by hand that costs more than there is wait by itself, until there is more", async () => {
    const { userId } = await tenant({ credits: 60, items: 1 });
    const dear = await make.agent(db.owner, userId, { maxCallSeconds: 3_600 });
    const direct = await make.lane(db.owner, userId, null);
    const byHand = await make.item(db.owner, userId, { laneId: direct, agentId: dear });
    expect(await tickUntilQuiet()).toBe(1);
    expect((await calls(userId)).map(({ campaign_id }) => campaign_id)).toEqual([expect.any(String)]);
    expect((await items(userId)).find(({ id }) => id === byHand)).toMatchObject({
      status: "pending",
      wait_reason: "credits",
    });
    await db.owner.query("update users set credits = 10000 where id = $1", [userId]);
    await db.worker.tx(userId, (tx) => tx.query("select app.wake_tenant($1, array['credits'])", [userId]));
    expect(await tickUntilQuiet()).toBe(1);
  });

  it("keeps to a campaign's own cap and its budget", async () => {
    const capped = await tenant({ concurrentLimit: 5, items: 5, campaign: { maxConcurrent: 1 } });
    const poor = await tenant({ concurrentLimit: 5, items: 5, campaign: { budgetCredits: 120 } });
    await tickUntilQuiet();
    expect(await calls(capped.userId)).toHaveLength(1);
    expect(await calls(poor.userId)).toHaveLength(2);
    const { rows } = await db.owner.query("select blocked_by from call_lanes order by blocked_by");
    expect(rows.map((row) => row.blocked_by)).toEqual(["budget", "campaign_cap"]);
  });

  it("skips a suppressed number for good and says so", async () => {
    const { userId, laneId, campaignId } = await tenant();
    const contactId = await make.contact(db.owner, userId, { phoneNumber: "+91 9000000001" });
    await make.item(db.owner, userId, { laneId, campaignId, contactId });
    await db.owner.query(
      "insert into suppressions (user_id, phone_number, reason, source) values ($1, '+91 9000000001', 'asked', 'manual')",
      [userId],
    );
    expect(await tickUntilQuiet()).toBe(0);
    expect(await items(userId)).toMatchObject([{ status: "skipped", skip_reason: "suppressed" }]);
  });

  it("defers a person who is already on the phone with this tenant", async () => {
    const { userId, laneId, campaignId, agentId } = await tenant({ concurrentLimit: 5 });
    const contactId = await make.contact(db.owner, userId);
    await make.item(db.owner, userId, { laneId, campaignId, contactId });
    const direct = await make.lane(db.owner, userId, null);
    await make.item(db.owner, userId, { laneId: direct, contactId, agentId });
    expect(await tickUntilQuiet()).toBe(1);
    const [campaignItem, directItem] = await items(userId);
    expect(directItem).toMatchObject({ status: "in_progress" });
    expect(campaignItem).toMatchObject({ status: "pending", wait_reason: "other_call_open" });
    const [call] = await calls(userId);
    await db.owner.query(
      "update calls set ended_at = app.now(), status = 'busy', outcome = 'busy', settled_at = app.now(), price_credits = 0, final_at = app.now() where id = $1",
      [call.id],
    );
    await db.worker.tx(userId, (tx) =>
      tx.query("select app.line_freed($1, $2)", [userId, call.phone_number]),
    );
    expect(await tickUntilQuiet()).toBe(1);
  });

  it("does not look again at a prefix it has disposed of", async () => {
    const { userId, laneId, campaignId } = await tenant({ concurrentLimit: 1, items: 300 });
    await db.owner.query(
      "insert into suppressions (user_id, phone_number, reason, source) select user_id, phone_number, 'dnc', 'list' from contacts where user_id = $1",
      [userId],
    );
    await make.item(db.owner, userId, {
      laneId,
      campaignId,
      contactId: await make.contact(db.owner, userId),
    });
    expect(await tickUntilQuiet()).toBe(1);
    const { rows } = await db.owner.query(
      "select status, skip_reason, count(*)::int as n from call_queue where user_id = $1 group by 1, 2 order by 1",
      [userId],
    );
    expect(rows).toEqual([
      { status: "in_progress", skip_reason: null, n: 1 },
      { status: "skipped", skip_reason: "dnc", n: 300 },
    ]);
  });

  it("finds the tenant with room behind many that have none", async () => {
    for (let n = 0; n < 100; n++) await tenant({ credits: 10, items: 1 });
    const rich = await tenant({ items: 1 });
    await tickUntilQuiet();
    expect(await calls(rich.userId)).toHaveLength(1);
  });

  it("leaves a lane alone outside its hours, and names the next opening", async () => {
    const { laneId, userId } = await tenant({ items: 1 });
    await db.owner.query(
      "update call_lanes set opens_at = app.now() + interval '2 hours', closes_at = app.now() + interval '9 hours' where id = $1",
      [laneId],
    );
    const quiet = await tick();
    expect(quiet).toMatchObject({ dialled: 0 });
    expect(Date.parse(quiet.next_wake!)).toBeGreaterThan(Date.now() + 7_100_000);
    expect((await items(userId))[0].status).toBe("pending");
  });

  it("closes a lane whose stored hours are wrong instead of dialling", async () => {
    const { userId } = await tenant({
      items: 1,
      campaign: { window: { days: ["mon"], open: "00:00", close: "00:01", holidays: [] } },
    });
    const before = await db.owner.query(
      "select extract(isodow from app.now() at time zone 'Asia/Kolkata') = 1 and (app.now() at time zone 'Asia/Kolkata')::time < '00:01' as inside",
    );
    expect(before.rows[0].inside).toBe(false);
    expect(await tickUntilQuiet()).toBe(0);
    expect(await calls(userId)).toHaveLength(0);
  });

  it("paces a campaign by its calls per second", async () => {
    const { userId } = await tenant({ concurrentLimit: 5, items: 5, campaign: { callsPerSecond: 0.01 } });
    await tick();
    expect(await calls(userId)).toHaveLength(1);
    const { next_wake } = await tick();
    expect(Date.parse(next_wake!)).toBeGreaterThan(Date.now() + 50_000);
  });

  it("stops at the provider's gate and says when it ends", async () => {
    await tenant({ items: 1 });
    await db.owner.query("update provider_accounts set gate_until = app.wall() + interval '30 seconds'");
    expect(await tick()).toMatchObject({ dialled: 0, stopped_by: "provider_gate" });
  });

  it("comes to rest over a suspended tenant, and dials nobody for it", async () => {
    const { userId } = await tenant({ items: 2 });
    await db.owner.query("update users set status = 'suspended' where id = $1", [userId]);
    expect(await tick()).toMatchObject({ dialled: 0, again: false });
    expect(await calls(userId)).toHaveLength(0);
  });

  it("hands no item and no line to two dispatchers at once", async () => {
    const { userId } = await tenant({ concurrentLimit: 5, items: 40 });
    await Promise.all(
      Array.from({ length: 16 }, () => db.worker.pool.query("select * from app.claim_tick()")),
    );
    const open = await calls(userId);
    expect(open.length).toBeLessThanOrEqual(5);
    expect(new Set(open.map((call) => call.queue_id)).size).toBe(open.length);
  });
});
