import { describe, expect, test } from "vitest";
import { errorCodes } from "@parley/core/errors";
import { opsViews } from "@parley/core/ops/schema";
import { until, useHouse, type Owner } from "./house.ts";
import { advance, createAgent, importAt } from "./steps.ts";
import { Visitor, type Output } from "./visitor.ts";

const house = useHouse({
  SYSTEM_CONCURRENT_CALLS_LIMIT: "12",
  DEFAULT_USER_CONCURRENT_LIMIT: "4",
  MAX_IMPORT_BYTES: "3000000",
  MAX_IMPORT_ROWS: "20000",
});

const SCALE = 120;
const password = "a long enough password";
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const id = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The first to sign up: platform admin. */
let asha: Owner;
/** The second: owner of an ordinary workspace. */
let ben: Owner;
let agent: Output<"agents.create">;
let importId: string;
let campaignId: string;
let call: Output<"calls.get">;

const keys = (value: object) => Object.keys(value).toSorted();
const nowAt = async () => Date.parse((await house.clock()).now);
const raw = (path: string, init?: RequestInit) => fetch(house.server + path, init);

describe("health", () => {
  test("/healthz says that the process answers, /readyz that database, migrations and logins are right", async () => {
    expect(await (await raw("/healthz")).json()).toEqual({ ok: true });
    const ready = await raw("/readyz");
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      ok: true,
      checks: ["database", "migrations", "roles"].map((name) => ({ name, ok: true, detail: "ok" })),
    });
  });

  test("an address that does not exist is told so in the shape of every error", async () => {
    const answer = await raw("/api/nothing");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      code: "not_found",
      message: expect.stringMatching(/\.$/),
      httpStatus: 404,
      requestId: answer.headers.get("x-request-id"),
    });
  });
});

describe("people", () => {
  test("auth.signUp makes person, workspace and session; the first one is platform admin", async () => {
    const answer = await raw("/trpc/auth.signUp", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        email: "asha@clinic.example",
        password,
        name: "Asha Rao",
        company: "Blue Dental",
        timeZone: "Asia/Kolkata",
        defaultRegion: "IN",
      }),
    });
    expect(answer.status).toBe(200);
    const { result } = (await answer.json()) as { result: { data: Output<"auth.signUp"> } };
    expect(result.data).toEqual({
      member: {
        id: expect.stringMatching(id),
        email: "asha@clinic.example",
        name: "Asha Rao",
        role: "owner",
        isPlatformAdmin: true,
      },
      user: {
        id: expect.stringMatching(id),
        company: "Blue Dental",
        timeZone: "Asia/Kolkata",
        defaultRegion: "IN",
        credits: 10_000,
        concurrentLimit: 4,
      },
    });
    const [cookie] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^parley_s=[^;]{20,};/);
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).not.toMatch(/Secure/i);
    const visitor = new Visitor(house.server);
    visitor.cookie = cookie!.split(";")[0]!;
    asha = Object.assign(visitor, { session: result.data, email: "asha@clinic.example", password });
  });

  test("auth.me, signOut, signIn: one person, one session at a time", async () => {
    ben = await house.signUp({ name: "Ben", company: "Green Optics", email: "ben@green.example" });
    expect(ben.session.member.isPlatformAdmin).toBe(false);
    const me = await ben.ask("auth.me");
    expect(keys(me)).toEqual(expect.arrayContaining(["current", "memberships", "person"]));
    expect(me.person).toMatchObject({ email: "ben@green.example", name: "Ben", isPlatformAdmin: false });
    expect(me.memberships).toEqual([{ userId: ben.session.user.id, company: "Green Optics", role: "owner" }]);
    expect(me.current).toEqual(ben.session);
    await ben.ask("auth.signOut");
    expect(await ben.refusal("auth.me")).toMatchObject({ httpStatus: 401, code: "not_signed_in" });
    expect(await ben.refusal("auth.signIn", { email: ben.email, password: "wrong password" })).toMatchObject({
      code: "not_signed_in",
    });
    expect(await ben.ask("auth.signIn", { email: ben.email, password })).toEqual(ben.session);
    expect(await ben.ask("auth.switch", { userId: ben.session.user.id })).toEqual(ben.session);
  });

  test("members: an invitation is a link, who follows it is a member with that role", async () => {
    const { link } = await ben.ask("members.invite", { email: "cleo@green.example", role: "viewer" });
    const token = /[\w-]{20,}$/.exec(link)![0];
    const cleo = house.visitor();
    expect(await cleo.ask("auth.invitation", { token })).toMatchObject({
      company: "Green Optics",
      role: "viewer",
      knownPerson: false,
    });
    const joined = await cleo.ask("auth.acceptInvitation", { token, name: "Cleo", password });
    expect(joined.member).toMatchObject({ email: "cleo@green.example", role: "viewer" });
    expect(await cleo.refusal("members.invite", { role: "viewer" })).toMatchObject({
      httpStatus: 403,
      code: "not_allowed",
    });
    await ben.ask("members.setRole", { id: joined.member.id, role: "manager" });
    const { items } = await ben.ask("members.list");
    expect(items.map(({ email, role }) => [email, role])).toEqual([
      ["ben@green.example", "owner"],
      ["cleo@green.example", "manager"],
    ]);
    await ben.ask("members.remove", { id: joined.member.id });
    expect((await ben.ask("members.list")).items).toHaveLength(1);
  });

  test("an API key is shown once, does what its scopes say, and nothing once revoked", async () => {
    const made = await ben.ask("apiKeys.create", { name: "Reports", scopes: ["read"] });
    expect(keys(made)).toEqual(["id", "key"]);
    expect(made.key).toMatch(/^pk_/);
    const program = house.visitor(made.key);
    expect((await program.ask("settings.get")).company).toBe("Green Optics");
    expect(await program.refusal("settings.update", { company: "Other" })).toMatchObject({
      code: "not_allowed",
    });
    const { items } = await ben.ask("apiKeys.list");
    expect(items).toMatchObject([{ id: made.id, name: "Reports", scopes: ["read"] }]);
    expect(JSON.stringify(items)).not.toContain(made.key);
    await ben.ask("apiKeys.revoke", { id: made.id });
    expect(await program.refusal("settings.get")).toMatchObject({ httpStatus: 401, code: "not_signed_in" });
    expect(await house.visitor("pk_nobodys").refusal("settings.get")).toMatchObject({
      code: "not_signed_in",
    });
  });

  test("an unsafe request of a cookie session needs JSON and x-parley-csrf; another site's is refused; a key needs neither", async () => {
    const post = (headers: Record<string, string>, path = "/trpc/settings.update") =>
      raw(path, { method: "POST", headers, body: JSON.stringify({ company: "Green Optics" }) });
    const json = { "content-type": "application/json" };
    const cookie = ben.cookie!;
    expect((await post({ ...json, cookie })).status).toBe(403);
    expect((await post({ ...json, cookie, "x-parley-csrf": "1" })).status).toBe(200);
    expect((await post({ "content-type": "text/plain", cookie, "x-parley-csrf": "1" })).status).toBe(400);
    expect(
      (await post({ ...json, cookie, "x-parley-csrf": "1", origin: "https://evil.example" })).status,
    ).toBe(403);
    expect(
      (await post({ ...json, cookie, "x-parley-csrf": "1", "sec-fetch-site": "cross-site" })).status,
    ).toBe(403);
    expect((await post({ "content-type": "text/csv", cookie }, "/api/imports?name=x")).status).toBe(403);
    const { key } = await ben.ask("apiKeys.create", { name: "Own" });
    expect((await post({ ...json, authorization: `Bearer ${key}` })).status).toBe(200);
    expect((await raw("/trpc/settings.get", { headers: { cookie } })).status).toBe(200);
  });
});

