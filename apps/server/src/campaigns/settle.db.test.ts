import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { cancelCampaign } from "./cancel.ts";
import { finishCampaign } from "./finish.ts";
import { progress } from "./progress.ts";
import { resumeCampaign } from "./resume.ts";
import { settleItem } from "./settle-item.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update provider_accounts set gate_until = null`);
  parts = testParts(db);
  userId = await make.user(db.owner, { credits: 100_000, concurrentLimit: 5 });
  agentId = await make.agent(db.owner, userId);
  ctx = requestOf(parts, userId);
  job = jobContext(parts, userId);
});

type Ended = {
  status: string;
  outcome?: string | null;
  minutesAgo?: number;
  final?: boolean;
  dialled?: boolean;
};

/** An attempt of an item as it stands once the provider's end of it is known. */
async function attempt(itemId: string, its: Ended): Promise<string> {
  const { rows } = await db.owner.query(
    `insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, attempt, status, outcome,
       created_at, dialing_at, ended_at, final_at, settled_at, price_credits, max_call_seconds)
     select q.user_id, q.id, q.campaign_id, q.contact_id, $2, a.provider_account_id, q.phone_number,
       (select count(*) + 1 from calls c where c.queue_id = q.id), $3, $4, e.at, case when $6 then e.at end,
       e.at, case when $7 then e.at end, case when $7 then e.at end, case when $7 then 0 end, 300
     from call_queue q join agents a on a.id = $2, (select app.now() - make_interval(mins => $5) as at) e
     where q.id = $1 returning id`,
    [
      itemId,
      agentId,
      its.status,
      its.outcome ?? null,
      its.minutesAgo ?? 0,
      its.dialled ?? true,
      its.final ?? true,
    ],
  );
  return rows[0].id;
}
const onThePhone = (itemId: string) =>
  db.owner.query("update call_queue set status = 'in_progress' where id = $1", [itemId]);
const item = async (itemId: string) =>
  (
    await db.owner.query(
      `select status, wait_reason, attempts, last_outcome, round(extract(epoch from due_at - app.now()) / 60)::int as minutes,
         (select l.next_due_at <= q.due_at from call_lanes l where l.id = q.lane_id) as lane_knows
       from call_queue q where id = $1`,
      [itemId],
    )
  ).rows[0];

async function campaignItem(rules: Parameters<typeof make.campaign>[3] = {}) {
  const campaignId = await make.campaign(db.owner, userId, agentId, rules);
  const laneId = await make.lane(db.owner, userId, campaignId);
  const itemId = await make.item(db.owner, userId, { laneId, campaignId });
  await db.owner.query("update call_lanes set next_due_at = 'infinity' where id = $1", [laneId]);
  await onThePhone(itemId);
  return { campaignId, laneId, itemId };
}

