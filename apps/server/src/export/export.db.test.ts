import { make } from "@parley/db/testing/make";
import { expect, test } from "vitest";
import { useServer } from "../testing/server.ts";
import type { SignedUp } from "../testing/visitor.ts";

const server = useServer();

async function file(them: SignedUp, path: string): Promise<string[]> {
  const answer = await them.fetch(`/api/export/${path}`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/csv; charset=utf-8"]);
  return (await answer.text()).trim().split("\r\n");
}

test("contacts come out by filter, whole, in order, and a formula in a cell is only text", async () => {
  const them = await server.signUp();
  const userId = them.session.user.id;
  await them.trpc.contacts.create.mutate({
    phoneNumber: "9876543210",
    name: '=HYPERLINK("http://x","Asha")',
    notes: 'said "yes",\nleft',
    tags: ["vip", "delhi"],
    custom: { budget: -5000, remark: "@here" },
  });
  await server.db.owner.query(
    "insert into contacts (user_id, phone_number, name) select $1, '+91 98' || lpad(n::text, 8, '0'), 'P' || n from generate_series(1, 2500) n",
    [userId],
  );
  const all = await file(them, "contacts.csv");
  expect(all[0]).toMatch(/^name,phone_number,email,.*,contact_id,budget,remark$/);
  expect(all[1]).toContain(`"'=HYPERLINK(""http://x"",""Asha"")",+91 9876543210,`);
  expect(all.slice(1, 3).join("\n")).toMatch(/,"delhi;vip","said ""yes"",\n/);
  expect(all.join()).toContain("-5000,'@here");
  expect(all.filter((line) => /^P\d+,/.test(line))).toHaveLength(2500);
  expect(await file(them, "contacts.csv?tags=vip,delhi&suppressed=false")).toHaveLength(2);
  const refused = await them.fetch("/api/export/contacts.csv?color=red");
  expect(refused.status).toBe(400);
});

test("what was exported can be imported again as it is", async () => {
  const [from, into] = [await server.signUp(), await server.signUp()];
  await from.trpc.contacts.create.mutate({
    phoneNumber: "9876543210",
    name: "=Asha",
    tags: ["vip"],
    company: "Acme",
  });
  const csv = await (await from.fetch("/api/export/contacts.csv")).text();
  const answer = await into.fetch("/api/imports", {
    method: "POST",
    body: csv,
    headers: { "content-type": "text/csv" },
  });
  const { importId } = (await answer.json()) as { importId: string };
  const { runImport, runImportCommit } = await import("../contacts/import/run.ts");
  const { jobContext } = await import("../context.ts");
  const job = jobContext(server.parts, into.session.user.id);
  await runImport(job, importId, new AbortController().signal);
  await into.trpc.imports.commit.mutate({ importId });
  await runImportCommit(job, importId, new AbortController().signal);
  const { items } = await into.trpc.contacts.list.query({});
  expect(items).toMatchObject([
    { name: "=Asha", phoneNumber: "+91 9876543210", company: "Acme", tags: ["vip"], custom: {} },
  ]);
});

test("calls, items, leads and the ledger come out with what belongs to them, of one workspace only", async () => {
  const [them, others] = [await server.signUp(), await server.signUp()];
  const userId = them.session.user.id;
  const agentId = await make.agent(server.db.owner, userId);
  const campaignId = await make.campaign(server.db.owner, userId, agentId);
  const laneId = await make.lane(server.db.owner, userId, campaignId);
  const contactId = await make.contact(server.db.owner, userId, { name: "Asha" });
  const itemId = await make.item(server.db.owner, userId, { laneId, campaignId, contactId });
  const { rows } = await server.db.owner.query(
    `insert into calls (user_id, status, outcome, ended_at, final_at, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number,
       max_call_seconds, talk_seconds, held_credits, price_credits, settled_at)
     select q.user_id, 'completed', 'answered', app.now(), app.now(), q.id, q.campaign_id, q.contact_id, $2, a.id, q.phone_number, 300, 61, 50, 11, app.now()
     from call_queue q, provider_accounts a where q.id = $1 returning id`,
    [itemId, agentId],
  );
  await server.db.owner.query(
    `insert into lead_analytics (user_id, call_id, contact_id, status, call_outcome, score, temperature, summary, analysed_at, extracted_data)
     values ($1, $2, $3, 'done', 'interested', 12, 'warm', 'Wants a demo.', app.now(), '{"budget": "5000"}')`,
    [userId, rows[0].id, contactId],
  );
  expect((await file(them, "calls.csv"))[1]).toMatch(
    /,outbound,completed,answered,.*Asha,Agent,Campaign,1,61,11,interested,.*Wants a demo\./,
  );
  expect((await file(them, `items.csv?campaignId=${campaignId}`))[1]).toMatch(/^Campaign,Asha,/);
  expect((await file(them, "leads.csv"))[1]).toMatch(/Asha.*interested.*12,warm.*""budget"": ""5000""/);
  expect((await file(them, "ledger.csv"))[1]).toMatch(/,grant,10000,10000,/);
  for (const table of ["calls", "items", "leads"]) expect(await file(others, `${table}.csv`)).toHaveLength(1);
  expect(await file(others, `items.csv?campaignId=${campaignId}`)).toHaveLength(1);
  expect((await file(others, "contacts.csv")).join()).not.toContain("Asha");
});

test("a viewer takes nothing out, and whoever does stands in the audit log", async () => {
  const them = await server.signUp();
  await file(them, "ledger.csv");
  const { items } = await them.trpc.audit.list.query({});
  expect(items).toContainEqual(expect.objectContaining({ action: "data.exported", entity: "ledger" }));
  await server.db.owner.query("update members set role = 'viewer' where id = $1", [them.session.member.id]);
  for (const table of ["contacts", "calls", "items", "leads", "ledger"])
    expect((await them.fetch(`/api/export/${table}.csv`)).status).toBe(403);
});
