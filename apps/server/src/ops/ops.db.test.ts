import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { opsViews, Diagnosis, Result } from "@parley/core/ops/schema";
import { beforeEach, describe, expect, it } from "vitest";
import { contextFor, type Ctx, type Parts } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { diagnose } from "./doctor.ts";
import { explainAnything } from "./explain.ts";
import { acknowledgeIncident, listIncidents, resolveIncident } from "./incidents.ts";
import { queryView } from "./query.ts";
import { runSql } from "./sql.ts";
import { getWebhook, listWebhooks, replayEverywhere, replayWebhooks } from "./webhooks.ts";

const db = useDatabase();
let parts: Parts;
let ctx: Ctx;
let userId: string;

beforeEach(async () => {
  await db.owner
    .query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs; delete from worker_pools;
    update system_settings set concurrent_calls_limit = 10, dialling_paused = false;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 10;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
  parts = testParts(db);
  userId = await make.user(db.owner, { credits: 1000, company: "Asha Dental" });
  ctx = requestOf(parts, userId);
});

const tick = () => db.worker.pool.query("select * from app.claim_tick()");
const view = async (name: (typeof opsViews)[number]) => {
  const { columns, rows } = Result.parse(await queryView(ctx, { view: name }));
  return rows.map(
    (row) => Object.fromEntries(row.map((value, n) => [columns[n]!, value])) as Record<string, unknown>,
  );
};
async function running(items: number, rules: Parameters<typeof make.campaign>[3] = {}) {
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId, rules);
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < items; n++) await make.item(db.owner, userId, { laneId, campaignId });
  return { agentId, campaignId, laneId };
}

describe("the views of operators", () => {
  it("can all be read by the read-only login, empty or full", async () => {
    for (const name of opsViews) expect(Array.isArray(await view(name)), name).toBe(true);
    await running(3);
    await tick();
    for (const name of opsViews) expect(Array.isArray(await view(name)), name).toBe(true);
  });

  it("show the queue, the lines and the lanes of every tenant as they are", async () => {
    await db.owner.query("insert into worker_pools (pool_id, process, role) values ('w', 'test', 'all')");
    const { campaignId, laneId } = await running(5, { maxConcurrent: 1 });
    await tick();
    await tick();
    expect(await view("queue_now")).toMatchObject([
      {
        company: "Asha Dental",
        campaign: "Campaign",
        due: 4,
        waiting: 0,
        in_progress: 1,
        campaign_id: campaignId,
      },
    ]);
    const slots = await view("slots_now");
    expect(slots.find(({ scope }) => scope === "system")).toMatchObject({ live: 1, limit: 10, free: 9 });
    expect(slots.find(({ scope }) => scope === "tenant")).toMatchObject({
      company: "Asha Dental",
      live: 1,
      limit: 2,
    });
    expect(await view("lines_held")).toMatchObject([
      { system_slot: 1, tenant_slot: 1, account_slot: 1, company: "Asha Dental", status: "claimed" },
    ]);
    expect(await view("lanes")).toMatchObject([
      { lane_id: laneId, state: "blocked: campaign_cap", pending_to_10001: 4 },
    ]);
    expect(await view("campaign_progress")).toMatchObject([
      { campaign: "Campaign", total: 5, pending: 4, in_progress: 1, limiting_factor: "campaign_cap" },
    ]);
    expect(await view("tenants")).toMatchObject([
      { company: "Asha Dental", live: 1, held: 50, available: 950, contacts: 5, running_campaigns: 1 },
    ]);
    expect((await view("jobs")).map(({ task, due }) => [task, due])).toEqual([["calls/place", 1]]);
  });

  it("find what is past its deadline, with what happens next", async () => {
    await running(2);
    await tick();
    expect(await view("stuck")).toEqual([]);
    await db.owner.query(`
      update calls set lease_until = app.wall() - interval '1 minute' where id = (select min(id::text)::uuid from calls);
      update calls set status = 'unknown', lease_until = null, dialing_at = app.now(), next_poll_at = app.now() - interval '2 minutes' where id = (select max(id::text)::uuid from calls);`);
    const stuck = await view("stuck");
    expect(stuck.map(({ kind, status, next_action }) => [kind, status, next_action])).toEqual([
      ["call", "unknown", "looked up among the agent's executions"],
      ["call", "claimed", "withdrawn: it was never sent"],
    ]);
    expect(await view("unknown_calls")).toMatchObject([{ company: "Asha Dental", held_credits: 50 }]);
  });

  it("compare every balance with its entries", async () => {
    await running(1);
    expect((await view("ledger_check")).map(({ scope, difference }) => [scope, difference])).toEqual([
      ["tenant", 0],
      ["campaign", 0],
    ]);
    await db.owner.query("update users set credits = 990 where id = $1", [userId]);
    expect((await view("ledger_check"))[0]).toMatchObject({ posted: 990, entries: 1000, difference: -10 });
  });
});

