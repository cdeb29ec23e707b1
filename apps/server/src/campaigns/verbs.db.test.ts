import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import type { CampaignDraft } from "@parley/core/campaigns/schema";
import { CampaignProgress, Campaign, CampaignRow, Item } from "@parley/core/campaigns/schema";
import { ParleyError } from "@parley/core/errors";
import { beforeEach, describe, expect, it } from "vitest";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { cancelCampaign } from "./cancel.ts";
import { createCampaign } from "./create.ts";
import { duplicateCampaign } from "./duplicate.ts";
import { listEvents } from "./events.ts";
import { finishCampaign } from "./finish.ts";
import { listItems } from "./items.ts";
import { launchCampaign } from "./launch.ts";
import { listCampaigns } from "./list.ts";
import { pauseAll, pauseCampaign } from "./pause.ts";
import { preflight } from "./preflight.ts";
import { progress } from "./progress.ts";
import { resumeCampaign } from "./resume.ts";
import { startCampaign } from "./start.ts";
import { updateCampaign } from "./update.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;

beforeEach(async () => {
  await db.owner
    .query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs; delete from worker_pools;
    insert into worker_pools (pool_id, process, role) values ('w', 'test', 'all')`);
  parts = testParts(db);
  userId = await make.user(db.owner, { credits: 10_000, concurrentLimit: 5 });
  agentId = await make.agent(db.owner, userId);
  ctx = requestOf(parts, userId);
  job = jobContext(parts, userId);
});

const never = new AbortController().signal;
const tick = async () =>
  (await db.worker.pool.query("select * from app.claim_tick()")).rows[0] as { dialled: number };

async function people(count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => make.contact(db.owner, userId)));
}
async function running(count: number, rules: Partial<CampaignDraft> = {}): Promise<string> {
  const { id } = await createCampaign(ctx, {
    name: "Clinic",
    agentId,
    audience: { contactIds: await people(count) },
    ...rules,
  });
  await startCampaign(ctx, { campaignId: id });
  await launchCampaign(job, id, never);
  return id;
}
const refusalOf = async (act: Promise<unknown>): Promise<ParleyError> => {
  const refused = await act.then(
    () => null,
    (error: unknown) => error,
  );
  expect(refused).toBeInstanceOf(ParleyError);
  return refused as ParleyError;
};
const calls = async (campaignId: string) =>
  (await db.owner.query("select id, status from calls where campaign_id = $1 order by id", [campaignId]))
    .rows as { id: string; status: string }[];

describe("a draft", () => {
  it("comes back as the contract says, with defaults filled in and no counts yet", async () => {
    const campaign = await createCampaign(ctx, {
      name: "Spring",
      agentId,
      audience: { contactIds: await people(2) },
      fromNumber: "9876543210",
      window: { days: ["mon", "sun"], open: "09:00", close: "24:00" },
      budgetCredits: 500,
    });
    expect(Campaign.parse(campaign)).toEqual(campaign);
    expect(campaign).toMatchObject({
      status: "draft",
      fromNumber: "+91 9876543210",
      retry: { maxAttempts: 3, busy: [15, 60], voicemail: [] },
      counts: { total: 0, pending: 0 },
    });
  });

  it("is refused with every field at fault", async () => {
    const other = await make.user(db.owner);
    const foreign = await make.agent(db.owner, other);
    const stranger = await make.contact(db.owner, other);
    const error = await refusalOf(
      createCampaign(ctx, {
        name: "No",
        agentId: foreign,
        audience: { contactIds: [stranger, ...(await people(1))] },
        fromNumber: "12",
        endsAt: "2020-01-01T00:00:00Z",
      }),
    );
    expect(error.code).toBe("invalid");
    expect(error.issues?.map(({ path }) => path)).toEqual([
      "agentId",
      "audience.contactIds",
      "endsAt",
      "fromNumber",
    ]);
    expect(error.message).toContain("agentId is no agent of this workspace");

    const gone = await refusalOf(
      createCampaign(ctx, { name: "No", agentId, audience: { importId: crypto.randomUUID() } }),
    );
    expect(gone.issues?.[0]?.path).toBe("audience.importId");
  });

  it("is refused when its window never opens for anybody on the list", async () => {
    await db.owner.query("update users set rule_set = 'by-country' where id = $1", [userId]);
    const error = await refusalOf(
      createCampaign(ctx, {
        name: "Night",
        agentId,
        audience: { contactIds: await people(1) },
        window: { days: ["sun"], open: "02:00", close: "03:00" },
      }),
    );
    expect(error.issues).toEqual([{ path: "window", message: expect.stringContaining("never opens") }]);
  });

  it("asks for whole minutes when a real provider is behind it", async () => {
    const real = requestOf(
      testParts(db, { BOLNA_API_URL: "https://api.bolna.ai", BOLNA_API_KEY: "bn-x" }),
      userId,
    );
    const draft = {
      name: "Fast",
      agentId,
      audience: { contactIds: await people(1) },
      retry: { maxAttempts: 2, busy: [0.1], noAnswer: [], failed: [], voicemail: [] },
    };
    expect((await refusalOf(createCampaign(real, draft))).issues).toEqual([
      { path: "retry.busy.0", message: "must be whole minutes with a real voice provider" },
    ]);
    expect((await createCampaign(ctx, draft)).retry.busy).toEqual([0.1]);
  });

  it("can be copied for other people, with its rules", async () => {
    const campaignId = await running(2, { budgetCredits: 300, maxConcurrent: 1 });
    const [someone] = await people(1);
    const copy = await duplicateCampaign(ctx, { campaignId, audience: { contactIds: [someone!] } });
    expect(copy).toMatchObject({
      name: "Clinic (copy)",
      status: "draft",
      budgetCredits: 300,
      maxConcurrent: 1,
      audience: { contactIds: [someone] },
    });
  });
});

describe("preflight and start", () => {
  const blocking = async (campaignId: string, as = ctx) =>
    (await preflight(as, { campaignId })).problems
      .filter((problem) => problem.blocking)
      .map(({ code }) => code);

  it("names what would keep anybody from being called, and start refuses in the same words", async () => {
    const draft = async (its: Partial<CampaignDraft> = {}) =>
      (await createCampaign(ctx, { name: "Try", agentId, audience: { contactIds: await people(1) }, ...its }))
        .id;

    expect(await blocking(await draft({ audience: { tag: "nobody" } }))).toEqual(["no_contacts"]);
    expect(await blocking(await draft({ budgetCredits: 49 }))).toEqual(["budget_below_hold"]);

    const unsynced = await make.agent(db.owner, userId, { bolnaAgentId: null });
    expect(await blocking(await draft({ agentId: unsynced }))).toEqual(["agent_not_synced"]);

    const real = requestOf(
      testParts(db, { BOLNA_API_URL: "https://api.bolna.ai", BOLNA_API_KEY: "bn-x" }),
      userId,
    );
    expect(await blocking(await draft(), real)).toEqual(["webhook_unreachable"]);

    await db.owner.query("update users set rule_set = 'by-country' where id = $1", [userId]);
    const strict = await draft();
    expect(await blocking(strict)).toEqual(["no_eligible_contacts", "no_consent"]);
    await db.owner.query("update users set rule_set = 'rehearsal', credits = 49 where id = $1", [userId]);
    const poor = await draft();
    expect(await blocking(poor)).toEqual(["credits"]);
    const error = await refusalOf(startCampaign(ctx, { campaignId: poor }));
    expect(error).toMatchObject({
      code: "no_credits",
      message: expect.stringContaining("49 credits available; one call sets aside 50 credits."),
    });
  });

  it("warns of names in braces that nothing fills, which refuse no start", async () => {
    const misspelt = await make.agent(db.owner, userId, {});
    await db.owner.query("update agents set prompt = 'Greet {nmae} of {company}.' where id = $1", [misspelt]);
    const audience = { contactIds: await people(1) };
    const { id } = await createCampaign(ctx, { name: "Braces", agentId: misspelt, audience });
    const { problems } = await preflight(ctx, { campaignId: id });
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: "unknown_placeholder",
        blocking: false,
        message: "Nothing fills {nmae} in the agent's words.",
      }),
    );
  });

  it("answers a second start with a conflict and its reason", async () => {
    const campaignId = await running(1);
    const error = await refusalOf(startCampaign(ctx, { campaignId }));
    expect(error).toMatchObject({ code: "conflict", message: "The campaign is already running." });
  });

  it("does not know another tenant's campaign", async () => {
    const campaignId = await running(1);
    const stranger = requestOf(parts, await make.user(db.owner));
    for (const act of [preflight, startCampaign, pauseCampaign, resumeCampaign, cancelCampaign, progress])
      expect((await refusalOf(act(stranger, { campaignId }))).code).toBe("not_found");
    expect((await listItems(stranger, { campaignId })).items).toEqual([]);
  });
});

describe("pause, resume, cancel", () => {
  it("returns how many calls are in the air, and nothing is claimed afterwards", async () => {
    const campaignId = await running(4);
    expect((await tick()).dialled).toBe(4);
    const [first, second] = await calls(campaignId);
    await db.owner.query("update calls set status = 'ringing' where id = $1", [first!.id]);
    await db.owner.query("update calls set status = 'unknown' where id = $1", [second!.id]);
    expect(await pauseCampaign(ctx, { campaignId, reason: "lunch" })).toEqual({ status: "paused", inAir: 2 });
    await db.owner.query(
      "update call_queue set status = 'pending' where campaign_id = $1 and id = any(array(select queue_id from calls where status = 'claimed'))",
      [campaignId],
    );
    expect((await tick()).dialled).toBe(0);
    expect((await progress(ctx, { campaignId })).waiting).toEqual([
      { reason: "campaign_paused", count: 2, nextAt: null },
    ]);
    expect(await listEvents(ctx, { campaignId })).toMatchObject({
      items: [{ kind: "paused", detail: { reason: "lunch" } }, {}, {}, {}],
    });
    expect((await refusalOf(pauseCampaign(ctx, { campaignId }))).code).toBe("conflict");
  });

  it("waits for a call that is just being placed, and then counts it", async () => {
    const campaignId = await running(1);
    await tick();
    let placed!: () => void;
    let locked!: () => void;
    const isLocked = new Promise<void>((resolve) => (locked = resolve));
    const placing = db.worker.tx(userId, async (tx) => {
      await tx.query("select 1 from call_campaigns where id = $1 for share", [campaignId]);
      await tx.query("update calls set status = 'dialing' where campaign_id = $1", [campaignId]);
      locked();
      await new Promise<void>((resolve) => (placed = resolve));
    });
    await isLocked;
    const pausing = pauseCampaign(ctx, { campaignId });
    placed();
    await placing;
    expect(await pausing).toEqual({ status: "paused", inAir: 1 });
  });

  it("goes on where it stood", async () => {
    const campaignId = await running(3);
    await pauseCampaign(ctx, { campaignId });
    expect((await tick()).dialled).toBe(0);
    expect((await resumeCampaign(ctx, { campaignId })).status).toBe("running");
    expect((await tick()).dialled).toBe(3);
  });

  it("pauses everything at once", async () => {
    await running(1);
    await running(1);
    await tick();
    await db.owner.query("update calls set status = 'ringing' where user_id = $1", [userId]);
    expect(await pauseAll(ctx, { reason: "fire" })).toEqual({ paused: 2, inAir: 2 });
  });

  it("cancels what is pending, stops what waits at the provider, lets the rest end, and sums up once", async () => {
    const campaignId = await running(6);
    await tick();
    const open = await calls(campaignId);
    await db.owner.query("update calls set status = 'queued', bolna_execution_id = 'x1' where id = $1", [
      open[0]!.id,
    ]);
    await db.owner.query("update calls set status = 'in-progress', bolna_execution_id = 'x2' where id = $1", [
      open[1]!.id,
    ]);
    expect(await cancelCampaign(ctx, { campaignId })).toEqual({ status: "canceled", inAir: 2 });
    const stops = await db.owner.query(
      "select key from graphile_worker.jobs where task_identifier = 'calls/stop' and key = $1",
      [`calls/stop:${open[0]!.id}`],
    );
    expect(stops.rowCount).toBe(1);

    await launchCampaign(job, campaignId, never);
    const left = await listItems(ctx, { campaignId, status: ["pending", "canceled"] });
    expect(left.items.map(({ status }) => status)).toEqual(["canceled"]);
    await finishCampaign(job, campaignId);
    const summary = async () =>
      (await db.owner.query("select summary from call_campaigns where id = $1", [campaignId])).rows[0]
        .summary;
    expect(await summary()).toBeNull();
    await db.owner.query(
      "update call_queue set status = 'canceled', closed_at = app.now() where campaign_id = $1 and status = 'in_progress'",
      [campaignId],
    );
    await finishCampaign(job, campaignId);
    expect(await summary()).toMatchObject({ byStatus: { canceled: 6, total: 6 } });
    expect((await refusalOf(resumeCampaign(ctx, { campaignId }))).code).toBe("conflict");
  });

  it("skips whom it did not reach before its end date, and completes", async () => {
    const campaignId = await running(3);
    await db.owner.query("update call_campaigns set ends_at = app.now() where id = $1", [campaignId]);
    // Lost jobs are the sweep's: one that is there already is left alone.
    await db.owner.query("delete from graphile_worker._private_jobs");
    expect((await db.worker.pool.query("select * from app.sweep()")).rows).toContainEqual({
      task: "campaigns/finish",
      rung: 1,
    });
    await finishCampaign(job, campaignId);
    expect(await progress(ctx, { campaignId })).toMatchObject({
      status: "completed",
      byStatus: { skipped: 3 },
    });
    expect((await listItems(ctx, { campaignId })).items.map(({ skipReason }) => skipReason)).toEqual([
      "campaign_over",
      "campaign_over",
      "campaign_over",
    ]);
  });
});

describe("update", () => {
  it("changes everything in a draft, limits alone while it runs, and the list never after the start", async () => {
    const [someone] = await people(1);
    const draft = await createCampaign(ctx, {
      name: "A",
      agentId,
      audience: { tag: "x" },
      budgetCredits: 100,
    });
    const changed = await updateCampaign(ctx, {
      campaignId: draft.id,
      name: "B",
      audience: { contactIds: [someone!] },
      budgetCredits: null,
      window: { days: ["mon"], open: "00:00", close: "24:00" },
    });
    expect(changed).toMatchObject({
      name: "B",
      audience: { contactIds: [someone] },
      budgetCredits: null,
      window: { days: ["mon"] },
    });
    expect((await updateCampaign(ctx, { campaignId: draft.id, window: null })).window).toBeNull();

    const campaignId = await running(1);
    expect((await updateCampaign(ctx, { campaignId, maxConcurrent: 2 })).maxConcurrent).toBe(2);
    expect((await refusalOf(updateCampaign(ctx, { campaignId, window: null }))).message).toContain(
      "Pause it first",
    );
    await pauseCampaign(ctx, { campaignId });
    await updateCampaign(ctx, {
      campaignId,
      retry: { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] },
    });
    expect((await refusalOf(updateCampaign(ctx, { campaignId, audience: { tag: "x" } }))).message).toContain(
      "Duplicate it",
    );
  });

  it("dials on as soon as the budget or the cap is raised", async () => {
    const campaignId = await running(3, { budgetCredits: 50, maxConcurrent: 1 });
    expect((await tick()).dialled).toBe(1);
    await tick();
    expect((await progress(ctx, { campaignId })).limitingFactor).toBe("budget");
    await updateCampaign(ctx, { campaignId, budgetCredits: 1000 });
    await tick();
    expect(await progress(ctx, { campaignId })).toMatchObject({
      limitingFactor: "campaign_cap",
      limiting: { count: 1, limit: 1 },
    });
    await updateCampaign(ctx, { campaignId, maxConcurrent: 3 });
    expect((await tick()).dialled).toBe(2);
  });

  it("moves the lanes with the window, and refuses hours that never come for somebody in the queue", async () => {
    await db.owner.query("update calling_rules set consent = 'none' where rule_set = 'by-country'");
    await db.owner.query("update users set rule_set = 'by-country' where id = $1", [userId]);
    const campaignId = await running(2);
    await pauseCampaign(ctx, { campaignId });
    const night = {
      days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const,
      open: "02:00",
      close: "04:00",
    };
    const error = await refusalOf(
      updateCampaign(ctx, { campaignId, window: { ...night, days: [...night.days] } }),
    );
    expect(error).toMatchObject({ code: "invalid", issues: [{ path: "window" }] });
    const noon = { days: [...night.days], open: "12:00", close: "13:00" };
    await updateCampaign(ctx, { campaignId, window: noon });
    const { rows } = await db.owner.query(
      "select extract(hour from opens_at at time zone 'Asia/Kolkata')::int as hour, closes_at - opens_at as long from call_lanes where campaign_id = $1",
      [campaignId],
    );
    expect(rows[0]).toMatchObject({ hour: 12, long: "01:00:00" });
    await db.owner.query(
      "update calling_rules set consent = 'any' where rule_set = 'by-country' and country in ('**', 'IN')",
    );
  });
});

describe("lists", () => {
  it("page through campaigns without gaps, filter by status and name, and show the same counts as the page", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++)
      ids.push((await createCampaign(ctx, { name: `List ${n}%`, agentId, audience: { tag: "x" } })).id);
    const campaignId = await running(2);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listCampaigns>> = await listCampaigns(ctx, { limit: 2, cursor });
      for (const item of page.items) CampaignRow.parse(item);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(seen).toEqual([campaignId, ...ids.toReversed()]);
    expect((await listCampaigns(ctx, { status: "running" })).items).toMatchObject([
      { id: campaignId, counts: { total: 2, pending: 2 } },
    ]);
    expect((await listCampaigns(ctx, { search: "list 3%" })).items.map(({ name }) => name)).toEqual([
      "List 3%",
    ]);
    await expect(listCampaigns(ctx, { cursor: "nonsense" })).rejects.toThrow(/cursor/);
  });

  it("show why each item waits, and filter by it", async () => {
    const campaignId = await running(3, { maxConcurrent: 1 });
    await tick();
    await tick();
    const { items } = await listItems(ctx, { campaignId });
    for (const item of items) Item.parse(item);
    expect(items.map(({ status, waitReason }) => [status, waitReason]).toSorted()).toEqual([
      ["in_progress", null],
      ["pending", "campaign_cap"],
      ["pending", "campaign_cap"],
    ]);
    expect((await listItems(ctx, { campaignId, waitReason: "campaign_cap" })).items).toHaveLength(2);
    const page = await listItems(ctx, { campaignId, limit: 2 });
    expect((await listItems(ctx, { campaignId, limit: 2, cursor: page.nextCursor })).items).toHaveLength(1);
    expect(CampaignProgress.parse(await progress(ctx, { campaignId }))).toMatchObject({
      total: 3,
      byStatus: { pending: 2, inProgress: 1 },
      held: 50,
      eta: { low: expect.any(String), mid: expect.any(String), high: expect.any(String) },
      waiting: [{ reason: "campaign_cap", count: 2 }],
    });
  });
});
