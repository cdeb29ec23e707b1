import { systemStages } from "@parley/core/contacts/stages";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { expect, test } from "vitest";
import type { Ctx } from "../context.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { createContact } from "./create.ts";
import { listContacts } from "./list.ts";
import { contactById } from "./row.ts";
import { suppressContact, unsuppressContact } from "./suppress.ts";
import { addSuppressions, listSuppressions, removeSuppression } from "./suppressions.ts";
import { updateContact } from "./update.ts";
import { listFields, listTags, listTimeline } from "./words.ts";

const db = useDatabase();

async function workspace(): Promise<Ctx> {
  const userId = await make.user(db.owner, { credits: 1000 });
  for (const { key, name, rank } of systemStages)
    await db.owner.query(
      "insert into stages (user_id, key, name, rank, is_system) values ($1, $2, $3, $4, true)",
      [userId, key, name, rank],
    );
  return requestOf(testParts(db), userId);
}

const get = (ctx: Ctx, contactId: string) => ctx.db.tx((tx) => contactById(tx, contactId));
const names = (page: { items: { name: string | null }[] }) => page.items.map(({ name }) => name);

async function queued(ctx: Ctx, contactId: string) {
  const agentId = await make.agent(db.owner, ctx.user.id);
  const campaignId = await make.campaign(db.owner, ctx.user.id, agentId);
  const laneId = await make.lane(db.owner, ctx.user.id, campaignId);
  const itemId = await make.item(db.owner, ctx.user.id, { laneId, campaignId, contactId });
  return { agentId, campaignId, laneId, itemId };
}

async function open(ctx: Ctx, itemId: string, status: string, phoneNumber: string) {
  await db.owner.query("update call_queue set status = 'in_progress' where id = $1", [itemId]);
  const { rows } = await db.owner.query(
    `insert into calls (user_id, status, queue_id, campaign_id, contact_id, agent_id, provider_account_id, bolna_execution_id, phone_number, max_call_seconds)
     select q.user_id, $2, q.id, q.campaign_id, q.contact_id, k.agent_id, a.id, $3, $4, 300
     from call_queue q join call_campaigns k on k.id = q.campaign_id, provider_accounts a where q.id = $1 returning id`,
    [itemId, status, crypto.randomUUID(), phoneNumber],
  );
  return rows[0].id as string;
}

const rung = async (task: string) => {
  const { rows } = await db.owner.query<{ payload: Record<string, string> }>(
    "select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = $1",
    [task],
  );
  return rows.map(({ payload }) => payload);
};

test("a contact is stored in canonical form with country, zones, first stage, fields and history", async () => {
  const ctx = await workspace();
  const contact = await createContact(ctx, {
    phoneNumber: "098765 43210",
    name: "Asha Rao",
    tags: ["vip", "delhi"],
    custom: { budget: 5000, source: "fair" },
    consent: {
      channels: ["call"],
      basis: "express",
      source: "form",
      obtainedAt: "2026-01-05T10:00:00+05:30",
    },
  });
  expect(contact).toMatchObject({
    phoneNumber: "+91 9876543210",
    country: "IN",
    zones: ["Asia/Kolkata"],
    stage: "new",
    tags: ["delhi", "vip"],
    custom: { budget: 5000, source: "fair" },
    consents: [{ channel: "call", basis: "express", obtainedAt: "2026-01-05T04:30:00.000Z" }],
    suppressed: false,
    calls: { total: 0, answered: 0 },
  });
  const { items } = await listFields(ctx);
  expect(items).toEqual([
    { key: "budget", label: "Budget", kind: "number" },
    { key: "source", label: "Source", kind: "text" },
  ]);
  expect((await listTags(ctx)).items).toEqual([
    { tag: "delhi", contacts: 1 },
    { tag: "vip", contacts: 1 },
  ]);
  expect((await listTimeline(ctx, { contactId: contact.id })).items).toMatchObject([
    { kind: "contact.created" },
  ]);
});

test("a number that is known is refused with the name of its contact, and an impossible one with the cure", async () => {
  const ctx = await workspace();
  const { id } = await createContact(ctx, { phoneNumber: "+91 98765 43210", name: "Asha" });
  await expect(createContact(ctx, { phoneNumber: "9876543210" })).rejects.toThrow(
    `+91 9876543210 belongs to “Asha” already (contact ${id})`,
  );
  await expect(createContact(ctx, { phoneNumber: "9.19E+11" })).rejects.toThrow(/phoneNumber: .*9\.19E\+11/);
  const other = await createContact(ctx, { phoneNumber: "9876543211" });
  await expect(updateContact(ctx, { contactId: other.id, phoneNumber: "9876543210" })).rejects.toThrow(
    /belongs to “Asha”/,
  );
});