describe("settling an item", () => {
  it("tries again after the gap of the outcome, counted from the end of the attempt, and tells the lane", async () => {
    const { itemId } = await campaignItem();
    await attempt(itemId, { status: "busy", outcome: "busy", minutesAgo: 5 });
    await settleItem(job, { itemId });
    expect(await item(itemId)).toEqual({
      status: "pending",
      wait_reason: "retry_gap",
      attempts: 1,
      last_outcome: "busy",
      minutes: 10,
      lane_knows: true,
    });
  });

  it("closes what was answered, gives up when the tries are used up, and rings for the campaign's end", async () => {
    const answered = await campaignItem();
    await attempt(answered.itemId, { status: "completed", outcome: "answered" });
    await settleItem(job, { itemId: answered.itemId });
    expect(await item(answered.itemId)).toMatchObject({
      status: "completed",
      last_outcome: "answered",
      attempts: 1,
    });
    const rung = await db.owner.query("select 1 from graphile_worker.jobs where key = $1", [
      `campaigns/finish:${answered.campaignId}`,
    ]);
    expect(rung.rowCount).toBe(1);

    const tired = await campaignItem({
      retry: { maxAttempts: 2, busy: [1, 1, 1], noAnswer: [], failed: [], voicemail: [] },
    });
    for (const _ of [1, 2]) await attempt(tired.itemId, { status: "busy", outcome: "busy" });
    await settleItem(job, { itemId: tired.itemId });
    expect(await item(tired.itemId)).toMatchObject({ status: "failed", attempts: 2, last_outcome: "busy" });
  });

  it("tries the number and the hours again that the person has by then", async () => {
    const { itemId } = await campaignItem();
    await attempt(itemId, { status: "busy", outcome: "busy", minutesAgo: 5 });
    await db.owner.query(
      `update contacts set phone_number = '+44 7700900123', country = 'GB', zones = '{Europe/London}', time_zone = null
       where id = (select contact_id from call_queue where id = $1)`,
      [itemId],
    );
    await settleItem(job, { itemId });
    const { rows } = await db.owner.query(
      `select q.status, q.phone_number, l.country, l.zone_set, l.next_due_at <= q.due_at as lane_knows
       from call_queue q join call_lanes l on l.id = q.lane_id where q.id = $1`,
      [itemId],
    );
    expect(rows).toEqual([
      {
        status: "pending",
        phone_number: "+44 7700900123",
        country: "GB",
        zone_set: "Europe/London",
        lane_knows: true,
      },
    ]);
  });

  it("burns nobody's attempt for a call that was never placed, and waits for the provider's gate", async () => {
    await db.owner.query("update provider_accounts set gate_until = app.wall() + interval '10 minutes'");
    const { itemId } = await campaignItem();
    await attempt(itemId, { status: "busy", outcome: "busy", minutesAgo: 60 });
    await attempt(itemId, { status: "not-placed" });
    await settleItem(job, { itemId });
    expect(await item(itemId)).toMatchObject({
      status: "pending",
      wait_reason: "provider_gate",
      attempts: 1,
      last_outcome: "busy",
      minutes: 10,
    });
  });

  it("decides nothing before the last attempt is final, and nothing twice", async () => {
    const { itemId } = await campaignItem();
    const callId = await attempt(itemId, { status: "completed", outcome: null, final: false });
    await settleItem(job, { itemId });
    expect(await item(itemId)).toMatchObject({ status: "in_progress" });
    await db.owner.query(
      "update calls set outcome = 'no_answer', final_at = app.now(), settled_at = app.now(), price_credits = 0 where id = $1",
      [callId],
    );
    await Promise.all(Array.from({ length: 8 }, () => settleItem(job, { itemId })));
    expect(await item(itemId)).toMatchObject({ status: "pending", minutes: 120, attempts: 1 });
    await settleItem(job, { itemId });
    expect(await item(itemId)).toMatchObject({ status: "pending", minutes: 120, attempts: 1 });
  });

  it("never calls again whom a sighted attempt has reached", async () => {
    const { itemId } = await campaignItem();
    await attempt(itemId, { status: "completed", outcome: "answered" });
    await attempt(itemId, { status: "busy", outcome: "busy" });
    await settleItem(job, { itemId });
    expect(await item(itemId)).toMatchObject({ status: "completed" });
  });

  it("ends a direct call with its one attempt", async () => {
    const laneId = await make.lane(db.owner, userId, null);
    const itemId = await make.item(db.owner, userId, { laneId, agentId });
    await onThePhone(itemId);
    await attempt(itemId, { status: "busy", outcome: "busy" });
    await settleItem(job, { itemId });
    expect(await item(itemId)).toMatchObject({ status: "failed" });
  });

  it("leaves nothing pending in a campaign that is canceled meanwhile", async () => {
    for (let round = 0; round < 20; round++) {
      const { campaignId, itemId } = await campaignItem();
      await attempt(itemId, { status: "busy", outcome: "busy" });
      await Promise.all([settleItem(job, { itemId }), cancelCampaign(ctx, { campaignId })]);
      const { launchCampaign } = await import("./launch.ts");
      await launchCampaign(job, campaignId, new AbortController().signal);
      expect(await item(itemId)).toMatchObject({ status: "canceled" });
    }
  });
});