describe("agents", () => {
  test("agents.create mirrors an agent at the provider, with a disclosure and a longest call", async () => {
    await house.clock({ scale: SCALE });
    agent = await asha.ask("agents.create", {
      name: "Asha",
      prompt: "Qualify the lead and book a demo.",
      welcomeMessage: "Hello, am I speaking with {name}?",
      language: "en",
      maxCallSeconds: 240,
      extraction: [{ key: "budget", description: "How much they want to spend" }],
    });
    expect(agent).toMatchObject({
      id: expect.stringMatching(id),
      name: "Asha",
      bolnaAgentId: expect.stringMatching(id),
      maxCallSeconds: 240,
      language: "en",
      createdAt: expect.stringMatching(instant),
    });
    expect(agent.disclosure.length).toBeGreaterThan(10);
    const theirs = (await (
      await fetch(`${house.sandbox}/bolna/v2/agent/${agent.bolnaAgentId}`, {
        headers: { authorization: "Bearer bn-sandbox" },
      })
    ).json()) as { webhook_url: string; tasks: { task_config: { call_terminate: number } }[] };
    expect(theirs.webhook_url).toMatch(new RegExp(`^${house.server}/api/webhooks/bolna/[\\w-]{20,}$`));
    expect(theirs.tasks[0]!.task_config.call_terminate).toBe(240);
  });

  test("agents.list, get, update, archive", async () => {
    expect(await asha.ask("agents.get", { agentId: agent.id })).toEqual(agent);
    const other = await createAgent(asha, { name: "Short-lived" });
    expect((await asha.ask("agents.update", { agentId: other.id, name: "Renamed" })).name).toBe("Renamed");
    expect(await asha.ask("agents.archive", { agentId: other.id })).toMatchObject({ status: "archived" });
    const { items, nextCursor } = await asha.ask("agents.list", { status: "active" });
    expect(items.map(({ name }) => name)).toEqual(["Asha"]);
    expect(nextCursor).toBeNull();
    expect(await asha.refusal("agents.get", { agentId: crypto.randomUUID() })).toMatchObject({
      httpStatus: 404,
      code: "not_found",
    });
  });
});

const list = [
  "Patient;Mobile;E-Mail;Firm;Lead Source",
  '"Nair, Priya";98765 40001;priya@clinic.example;Blue;fair',
  "Rahul Rao;+91-98765-40002;;;web",
  "Meera Iyer;00919876540005;;;web",
  "Double;9876540001;;;web",
  "Wrong;12;;;web",
].join("\r\n");

