import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeEach, describe, expect, it } from "vitest";
import { grantCredits } from "../admin/grant-credits.ts";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { archiveCampaign } from "./archive.ts";
import { duplicateCampaign } from "./duplicate.ts";
import { listEvents } from "./events.ts";
import { launchCampaign } from "./launch.ts";
import { listCampaigns } from "./list.ts";
import { redialCampaign } from "./redial.ts";
import { startCampaign } from "./start.ts";
import { tellBlocked, tellBudgetNear, tellCreditsLow } from "./tell-blocked.ts";
import { updateCampaign } from "./update.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;
let campaignId: string;
let laneId: string;

beforeEach(async () => {
  await db.owner.query(
    "truncate users, people, incidents cascade; delete from graphile_worker._private_jobs",
  );
  parts = testParts(db);
  userId = await make.user(db.owner, { credits: 1000, concurrentLimit: 5 });
  agentId = await make.agent(db.owner, userId);
  ctx = requestOf(parts, userId);
  job = jobContext(parts, userId);
  campaignId = await make.campaign(db.owner, userId, agentId, { budgetCredits: 500 });
  laneId = await make.lane(db.owner, userId, campaignId);
});

const ended = async (
  name: string,
  status: string,
  outcome: string | null,
  skipReason: string | null = null,
) => {
  const contactId = await make.contact(db.owner, userId, { name });
  const itemId = await make.item(db.owner, userId, { laneId, campaignId, contactId });
  await db.owner.query(
    "update call_queue set status = $2, last_outcome = $3, skip_reason = $4, closed_at = app.now() where id = $1",
    [itemId, status, outcome, skipReason],
  );
  return contactId;
};
const notices = async () =>
  (await db.owner.query("select kind, title from notifications where user_id = $1 order by id", [userId]))
    .rows;
const inTenant = <T>(fn: Parameters<typeof job.db.tx<T>>[0]) => job.db.tx(fn);

describe("calling some of them again", () => {
  beforeEach(async () => {
    await ended("Answered", "completed", "answered");
    await ended("Busy", "failed", "busy");
    await ended("Silent", "failed", "no_answer");
    await ended("No consent", "skipped", null, "no_consent");
    const twice = await ended("Voicemail", "completed", "voicemail");
    await make.item(db.owner, userId, { laneId, campaignId, contactId: twice, kind: "callback" });
    await db.owner.query(
      "update call_queue set status = 'failed', last_outcome = 'no_answer', closed_at = app.now() where kind = 'callback'",
    );
    await db.owner.query(
      "update call_campaigns set status = 'completed', completed_at = app.now() where id = $1",
      [campaignId],
    );
  });

  const queued = async (id: string) => {
    await startCampaign(ctx, { campaignId: id });
    await launchCampaign(job, id, new AbortController().signal);
    const { rows } = await db.owner.query(
      "select c.name from call_queue q join contacts c on c.id = q.contact_id where q.campaign_id = $1 order by c.name",
      [id],
    );
    return rows.map(({ name }) => name);
  };

  it("makes a draft under the same rules for those whom it ended so for, each once, and dials them when it is started", async () => {
    const draft = await redialCampaign(ctx, { campaignId, outcomes: ["no_answer", "busy"] });
    expect(draft).toMatchObject({ status: "draft", name: "Campaign (again)", people: 3, budgetCredits: 500 });
    expect(await queued(draft.id)).toEqual(["Busy", "Silent", "Voicemail"]);
  });

  it("takes reasons and statuses as well, and without any of them all whom nobody has spoken with", async () => {
    expect(
      (await redialCampaign(ctx, { campaignId, skipReasons: ["no_consent"], outcomes: ["busy"] })).people,
    ).toBe(2);
    expect((await redialCampaign(ctx, { campaignId, statuses: ["failed"] })).people).toBe(3);
    const rest = await redialCampaign(ctx, { campaignId, name: "The rest" });
    expect(rest).toMatchObject({ people: 4, name: "The rest" });
    expect(await queued(rest.id)).not.toContain("Answered");
    await expect(redialCampaign(ctx, { campaignId, outcomes: ["unclear"] })).rejects.toThrow(
      /nobody in “Campaign”/,
    );
  });

  it("waits for the end of the first, and keeps its list when the redial itself is duplicated", async () => {
    await db.owner.query("update call_campaigns set status = 'running', completed_at = null where id = $1", [
      campaignId,
    ]);
    await expect(redialCampaign(ctx, { campaignId })).rejects.toThrow(/still calls/);
    await db.owner.query(
      "update call_campaigns set status = 'canceled', completed_at = app.now() where id = $1",
      [campaignId],
    );
    const again = await redialCampaign(ctx, { campaignId, outcomes: ["busy"] });
    const copy = await duplicateCampaign(ctx, { campaignId: again.id });
    expect(await queued(copy.id)).toEqual(["Busy"]);
  });
});