describe("the breaker", () => {
  async function ended(statuses: { status: string; outcome: string | null; dialled?: boolean }[]) {
    const campaignId = await make.campaign(db.owner, userId, agentId);
    const laneId = await make.lane(db.owner, userId, campaignId);
    let last = "";
    for (const its of statuses) {
      last = await make.item(db.owner, userId, { laneId, campaignId });
      await onThePhone(last);
      await attempt(last, its);
    }
    await settleItem(job, { itemId: last });
    return campaignId;
  }
  const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
  const failed = { status: "failed", outcome: "failed" };
  const busy = { status: "busy", outcome: "busy" };
  const status = async (campaignId: string) =>
    (await db.owner.query("select status, status_reason from call_campaigns where id = $1", [campaignId]))
      .rows[0];

  it("pauses a campaign when 12 of 20 calls fail, with incident, notice and log, and counts anew after resuming", async () => {
    const campaignId = await ended([...times(8, busy), ...times(12, failed)]);
    expect(await status(campaignId)).toEqual({ status: "paused", status_reason: "breaker" });
    const told = await db.owner.query(
      `select (select count(*) from incidents where kind = 'campaign_breaker' and ref = ($1::uuid)::text) as incidents,
         (select count(*) from notifications where kind = 'campaign.breaker') as notices,
         (select count(*) from campaign_events where campaign_id = $1 and kind = 'breaker') as events,
         (select bool_and(paused) from call_lanes where campaign_id = $1) as paused`,
      [campaignId],
    );
    expect(told.rows[0]).toEqual({ incidents: 1, notices: 1, events: 1, paused: true });
    await resumeCampaign(ctx, { campaignId });
    const [open] = (
      await db.owner.query(
        "select id from call_queue where campaign_id = $1 and status = 'in_progress' limit 1",
        [campaignId],
      )
    ).rows;
    await settleItem(job, { itemId: open.id });
    expect(await status(campaignId)).toMatchObject({ status: "running" });
  });

  it("minds neither busy lines, nor few calls, nor what we withdrew ourselves", async () => {
    expect(await status(await ended([...times(9, busy), ...times(11, failed)]))).toMatchObject({
      status: "running",
    });
    expect(await status(await ended(times(19, failed)))).toMatchObject({ status: "running" });
    const withdrawn = { status: "not-placed", outcome: null, dialled: false };
    expect(await status(await ended([...times(19, withdrawn), failed]))).toMatchObject({
      status: "running",
    });
  });
});

describe("a campaign without money", () => {
  const notices = async () =>
    (
      await db.owner.query(
        "select kind, title from notifications where kind like 'campaign.%' order by created_at",
      )
    ).rows;

  it("tells once that it waits for credits, when nothing in the air can free any, and again after the next top-up", async () => {
    await db.owner.query("update users set credits = 40 where id = $1", [userId]);
    const { campaignId, laneId, itemId } = await campaignItem();
    await make.item(db.owner, userId, { laneId, campaignId });
    const inAir = await make.item(db.owner, userId, { laneId, campaignId });
    await onThePhone(inAir);
    const open = await attempt(inAir, { status: "ringing", final: false });
    await db.owner.query("update calls set held_credits = 50 where id = $1", [open]);
    await attempt(itemId, { status: "busy", outcome: "busy" });
    await settleItem(job, { itemId });
    expect(await notices()).toEqual([]);
    const end =
      "status = 'busy', outcome = 'busy', ended_at = app.now(), final_at = app.now(), settled_at = app.now(), price_credits = 0";
    await db.owner.query(`update calls set ${end} where id = $1`, [open]);
    await settleItem(job, { itemId: inAir });
    expect(await notices()).toEqual([{ kind: "campaign.credits", title: "“Campaign” waits for credits" }]);
    await onThePhone(itemId);
    await settleItem(job, { itemId });
    expect(await notices()).toHaveLength(1);
    await db.owner.query(
      "insert into credit_entries (user_id, kind, amount, balance) values ($1, 'grant', 1, 41)",
      [userId],
    );
    await onThePhone(itemId);
    await settleItem(job, { itemId });
    expect(await notices()).toHaveLength(2);
  });

  it("tells that its budget is used up", async () => {
    const { campaignId, itemId } = await campaignItem({ budgetCredits: 60 });
    await db.owner.query("update campaign_spend set spent_credits = 20 where campaign_id = $1", [campaignId]);
    await attempt(itemId, { status: "busy", outcome: "busy" });
    await settleItem(job, { itemId });
    expect(await notices()).toEqual([
      { kind: "campaign.budget", title: "“Campaign” waits for a larger budget" },
    ]);
  });
});