describe("ops.sql", () => {
  const refused = (text: string) =>
    runSql(ctx, { text }).then(
      (result) => result,
      (error: Error) => `${(error as { code?: string }).code}: ${error.message}`,
    );

  it("answers with columns and rows in order, at most a thousand", async () => {
    expect(await runSql(ctx, { text: "select 1 as a, 'x' as b, 2 as a; " })).toEqual({
      columns: ["a", "b", "a"],
      rows: [[1, "x", 2]],
      truncated: false,
    });
    const many = await runSql(ctx, { text: "-- all of them\nselect generate_series(1, 1000000) as n" });
    expect(many).toMatchObject({ truncated: true });
    expect(many.rows).toHaveLength(1000);
    expect((await runSql(ctx, { text: "explain select * from ops.lanes" })).columns).toEqual(["QUERY PLAN"]);
    expect((await runSql(ctx, { text: "with x as (select 1 as one) select * from x" })).rows).toEqual([[1]]);
  });

  it("writes nothing, runs one statement only, and shows no number, transcript or secret", async () => {
    expect(await refused("delete from calls")).toMatch(/^invalid: /);
    expect(await refused("select 1; select 2")).toMatch(/^invalid: .*Send one select/);
    expect(await refused("select 1; commit; begin; delete from calls")).toMatch(/^invalid: /);
    expect(await refused("select set_config('transaction_read_only', 'off', false)")).toMatch(/^invalid: /);
    expect(await refused("select phone_number from contacts")).toMatch(/^invalid: .*without personal data/);
    expect(await refused("select transcript from calls")).toMatch(/^invalid: .*without personal data/);
    expect(await refused("select * from people")).toMatch(/^invalid: .*without personal data/);
    expect(await refused("select payload from graphile_worker._private_jobs")).toMatch(/^invalid: /);
    expect(await refused("selekt 1")).toMatch(/^invalid: text: .*syntax error/);
  });

  it("stops a statement after five seconds and leaves nothing behind on the connection", async () => {
    await runSql(ctx, { text: "select pg_advisory_lock(42), set_config('statement_timeout', '0', false)" });
    const locks = await db.owner.query(
      "select count(*) as held from pg_locks where locktype = 'advisory' and objid = 42",
    );
    expect(locks.rows[0].held).toBe(0);
    expect(await refused("select pg_sleep(20)")).toMatch(/^limit_reached: .*longer than 5 seconds/);
  }, 30_000);
});

