import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Logger, run } from "graphile-worker";
import type pg from "pg";
import { createPool } from "@parley/db";
import { newKey } from "@parley/db/secrets";
import { cloneDatabase, startTestCluster } from "@parley/db/testing/cluster";
import { make } from "@parley/db/testing/make";
import { finishCampaign } from "../apps/server/src/campaigns/finish.ts";
import { settleItem } from "../apps/server/src/campaigns/settle-item.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { jobContext, type Ctx } from "../apps/server/src/context.ts";
import { createLogger } from "../apps/server/src/log.ts";
import { createParts } from "../apps/server/src/parts.ts";
import type { Verdict } from "./invariants.ts";

const ITEMS = 200;
const WORKERS = 16;
const COMPLETES_WITHIN_MS = 10_000;

/**
 * The last items of a campaign closed by many workers at the same moment, again and again: two that each see the
 * other's item open would leave a campaign running for ever. Only the jobs that the closing itself added may complete
 * it; no sweep comes to the rescue here.
 */
export async function closeTogether(runs: number, say: (line: string) => void): Promise<Verdict[]> {
  const home = mkdtempSync(join(tmpdir(), "parley-closing-"));
  const cluster = await startTestCluster({ durable: true });
  const { loginUrls, ownerUrl } = await cloneDatabase(cluster);
  const owner = createPool({ url: ownerUrl, name: "chaos", max: 4 });
  const config = readConfig({
    PARLEY_DATA_DIR: home,
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
  });
  const { parts, close } = createParts(config, loginUrls, createLogger("silent"));
  const jobs = createPool({ url: loginUrls.worker, name: "chaos jobs", max: 6 });
  const runner = await run({
    pgPool: jobs,
    concurrency: 4,
    noHandleSignals: true,
    parsedCronItems: [],
    logger: new Logger(() => () => {}),
    taskList: {
      "campaigns/finish": async (payload) => {
        const { userId, campaignId } = payload as { userId: string; campaignId: string };
        await finishCampaign(jobContext(parts, userId), campaignId);
      },
    },
  });
  let [completed, twice] = [0, 0];
  try {
    const userId = await make.user(owner, { credits: 1_000_000 });
    const agentId = await make.agent(owner, userId);
    await owner.query(
      "insert into contacts (user_id, phone_number, country, zones) select $1, '+91 ' || (9000000000 + n), 'IN', '{Asia/Kolkata}' from generate_series(1, $2::int) n",
      [userId, ITEMS],
    );
    const ctx = jobContext(parts, userId);
    for (let n = 1; n <= runs; n++) {
      const { campaignId, items } = await lastCallsOver(owner, userId, agentId);
      const queue = [...items];
      await Promise.all(
        Array.from({ length: WORKERS }, async () => {
          for (let itemId = queue.pop(); itemId; itemId = queue.pop()) await settleAsJob(ctx, itemId);
        }),
      );
      if (await isCompleted(owner, campaignId)) completed++;
      const { rows } = await owner.query(
        "select count(*)::int as n from campaign_events where campaign_id = $1 and kind = 'completed'",
        [campaignId],
      );
      if (rows[0].n > 1) twice++;
      if (n % 100 === 0)
        say(`${n} campaigns of ${ITEMS} items closed by ${WORKERS} workers, ${completed} completed`);
    }
  } finally {
    await runner.stop();
    await Promise.all([close(), owner.end(), jobs.end()]);
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  }
  return [
    {
      what: `campaigns of ${ITEMS} items closed by ${WORKERS} workers at once that completed`,
      found: completed,
      expected: String(runs),
      ok: completed === runs,
    },
    { what: "of them completed more than once", found: twice, expected: "0", ok: twice === 0 },
  ];
}

/** As its job would: one that waited too long for a lock runs again. */
async function settleAsJob(ctx: Ctx, itemId: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await settleItem(ctx, { itemId });
    } catch (error) {
      if ((error as { code?: string }).code !== "55P03" || tries === 25) throw error;
    }
  }
}

/** A running campaign whose every item has had its last attempt, ended and paid, and waits to be closed. */
async function lastCallsOver(
  owner: pg.Pool,
  userId: string,
  agentId: string,
): Promise<{ campaignId: string; items: string[] }> {
  const retry = { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] };
  const campaignId = await make.campaign(owner, userId, agentId, { retry });
  const laneId = await make.lane(owner, userId, campaignId);
  const { rows } = await owner.query<{ id: string }>(
    `with item as (
       insert into call_queue (user_id, lane_id, campaign_id, contact_id, phone_number, status, attempts)
       select user_id, $3, $2, id, phone_number, 'in_progress', 1 from contacts where user_id = $1
       returning *
     )
     insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, max_call_seconds,
       status, outcome, ended_at, final_at, settled_at, price_credits)
     select i.user_id, i.id, i.campaign_id, i.contact_id, a.id, a.provider_account_id, i.phone_number, 300,
       'no-answer', 'no_answer', app.now(), app.now(), app.now(), 0
     from item i join agents a on a.id = $4
     returning queue_id as id`,
    [userId, campaignId, laneId, agentId],
  );
  return { campaignId, items: rows.map(({ id }) => id) };
}

async function isCompleted(owner: pg.Pool, campaignId: string): Promise<boolean> {
  const until = Date.now() + COMPLETES_WITHIN_MS;
  while (Date.now() < until) {
    const { rows } = await owner.query("select status from call_campaigns where id = $1", [campaignId]);
    if (rows[0].status === "completed") return true;
    await new Promise((done) => setTimeout(done, 10));
  }
  return false;
}