describe("imports and contacts", () => {
  test("POST /api/imports takes a raw body, once per Idempotency-Key", async () => {
    const send = (headers: Record<string, string>, body: string = list) =>
      asha.fetch("/api/imports?name=July&defaultRegion=IN", {
        method: "POST",
        headers: { "content-type": "text/csv", ...headers },
        body,
      });
    const first = await send({ "idempotency-key": "july" });
    expect(first.status).toBe(201);
    const answer = (await first.json()) as { importId: string };
    expect(answer).toEqual({ importId: expect.stringMatching(id) });
    expect(await (await send({ "idempotency-key": "july" })).json()).toEqual(answer);
    const another = await send({ "idempotency-key": "july" }, `${list}\r\nOne more;9876540009;;;`);
    expect(another.status).toBe(409);
    expect(await another.json()).toMatchObject({ code: "conflict" });
    ({ importId } = answer);
  });

  test("imports.get shows columns and mapping; imports.setMapping leads to ready, imports.commit to done", async () => {
    const seen = await importAt(asha, importId, ["mapping", "ready"]);
    expect(seen).toMatchObject({
      name: "July",
      headers: ["Patient", "Mobile", "E-Mail", "Firm", "Lead Source"],
      delimiter: ";",
    });
    expect(keys(seen)).toEqual(
      expect.arrayContaining([
        "status",
        "headers",
        "mapping",
        "rows",
        "accepted",
        "rejected",
        "duplicates",
        "reasons",
        "preview",
        "progress",
      ]),
    );
    const set = await asha.ask("imports.setMapping", {
      importId,
      mapping: { Patient: "name", Mobile: "phone_number", Firm: "company", "Lead Source": "custom:source" },
    });
    expect(keys(set)).toEqual(["importId", "status"]);
    const ready = await importAt(asha, importId, ["ready"]);
    expect(ready).toMatchObject({ rows: 5, accepted: 3, rejected: 2, duplicates: 1 });
    expect(ready.reasons).toEqual({ duplicate_in_file: 1, phone_invalid: 1 });
    expect(
      await asha.ask("imports.commit", {
        importId,
        tags: ["july"],
        consent: {
          channels: ["call"],
          basis: "express",
          source: "Intake form",
          obtainedAt: "2026-07-01T10:00:00+05:30",
        },
      }),
    ).toMatchObject({ importId });
    expect(await importAt(asha, importId, ["done"])).toMatchObject({ created: 3, updated: 0 });
    expect(await asha.refusal("imports.commit", { importId })).toMatchObject({
      httpStatus: 409,
      code: "conflict",
    });
    expect((await asha.ask("imports.list")).items.map(({ id: listed }) => listed)).toContain(importId);
  });

  test("the rejects come as a CSV with the reason of each row", async () => {
    const answer = await asha.fetch(`/api/imports/${importId}/rejects.csv`);
    expect(answer.headers.get("content-type")).toMatch(/^text\/csv/);
    const lines = (await answer.text()).trim().split(/\r?\n/);
    expect(lines).toHaveLength(3);
    expect(lines.slice(1).join("\n")).toMatch(/duplicate_in_file[\s\S]*phone_invalid/);
  });

  test("contacts.list has the shape programs rely on", async () => {
    const { items, nextCursor } = await asha.ask("contacts.list", {
      filter: { importId },
      sort: "name",
      limit: 2,
    });
    expect(items).toHaveLength(2);
    expect(items[0]).toMatchObject({
      id: expect.stringMatching(id),
      name: "Meera Iyer",
      phoneNumber: "+91 9876540005",
      email: null,
      company: null,
      tags: ["july"],
      temperature: null,
      score: null,
      custom: { source: "web" },
      createdAt: expect.stringMatching(instant),
    });
    const more = await asha.ask("contacts.list", {
      filter: { importId },
      sort: "name",
      limit: 2,
      cursor: nextCursor,
    });
    expect(more.items.map(({ name }) => name)).toEqual(["Rahul Rao"]);
    expect(more.nextCursor).toBeNull();
    const found = await asha.ask("contacts.list", { search: "Nair" });
    expect(found.items).toMatchObject([
      { name: "Nair, Priya", email: "priya@clinic.example", company: "Blue", custom: { source: "fair" } },
    ]);
  });

  test("contacts.create, get, update, suppress, unsuppress", async () => {
    const made = await asha.ask("contacts.create", {
      phoneNumber: "(0) 98765-43210",
      name: "Kavya",
      consent: { channels: ["call"], basis: "written", source: "Letter", obtainedAt: "2026-07-01T00:00:00Z" },
    });
    expect(made).toMatchObject({ phoneNumber: "+91 9876543210", name: "Kavya", suppressed: false });
    expect(made.consents).toMatchObject([{ channel: "call", basis: "written", source: "Letter" }]);
    const contactId = made.id;
    const { company } = await asha.ask("contacts.update", {
      contactId,
      company: "Menon & Co",
      addTags: ["vip"],
    });
    expect(company).toBe("Menon & Co");
    expect(await asha.ask("contacts.suppress", { contactId })).toEqual({
      suppressed: true,
      stopped: 0,
      inAir: 0,
    });
    expect(
      (await asha.ask("contacts.list", { filter: { suppressed: true } })).items.map((each) => each.id),
    ).toEqual([contactId]);
    expect(await asha.ask("contacts.unsuppress", { contactId })).toMatchObject({ suppressed: false });
    expect(await asha.ask("contacts.get", { contactId })).toMatchObject({ suppressed: false, tags: ["vip"] });
    expect(await asha.refusal("contacts.create", { phoneNumber: "+91 98765 43210" })).toMatchObject({
      httpStatus: 409,
      code: "conflict",
    });
    const { items: timeline } = await asha.ask("timeline.list", { contactId });
    expect(timeline.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["contact.suppressed", "contact.unsuppressed"]),
    );
    expect((await asha.ask("tags.list")).items).toContainEqual({ tag: "july", contacts: 3 });
  });

  test("an import of a form is taken back by imports.undo", async () => {
    const form = new FormData();
    form.set("file", new Blob(["name,phone\nGone Again,9811111111\n"], { type: "text/csv" }), "undo.csv");
    const answer = await asha.fetch("/api/imports", { method: "POST", body: form });
    expect(answer.status).toBe(201);
    const { importId: mine } = (await answer.json()) as { importId: string };
    // All required columns are recognised: no mapping is asked for.
    expect(await importAt(asha, mine, ["ready", "mapping"])).toMatchObject({
      status: "ready",
      name: "undo.csv",
    });
    await asha.ask("imports.commit", { importId: mine });
    await importAt(asha, mine, ["done"]);
    expect((await asha.ask("contacts.list", { search: "Gone Again" })).items).toHaveLength(1);
    await asha.ask("imports.undo", { importId: mine });
    await importAt(asha, mine, ["undone"]);
    expect((await asha.ask("contacts.list", { search: "Gone Again" })).items).toHaveLength(0);
  });
});

