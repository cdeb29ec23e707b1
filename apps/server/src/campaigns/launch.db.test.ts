import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { createCampaign } from "./create.ts";
import { finishCampaign } from "./finish.ts";
import { launchCampaign } from "./launch.ts";
import { pauseCampaign } from "./pause.ts";
import { preflight } from "./preflight.ts";
import { progress } from "./progress.ts";
import { startCampaign } from "./start.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;

beforeEach(async () => {
  parts = testParts(db);
  userId = await make.user(db.owner, { credits: 1_000_000, concurrentLimit: 5 });
  agentId = await make.agent(db.owner, userId);
  ctx = requestOf(parts, userId);
  job = jobContext(parts, userId);
});

const never = new AbortController().signal;
const one = async <T>(text: string, values: unknown[]): Promise<T> =>
  (await db.owner.query(text, values)).rows[0] as T;

async function tagged(
  tag: string,
  people: number,
  its: { zones?: string; country?: string; from?: number } = {},
) {
  await db.owner.query(
    `with made as (
       insert into contacts (user_id, phone_number, name, country, zones)
       select $1, '+91 7' || lpad(($5::int + n)::text, 9, '0'), 'Person ' || n, $3, $4::text[] from generate_series(1, $2::int) n
       returning id)
     insert into contact_tags (user_id, contact_id, tag) select $1, id, $6 from made`,
    [userId, people, its.country ?? "IN", its.zones ?? "{Asia/Kolkata}", its.from ?? 0, tag],
  );
}
const items = (campaignId: string) =>
  one<{ total: number; pending: number; people: number }>(
    `select count(*) as total, count(*) filter (where status = 'pending') as pending, count(distinct contact_id) as people
     from call_queue where campaign_id = $1`,
    [campaignId],
  );

