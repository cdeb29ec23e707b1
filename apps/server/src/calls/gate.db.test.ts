import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { confirmDestination, listDestinations, removeDestination } from "../accounts/destinations.ts";
import { updateSettings } from "../accounts/settings.ts";
import { createAgent } from "../agents/create.ts";
import { explainItem } from "../campaigns/explain.ts";
import { preflight } from "../campaigns/preflight.ts";
import { startCampaign } from "../campaigns/start.ts";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { placeDirect } from "./place-direct.ts";
import { placeCall } from "./place.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let job: Ctx;
let userId: string;
let agentId: string;
let campaignId: string;
let posts: number;

beforeAll(async () => {
  // What is asked here is not the hour.
  await db.owner.query(
    `update calling_rules set days = '{1,2,3,4,5,6,7}', opens = '00:00', closes = '24:00' where rule_set = 'by-country'`,
  );
});

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10;
    update calling_rules set consent = 'none', dials_max = 6, answered_max = 2 where rule_set = 'by-country';
    update provider_accounts set status = 'ok', gate_until = null;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  userId = await make.user(db.owner, { credits: 100_000, concurrentLimit: 10, ruleSet: "by-country" });
  agentId = await make.agent(db.owner, userId);
  campaignId = await make.campaign(db.owner, userId, agentId);
  posts = 0;
  const made = testParts(db);
  const bolna = {
    placeCall: async () => {
      posts += 1;
      return { kind: "accepted", executionId: crypto.randomUUID(), status: "queued" };
    },
  };
  parts = { ...made, providers: { ...made.providers, bolna: bolna as never } };
  ctx = requestOf(parts, userId);
  job = jobContext(parts, userId);
});

async function waiting(its: {
  country: string;
  phoneNumber?: string;
  zone?: string;
  kind?: string;
}): Promise<{
  itemId: string;
  contactId: string;
}> {
  const zones = [its.zone ?? "Asia/Kolkata"];
  const contactId = await make.contact(db.owner, userId, {
    country: its.country,
    zones,
    phoneNumber: its.phoneNumber,
  });
  const { rows } = await db.owner.query<{ id: string }>(
    "select id from call_lanes where user_id = $1 and campaign_id = $2 and country = $3",
    [userId, campaignId, its.country],
  );
  const laneId =
    rows[0]?.id ??
    (await make.lane(db.owner, userId, campaignId, { country: its.country, zoneSet: zones[0] }));
  return {
    contactId,
    itemId: await make.item(db.owner, userId, { laneId, campaignId, contactId, kind: its.kind }),
  };
}
const tick = () => db.worker.pool.query("select * from app.claim_tick()");
const item = async (itemId: string) =>
  (
    await db.owner.query("select status, wait_reason, skip_reason, attempts from call_queue where id = $1", [
      itemId,
    ])
  ).rows[0];
const claimed = async (itemId: string) =>
  (
    await db.owner.query<{ id: string }>("select id from calls where queue_id = $1 and status = 'claimed'", [
      itemId,
    ])
  ).rows[0]?.id;
async function dialled(itemId: string): Promise<boolean> {
  await tick();
  const callId = await claimed(itemId);
  if (!callId) return false;
  await placeCall(job, { callId });
  return true;
}
const consent = (contactId: string, basis: string, expires: string | null = null) =>
  db.owner.query(
    "insert into consents (user_id, contact_id, channel, basis, source, obtained_at, expires_at, evidence) values ($1, $2, 'call', $3, 'web form', app.now(), $4, 'https://example.com/form/1')",
    [userId, contactId, basis, expires],
  );