describe("campaigns", () => {
  test("campaigns.create drafts with the default retry policy, once per Idempotency-Key", async () => {
    const draft = {
      name: "July",
      agentId: agent.id,
      audience: { importId },
      callsPerSecond: 4,
      budgetCredits: 500,
    };
    const made = await asha.ask("campaigns.create", draft, { headers: { "idempotency-key": "draft july" } });
    expect(made).toMatchObject({
      id: expect.stringMatching(id),
      name: "July",
      status: "draft",
      statusReason: null,
      agentId: agent.id,
      window: null,
      retry: { maxAttempts: 3, busy: [15, 60], noAnswer: [120, 1440], failed: [60], voicemail: [] },
      maxConcurrent: null,
      callsPerSecond: 4,
      budgetCredits: 500,
      startedAt: null,
      completedAt: null,
      counts: { pending: 0, inProgress: 0, completed: 0, failed: 0, canceled: 0, skipped: 0, total: 0 },
    });
    campaignId = made.id;
    expect(
      await asha.ask("campaigns.create", draft, { headers: { "idempotency-key": "draft july" } }),
    ).toEqual(made);
    expect(
      await asha.refusal(
        "campaigns.create",
        { ...draft, name: "August" },
        { headers: { "idempotency-key": "draft july" } },
      ),
    ).toMatchObject({ code: "conflict" });
    expect(await asha.ask("campaigns.get", { campaignId })).toEqual(made);
  });

  test("campaigns.update, duplicate and preflight", async () => {
    const window = {
      days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
      open: "00:00",
      close: "24:00",
      holidays: ["2027-01-26"],
    };
    expect(await asha.ask("campaigns.update", { campaignId, window })).toMatchObject({ window });
    const copy = await asha.ask("campaigns.duplicate", { campaignId, name: "Copy" });
    expect(copy).toMatchObject({ name: "Copy", status: "draft", window });
    expect(await asha.ask("campaigns.preflight", { campaignId })).toMatchObject({
      ready: true,
      audience: 3,
      eligible: 3,
      holdPerCall: 40,
      costCeiling: 120,
    });
    expect((await asha.ask("campaigns.list", { status: "draft" })).items.map(({ name }) => name)).toEqual([
      "Copy",
      "July",
    ]);
  });

  test("campaigns.start once, whoever presses twice; pause and cancel answer what is in the air", async () => {
    const extra = { headers: { "idempotency-key": "start july" } };
    const [one, two] = await Promise.all([
      asha.send("campaigns.start", { campaignId }, extra),
      asha.send("campaigns.start", { campaignId }, extra),
    ]);
    expect([one.status, two.status].toSorted()).toEqual([200, expect.toBeOneOf([200, 409])]);
    expect(await asha.ask("campaigns.start", { campaignId }, extra)).toMatchObject({ status: "running" });
    const paused = await asha.ask("campaigns.pause", { campaignId });
    expect(paused).toEqual({ status: "paused", inAir: expect.any(Number) });
    expect(await asha.refusal("campaigns.pause", { campaignId })).toMatchObject({ code: "conflict" });
    expect(await asha.ask("campaigns.resume", { campaignId })).toMatchObject({ status: "running" });
    const other = await asha.ask("campaigns.create", {
      name: "Never",
      agentId: agent.id,
      audience: { tag: "july" },
      startsAt: new Date((await nowAt()) + 30 * 86_400_000).toISOString(),
    });
    expect(await asha.ask("campaigns.start", { campaignId: other.id })).toMatchObject({
      status: "scheduled",
    });
    expect(await asha.ask("campaigns.cancel", { campaignId: other.id })).toEqual({
      status: "canceled",
      inAir: 0,
    });
  });

  test("campaigns.progress sums to its total, items and explain tell where each person stands, until it has completed", async () => {
    const items = await until("every item is there", async () => {
      const page = await asha.ask("campaigns.items", { campaignId });
      return page.items.length === 3 && page.items;
    });
    expect(items[0]).toMatchObject({
      id: expect.stringMatching(id),
      contactId: expect.stringMatching(id),
      phoneNumber: expect.stringMatching(/^\+91 98765400\d\d$/),
      status: expect.toBeOneOf(["pending", "in_progress", "completed", "failed"]),
      waitReason: expect.toBeOneOf([null, expect.any(String)]),
      skipReason: null,
      attempts: expect.any(Number),
      lastOutcome: expect.toBeOneOf([null, expect.any(String)]),
    });
    const busy = items.find(({ phoneNumber }) => phoneNumber.endsWith("0005"))!;
    const waiting = await until("the busy one waits for its next try", async () => {
      const { items: found } = await asha.ask("campaigns.items", { itemId: busy.id });
      return found[0]!.waitReason === "retry_gap" && found[0]!.dueAt && found[0]!;
    });
    const why = await asha.ask("campaigns.explain", { itemId: busy.id });
    expect(why.verdict).toBe("defer");
    expect(why.checks.every((check) => typeof check.ok === "boolean" && check.detail.length > 0)).toBe(true);
    expect(waiting.attempts).toBeGreaterThan(0);
    let forecasts = 0;
    for (let round = 0; ; round++) {
      const progress = await asha.ask("campaigns.progress", { campaignId });
      expect(keys(progress)).toEqual(
        expect.arrayContaining([
          "byOutcome",
          "byStatus",
          "eta",
          "held",
          "limitingFactor",
          "rate",
          "spent",
          "status",
          "total",
        ]),
      );
      expect(Object.values(progress.byStatus).reduce((sum, n) => sum + n, 0)).toBe(progress.total);
      if (progress.status === "completed") {
        expect(progress.eta).toBeNull();
        break;
      }
      if (progress.eta) {
        const { low, mid, high } = progress.eta;
        expect([low, mid, high].map((at) => Date.parse(at)).every(Number.isFinite)).toBe(true);
        expect([low, mid, high].toSorted()).toEqual([low, mid, high]);
        forecasts++;
      }
      if (round > 1_000) throw new Error("the campaign does not end");
      const [due] = (await asha.ask("campaigns.items", { itemId: busy.id })).items;
      if (progress.inAir === 0 && due!.status === "pending") await advance(house, due!.dueAt!);
      else
        await until(
          "something moves",
          async () =>
            (await asha.ask("campaigns.progress", { campaignId })).inAir !== progress.inAir ||
            progress.inAir === 0,
        );
    }
    expect(forecasts).toBeGreaterThan(0);
    const progress = await asha.ask("campaigns.progress", { campaignId });
    expect(progress.byStatus).toEqual({
      pending: 0,
      inProgress: 0,
      completed: 2,
      failed: 1,
      canceled: 0,
      skipped: 0,
    });
    expect(progress.byOutcome).toEqual({
      answered: 2,
      voicemail: 0,
      busy: 3,
      noAnswer: 0,
      failed: 0,
      canceled: 0,
      unclear: 0,
    });
    expect(progress.spent).toBe(11 + 5);
    const { items: events } = await asha.ask("campaigns.events", { campaignId });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["started", "paused", "resumed"]));
    const { completedAt } = await asha.ask("campaigns.get", { campaignId });
    expect(completedAt).toMatch(instant);
  }, 60_000);
});