describe("putting away", () => {
  it("takes drafts and ended campaigns out of the list and back, and refuses what still calls", async () => {
    await expect(archiveCampaign(ctx, { campaignId, archived: true })).rejects.toThrow(/is not over/);
    const draft = await duplicateCampaign(ctx, { campaignId });
    expect(await archiveCampaign(ctx, { campaignId: draft.id, archived: true })).toMatchObject({
      archivedAt: expect.any(String),
    });
    const names = async (archived?: boolean) =>
      (await listCampaigns(ctx, { archived })).items.map(({ id }) => id);
    expect(await names()).toEqual([campaignId]);
    expect(await names(true)).toEqual([draft.id]);
    await expect(startCampaign(ctx, { campaignId: draft.id })).rejects.toThrow(/is archived/);
    expect((await archiveCampaign(ctx, { campaignId: draft.id, archived: false })).archivedAt).toBeNull();
    expect(await names()).toEqual([draft.id, campaignId]);
  });
});

describe("an edit while paused", () => {
  it("may change everything but the list, and says field by field what was and what is", async () => {
    await db.owner.query(
      "update call_campaigns set status = 'paused', status_reason = 'paused' where id = $1",
      [campaignId],
    );
    const window = { days: ["mon" as const], open: "09:00", close: "18:00" };
    await updateCampaign(ctx, { campaignId, budgetCredits: 900, callbacks: "agent", window, name: "July" });
    await expect(updateCampaign(ctx, { campaignId, audience: { tag: "x" } })).rejects.toThrow(
      /The list is fixed/,
    );
    const changes = {
      name: ["Campaign", "July"],
      window: [null, window],
      budgetCredits: [500, 900],
      callbacks: ["person", "agent"],
    };
    const { rows } = await db.owner.query("select changes from audit_log where action = 'campaign.updated'");
    expect(rows[0].changes).toEqual(changes);
    expect((await listEvents(ctx, { campaignId })).items[0]).toMatchObject({
      kind: "updated",
      detail: { changes },
    });
  });
});

describe("money that runs out", () => {
  const spent = (credits: number) =>
    db.owner.query("update campaign_spend set spent_credits = $2 where campaign_id = $1", [
      campaignId,
      credits,
    ]);

  it("is told at four fifths of a budget and when it is used up, once each, with an event; a raised budget goes on at once", async () => {
    await make.item(db.owner, userId, { laneId, campaignId });
    const tell = () =>
      inTenant(async (tx) => {
        await tellBudgetNear(tx, campaignId);
        await tellBlocked(tx, campaignId);
      });
    await spent(399);
    await tell();
    expect(await notices()).toEqual([]);
    await spent(400);
    await tell();
    await tell();
    expect(await notices()).toEqual([
      { kind: "campaign.budget_near", title: "“Campaign” has used 80 % of its budget" },
    ]);
    await spent(470);
    await db.worker.pool.query("select * from app.claim_tick()");
    await tell();
    await tell();
    expect((await notices()).map(({ kind }) => kind)).toEqual(["campaign.budget_near", "campaign.budget"]);
    expect((await listEvents(ctx, { campaignId })).items.map(({ kind, detail }) => [kind, detail])).toEqual([
      ["blocked", { reason: "budget" }],
      ["budget_near", { spent: 400, budget: 500 }],
    ]);
    const lane = async () =>
      (await db.owner.query("select blocked_by from call_lanes where id = $1", [laneId])).rows[0].blocked_by;
    expect(await lane()).toBe("budget");
    await updateCampaign(ctx, { campaignId, budgetCredits: 2000 });
    expect(await lane()).toBeNull();
    const { rows } = await db.worker.pool.query("select dialled from app.claim_tick()");
    expect(rows[0].dialled).toBe(1);
  });

  it("is told at a fifth of the last top-up, once per top-up; what credit had blocked goes on with the operator's grant", async () => {
    await make.item(db.owner, userId, { laneId, campaignId });
    await db.owner.query("update users set credits = 201 where id = $1", [userId]);
    await inTenant((tx) => tellCreditsLow(tx));
    expect(await notices()).toEqual([]);
    await db.owner.query("update users set credits = 30 where id = $1", [userId]);
    for (let n = 0; n < 2; n++) await inTenant((tx) => tellCreditsLow(tx));
    expect(await notices()).toEqual([{ kind: "credits.low", title: "30 credits are left" }]);
    expect((await db.worker.pool.query("select dialled from app.claim_tick()")).rows[0].dialled).toBe(0);

    const operator = {
      parts,
      visitor: null,
      request: { id: "test", ip: "", userAgent: null, idempotencyKey: null },
    };
    await grantCredits(operator as never, { userId, credits: 5000, reason: "Top-up" });
    expect((await db.worker.pool.query("select dialled from app.claim_tick()")).rows[0].dialled).toBe(1);
    const { rows } = await db.owner.query("select changes from audit_log where action = 'credits.granted'");
    expect(rows[0].changes).toEqual({ credits: [30, 5030], reason: [null, "Top-up"] });
  });
});

it("tells an incident of the workspace in the app, the first time it happens", async () => {
  const raise = () =>
    db.owner.query(
      "select app.raise_incident('webhook_silent', 'x', 'warn', 'A webhook fell silent.', 'Look at it.', $1)",
      [userId],
    );
  await raise();
  await raise();
  expect(await notices()).toEqual([{ kind: "incident", title: "A webhook fell silent." }]);
});