test("an edit changes what it names, empties on null, and protects the field from the analysis", async () => {
  const ctx = await workspace();
  const { id } = await createContact(ctx, {
    phoneNumber: "9876543210",
    name: "Asha",
    company: "Acme",
    tags: ["a", "b"],
    custom: { x: "1", y: "2" },
  });
  const contact = await updateContact(ctx, {
    contactId: id,
    company: null,
    stage: "interested",
    tags: ["b", "c"],
    custom: { x: null, z: true },
  });
  expect(contact).toMatchObject({
    name: "Asha",
    company: null,
    stage: "interested",
    tags: ["b", "c"],
    custom: { y: "2", z: true },
  });
  const { rows } = await db.owner.query("select human_fields from contacts where id = $1", [id]);
  expect(rows[0].human_fields).toEqual(["company", "stage"]);
  expect(await updateContact(ctx, { contactId: id, addTags: ["d"], removeTags: ["b"] })).toMatchObject({
    tags: ["c", "d"],
  });
  await expect(updateContact(ctx, { contactId: id, stage: "nowhere" })).rejects.toThrow(
    /no stage “nowhere”.*interested/,
  );
  const [edited] = (await listTimeline(ctx, { contactId: id, kinds: ["contact.edited"], limit: 1 })).items;
  expect(edited!.summary).toEqual({ fields: ["tags"] });
});

test("a new time zone or number moves waiting items to the lane of that zone, with the new number", async () => {
  const ctx = await workspace();
  const { id } = await createContact(ctx, { phoneNumber: "9876543210" });
  const { itemId, laneId, campaignId } = await queued(ctx, id);
  const laneOf = async () => {
    const { rows } = await db.owner.query(
      `select l.id, l.country, l.zone_set, q.phone_number, isfinite(l.next_due_at) as due
       from call_queue q join call_lanes l on l.id = q.lane_id where q.id = $1`,
      [itemId],
    );
    return rows[0];
  };
  await updateContact(ctx, { contactId: id, timeZone: "America/New_York" });
  expect(await laneOf()).toMatchObject({ country: "IN", zone_set: "America/New_York", due: true });
  await updateContact(ctx, { contactId: id, timeZone: null });
  expect(await laneOf()).toMatchObject({ id: laneId, zone_set: "Asia/Kolkata" });
  await updateContact(ctx, { contactId: id, phoneNumber: "+1 415 555 0142" });
  expect(await laneOf()).toMatchObject({
    country: "US",
    zone_set: "America/Los_Angeles",
    phone_number: "+1 4155550142",
  });
  const { rows } = await db.owner.query("select distinct campaign_id from call_lanes where user_id = $1", [
    ctx.user.id,
  ]);
  expect(rows).toEqual([{ campaign_id: campaignId }]);
  expect((await get(ctx, id)).zones).toEqual(["America/Los_Angeles"]);
});

test("suppressing skips what waits, takes back what waits at the provider, and says what is past stopping", async () => {
  const ctx = await workspace();
  const asha = await createContact(ctx, { phoneNumber: "9876543210" });
  const [waiting, atProvider, ringing] = [
    await queued(ctx, asha.id),
    await queued(ctx, asha.id),
    await queued(ctx, asha.id),
  ];
  const queuedCall = await open(ctx, atProvider.itemId, "queued", "+91 9876543210");
  await db.owner.query("update calls set adopted = true where id = $1", [queuedCall]);
  await open(ctx, ringing.itemId, "ringing", "+91 9876543210");
  const result = await suppressContact(ctx, { contactId: asha.id, channel: "all", reason: "asked" });
  expect(result).toEqual({ suppressed: true, stopped: 2, inAir: 1 });
  const { rows } = await db.owner.query("select status, skip_reason from call_queue where id = $1", [
    waiting.itemId,
  ]);
  expect(rows).toEqual([{ status: "skipped", skip_reason: "suppressed" }]);
  expect(await rung("calls/stop")).toContainEqual({ userId: ctx.user.id, callId: queuedCall });
  expect(await rung("campaigns/finish")).toContainEqual({
    userId: ctx.user.id,
    campaignId: waiting.campaignId,
  });
  expect(await get(ctx, asha.id)).toMatchObject({
    suppressed: true,
    suppressions: [{ channel: "all", reason: "asked" }],
  });
  expect(await suppressContact(ctx, { contactId: asha.id, channel: "all", reason: "dnc" })).toMatchObject({
    stopped: 1,
  });
  expect(await unsuppressContact(ctx, { contactId: asha.id })).toEqual({
    suppressed: false,
    stopped: 0,
    inAir: 0,
  });
  expect(await get(ctx, asha.id)).toMatchObject({ suppressed: false });
  const kinds = (await listTimeline(ctx, { contactId: asha.id })).items.map(({ kind }) => kind);
  expect(kinds).toEqual(["contact.unsuppressed", "contact.suppressed", "contact.created"]);
});

test("a block set while a dial waits for the number's lock comes first or second, never at once", async () => {
  const ctx = await workspace();
  const { id } = await createContact(ctx, { phoneNumber: "9876543210" });
  let suppressed: Promise<unknown> | undefined;
  let done = false;
  await ctx.db.tx(async (tx) => {
    await tx.query("select app.lock_phone($1, '+91 9876543210')", [ctx.user.id]);
    suppressed = suppressContact(ctx, { contactId: id, channel: "all", reason: "asked" }).then(
      () => (done = true),
    );
    // Until the other session waits for our lock.
    for (let waits = 0; waits === 0;) {
      const { rows } = await db.owner.query(
        "select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted",
      );
      waits = rows[0].n;
    }
    expect(done).toBe(false);
  });
  await suppressed;
  expect(done).toBe(true);
});