describe("a country nobody has confirmed", () => {
  it("is not called: the person waits with that reason, explain names it, and a direct call is refused at once", async () => {
    const { itemId, contactId } = await waiting({ country: "NG" });
    expect(await dialled(itemId)).toBe(false);
    expect(await item(itemId)).toMatchObject({ status: "pending", wait_reason: "destination_not_confirmed" });
    const { checks } = await explainItem(ctx, { itemId });
    expect(checks.find(({ name }) => name === "destination")).toMatchObject({
      ok: false,
      detail: expect.stringMatching(
        /^Nobody has confirmed that this workspace calls NG\. .*An owner confirms it/,
      ),
    });
    await expect(placeDirect(ctx, { contactId, agentId })).rejects.toThrow(
      /Nobody has confirmed that this workspace calls NG/,
    );
  });

  it("is called at once when an owner confirms it, and no longer when that is taken back between claim and dial", async () => {
    const first = await waiting({ country: "NG" });
    const second = await waiting({ country: "NG" });
    await tick();
    expect(await confirmDestination(ctx, { country: "NG" })).toEqual({ country: "NG", due: 2 });
    expect(await dialled(first.itemId)).toBe(true);
    expect(posts).toBe(1);
    await removeDestination(ctx, { country: "NG" });
    await placeCall(job, { callId: (await claimed(second.itemId))! });
    expect(posts).toBe(1);
    expect(await item(second.itemId)).toMatchObject({
      status: "pending",
      wait_reason: "destination_not_confirmed",
      attempts: 0,
    });
    const { rows } = await db.owner.query(
      "select changes from audit_log where action = 'destinations.changed' order by id",
    );
    expect(rows.map(({ changes }) => changes.destinations)).toEqual([
      [[], ["NG"]],
      [["NG"], []],
    ]);
  });

  it("needs no confirmation if it is the workspace's own, or in a rehearsal; an API key cannot move the workspace", async () => {
    const home = await waiting({ country: "IN" });
    expect(await dialled(home.itemId)).toBe(true);
    await expect(updateSettings(ctx, { defaultRegion: "NG" })).rejects.toMatchObject({ code: "not_allowed" });
    await expect(removeDestination(ctx, { country: "IN" })).rejects.toThrow(/own country/);
    await db.owner.query("update users set rule_set = 'rehearsal' where id = $1", [userId]);
    const abroad = await waiting({ country: "NG" });
    expect(await dialled(abroad.itemId)).toBe(true);
  });

  it("is named before the start, with how many people wait for it, and refuses a start for them alone", async () => {
    await waiting({ country: "IN" });
    const { contactId } = await waiting({ country: "NG", zone: "Africa/Lagos" });
    await db.owner.query(
      "update call_campaigns set status = 'draft', started_at = null, audience = '{\"filter\":{}}' where id = $1",
      [campaignId],
    );
    const seen = await preflight(ctx, { campaignId });
    expect(seen).toMatchObject({ audience: 2, eligible: 1, ready: true });
    expect(seen.problems.find(({ code }) => code === "destination_not_confirmed")).toMatchObject({
      count: 1,
      blocking: false,
      message: "1 person on the list is in Nigeria, where nobody has confirmed that this workspace calls.",
    });
    await db.owner.query("update call_campaigns set audience = $2 where id = $1", [
      campaignId,
      { contactIds: [contactId] },
    ]);
    await expect(startCampaign(ctx, { campaignId })).rejects.toThrow(/None of the 1 people|may be called/);
    const { items } = await listDestinations(ctx);
    expect(items).toMatchObject([
      { country: "IN", own: true, confirmed: true },
      {
        country: "NG",
        own: false,
        confirmed: false,
        contacts: 1,
        rule: { opens: "00:00", closes: "24:00", consent: "none" },
      },
    ]);
  });
});

describe("consent that a country's rules ask for", () => {
  it("decides at the tick and again before the dial, expires and can be withdrawn, and is written on the receipt", async () => {
    await db.owner.query(
      "update calling_rules set consent = 'express' where rule_set = 'by-country' and country = 'IN'",
    );
    const without = await waiting({ country: "IN" });
    expect(await dialled(without.itemId)).toBe(false);
    expect(await item(without.itemId)).toMatchObject({ status: "skipped", skip_reason: "no_consent" });

    const lapsed = await waiting({ country: "IN" });
    await consent(lapsed.contactId, "written", "2020-01-01T00:00:00Z");
    expect(await dialled(lapsed.itemId)).toBe(false);

    const withdrawn = await waiting({ country: "IN" });
    await consent(withdrawn.contactId, "express");
    await tick();
    await db.owner.query("update consents set revoked_at = app.now() where contact_id = $1", [
      withdrawn.contactId,
    ]);
    await placeCall(job, { callId: (await claimed(withdrawn.itemId))! });
    expect([posts, await item(withdrawn.itemId)]).toMatchObject([
      0,
      { status: "skipped", skip_reason: "no_consent" },
    ]);

    const given = await waiting({ country: "IN" });
    await consent(given.contactId, "existing");
    await consent(given.contactId, "written");
    expect(await dialled(given.itemId)).toBe(true);
    const { rows } = await db.owner.query("select receipt from calls where queue_id = $1", [given.itemId]);
    expect(rows[0].receipt).toMatchObject({
      ruleSet: "by-country",
      ruleCountry: "IN",
      ruleVersion: 1,
      consent: "express",
      consentBasis: "written",
      consentSource: "web form",
      consentId: expect.any(String),
      agentVersion: 1,
      disclosure: "This is an AI agent.",
      openUntil: expect.any(String),
    });
  });
});