describe("calls", () => {
  test("calls.place puts one call through the same door, once per Idempotency-Key, and one at a time for a person", async () => {
    const input = { phoneNumber: "98765 50001", agentId: agent.id };
    const extra = { headers: { "idempotency-key": "call priya" } };
    const placed = await asha.ask("calls.place", input, extra);
    expect(placed).toMatchObject({ itemId: expect.stringMatching(id), contactId: expect.stringMatching(id) });
    expect(await asha.ask("calls.place", input, extra)).toEqual(placed);
    const refused = await asha.refusal("calls.place", input);
    expect(refused).toMatchObject({ httpStatus: 409, code: "conflict" });
    expect(refused.message).toContain(placed.itemId);
    const ended = await until("the call is settled", async () => {
      const { items } = await asha.ask("calls.list", { itemId: placed.itemId });
      expect(items.length).toBeLessThanOrEqual(1);
      const seen = items[0] && (await asha.ask("calls.get", { callId: items[0].id }));
      return seen?.settledAt && seen.recordingReady && seen.analysis?.status === "done" && seen;
    });
    expect(ended).toMatchObject({
      itemId: placed.itemId,
      contactId: placed.contactId,
      direction: "outbound",
      status: "completed",
      outcome: "answered",
      phoneNumber: "+91 9876550001",
      bolnaExecutionId: expect.stringMatching(id),
      talkSeconds: 64,
      priceCredits: 11,
      heldCredits: 40,
      createdAt: expect.stringMatching(instant),
      endedAt: expect.stringMatching(instant),
      settledAt: expect.stringMatching(instant),
    });
    expect(ended.stages.map(({ status }) => status)).toEqual(
      expect.arrayContaining([
        "queued",
        "initiated",
        "ringing",
        "in-progress",
        "call-disconnected",
        "completed",
      ]),
    );
    expect(ended.transcript).toMatch(/assistant:/);
    expect(keys(ended.analysis!)).toEqual(
      expect.arrayContaining([
        "sentiment",
        "sentimentScore",
        "outcome",
        "summary",
        "levels",
        "score",
        "temperature",
        "meetingAt",
        "callbackAt",
        "extracted",
        "status",
        "reason",
      ]),
    );
    expect(ended.analysis).toMatchObject({ sentiment: "positive", outcome: "appointment", reason: null });
    expect(ended.analysis!.meetingAt).toMatch(instant);
    expect(ended.events.length).toBeGreaterThanOrEqual(5);
    call = ended;
  });

  test("GET /api/calls/:id/recording plays whole and in ranges", async () => {
    const path = `/api/calls/${call.id}/recording`;
    const whole = await asha.fetch(path);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(whole.status).toBe(200);
    expect(whole.headers.get("content-type")).toBe("audio/wav");
    expect(whole.headers.get("accept-ranges")).toBe("bytes");
    expect(bytes.subarray(0, 4).toString()).toBe("RIFF");
    for (const [range, start, end] of [
      ["bytes=0-99", 0, 99],
      ["bytes=1000-1999", 1000, 1999],
      ["bytes=-10", bytes.length - 10, bytes.length - 1],
      [`bytes=${bytes.length - 5}-`, bytes.length - 5, bytes.length - 1],
    ] as const) {
      const part = await asha.fetch(path, { headers: { range } });
      expect(part.status, range).toBe(206);
      expect(part.headers.get("content-range")).toBe(`bytes ${start}-${end}/${bytes.length}`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end + 1)), range).toBe(true);
    }
    const beyond = await asha.fetch(path, { headers: { range: `bytes=${bytes.length}-` } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get("content-range")).toBe(`bytes */${bytes.length}`);
    expect((await raw(path)).status).toBe(401);
    expect((await asha.fetch(`/api/calls/${crypto.randomUUID()}/recording`)).status).toBe(404);
    expect((await asha.fetch("/api/calls/nonsense/recording")).status).toBe(404);
  });

  test("calls.list filters, calls.refold changes nothing, calls.stop refuses what is over", async () => {
    const { items } = await asha.ask("calls.list", { campaignId, outcome: "answered" });
    expect(items).toHaveLength(2);
    expect(
      (await asha.ask("calls.list", { contactId: call.contactId, status: "completed" })).items,
    ).toHaveLength(1);
    expect(await asha.ask("calls.refold", { callId: call.id })).toMatchObject({
      callId: call.id,
      changed: [],
    });
    expect(await asha.refusal("calls.stop", { callId: call.id })).toMatchObject({ code: "conflict" });
  });

  test("leads.list, get, correct, reanalyse", async () => {
    const { items } = await asha.ask("leads.list", { contactId: call.contactId });
    expect(items).toMatchObject([{ callId: call.id, outcome: "appointment", score: expect.any(Number) }]);
    const corrected = await asha.ask("leads.correct", { callId: call.id, score: 10 });
    expect(corrected).toMatchObject({ score: 10, corrected: ["score"] });
    expect(await asha.ask("leads.reanalyse", { callId: call.id })).toMatchObject({ callId: call.id });
    const again = await until("it has been read again", async () => {
      const lead = await asha.ask("leads.get", { callId: call.id });
      return lead.status === "done" && lead;
    });
    expect(again.score).toBe(10);
  });

  test("billing.balance and billing.ledger agree, entry by entry", async () => {
    const balance = await until("nothing is held any more", async () => {
      const now = await asha.ask("billing.balance");
      return now.held === 0 && now;
    });
    expect(balance).toEqual({ credits: 10_000 - 16 - 11, held: 0, available: 10_000 - 16 - 11 });
    const { items } = await asha.ask("billing.ledger", { limit: 50 });
    expect(items.reduce((sum, { amount }) => sum + amount, 0)).toBe(balance.credits);
    expect(items.at(-1)).toMatchObject({ kind: "grant", amount: 10_000 });
    expect(items.find(({ ref }) => ref === call.id)).toMatchObject({
      kind: "call",
      amount: -11,
      at: expect.stringMatching(instant),
    });
  });

  test("the exports are CSV files of the workspace's rows", async () => {
    for (const [table, column] of [
      ["contacts", /phone/i],
      ["calls", /status/i],
      ["items", /status/i],
      ["ledger", /amount/i],
      ["leads", /score/i],
    ] as const) {
      const answer = await asha.fetch(`/api/export/${table}.csv`);
      expect(answer.status, table).toBe(200);
      expect(answer.headers.get("content-type"), table).toMatch(/^text\/csv/);
      const lines = (await answer.text()).trim().split(/\r?\n/);
      expect(lines[0], table).toMatch(column);
      expect(lines.length, table).toBeGreaterThan(1);
    }
  });
});

