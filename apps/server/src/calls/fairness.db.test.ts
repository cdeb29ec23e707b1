import { beforeEach, describe, expect, it } from "vitest";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";

const db = useDatabase();

async function tenant(its: { items: number; lines: number }): Promise<string> {
  const userId = await make.user(db.owner, { credits: 1_000_000, concurrentLimit: its.lines });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  await db.owner.query(
    `with person as (
       insert into contacts (user_id, phone_number, country, zones)
       select $1, '+91 ' || (6000000000 + n), 'IN', '{Asia/Kolkata}' from generate_series(1, $4::int) n
       returning *
     )
     insert into call_queue (user_id, lane_id, campaign_id, contact_id, phone_number) select user_id, $3, $2, id, phone_number from person`,
    [userId, campaignId, laneId, its.items],
  );
  return userId;
}

/** Ticks until nothing more can be dialled, then ends every call: the lines of one round. Returns who got how many. */
async function round(): Promise<Map<string, number>> {
  await db.owner.query("update provider_pace set post_tokens_at = app.wall() - interval '1 hour'");
  for (let n = 0; n < 20; n++)
    if (!(await db.worker.pool.query("select again from app.claim_tick()")).rows[0].again) break;
  const { rows } = await db.owner.query(
    `with ended as (
       update calls set status = 'busy', outcome = 'busy', ended_at = app.now(), final_at = app.now(), settled_at = app.now(),
         price_credits = 0, lease_until = null
       where ended_at is null returning user_id, queue_id
     ), closed as (
       update call_queue set status = 'completed', closed_at = app.now() where id in (select queue_id from ended)
     )
     select user_id, count(*)::int as calls from ended group by user_id`,
  );
  await db.owner.query(
    "update call_lanes set next_due_at = '-infinity', blocked_by = null where blocked_by = 'user_limit'",
  );
  return new Map(rows.map(({ user_id, calls }) => [user_id, calls]));
}

const jain = (shares: number[]) =>
  shares.reduce((sum, x) => sum + x, 0) ** 2 / (shares.length * shares.reduce((sum, x) => sum + x * x, 0));

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 100`);
});

describe("one tenant with a long list beside many with short ones", () => {
  it("gets as many calls as they when lines are scarce: Jain index 0.95 and more, one call apart at most", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 5");
    const all = [await tenant({ items: 200, lines: 5 })];
    for (let n = 0; n < 11; n++) all.push(await tenant({ items: 5, lines: 2 }));
    const got = new Map(all.map((id) => [id, 0]));
    for (let n = 0; n < 7; n++)
      for (const [id, calls] of await round()) got.set(id, (got.get(id) ?? 0) + calls);
    const shares = [...got.values()];
    expect(shares.reduce((sum, calls) => sum + calls)).toBe(35);
    expect(jain(shares)).toBeGreaterThanOrEqual(0.95);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
  });

  it("does not make the others wait: with lines for all they are done when they would have been alone", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 14");
    const giant = await tenant({ items: 200, lines: 14 });
    const small = new Set<string>();
    for (let n = 0; n < 6; n++) small.add(await tenant({ items: 6, lines: 2 }));
    const left = new Map([...small].map((id) => [id, 6]));
    let rounds = 0;
    while ([...left.values()].some((items) => items > 0) && rounds < 20) {
      rounds++;
      for (const [id, calls] of await round()) if (id !== giant) left.set(id, left.get(id)! - calls);
    }
    // six people, two lines: three rounds alone
    expect(rounds).toBeLessThanOrEqual(2 * 3);
    expect([...left.values()]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