test("numbers are suppressed by list, each for itself; one block is lifted at a time", async () => {
  const ctx = await workspace();
  const { id } = await createContact(ctx, { phoneNumber: "9876543210", name: "Asha Rao" });
  const added = await addSuppressions(ctx, {
    phoneNumbers: ["98765 43210", "+919876543210", "9876543211", "12"],
    channel: "all",
    reason: "dnc",
  });
  expect(added).toMatchObject({ added: 2, known: 0, invalid: [{ raw: "12" }] });
  const { items } = await listSuppressions(ctx, {});
  expect(items.map(({ phoneNumber, contactId }) => [phoneNumber, contactId])).toEqual(
    expect.arrayContaining([
      ["+91 9876543210", id],
      ["+91 9876543211", null],
    ]),
  );
  expect((await listSuppressions(ctx, { search: "43211" })).items).toHaveLength(1);
  const [byName] = (await listSuppressions(ctx, { search: "rao" })).items;
  expect(byName).toMatchObject({ contactId: id });
  expect(await removeSuppression(ctx, { suppressionId: byName!.id })).toMatchObject({ suppressed: false });
  await expect(removeSuppression(ctx, { suppressionId: byName!.id })).rejects.toThrow(/No such suppression/);
});

test("the list filters, searches and pages in every order without losing or repeating anybody", async () => {
  const ctx = await workspace();
  for (let n = 0; n < 25; n += 1)
    await createContact(ctx, {
      phoneNumber: `98765432${String(n).padStart(2, "0")}`,
      ...(n % 5 === 0 ? {} : { name: `Person ${String(n % 7)}` }),
      company: n < 3 ? "Sharma & 100% Sons" : "Other",
      tags: n % 2 === 0 ? ["even", "all"] : ["all"],
    });
  await db.owner.query(
    "update contacts set score = 5 + (right(phone_number, 2)::int % 4), temperature = 'warm' where user_id = $1 and right(phone_number, 2)::int < 12",
    [ctx.user.id],
  );
  for (const sort of ["-createdAt", "createdAt", "name", "-name", "score", "-score"] as const) {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listContacts>> = await listContacts(ctx, {
        sort,
        limit: 4,
        cursor,
      });
      expect(page.total).toBe(cursor === null ? 25 : null);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(new Set(seen).size).toBe(25);
  }
  const byName = await listContacts(ctx, { sort: "name", limit: 200 });
  expect(names(byName)).toEqual(
    byName.items
      .map(({ name, phoneNumber }) => [name, (name ?? phoneNumber)!.toLowerCase()] as const)
      .toSorted(([, a], [, b]) => (a < b ? -1 : 1))
      .map(([name]) => name),
  );
  expect((await listContacts(ctx, { filter: { tags: ["all", "even"] } })).total).toBe(13);
  expect((await listContacts(ctx, { filter: { temperature: "warm" } })).total).toBe(12);
  expect((await listContacts(ctx, { search: "sharma 100%" })).total).toBe(3);
  expect((await listContacts(ctx, { search: "10_%" })).total).toBe(0);
  expect((await listContacts(ctx, { search: "pe" })).total).toBe(20);
  expect((await listContacts(ctx, { search: "98765 43207" })).total).toBe(1);
  await expect(
    listContacts(ctx, { sort: "name", cursor: (await listContacts(ctx, { limit: 1 })).nextCursor }),
  ).rejects.toThrow(/cursor/);
});

test("another tenant with the same numbers sees, finds and changes nothing of it", async () => {
  const [ours, theirs] = [await workspace(), await workspace()];
  const { id } = await createContact(ours, { phoneNumber: "9876543210", name: "Asha Rao", tags: ["vip"] });
  const copy = await createContact(theirs, { phoneNumber: "9876543210", name: "Asha Rao" });
  expect(copy.id).not.toBe(id);
  await expect(get(theirs, id)).rejects.toThrow(/No such contact/);
  await expect(updateContact(theirs, { contactId: id, name: "x" })).rejects.toThrow(/No such contact/);
  await expect(suppressContact(theirs, { contactId: id, channel: "all", reason: "dnc" })).rejects.toThrow(
    /No such contact/,
  );
  await expect(listTimeline(theirs, { contactId: id })).rejects.toThrow(/No such contact/);
  await addSuppressions(theirs, { phoneNumbers: ["9876543210"], channel: "all", reason: "dnc" });
  expect(await get(ours, id)).toMatchObject({ suppressed: false });
  expect((await listContacts(theirs, { search: "asha" })).items.map((contact) => contact.id)).toEqual([
    copy.id,
  ]);
  expect((await listTags(theirs)).items).toEqual([]);
});