describe("the operator", () => {
  test("admin.* is the platform admin's alone", async () => {
    const userId = ben.session.user.id;
    expect(await ben.refusal("admin.grantCredits", { userId, credits: 1, reason: "x" })).toMatchObject({
      httpStatus: 403,
      code: "not_allowed",
    });
    expect(await asha.ask("admin.grantCredits", { userId, credits: 50, reason: "Goodwill" })).toEqual({
      userId,
      credits: 10_050,
    });
    expect(await asha.ask("admin.setLimits", { userId, concurrentLimit: 3 })).toMatchObject({
      userId,
      concurrentLimit: 3,
    });
    expect(await asha.ask("admin.setLimits", { systemLimit: 20 })).toMatchObject({ systemLimit: 20 });
    expect(await asha.ask("admin.pauseDialling", { paused: true, reason: "Drill" })).toEqual({
      paused: true,
      inAir: 0,
    });
    expect(await asha.ask("admin.pauseDialling", { paused: false })).toEqual({ paused: false, inAir: 0 });
    const { items } = await asha.ask("admin.tenants", { search: "Green" });
    expect(items).toMatchObject([{ id: userId, credits: 10_050, concurrentLimit: 3 }]);
  });

  test("ops.query reads every view, ops.sql one statement, both without a right to write", async () => {
    for (const view of opsViews) {
      const { columns, rows } = await asha.ask("ops.query", { view, limit: 5 });
      expect(columns.length, view).toBeGreaterThan(0);
      for (const row of rows) expect(row.length, view).toBe(columns.length);
    }
    expect(await asha.ask("ops.sql", { text: "select 1 as one, 'x' as two" })).toEqual({
      columns: ["one", "two"],
      rows: [[1, "x"]],
      truncated: false,
    });
    for (const text of [
      "delete from calls",
      "select 1; select 2",
      "select * from sessions",
      "select phone_number from contacts",
    ])
      expect(await asha.refusal("ops.sql", { text }), text).toMatchObject({ code: "invalid" });
    expect(await ben.refusal("ops.sql", { text: "select 1" })).toMatchObject({ code: "not_allowed" });
    const { rows } = await asha.ask("ops.sql", { text: "select difference from ops.ledger_check" });
    expect(rows.every(([difference]) => Number(difference) === 0)).toBe(true);
  });

  test("ops.doctor looks at database, roles, clocks, providers and the way of the webhooks", async () => {
    const { checks } = await asha.ask("ops.doctor");
    expect(checks.length).toBeGreaterThanOrEqual(6);
    // Chat does not run in this house, and the clock runs fast; everything else is well.
    const unwell = checks.filter(({ status }) => status !== "ok");
    expect(
      unwell
        .map(({ name, status }) => `${name} ${status}`)
        .filter((line) => !/^(chat|clocks) warn$/.test(line)),
    ).toEqual([]);
    for (const { cure } of unwell) expect(cure).toMatch(/\.$/);
  });

  test("a webhook is stored whatever it holds; an unknown address is 404; webhooks.list shows it, replay folds it again", async () => {
    const send = (path: string, body: string) =>
      raw(path, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect((await send("/api/webhooks/bolna", "{}")).status).toBe(404);
    expect((await send(`/api/webhooks/bolna/${"k".repeat(43)}`, "{}")).status).toBe(404);
    const theirs = (await (
      await fetch(`${house.sandbox}/bolna/v2/agent/${agent.bolnaAgentId}`, {
        headers: { authorization: "Bearer bn-sandbox" },
      })
    ).json()) as { webhook_url: string };
    const path = new URL(theirs.webhook_url).pathname;
    const truncated = '{"id":"truncat';
    for (const body of [truncated, "", "\u0000\u0001", '"just text"', "[]", '{"status":7}'])
      expect((await send(path, body)).status, JSON.stringify(body)).toBe(200);
    expect((await send(path, "x".repeat(5 * 1024 * 1024))).status).toBe(413);
    const bad = await until("they are known to be unreadable", async () => {
      const { items } = await asha.ask("webhooks.list", { status: "bad" });
      return items.length >= 6 && items;
    });
    expect(bad.find(({ body }) => body === truncated)).toMatchObject({
      status: "bad",
      error: expect.any(String),
    });
    const { items } = await asha.ask("webhooks.list", { callId: call.id });
    expect(items.length).toBeGreaterThanOrEqual(5);
    const before = await asha.ask("calls.get", { callId: call.id });
    expect(await asha.ask("webhooks.replay", { callId: call.id })).toEqual({ replayed: items.length });
    await until("they have been folded again", async () =>
      (await asha.ask("webhooks.list", { callId: call.id })).items.every(({ status }) => status === "done"),
    );
    const after = await asha.ask("calls.get", { callId: call.id });
    expect({ ...after, events: null }).toEqual({ ...before, events: null });
    expect(await asha.refusal("webhooks.replay", {})).toMatchObject({ code: "invalid" });
    expect(await ben.refusal("webhooks.replay", { callId: call.id })).toMatchObject({ code: "not_found" });
  });
});

type Event = { id: string; data: { id: string; topic: string; ref: string } };

/** Reads raw server-sent events until one fits. */
async function listen(
  visitor: Visitor,
  { input, lastEventId }: { input?: unknown; lastEventId?: string },
  wanted: (event: Event) => boolean,
  once: () => Promise<unknown> = async () => {},
): Promise<Event[]> {
  const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const stopped = new AbortController();
  const answer = await visitor.fetch(`/trpc/live.stream${query}`, {
    headers: { accept: "text/event-stream", ...(lastEventId ? { "last-event-id": lastEventId } : {}) },
    signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(15_000)]),
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const events: Event[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  let told = false;
  for await (const chunk of answer.body!) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      const eventId = field("id");
      if (eventId !== undefined)
        events.push({ id: eventId, data: JSON.parse(field("data")!) as Event["data"] });
    }
    if (!told) {
      told = true;
      await once();
    }
    if (events.some(wanted)) break;
  }
  stopped.abort();
  return events;
}

describe("live.stream", () => {
  let last: Event;

  test("tells over plain SSE what has changed: id, topic, ref", async () => {
    const contact = await asha.ask("contacts.create", { phoneNumber: "+91 98200 11111" });
    const events = await listen(
      asha,
      {},
      ({ data }) => data.topic === "contacts" && data.ref === contact.id,
      () => asha.ask("contacts.update", { contactId: contact.id, name: "Watched" }),
    );
    last = events.at(-1)!;
    expect(keys(last.data)).toEqual(["id", "ref", "topic"]);
    expect(last.data.id).toBe(last.id);
  });

  test("is resumed after the last event, by header or by input, and says resync to one too old", async () => {
    const contact = await asha.ask("contacts.create", { phoneNumber: "+91 98200 22222" });
    await asha.ask("contacts.update", { contactId: contact.id, name: "Missed" });
    const missed = ({ data }: Event) => data.ref === contact.id;
    expect((await listen(asha, { lastEventId: last.id }, missed)).some(missed)).toBe(true);
    expect((await listen(asha, { input: { lastEventId: last.id } }, missed)).some(missed)).toBe(true);
    const old = await listen(asha, { input: { lastEventId: "1" } }, ({ data }) => data.topic === "resync");
    expect(old.at(-1)!.data).toMatchObject({ topic: "resync", ref: "" });
  });
});

describe("the sandbox's controls", () => {
  test("one clock for both sides: scale and advanceTo, never backwards", async () => {
    const set = await house.clock({ scale: 90 });
    expect(set).toMatchObject({ scale: 90, now: expect.stringMatching(instant) });
    const there = new Date(Date.parse(set.now) + 3_600_000).toISOString();
    await advance(house, there);
    const { surroundings } = await asha.ask("auth.me");
    expect(surroundings!.clockScale).toBe(90);
    expect(Date.parse(surroundings!.now)).toBeGreaterThanOrEqual(Date.parse(there));
    expect(Math.abs(Date.parse(surroundings!.now) - (await nowAt()))).toBeLessThan(60_000);
    await expect(house.clock({ advanceTo: set.now })).rejects.toThrow(/goes back|backwards/);
    await house.clock({ scale: SCALE });
  });

  test("truth tells every ring with who it was for; faults are set by name", async () => {
    const truth = await house.truth();
    expect(keys(truth)).toEqual(expect.arrayContaining(["executions", "messages", "peaks", "rings"]));
    const ring = truth.rings.find(({ executionId }) => executionId === call.bolnaExecutionId)!;
    expect(ring).toMatchObject({
      to: "+919876550001",
      at: expect.stringMatching(instant),
      userData: { call_id: call.id },
    });
    expect(truth.peaks.system).toBeLessThanOrEqual(12);
    expect(await house.control("POST", "faults", { drop_webhook: 0.5 })).toEqual({
      rates: { drop_webhook: 0.5 },
    });
    expect(await house.control("DELETE", "faults")).toEqual({ rates: {} });
    await expect(house.control("POST", "faults", { nonsense: 1 })).rejects.toThrow(
      /No fault is called nonsense/,
    );
  });
});