describe("finishing", () => {
  /** What a runner does: the job leaves the table, then it is run. */
  const takeFinish = async (campaignId: string) =>
    (
      await db.owner.query("delete from graphile_worker._private_jobs where key = $1", [
        `campaigns/finish:${campaignId}`,
      ])
    ).rowCount! > 0;

  /** A runner tries a job again whose lock did not come in time. */
  const asRunner = async (work: () => Promise<unknown>): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        await work();
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== "55P03" || tries === 25) throw error;
      }
    }
  };

  it("completes the campaign once its last of 200 items is closed, whoever of 16 workers closes it, 100 times over", async () => {
    const people = await Promise.all(Array.from({ length: 200 }, () => make.contact(db.owner, userId)));
    for (let round = 0; round < 100; round++) {
      const campaignId = await make.campaign(db.owner, userId, agentId);
      const laneId = await make.lane(db.owner, userId, campaignId);
      const { rows } = await db.owner.query(
        `with item as (
           insert into call_queue (user_id, lane_id, campaign_id, contact_id, phone_number, status)
           select user_id, $2, $3, id, phone_number, 'in_progress' from contacts where id = any($1) returning *),
         call as (
           insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, status, outcome,
             ended_at, final_at, settled_at, price_credits, max_call_seconds)
           select i.user_id, i.id, i.campaign_id, i.contact_id, a.id, a.provider_account_id, i.phone_number, 'completed', 'answered',
             app.now(), app.now(), app.now(), 0, 300 from item i join agents a on a.id = $4)
         select id from item`,
        [people, laneId, campaignId, agentId],
      );
      let closing = true;
      // Two runners take the finish job as often as it is there, in the midst of it too.
      const runners = [1, 2].map(async () => {
        for (;;) {
          const over = !closing;
          if (await takeFinish(campaignId)) await asRunner(() => finishCampaign(job, campaignId));
          else if (over) return;
        }
      });
      const open = rows.map(({ id }) => id as string);
      const workers = Array.from({ length: 16 }, async () => {
        for (let itemId = open.pop(); itemId; itemId = open.pop())
          await asRunner(() => settleItem(job, { itemId }));
      });
      await Promise.all(workers);
      closing = false;
      await Promise.all(runners);
      const row = (
        await db.owner.query("select status, summary from call_campaigns where id = $1", [campaignId])
      ).rows[0];
      expect(row, `round ${round}`).toMatchObject({
        status: "completed",
        summary: { byStatus: { completed: 200 }, byOutcome: { answered: 200 } },
      });
    }
    const notices = await db.owner.query(
      "select count(*) as notices from notifications where kind = 'campaign.completed'",
    );
    expect(notices.rows[0].notices).toBe(100);
  }, 600_000);

  it("leaves a campaign alone while it is being launched or an item is open", async () => {
    const { campaignId, itemId } = await campaignItem();
    await finishCampaign(job, campaignId);
    expect((await progress(ctx, { campaignId })).status).toBe("running");
    await db.owner.query("update call_queue set status = 'completed', closed_at = app.now() where id = $1", [
      itemId,
    ]);
    await db.owner.query("update call_campaigns set launch_lease_until = app.wall() where id = $1", [
      campaignId,
    ]);
    await finishCampaign(job, campaignId);
    expect((await progress(ctx, { campaignId })).status).toBe("running");
    await db.owner.query("update call_campaigns set launch_lease_until = null where id = $1", [campaignId]);
    await finishCampaign(job, campaignId);
    expect((await progress(ctx, { campaignId })).status).toBe("completed");
  });
});
