import { make } from "@parley/db/testing/make";
import { expect, test } from "vitest";
import { useServer } from "../testing/server.ts";
import type { SignedUp } from "../testing/visitor.ts";

const server = useServer();

const send = (them: SignedUp, body: string | Buffer, query = "") =>
  them.fetch(`/api/suppressions${query}`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: body as string,
  });

const count = async (text: string, values: unknown[]) =>
  (await server.db.owner.query<{ n: number }>(`select count(*)::int as n from ${text}`, values)).rows[0]!.n;

test("a list of thousands of numbers is taken at once: waiting people are skipped, calls that wait are called back", async () => {
  const them = await server.signUp();
  const userId = them.session.user.id;
  const agentId = await make.agent(server.db.owner, userId);
  const campaignId = await make.campaign(server.db.owner, userId, agentId);
  const laneId = await make.lane(server.db.owner, userId, campaignId);
  await server.db.owner.query(
    `with person as (
       insert into contacts (user_id, phone_number, country) select $1, '+91 97' || lpad(n::text, 8, '0'), 'IN' from generate_series(1, 3000) n
       returning id, phone_number
     )
     insert into call_queue (user_id, campaign_id, contact_id, phone_number, lane_id) select $1, $2, id, phone_number, $3 from person`,
    [userId, campaignId, laneId],
  );
  const [waiting] = (
    await server.db.owner.query<{ id: string }>(
      "update call_queue set status = 'in_progress' where user_id = $1 and phone_number = '+91 9700000007' returning id",
      [userId],
    )
  ).rows;
  await server.db.owner.query(
    `insert into calls (user_id, status, queue_id, campaign_id, contact_id, agent_id, provider_account_id, bolna_execution_id, phone_number, max_call_seconds)
     select q.user_id, 'queued', q.id, q.campaign_id, q.contact_id, $2, a.id, q.id::text, q.phone_number, 300
     from call_queue q, provider_accounts a where q.id = $1`,
    [waiting!.id, agentId],
  );
  const list = Array.from(
    { length: 2500 },
    (_, at) => `97${String(at + 1).padStart(8, "0")},DND,from the register`,
  );
  const answer = await send(them, ["Mobile,Reason,Note", ...list, "12,,"].join("\n"));
  expect(await answer.json()).toEqual({
    rows: 2501,
    added: 2500,
    known: 0,
    stopped: 2500,
    inAir: 0,
    refused: 1,
    invalid: [{ row: 2502, raw: "12", reason: expect.stringMatching(/number/) }],
  });
  expect(
    await count("call_queue where user_id = $1 and status = 'skipped' and skip_reason = 'dnc'", [userId]),
  ).toBe(2499);
  expect(await count("timeline_entries where user_id = $1 and kind = 'contact.suppressed'", [userId])).toBe(
    2500,
  );
  expect(
    await count(
      "graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = 'calls/stop' and j.payload ->> 'userId' = $1",
      [userId],
    ),
  ).toBe(1);
  const { items } = await them.trpc.audit.list.query({ action: "suppressions.imported" });
  expect(items[0]).toMatchObject({ changes: { numbers: [null, 2500], refused: [null, 1] } });

  const again = await send(them, ["Mobile,Reason,Note", ...list].join("\n"));
  expect(await again.json()).toMatchObject({ added: 0, known: 2500, stopped: 1 });
});

test("what was exported can be taken in again as it is, with reasons, channels and notes", async () => {
  const [from, into] = [await server.signUp(), await server.signUp()];
  await from.trpc.suppressions.add.mutate({
    phoneNumbers: ["9876543210"],
    reason: "complaint",
    note: "called twice",
  });
  await from.trpc.suppressions.add.mutate({
    phoneNumbers: ["9876543211"],
    reason: "asked",
    channel: "whatsapp",
  });
  const file = await from.fetch("/api/export/suppressions.csv");
  expect(file.headers.get("content-disposition")).toContain("suppressions.csv");
  expect(await (await send(into, await file.text())).json()).toMatchObject({ added: 2, refused: 0 });
  const { items } = await into.trpc.suppressions.list.query({});
  expect(items.map(({ phoneNumber, reason, channel, note }) => [phoneNumber, reason, channel, note])).toEqual(
    [
      ["+91 9876543211", "asked", "whatsapp", null],
      ["+91 9876543210", "complaint", "all", "called twice"],
    ],
  );
  expect(items.every(({ source }) => source === "import")).toBe(true);
});

test("a list without numbers, a workbook, or a stranger's list is refused with the cure", async () => {
  const them = await server.signUp();
  const refused = async (body: string | Buffer, query?: string) => {
    const answer = await send(them, body, query);
    return [answer.status, ((await answer.json()) as { message: string }).message];
  };
  expect(await refused("colour,size\nred,3\n")).toEqual([
    400,
    expect.stringMatching(/Name the column “phone_number”/),
  ]);
  expect(await refused(Buffer.from("PK\u0003\u0004....", "latin1"))).toEqual([
    400,
    expect.stringMatching(/CSV UTF-8/),
  ]);
  expect(await refused("9876543210", "?reason=because")).toEqual([400, expect.stringMatching(/reason/)]);
  const stranger = await server.visitor().fetch("/api/suppressions", { method: "POST", body: "9876543210" });
  expect(stranger.status).toBe(401);
});