/** Inputs that cannot be meant: the field each is at fault in. */
const bad: [path: string, input: () => unknown, field: string][] = [
  ["auth.signUp", () => ({ email: "asha", password, name: "A" }), "email"],
  ["auth.signUp", () => ({ email: "x@y.example", password: "short", name: "A" }), "password"],
  ["auth.signUp", () => ({ email: "x@y.example", password, name: "A", timeZone: "Mars/Base" }), "timeZone"],
  [
    "auth.signUp",
    () => ({ email: "x@y.example", password, name: "A", defaultRegion: "india" }),
    "defaultRegion",
  ],
  ["agents.create", () => ({ name: "", prompt: "x", welcomeMessage: "x" }), "name"],
  ["agents.create", () => ({ name: "A", prompt: "x", welcomeMessage: "x", disclosure: " " }), "disclosure"],
  [
    "agents.create",
    () => ({ name: "A", prompt: "x", welcomeMessage: "x", maxCallSeconds: 1 }),
    "maxCallSeconds",
  ],
  ["contacts.create", () => ({ phoneNumber: "12" }), "phoneNumber"],
  ["contacts.create", () => ({ phoneNumber: "+91 00000 00000" }), "phoneNumber"],
  ["contacts.create", () => ({ phoneNumber: "9.87655E+09" }), "phoneNumber"],
  ["contacts.create", () => ({ phoneNumber: "+91 9876500000", email: "no address" }), "email"],
  ["contacts.list", () => ({ limit: 1000 }), "limit"],
  ["contacts.list", () => ({ cursor: "nonsense" }), "cursor"],
  ["contacts.get", () => ({ contactId: "7" }), "contactId"],
  ["campaigns.create", () => ({ name: "x", agentId: agent.id, audience: {} }), "audience"],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: crypto.randomUUID(), audience: { tag: "july" } }),
    "agentId",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { contactIds: [crypto.randomUUID()] } }),
    "audience.contactIds",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { tag: "july" }, retry: { maxAttempts: 0 } }),
    "retry.maxAttempts",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { tag: "july" }, retry: { busy: [-1] } }),
    "retry.busy.0",
  ],
  [
    "campaigns.create",
    () => ({
      name: "x",
      agentId: agent.id,
      audience: { tag: "july" },
      window: { days: [], open: "09:00", close: "18:00" },
    }),
    "window.days",
  ],
  [
    "campaigns.create",
    () => ({
      name: "x",
      agentId: agent.id,
      audience: { tag: "july" },
      window: { days: ["mon"], open: "9", close: "18:00" },
    }),
    "window.open",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { tag: "july" }, endsAt: "2020-01-01T00:00:00Z" }),
    "endsAt",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { tag: "july" }, startsAt: "tomorrow" }),
    "startsAt",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { tag: "july" }, fromNumber: "999" }),
    "fromNumber",
  ],
  [
    "campaigns.create",
    () => ({ name: "x", agentId: agent.id, audience: { tag: "july" }, colour: "red" }),
    "colour",
  ],
  ["campaigns.items", () => ({ status: "done" }), "status"],
  ["calls.place", () => ({ agentId: agent.id }), "contactId"],
  ["calls.place", () => ({ agentId: agent.id, phoneNumber: "+91 12345" }), "phoneNumber"],
  ["imports.setMapping", () => ({ importId, mapping: { Mobile: "telephone" } }), "mapping.Mobile"],
  [
    "imports.commit",
    () => ({
      importId,
      consent: { channels: [], basis: "express", source: "x", obtainedAt: "2026-01-01T00:00:00Z" },
    }),
    "consent.channels",
  ],
  ["ops.query", () => ({ view: "secrets" }), "view"],
  ["admin.setLimits", () => ({ concurrentLimit: 5 }), "userId"],
];

