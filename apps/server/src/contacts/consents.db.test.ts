import { make } from "@parley/db/testing/make";
import { expect, test } from "vitest";
import { jobContext } from "../context.ts";
import { useServer } from "../testing/server.ts";
import { runImport, runImportCommit } from "./import/run.ts";

const server = useServer();

test("a consent is recorded with its evidence and withdrawn, each with who and when", async () => {
  const them = await server.signUp({ name: "Asha" });
  const { id: contactId } = await them.trpc.contacts.create.mutate({ phoneNumber: "9876543210" });
  const given = await them.trpc.consents.add.mutate({
    contactId,
    channels: ["call", "whatsapp"],
    basis: "written",
    source: "Stand at the fair",
    obtainedAt: "2026-01-05T10:00:00+05:30",
    evidence: "Form 117",
    expiresAt: "2090-01-01T00:00:00Z",
  });
  expect(given.consents).toHaveLength(2);
  expect(given.consents[0]).toMatchObject({
    basis: "written",
    source: "Stand at the fair",
    evidence: "Form 117",
    expiresAt: "2090-01-01T00:00:00.000Z",
    revokedAt: null,
  });
  const consentId = given.consents.find(({ channel }) => channel === "call")!.id;
  const after = await them.trpc.consents.revoke.mutate({ contactId, consentId });
  expect(after.consents.find(({ id }) => id === consentId)!.revokedAt).not.toBeNull();
  await expect(them.trpc.consents.revoke.mutate({ contactId, consentId })).rejects.toThrow(
    /withdrawn already/,
  );
  await expect(
    them.trpc.consents.add.mutate({
      contactId,
      channels: ["call"],
      basis: "express",
      source: "x",
      obtainedAt: "2090-01-01T00:00:00Z",
    }),
  ).rejects.toThrow(/in the future/);
  const { items } = await them.trpc.timeline.list.query({ contactId });
  expect(items.map(({ kind, actor }) => [kind, actor])).toEqual([
    ["consent.revoked", "Asha"],
    ["consent.recorded", "Asha"],
    ["contact.created", "Asha"],
  ]);
});

test("a list tells by its own columns who agreed to what; what cannot be read for certain counts for nothing", async () => {
  const them = await server.signUp();
  const userId = them.session.user.id;
  const answer = await them.fetch("/api/imports?name=fair.csv", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: [
      "Phone,Consent,Consent date,Consent source,Consent evidence",
      "9876500001,yes,2026-01-05,Web form,https://example.com/1",
      "9876500002,written,,,",
      "9876500003,no,2026-01-05,,",
      "9876500004,perhaps,2026-01-05,,",
      "9876500005,yes,05/01/2026,,",
    ].join("\n"),
  });
  const { importId } = (await answer.json()) as { importId: string };
  const job = jobContext(server.parts, userId);
  await runImport(job, importId, new AbortController().signal);
  await them.trpc.imports.commit.mutate({ importId });
  await runImportCommit(job, importId, new AbortController().signal);
  const { rows } = await server.db.owner.query(
    `select right(c.phone_number, 1) as n, k.basis, k.source, k.evidence, k.obtained_at::date::text as day, k.import_id = $2 as by_import
     from consents k join contacts c on c.id = k.contact_id where k.user_id = $1 order by 1`,
    [userId, importId],
  );
  expect(rows).toMatchObject([
    {
      n: "1",
      basis: "express",
      source: "Web form",
      evidence: "https://example.com/1",
      day: "2026-01-05",
      by_import: true,
    },
    { n: "2", basis: "written", source: "fair.csv", evidence: null, by_import: true },
  ]);
  const { items } = await them.trpc.contacts.list.query({ search: "9876500004" });
  expect(items[0]).toMatchObject({ custom: { consent_as_given: "perhaps, 2026-01-05" } });
});

test("the receipts of a person's calls are listed the latest first, without those that were never dialled", async () => {
  const them = await server.signUp();
  const userId = them.session.user.id;
  const agentId = await make.agent(server.db.owner, userId);
  const campaignId = await make.campaign(server.db.owner, userId, agentId);
  const laneId = await make.lane(server.db.owner, userId, campaignId);
  const contactId = await make.contact(server.db.owner, userId);
  const itemId = await make.item(server.db.owner, userId, { laneId, campaignId, contactId });
  for (const [attempt, dialled] of [
    [1, true],
    [2, false],
    [3, true],
  ] as const)
    await server.db.owner.query(
      `insert into calls (user_id, status, outcome, ended_at, final_at, settled_at, price_credits, queue_id, contact_id, agent_id, provider_account_id,
         phone_number, max_call_seconds, attempt, dialing_at, receipt)
       select q.user_id, 'busy', 'busy', app.now(), app.now(), app.now(), 0, q.id, q.contact_id, $2, a.id, q.phone_number, 300, $3,
         case when $4 then app.now() end, jsonb_build_object('ruleSet', 'rehearsal', 'attempt', $3::int)
       from call_queue q, provider_accounts a where q.id = $1`,
      [itemId, agentId, attempt, dialled],
    );
  const first = await them.trpc.consents.receipts.query({ contactId, limit: 1 });
  expect(first.items).toMatchObject([{ outcome: "busy", receipt: { ruleSet: "rehearsal", attempt: 3 } }]);
  const rest = await them.trpc.consents.receipts.query({ contactId, cursor: first.nextCursor });
  expect(rest.items.map(({ receipt }) => receipt["attempt"])).toEqual([1]);
});
