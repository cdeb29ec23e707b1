import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { CampaignProgress, Preflight, type CampaignDraft } from "@parley/core/campaigns/schema";
import { beforeEach, expect, it } from "vitest";
import { createCampaign } from "./campaigns/create.ts";
import { launchCampaign } from "./campaigns/launch.ts";
import { listCampaigns } from "./campaigns/list.ts";
import { pauseCampaign } from "./campaigns/pause.ts";
import { preflight } from "./campaigns/preflight.ts";
import { progress } from "./campaigns/progress.ts";
import { startCampaign } from "./campaigns/start.ts";
import { jobContext, type Ctx } from "./context.ts";
import { summarise } from "./home/summary.ts";
import { requestOf, testParts } from "./testing/test-parts.ts";

const db = useDatabase();
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;

beforeEach(async () => {
  await db.owner
    .query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs; delete from worker_pools;
    insert into worker_pools (pool_id, process, role) values ('w', 'test', 'all');
    update system_settings set dialling_paused = false, concurrent_calls_limit = 10`);
  userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 2 });
  agentId = await make.agent(db.owner, userId);
  ctx = requestOf(testParts(db), userId);
  job = jobContext(testParts(db), userId);
});

const never = new AbortController().signal;
const minutes = (instant: string) => (Date.parse(instant) - Date.now()) / 60_000;

async function draft(people: number, rules: Partial<CampaignDraft> = {}): Promise<string> {
  const contactIds = await Promise.all(Array.from({ length: people }, () => make.contact(db.owner, userId)));
  const { id } = await createCampaign(ctx, {
    name: "Clinic",
    agentId,
    audience: { contactIds },
    retry: { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] },
    ...rules,
  });
  return id;
}

async function running(people: number, rules: Partial<CampaignDraft> = {}): Promise<string> {
  const id = await draft(people, rules);
  await startCampaign(ctx, { campaignId: id });
  await launchCampaign(job, id, never);
  return id;
}

const forecastOf = async (campaignId: string) => (await progress(ctx, { campaignId })).forecast!;

it("tells before the start when a campaign would be done, with how many calls and credits, and what limits it", async () => {
  const its = Preflight.parse(await preflight(ctx, { campaignId: await draft(40) }));
  const { finish, calls, answered, credits, limitingFactor, learnedFrom, stops } = its.forecast!;
  expect(calls).toEqual({ low: 40, mid: 40, high: 40 });
  expect(minutes(finish!.low)).toBeGreaterThan(5);
  expect(minutes(finish!.high)).toBeLessThan(40);
  expect(answered.low).toBeLessThan(answered.high);
  expect(credits.high).toBeGreaterThan(credits.low);
  expect([limitingFactor, stops, learnedFrom]).toEqual(["user_limit", null, { own: 0, earlier: 0 }]);
});

it("tells the same of a running campaign on its page, in the list and at home", async () => {
  const campaignId = await running(40);
  const its = CampaignProgress.parse(await progress(ctx, { campaignId }));
  expect(its.eta).toEqual(its.forecast!.finish);
  expect(minutes(its.eta!.mid)).toBeGreaterThan(5);
  const listed = (await listCampaigns(ctx, { limit: 10 })).items[0]!.forecast!;
  const home = (await summarise(ctx)).campaigns[0]!.forecast!;
  expect([listed.calls, home.calls]).toEqual([its.forecast!.calls, its.forecast!.calls]);
});

it("lets a second campaign wait for the lines of the first, and hurries with more lines", async () => {
  const first = await running(30);
  const second = await running(30);
  const before = await forecastOf(second);
  expect(minutes(before.finish!.mid)).toBeGreaterThan(1.6 * minutes((await forecastOf(first)).finish!.mid));
  await db.owner.query("update users set concurrent_limit = 8 where id = $1", [userId]);
  expect(minutes((await forecastOf(second)).finish!.mid)).toBeLessThan(0.5 * minutes(before.finish!.mid));
});

it("learns from the tenant's finished attempts, and from nobody else's", async () => {
  const campaignId = await running(40);
  const before = await forecastOf(campaignId);
  const other = await make.user(db.owner);
  await live(other, await make.agent(db.owner, other), 300);
  expect(await forecastOf(campaignId)).toMatchObject({ learnedFrom: { own: 0, earlier: 0 } });
  await live(userId, agentId, 300);
  const after = await forecastOf(campaignId);
  expect(after.learnedFrom).toEqual({ own: 0, earlier: 100 });
  expect(minutes(after.finish!.mid)).toBeGreaterThan(3 * minutes(before.finish!.mid));
});

it("says that credits, the budget, the end date or the operator will stop it", async () => {
  await db.owner.query("update users set credits = 120 where id = $1", [userId]);
  const broke = await forecastOf(await running(60));
  expect(broke).toMatchObject({ finish: null, stops: { reason: "credits" } });
  expect(broke.left).toBeGreaterThan(20);
  expect(minutes(broke.stops!.at!)).toBeGreaterThan(0);

  await db.owner.query("update users set credits = 10000 where id = $1", [userId]);
  await db.owner.query("update call_campaigns set status = 'paused', status_reason = 'paused'");
  expect(await forecastOf(await running(60, { budgetCredits: 120 }))).toMatchObject({
    finish: null,
    stops: { reason: "budget" },
  });

  await db.owner.query("update call_campaigns set status = 'paused', status_reason = 'paused'");
  const endsAt = new Date(Date.now() + 8 * 60_000).toISOString();
  const short = await forecastOf(await running(120, { endsAt }));
  expect(short.stops).toMatchObject({ reason: "campaign_over", share: 1 });
  expect(short.left).toBeGreaterThan(50);
  expect(Math.abs(minutes(short.finish!.mid) - 8)).toBeLessThan(3);

  await db.owner.query("update system_settings set dialling_paused = true");
  const halted = (await listCampaigns(ctx, { status: "running", limit: 1 })).items[0]!.forecast!;
  expect(halted).toMatchObject({ finish: null, stops: { reason: "dialling_paused", share: 1, at: null } });
});

it("counts only the hours in which people may be called, and the waits of the retry rules", async () => {
  const later = new Date(Date.now() + 5 * 3_600_000).toLocaleTimeString("en-GB", {
    timeZone: "Asia/Kolkata",
    hour: "2-digit",
    minute: "2-digit",
  });
  const close = new Date(Date.now() + 9 * 3_600_000).toLocaleTimeString("en-GB", {
    timeZone: "Asia/Kolkata",
    hour: "2-digit",
    minute: "2-digit",
  });
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
  const closed = (
    await preflight(ctx, { campaignId: await draft(10, { window: { days: [...days], open: later, close } }) })
  ).forecast!;
  expect(closed.limitingFactor).toBe("window_closed");
  expect(minutes(closed.finish!.low)).toBeGreaterThan(4.9 * 60);
  expect(minutes(closed.finish!.high)).toBeLessThan(6 * 60);

  const retried = (
    await preflight(ctx, {
      campaignId: await draft(30, {
        retry: { maxAttempts: 2, busy: [], noAnswer: [600], failed: [], voicemail: [] },
      }),
    })
  ).forecast!;
  expect(retried.limitingFactor).toBe("retry_gap");
  expect(minutes(retried.finish!.mid)).toBeGreaterThan(600);
});

it("says nothing of a paused campaign on its page, and at its check what comes when it is resumed", async () => {
  const campaignId = await running(20);
  await pauseCampaign(ctx, { campaignId });
  expect(await progress(ctx, { campaignId })).toMatchObject({ eta: null, forecast: null });
  const ahead = (await preflight(ctx, { campaignId })).forecast!;
  expect(ahead.calls.mid).toBe(20);
});

it("counts on the share of the lines that others leave", async () => {
  await db.owner.query("update users set concurrent_limit = 10");
  const alone = (await preflight(ctx, { campaignId: await draft(200) })).forecast!;
  for (let n = 0; n < 4; n++) {
    const other = await make.user(db.owner, { concurrentLimit: 10 });
    const agent = await make.agent(db.owner, other);
    await waitingIn(other, agent);
  }
  const { rows } = await db.owner.query<{ lines: number }>("select app.fair_lines($1) as lines", [userId]);
  expect(rows[0]!.lines).toBe(2);
  const shared = (await preflight(ctx, { campaignId: await draft(200) })).forecast!;
  expect(minutes(shared.finish!.high)).toBeGreaterThan(1.5 * minutes(alone.finish!.high));
  expect(shared.limitingFactor).toBe("system_limit");
});

/** A campaign of another tenant that has people to call. */
async function waitingIn(user: string, agent: string): Promise<void> {
  await db.owner.query(
    `with k as (insert into call_campaigns (user_id, name, agent_id, status, audience, retry) values ($1, 'Theirs', $2, 'running', '{}', '{}') returning id)
     insert into call_lanes (user_id, campaign_id, country, zone_set, opens_at, closes_at, next_due_at)
     select $1, k.id, 'IN', 'Asia/Kolkata', app.now() - interval '1 hour', app.now() + interval '1 day', app.now() from k`,
    [user, agent],
  );
}

/** A hundred people who answered and talked for so many seconds, one call each. */
async function live(user: string, agent: string, seconds: number): Promise<void> {
  const campaign = await make.campaign(db.owner, user, agent, { status: "paused" });
  const lane = await make.lane(db.owner, user, campaign);
  const contact = await make.contact(db.owner, user);
  await db.owner.query(
    `with item as (
       insert into call_queue (user_id, status, lane_id, campaign_id, contact_id, phone_number, attempts, last_outcome, closed_at, kind, agent_id)
       select $1::uuid, 'completed', $4::uuid, $3::uuid, $5::uuid, '+91 98765' || to_char(n, 'FM00000'), 1, 'answered', app.now(), 'callback', $2::uuid from generate_series(1, 100) n
       returning id, phone_number)
     insert into calls (user_id, status, outcome, agent_id, provider_account_id, phone_number, queue_id, campaign_id,
       max_call_seconds, claimed_at, ended_at, final_at, settled_at, price_credits, held_credits, talk_seconds)
     select $1, 'completed', 'answered', $2, a.id, i.phone_number, i.id, $3,
       600, t.at, t.at + make_interval(secs => $6), t.at + make_interval(secs => $6 + 10), t.at + make_interval(secs => $6 + 10), 50, 50, $6
     from item i, provider_accounts a, (select app.now() - interval '1 day' as at) t where a.name = 'platform'`,
    [user, agent, campaign, lane, contact, seconds],
  );
}