describe("bad input gets one clear sentence", () => {
  const named = bad.map(([path, input, field]) => ({ path, input, field }));
  test.each(named)("$path names $field", async ({ path, input, field }) => {
    const refused = await asha.refusal(path, input());
    expect(refused).toMatchObject({ httpStatus: 400, code: "invalid" });
    // By path, so that a form can put it beside the field; an unknown field is named in the sentence.
    expect(refused.paths.includes(field) || refused.message.includes(field), JSON.stringify(refused)).toBe(
      true,
    );
    expect(refused.message).toContain(field.split(".")[0]);
    expect(refused.message).not.toMatch(/\n|undefined|\[object/);
    expect(refused.message.length).toBeLessThan(250);
  });

  test("what is no request at all is refused in the same shape", async () => {
    const json = { "content-type": "application/json" };
    const cases: [string, RequestInit, number, string][] = [
      ["/trpc/contacts.create", { method: "POST", headers: json, body: "{not json" }, 400, "invalid"],
      ["/trpc/contacts.nothing", {}, 404, "not_found"],
      ["/trpc/contacts.create", {}, 405, "invalid"],
      ["/trpc/contacts.list?input=%7Bnot", {}, 400, "invalid"],
      [
        "/trpc/settings.update",
        { method: "POST", headers: json, body: "x".repeat(2 * 1024 * 1024) },
        413,
        "invalid",
      ],
    ];
    for (const [path, init, status, code] of cases) {
      const answer = await asha.fetch(path, init);
      const body = (await answer.json()) as { error: { message: string; data: Record<string, unknown> } };
      expect(body.error?.data, path).toMatchObject({ code, requestId: answer.headers.get("x-request-id") });
      expect([status, 400], path).toContain(answer.status);
      expect(body.error.message, path).toMatch(/\.$/);
    }
  });

  test("more than ten procedures in one batch are refused, ten are answered", async () => {
    const batch = (count: number) =>
      asha.fetch(
        `/trpc/${Array.from({ length: count }, () => "billing.balance").join(",")}?batch=1&input=%7B%7D`,
      );
    const ten = (await (await batch(10)).json()) as { result?: unknown }[];
    expect(ten.map((each) => "result" in each)).toEqual(Array.from({ length: 10 }, () => true));
    const eleven = await batch(11);
    expect(eleven.status).toBe(400);
    expect(JSON.stringify(await eleven.json())).toContain('"code":"invalid"');
  });

  const good = "Someone,9812312312";
  test.each([
    ["nothing", "", /empty/],
    ["a web page", "<html><body><table><tr><td>name</td></tr></table>", /web page/],
    ["an old spreadsheet", Buffer.from("d0cf11e0a1b11ae1", "hex"), /\.xls/],
    ["a PDF", "%PDF-1.7 …", /PDF/],
    ["a program", Buffer.from("7f454c4602010100000000000000000003003e0001000000", "hex"), /text file/],
    ["too many megabytes", Buffer.alloc(3_200_000, "name,phone\n"), /larger than 3 MB/],
  ])("an upload of %s", async (_, body, sentence) => {
    const answer = await asha.fetch("/api/imports?name=bad", {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body,
    });
    const told = (await answer.json()) as { code: string; message: string; requestId: string };
    expect(answer.status).toBe(400);
    expect(told).toMatchObject({ code: "invalid", requestId: answer.headers.get("x-request-id") });
    expect(told.message).toMatch(sentence);
    expect(told.message).toMatch(/\.$/);
  });

  const sent = async (body: string) => {
    const answer = await asha.fetch("/api/imports?name=odd", {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body,
    });
    expect(answer.status).toBe(201);
    return ((await answer.json()) as { importId: string }).importId;
  };

  test("a file with headers only, and one with more rows than are taken, fail with the next step", async () => {
    for (const body of ["name,phone\n", `name,phone\n${`${good}\n`.repeat(20_001)}`]) {
      const seen = await importAt(asha, await sent(body), ["failed", "ready"]);
      if (seen.status === "failed") expect(seen.error).toMatch(/\.$/);
      else expect(seen).toMatchObject({ accepted: 0 });
      expect(await asha.refusal("imports.commit", { importId: seen.importId })).toMatchObject({
        code: expect.toBeOneOf(["conflict", "invalid"]),
      });
    }
  });

  test("unknown columns wait for a mapping; a mapping to a column that is not there is refused by name", async () => {
    const odd = await sent("Wer,Wo\nSomeone,9812312312\n");
    const seen = await importAt(asha, odd, ["mapping", "ready"]);
    expect(seen.status).toBe("mapping");
    expect(await asha.refusal("imports.commit", { importId: odd })).toMatchObject({ code: "conflict" });
    const refused = await asha.refusal("imports.setMapping", {
      importId: odd,
      mapping: { Telephone: "phone_number" },
    });
    expect(refused).toMatchObject({ code: "invalid" });
    expect(refused.message).toContain("Telephone");
    await asha.ask("imports.setMapping", { importId: odd, mapping: { Wo: "phone_number", Wer: "name" } });
    expect(await importAt(asha, odd, ["ready"])).toMatchObject({ accepted: 1 });
  });

  test("one good row among 10 000 bad ones is taken, and every other one is given back", async () => {
    const rows = Array.from({ length: 10_000 }, (_, n) => `Person ${n},${n}`);
    rows.splice(7_000, 0, good);
    const mine = await sent(`name,phone\n${rows.join("\n")}\n`);
    const seen = await importAt(asha, mine, ["ready", "failed"]);
    expect(seen).toMatchObject({ status: "ready", rows: 10_001, accepted: 1, rejected: 10_000 });
    const rejects = await (await asha.fetch(`/api/imports/${mine}/rejects.csv`)).text();
    expect(rejects.trim().split("\n")).toHaveLength(10_001);
    await asha.ask("imports.commit", { importId: mine });
    expect(await importAt(asha, mine, ["done"])).toMatchObject({ created: 1 });
  });

  test("a campaign whose hours never open, whose agent is gone or whose list is empty is refused with the cure", async () => {
    const empty = await asha.ask("campaigns.create", {
      name: "Nobody",
      agentId: agent.id,
      audience: { tag: "nobody has it" },
    });
    const refused = await asha.refusal("campaigns.start", { campaignId: empty.id });
    expect(refused).toMatchObject({ code: "invalid", paths: expect.arrayContaining(["audience"]) });
    const day = 86_400_000;
    const sunday = new Date((await nowAt()) + ((7 - new Date(await nowAt()).getUTCDay()) % 7) * day);
    const sundays = [-1, 0, 1, 2, 3].map((weeks) =>
      new Date(sunday.getTime() + weeks * 7 * day).toISOString().slice(0, 10),
    );
    const never = await asha.refusal("campaigns.create", {
      name: "Never open",
      agentId: agent.id,
      audience: { tag: "july" },
      window: { days: ["sun"], open: "10:00", close: "12:00", holidays: sundays },
    });
    expect(never).toMatchObject({ code: "invalid", paths: ["window"] });
    const gone = await createAgent(asha, { name: "Leaves" });
    const without = await asha.ask("campaigns.create", {
      name: "No voice",
      agentId: gone.id,
      audience: { tag: "july" },
    });
    await asha.ask("agents.archive", { agentId: gone.id });
    const noAgent = await asha.refusal("campaigns.start", { campaignId: without.id });
    expect(noAgent).toMatchObject({ code: "invalid", paths: expect.arrayContaining(["agentId"]) });
    for (const { message } of [refused, never, noAgent]) expect(message).toMatch(/\.$/);
  });
});

describe("a provider that misbehaves", () => {
  const settledCall = (itemId: string) =>
    until("the call is settled", async () => {
      const { items } = await asha.ask("calls.list", { itemId });
      return items.find(({ priceCredits, outcome }) => outcome !== null && priceCredits !== null);
    });

  test.each([
    ["truncated_json", "+91 98765 70002"],
    ["error_after_placing", "+91 98765 80002"],
    ["reset_after", "+91 98765 90002"],
  ])(
    "%s: the call that was placed all the same is found, rings once and is charged once",
    async (fault, phoneNumber) => {
      await house.control("POST", "faults", { [fault]: 1 });
      const { length: before } = (await house.truth()).rings;
      const { itemId } = await asha.ask("calls.place", { phoneNumber, agentId: agent.id });
      const ended = await settledCall(itemId);
      await house.control("DELETE", "faults");
      expect(ended).toMatchObject({ status: "completed", outcome: "answered", priceCredits: 5 });
      const { rings } = await house.truth();
      expect(rings.slice(before).map(({ userData }) => userData!.call_id)).toEqual([ended.id]);
    },
  );

  test("while it is away nothing is lost: an agent waits to be mirrored and says why", async () => {
    await house.end("sandbox");
    const made = await createAgent(asha, { name: "Early" });
    expect(made).toMatchObject({ bolnaAgentId: null, syncStatus: expect.toBeOneOf(["pending", "failed"]) });
    expect(
      await asha.refusal("calls.place", { phoneNumber: "+91 98765 70003", agentId: made.id }),
    ).toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/not at the voice provider yet/),
    });
    await house.start("sandbox");
    expect(await asha.ask("agents.sync", { agentId: made.id })).toMatchObject({
      bolnaAgentId: expect.stringMatching(id),
      syncStatus: "synced",
    });
    expect(await asha.ask("agents.get", { agentId: agent.id })).toMatchObject({
      bolnaAgentId: agent.bolnaAgentId,
    });
  });
});

test("the codes of errors are a closed list: programs branch on them", () => {
  expect(errorCodes).toEqual([
    "not_found",
    "not_signed_in",
    "not_allowed",
    "invalid",
    "conflict",
    "limit_reached",
    "no_credits",
    "provider_failed",
    "internal",
  ]);
});