describe("doctor", () => {
  it("looks at everything and gives each fault its cure", async () => {
    // Nobody can listen on port 1: neither the sandbox nor this server.
    const away = requestOf(
      testParts(db, { SANDBOX_URL: "http://127.0.0.1:1", PUBLIC_URL: "http://127.0.0.1:1" }),
      userId,
    );
    const found = Diagnosis.parse(await diagnose(away));
    expect(found.ok).toBe(false);
    const check = (name: string) => found.checks.find((one) => one.name === name)!;
    for (const name of ["database", "migrations", "roles", "clocks", "dialling", "ledger"])
      expect(check(name), name).toMatchObject({ status: "ok" });
    expect(check("workers")).toMatchObject({ status: "bad", cure: expect.stringContaining("PARLEY_ROLE") });
    expect(check("voice provider")).toMatchObject({ status: "bad" });
    expect(check("webhooks").status).toBe("bad");
    for (const { status, cure } of found.checks) expect(cure === null).toBe(status === "ok");
  });

  it("asks itself from outside whether webhooks arrive", async () => {
    const server = createServer((request, response) =>
      response.writeHead(request.url === "/healthz" ? 200 : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { checks } = await diagnose(requestOf(testParts(db, { PUBLIC_URL: publicUrl }), userId));
    server.close();
    expect(checks.find(({ name }) => name === "webhooks")).toMatchObject({
      status: "ok",
      detail: `${publicUrl} can be reached.`,
    });
  });

  it("knows that a real provider cannot reach localhost", async () => {
    const real = requestOf(
      testParts(db, { BOLNA_API_URL: "https://203.0.113.1:9", BOLNA_API_KEY: "bn-x" }),
      userId,
    );
    const { checks } = await diagnose({
      ...real,
      providers: { ...real.providers, bolna: { me: () => Promise.reject(new Error("no route")) } as never },
    });
    expect(checks.find(({ name }) => name === "webhooks")).toMatchObject({
      status: "bad",
      cure: expect.stringContaining("PUBLIC_URL"),
    });
    expect(checks.find(({ name }) => name === "voice provider")).toMatchObject({
      status: "bad",
      detail: "no route.",
    });
  });
});

describe("webhooks", () => {
  const received = async (status: string, body: string, owner = userId) =>
    (
      await db.owner.query(
        "insert into webhook_events (user_id, source, endpoint_id, status, error, body, next_at) values ($1, 'bolna', app.uuid7(), $2, $3, $4, app.wall() + interval '1 day') returning id",
        [owner, status, status === "bad" ? "no JSON" : null, Buffer.from(body)],
      )
    ).rows[0].id as number;

  it("are listed with their text, whatever bytes they hold, the tenant's own alone", async () => {
    const bad = await received("bad", "\u0000{oops");
    const done = await received("done", "{}");
    await received("bad", "theirs", await make.user(db.owner));
    expect((await listWebhooks(ctx, {})).items).toMatchObject([
      { id: done, body: "{}" },
      { id: bad, status: "bad", error: "no JSON", body: "␀{oops" },
    ]);
    expect((await listWebhooks(ctx, { status: "bad" })).items).toHaveLength(1);
  });

  it("are folded again on request: one, or all that could not be read", async () => {
    const ids = [await received("bad", "a"), await received("bad", "b"), await received("done", "c")];
    const pending = async () =>
      (
        await db.owner.query(
          "select id from webhook_events where status = 'pending' and next_at <= app.wall() order by id",
        )
      ).rows.map(({ id }) => id);
    expect(await replayWebhooks(ctx, { id: ids[2] })).toEqual({ replayed: 1 });
    expect(await replayWebhooks(ctx, { status: "bad" })).toEqual({ replayed: 2 });
    expect(await pending()).toEqual(ids);
    await expect(replayWebhooks(requestOf(parts, await make.user(db.owner)), { id: ids[0] })).rejects.toThrow(
      /No such webhook/,
    );
  });
});

describe("the journal", () => {
  const received = async (body: string, its: { status?: string; at?: string; owner?: string } = {}) =>
    (
      await db.owner.query(
        `insert into webhook_events (user_id, source, endpoint_id, status, error, body, received_at, next_at)
         values ($1, 'bolna', app.uuid7(), $2, 'Strange thing', $3, coalesce($4::timestamptz, app.now()), app.wall() + interval '1 day') returning id`,
        [its.owner ?? userId, its.status ?? "bad", Buffer.from(body), its.at ?? null],
      )
    ).rows[0].id as number;

  it("is searched in bytes, errors and numbers, by state and period", async () => {
    const strange = await received("\u0000\ud83d needle");
    const old = await received("{}", { at: "2026-01-02T00:00:00Z" });
    const nobodys = await received("{}", { status: "done" });
    const ids = async (input: Parameters<typeof listWebhooks>[1]) =>
      (await listWebhooks(ctx, input)).items.map(({ id }) => id);
    expect(await ids({ search: "needle" })).toEqual([strange]);
    expect(await ids({ search: "strange THING" })).toEqual([nobodys, old, strange]);
    expect(await ids({ search: String(old) })).toEqual([old]);
    expect(await ids({ status: "unmatched" })).toEqual([nobodys]);
    expect(await ids({ from: "2026-01-01T00:00:00Z", to: "2026-01-03T00:00:00Z" })).toEqual([old]);
    const { bodyBase64, sizeBytes } = await getWebhook(ctx, { id: strange });
    expect(Buffer.from(bodyBase64!, "base64").toString()).toBe("\u0000\ufffd needle");
    expect(sizeBytes).toBe(11);
    expect((await view("webhook_journal")).map(({ state }) => state)).toEqual(["unmatched", "bad", "bad"]);
  });

  it("is replayed by an operator over all workspaces, and only within the period", async () => {
    const theirs = await received("a", { owner: await make.user(db.owner) });
    const mine = await received("b");
    await received("c", { at: "2026-01-02T00:00:00Z" });
    const operator = { parts, visitor: null, request: { id: "t" } } as never;
    const period = { from: "2026-02-01T00:00:00Z" };
    expect(await replayEverywhere(operator, { status: "bad", ...period })).toEqual({
      replayed: 2,
      workspaces: 2,
    });
    const pending = await db.owner.query(
      "select id from webhook_events where status = 'pending' order by id",
    );
    expect(pending.rows.map(({ id }) => id)).toEqual([theirs, mine]);
    await expect(replayEverywhere(operator, { id: 10 ** 9 })).rejects.toThrow(/No such webhook/);
  });
});

describe("explaining anything", () => {
  it("judges an item, a contact's items and a campaign's next ones by the tick's predicates, without a name", async () => {
    await db.owner.query("insert into worker_pools (pool_id, process, role) values ('w', 'test', 'all')");
    const { campaignId } = await running(4, { maxConcurrent: 1 });
    const { rows: items } = await db.owner.query("select id, contact_id from call_queue order by due_at, id");
    const [first] = items;
    await db.owner.query(
      "insert into suppressions (user_id, phone_number, reason, source, channel) select user_id, phone_number, 'asked', 'test', 'all' from contacts where id = $1",
      [items[3].contact_id],
    );
    expect(await explainAnything(ctx, { id: first.id })).toMatchObject({
      kind: "item",
      items: [{ itemId: first.id, company: "Asha Dental", verdict: "dial" }],
    });
    expect(await explainAnything(ctx, { id: items[3].contact_id })).toMatchObject({
      kind: "contact",
      items: [{ verdict: "skip", reason: "suppressed" }],
    });
    await tick();
    const campaign = await explainAnything(ctx, { id: campaignId });
    expect(campaign).toMatchObject({ kind: "campaign", limiting: { factor: "campaign_cap" } });
    expect(campaign.waiting.find(({ status }) => status === "pending")?.items).toBeGreaterThan(0);
    const { rows: people } = await db.owner.query("select name, phone_number from contacts");
    for (const { name, phone_number } of people) {
      expect(JSON.stringify(campaign)).not.toContain(phone_number);
      expect(JSON.stringify(campaign)).not.toContain(name);
    }
    await expect(explainAnything(ctx, { id: crypto.randomUUID() })).rejects.toThrow(/No such item/);
  });
});

describe("incidents", () => {
  it("are the tenant's own; an operator may also close the platform's", async () => {
    const raise = (kind: string, owner: string | null) =>
      db.owner.query("select app.raise_incident($1, 'x', 'warn', 'It broke.', 'Mend it.', $2) as id", [
        kind,
        owner,
      ]);
    const mine = (await raise("mine", userId)).rows[0].id;
    const platform = (await raise("platform", null)).rows[0].id;
    expect((await listIncidents(ctx, { status: "open" })).items).toMatchObject([
      { id: mine, cure: "Mend it." },
    ]);
    expect(await acknowledgeIncident(ctx, { incidentId: mine })).toMatchObject({
      status: "open",
      acknowledgedBy: "key:test",
    });
    expect(
      await resolveIncident(ctx, { incidentId: mine, resolution: "Turned it off and on." }),
    ).toMatchObject({
      status: "resolved",
      resolvedBy: "key:test",
      resolution: "Turned it off and on.",
    });
    await expect(resolveIncident(ctx, { incidentId: platform })).rejects.toThrow(/No such incident/);
    const operator = contextFor(parts, userId, parts.db.web, {
      person: { id: crypto.randomUUID(), name: "Op", email: "op@x.example", isPlatformAdmin: true },
      role: "owner",
      actor: "person:op",
      requestId: "t",
    });
    expect(await acknowledgeIncident(operator, { incidentId: platform })).toMatchObject({
      acknowledgedBy: "person:op",
    });
    expect(await resolveIncident(operator, { incidentId: platform })).toMatchObject({ status: "resolved" });
    expect(await view("incidents_open")).toEqual([]);
  });
});