describe("launch", () => {
  it("queues 25 000 people once each, going on where an interrupted run stopped", async () => {
    await tagged("leads", 25_000);
    const campaign = await createCampaign(ctx, { name: "Big", agentId, audience: { tag: "leads" } });
    expect((await startCampaign(ctx, { campaignId: campaign.id })).status).toBe("running");

    const interrupted = new AbortController();
    const stopping: Ctx = { ...job, db: { ...job.db, tx: abortAfterChunk(job, interrupted) } };
    expect(await launchCampaign(stopping, campaign.id, interrupted.signal)).toEqual({ snoozeSeconds: 1 });
    expect((await items(campaign.id)).total).toBe(10_000);
    expect((await progress(ctx, { campaignId: campaign.id })).launch).toEqual({
      done: 10_000,
      total: 25_000,
    });

    await launchCampaign(job, campaign.id, never);
    expect(await items(campaign.id)).toEqual({ total: 25_000, pending: 25_000, people: 25_000 });
    const row = await one<{ launched: number; lease: string | null; due: boolean }>(
      `select k.launched, k.launch_lease_until as lease, l.next_due_at <= app.now() as due
       from call_campaigns k join call_lanes l on l.campaign_id = k.id where k.id = $1`,
      [campaign.id],
    );
    expect(row).toEqual({ launched: 25_000, lease: null, due: true });
    expect((await progress(ctx, { campaignId: campaign.id })).launch).toBeNull();
  });

  it("has a lane read from its beginning, whatever a tick noted there while the people were on their way", async () => {
    await tagged("leads", 3);
    const campaign = await createCampaign(ctx, { name: "Marked", agentId, audience: { tag: "leads" } });
    await startCampaign(ctx, { campaignId: campaign.id });
    await db.owner.query(`
      create function noted() returns trigger language plpgsql as $$ begin
        update call_lanes set head_priority = 5, head_due_at = app.now() + interval '3 seconds', head_id = id, head_at = app.now();
        return null; end $$;
      create trigger noted after insert on call_queue execute function noted()`);
    try {
      await launchCampaign(job, campaign.id, never);
    } finally {
      await db.owner.query("drop trigger noted on call_queue; drop function noted()");
    }
    const { rows } = await db.owner.query(
      "select dialled from app.claim_tick() where (select count(*) from call_lanes where campaign_id = $1 and head_at is null) = 1",
      [campaign.id],
    );
    expect(rows).toHaveLength(1);
  });

  it("goes on within half a minute of the death of a run, however long the list; each chunk renews the lease", async () => {
    await tagged("leads", 6);
    const campaign = await createCampaign(ctx, { name: "Died", agentId, audience: { tag: "leads" } });
    await startCampaign(ctx, { campaignId: campaign.id });
    const died = new Error("killed");
    const leases: string[] = [];
    const dying: Ctx = {
      ...job,
      db: {
        ...job.db,
        async tx(work) {
          const result = await job.db.tx(work);
          const { lease } = await one<{ lease: string }>(
            "select launch_lease_until::text as lease from call_campaigns where id = $1",
            [campaign.id],
          );
          leases.push(lease);
          if ((await items(campaign.id)).total === 4) throw died;
          return result;
        },
      },
    };
    await expect(launchCampaign(dying, campaign.id, never, 2)).rejects.toBe(died);
    expect(new Set(leases).size).toBe(3); // begun, and two chunks
    const found = await launchCampaign(job, campaign.id, never, 2);
    expect(found).toMatchObject({ snoozeSeconds: expect.any(Number) });
    expect((found as { snoozeSeconds: number }).snoozeSeconds).toBeLessThanOrEqual(20);
    await db.owner.query("update call_campaigns set launch_lease_until = app.wall() where id = $1", [
      campaign.id,
    ]);
    await launchCampaign(job, campaign.id, never, 2);
    expect(await items(campaign.id)).toEqual({ total: 6, pending: 6, people: 6 });
  });

  describe("a lane that was made at the moment its campaign was resumed, and missed it,", () => {
    const paused = async (campaignId: string) =>
      (await one<{ paused: boolean }>("select paused from call_lanes where campaign_id = $1", [campaignId]))
        .paused;
    const missesIt = (campaignId: string) =>
      db.owner.query("update call_lanes set paused = true where campaign_id = $1", [campaignId]);

    it("is set right by the launch, once its items are written", async () => {
      await tagged("leads", 2);
      const campaign = await createCampaign(ctx, { name: "Raced", agentId, audience: { tag: "leads" } });
      await startCampaign(ctx, { campaignId: campaign.id });
      let missed = 0;
      const racing: Ctx = {
        ...job,
        db: {
          ...job.db,
          async tx(work) {
            const result = await job.db.tx(work);
            if (missed === 0 && (await items(campaign.id)).total === 2) {
              await missesIt(campaign.id);
              missed += 1;
            }
            return result;
          },
        },
      };
      await launchCampaign(racing, campaign.id, never);
      expect(missed).toBe(1);
      expect(await paused(campaign.id)).toBe(false);
    });

    it("is set right by the sweep, whoever made it; that of a paused campaign stays", async () => {
      await tagged("leads", 2);
      const campaign = await createCampaign(ctx, { name: "Late", agentId, audience: { tag: "leads" } });
      await startCampaign(ctx, { campaignId: campaign.id });
      await launchCampaign(job, campaign.id, never);
      await missesIt(campaign.id);
      await db.owner.query("select app.sweep()");
      expect(await paused(campaign.id)).toBe(false);
      await pauseCampaign(ctx, { campaignId: campaign.id });
      await db.owner.query("select app.sweep()");
      expect(await paused(campaign.id)).toBe(true);
    });
  });

  it("lets one run at a time work: a second one waits for the lease", async () => {
    await tagged("few", 10);
    const campaign = await createCampaign(ctx, { name: "Once", agentId, audience: { tag: "few" } });
    await startCampaign(ctx, { campaignId: campaign.id });
    const both = await Promise.all([1, 2].map(() => launchCampaign(job, campaign.id, never, 4)));
    expect(both.filter((result) => result !== undefined).length).toBeLessThanOrEqual(1);
    expect(await items(campaign.id)).toEqual({ total: 10, pending: 10, people: 10 });
  });

  it("gives everybody an item or a readable reason, and completes when nobody may be called", async () => {
    await tagged("odd", 3);
    await tagged("odd", 2, { zones: "{}", from: 100 });
    await make.contact(db.owner, userId, { phoneNumber: "+91 9000000077" });
    await db.owner.query(
      `insert into contact_tags (user_id, contact_id, tag)
       select user_id, id, 'odd' from contacts where user_id = $1 and phone_number = '+91 9000000077'`,
      [userId],
    );
    await db.owner.query(
      `with person as (insert into contacts (user_id, name) values ($1, 'No number') returning id)
       insert into contact_tags (user_id, contact_id, tag) select $1, id, 'odd' from person`,
      [userId],
    );
    const suppress = (phones: string) =>
      db.owner.query(
        `insert into suppressions (user_id, phone_number, reason, source)
         select user_id, phone_number, 'dnc', 'list' from contacts where user_id = $1 and phone_number like $2 on conflict do nothing`,
        [userId, phones],
      );
    await suppress("+91 9000000077");
    const campaign = await createCampaign(ctx, { name: "Odd", agentId, audience: { tag: "odd" } });
    const ahead = await preflight(ctx, { campaignId: campaign.id });
    expect(ahead).toMatchObject({ audience: 7, eligible: 3, ready: true });
    expect(Object.fromEntries(ahead.skipped.map(({ reason, count }) => [reason, count]))).toEqual({
      suppressed: 1,
      zone_unknown: 2,
      no_phone: 1,
    });

    await startCampaign(ctx, { campaignId: campaign.id });
    await suppress("+91 7%");
    await launchCampaign(job, campaign.id, never);
    const { rows } = await db.owner.query(
      "select status, skip_reason, count(*) as people from call_queue where campaign_id = $1 group by 1, 2 order by 2",
      [campaign.id],
    );
    expect(rows).toEqual([{ status: "skipped", skip_reason: "dnc", people: 6 }]);
    await finishCampaign(job, campaign.id);
    const ended = await one<{
      status: string;
      launch_skipped: number;
      summary: { byStatus: { skipped: number } };
    }>("select status, launch_skipped, summary from call_campaigns where id = $1", [campaign.id]);
    expect(ended).toMatchObject({
      status: "completed",
      launch_skipped: 1,
      summary: { byStatus: { skipped: 6 } },
    });
  });

  it("starts a scheduled campaign when its time has come, and pauses it with the reason if it cannot", async () => {
    await tagged("later", 5);
    const startsAt = new Date(Date.now() + 3_600_000).toISOString();
    const campaign = await createCampaign(ctx, {
      name: "Later",
      agentId,
      audience: { tag: "later" },
      startsAt,
    });
    expect((await startCampaign(ctx, { campaignId: campaign.id })).status).toBe("scheduled");
    await launchCampaign(job, campaign.id, never);
    expect((await items(campaign.id)).total).toBe(0);

    await db.owner.query("update call_campaigns set starts_at = app.now() where id = $1", [campaign.id]);
    await launchCampaign(job, campaign.id, never);
    expect(await items(campaign.id)).toMatchObject({ total: 5 });

    const broke = await createCampaign(ctx, { name: "Broke", agentId, audience: { tag: "later" }, startsAt });
    await startCampaign(ctx, { campaignId: broke.id });
    await db.owner.query("update agents set status = 'archived', archived_at = app.now() where id = $1", [
      agentId,
    ]);
    await db.owner.query("update call_campaigns set starts_at = app.now() where id = $1", [broke.id]);
    await launchCampaign(job, broke.id, never);
    const row = await one("select status, status_reason from call_campaigns where id = $1", [broke.id]);
    expect(row).toEqual({ status: "paused", status_reason: "agent_archived" });
    const notice = await one("select title from notifications where user_id = $1 and ref = $2", [
      userId,
      broke.id,
    ]);
    expect(notice).toEqual({ title: "“Broke” could not start" });
  });
});

/** Lets the transaction that queues the first chunk commit, then aborts. */
function abortAfterChunk(from: Ctx, stop: AbortController): Ctx["db"]["tx"] {
  let transactions = 0;
  return async (fn) => {
    const result = await from.db.tx(fn);
    transactions += 1;
    if (transactions === 2) stop.abort();
    return result;
  };
}
