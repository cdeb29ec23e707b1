import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { expect, it } from "vitest";
import { finishCampaign } from "../campaigns/finish.ts";
import { jobContext } from "../context.ts";
import { testParts } from "../testing/test-parts.ts";
import { checkRoom } from "./check-room.ts";

const db = useDatabase();

it("bodies of webhooks are gone after a month, read or not, their lines after a year; what they are recognised by stays", async () => {
  const userId = await make.user(db.owner);
  const agentId = await make.agent(db.owner, userId);
  const journal = (status: string, days: number) =>
    db.owner.query(
      `insert into webhook_events (user_id, source, endpoint_id, status, body, error, received_wall)
       values ($1, 'bolna', $2, $3, 'bytes', 'why', app.wall() - make_interval(days => $4))`,
      [userId, agentId, status, days],
    );
  for (const status of ["done", "bad", "pending"])
    for (const days of [1, 31, 366]) await journal(status, days);
  await db.owner.query(
    "insert into webhook_keys (source, endpoint_id, sha256, at) values ('bolna', $1, 'x', app.wall() - interval '2 years')",
    [agentId],
  );
  await db.worker.pool.query("select app.prune()");
  const { rows } = await db.owner.query(
    `select status, extract(day from app.wall() - received_wall)::int as days, body is not null as body, error like '%30 days%' as told
     from webhook_events order by status, days`,
  );
  expect(rows).toEqual([
    { status: "bad", days: 1, body: true, told: false },
    { status: "bad", days: 31, body: false, told: true },
    { status: "done", days: 1, body: true, told: false },
    { status: "done", days: 31, body: false, told: false },
    // what nobody has read yet is work, however old
    { status: "pending", days: 1, body: true, told: false },
    { status: "pending", days: 31, body: true, told: false },
    { status: "pending", days: 366, body: true, told: false },
  ]);
  const keys = await db.owner.query("select 1 from webhook_keys");
  expect(keys.rowCount).toBe(1);
});

it("a paused campaign whose end date has passed is closed by the sweep, and says why", async () => {
  const userId = await make.user(db.owner);
  const campaignId = await make.campaign(db.owner, userId, await make.agent(db.owner, userId), {
    status: "paused",
  });
  const laneId = await make.lane(db.owner, userId, campaignId);
  await make.item(db.owner, userId, { laneId, campaignId });
  const rung = async () =>
    (await db.worker.pool.query("select task from app.sweep() where task = 'campaigns/finish'")).rowCount;
  expect(await rung()).toBe(0);
  await db.owner.query("update call_campaigns set ends_at = app.now() - interval '1 minute'");
  expect(await rung()).toBe(1);
  await finishCampaign(jobContext(testParts(db), userId), campaignId);
  const { rows } = await db.owner.query(
    `select k.status, q.status as item, q.skip_reason, e.detail ->> 'because' as because, n.body like 'Its end date came while it was paused.%' as told
     from call_campaigns k join call_queue q on q.campaign_id = k.id
     join campaign_events e on e.campaign_id = k.id and e.kind = 'completed'
     join notifications n on n.user_id = k.user_id and n.kind = 'campaign.completed'`,
  );
  expect(rows).toEqual([
    {
      status: "completed",
      item: "skipped",
      skip_reason: "campaign_over",
      because: "campaign_over",
      told: true,
    },
  ]);
});

it("connections that run out are told before they have", async () => {
  const parts = testParts(db);
  const full = async () =>
    (await db.owner.query("select status, message from incidents where kind = 'connections_full'")).rows;
  await checkRoom(parts);
  expect(await full()).toEqual([]);
  await checkRoom(parts, { connections: 0.000_001 });
  expect(await full()).toEqual([
    {
      status: "open",
      message: expect.stringMatching(/^\d+ of the database's \d+ connections are in use\.$/),
    },
  ]);
  await checkRoom(parts);
  expect(await full()).toMatchObject([{ status: "resolved" }]);
});