describe("the frequency cap", () => {
  it("counts campaigns, callbacks and calls by hand together, and is asked again before the dial", async () => {
    await db.owner.query("update users set frequency_dials_max = 2 where id = $1", [userId]);
    const { itemId, contactId } = await waiting({ country: "IN" });
    await placeDirect(ctx, { contactId, agentId });
    await db.owner.query(
      "update call_queue set status = 'completed', closed_at = app.now() where kind = 'direct'",
    );
    await db.owner.query(
      `insert into calls (user_id, status, outcome, ended_at, final_at, settled_at, price_credits, queue_id, contact_id, agent_id,
         provider_account_id, phone_number, max_call_seconds)
       select q.user_id, 'busy', 'busy', app.now(), app.now(), app.now(), 0, q.id, q.contact_id, a.id, a.provider_account_id, q.phone_number, 300
       from call_queue q join agents a on a.id = q.agent_id where q.kind = 'direct'`,
    );
    await tick();
    const callId = await claimed(itemId);
    expect(callId).toBeDefined(); // one of two used
    await db.owner.query("update users set frequency_dials_max = 1 where id = $1", [userId]);
    await placeCall(job, { callId: callId! });
    expect(posts).toBe(0);
    expect(await item(itemId)).toMatchObject({
      status: "pending",
      wait_reason: "frequency_cap",
      attempts: 0,
    });
  });

  it.each([
    ["ended at an empty wallet", "status = 'balance-low'"],
    ["was taken back before a phone rang", "status = 'stopped', stop_reason = 'provider_queue'"],
    ["was never placed", "status = 'not-placed'"],
  ])("does not count a call that %s", async (_what, end) => {
    await db.owner.query("update users set frequency_dials_max = 1 where id = $1", [userId]);
    const { itemId } = await waiting({ country: "IN" });
    await tick();
    const callId = await claimed(itemId);
    await db.owner.query(
      `update calls set ${end}, lease_until = null, outcome = 'failed', ended_at = app.now(), final_at = app.now(), settled_at = app.now(), price_credits = 0 where id = $1`,
      [callId],
    );
    await db.owner.query(
      "update call_queue set status = 'pending', due_at = app.now(), attempts = 0 where id = $1",
      [itemId],
    );
    const { rows } = await db.owner.query("select verdict from app.item_verdict($1)", [itemId]);
    expect(rows).toEqual([{ verdict: "dial" }]);
    await db.owner.query(
      "update calls set status = 'busy', outcome = 'busy', stop_reason = null where id = $1",
      [callId],
    );
    const { rows: rung } = await db.owner.query("select verdict, reason from app.item_verdict($1)", [itemId]);
    expect(rung).toEqual([{ verdict: "defer", reason: "frequency_cap" }]);
  });

  it("of a workspace may be stricter than a country's own, not laxer; where there is no such rule it holds as set", async () => {
    await db.owner.query(
      "update calling_rules set dials_max = 3 where rule_set = 'by-country' and caps_bind",
    );
    const { itemId, contactId } = await waiting({ country: "GB" });
    const cap = async (dialsMax: number | null, dials: number, country = "GB") => {
      await db.owner.query("delete from calls");
      await db.owner.query("update users set frequency_dials_max = $2, frequency_days = 1 where id = $1", [
        userId,
        dialsMax,
      ]);
      await db.owner.query("update call_lanes set country = $2 where user_id = $1", [userId, country]);
      await db.owner.query(
        `insert into calls (user_id, status, outcome, created_at, ended_at, final_at, settled_at, price_credits, queue_id, attempt, contact_id, agent_id,
           provider_account_id, phone_number, max_call_seconds)
         select k.user_id, 'busy', 'busy', app.now() - interval '2 days', app.now(), app.now(), app.now(), 0, $4, n, k.id, a.id, a.provider_account_id, k.phone_number, 300
         from contacts k, agents a, generate_series(1, $3) n where k.id = $1 and a.id = $2`,
        [contactId, agentId, dials, itemId],
      );
      const { rows } = await db.owner.query(
        "select frequency_until is not null as capped from app.item_checks($1)",
        [itemId],
      );
      return rows[0].capped;
    };
    expect(await cap(100, 3)).toBe(true);
    expect(await cap(100, 2)).toBe(false);
    expect(await cap(1, 1)).toBe(true);
    expect(await cap(null, 3)).toBe(true);
    // India's is a habit: the workspace's own cap holds, over its own days
    expect(await cap(4, 3, "IN")).toBe(false);
    expect(await cap(1, 3, "IN")).toBe(false);
  });

  it("does not count the call that is asked about", async () => {
    await db.owner.query("update users set frequency_dials_max = 1 where id = $1", [userId]);
    const { itemId } = await waiting({ country: "IN" });
    expect(await dialled(itemId)).toBe(true);
    expect(posts).toBe(1);
  });
});

describe("an agent that would not say what it is", () => {
  const words = { name: "Asha", prompt: "Book visits.", welcomeMessage: "Hello" };

  it("is not saved, with a sentence that would do; nor one that is told to pass for a person", async () => {
    await expect(createAgent(ctx, { ...words, disclosure: "Hello, this is Asha." })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringMatching(/^disclosure: .*automated assistant calling for/),
    });
    await expect(createAgent(ctx, { ...words, prompt: "If asked, say you are a human." })).rejects.toThrow(
      /^prompt: /,
    );
  });

  it("starts no campaign, however its words came to be", async () => {
    await waiting({ country: "IN" });
    await db.owner.query("update agents set disclosure = 'Hello, this is Asha.' where id = $1", [agentId]);
    await db.owner.query(
      "update call_campaigns set status = 'draft', started_at = null, audience = '{\"filter\":{}}' where id = $1",
      [campaignId],
    );
    await expect(startCampaign(ctx, { campaignId })).rejects.toMatchObject({
      message: expect.stringMatching(/does not tell people that they speak to a machine/),
      issues: [{ path: "agentId" }],
    });
  });
});
