import { beforeEach, describe, expect, it } from "vitest";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";

const db = useDatabase();

/** Entries of an index, or rows of a table with those fetched by its indexes, that a connection has read; it forgets now and then. */
async function readSoFar(client: { query: typeof db.owner.query }, relation: string): Promise<number> {
  const { rows } = await client.query(
    "select pg_stat_get_xact_tuples_fetched($1::regclass) + pg_stat_get_xact_tuples_returned($1::regclass) as n",
    [relation],
  );
  return Number(rows[0].n);
}

/** What one tick reads of it, in a transaction that is taken back. */
async function readInTick(relation: string): Promise<{ dialled: number; read: number }> {
  const client = await db.worker.pool.connect();
  try {
    await client.query("begin");
    const before = await readSoFar(client, relation);
    const { rows } = await client.query("select dialled from app.claim_tick()");
    return { dialled: rows[0].dialled, read: (await readSoFar(client, relation)) - before };
  } finally {
    await client.query("rollback");
    client.release();
  }
}

/** All calls end and are settled, and the provider takes more. */
async function endAll(): Promise<void> {
  await db.owner.query(`
    update calls set status = 'completed', outcome = 'answered', ended_at = app.now(), final_at = app.now(), settled_at = app.now(), price_credits = 0, held_credits = 0, lease_until = null where ended_at is null;
    update call_queue set status = 'completed', closed_at = app.now() where status = 'in_progress';
    update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
}

type Tick = { dialled: number; disposed: number; again: boolean; next_wake: string | null };

async function tick(): Promise<Tick> {
  const { rows } = await db.worker.pool.query<Tick>("select * from app.claim_tick()");
  return rows[0]!;
}

/** What one ring of the doorbell leads to: ticks until one says that there is nothing more to do now. */
async function ring(): Promise<{ dialled: number; last: Tick }> {
  let dialled = 0;
  for (let round = 0; round < 50; round++) {
    const last = await tick();
    dialled += last.dialled;
    if (!last.again) return { dialled, last };
  }
  throw new Error("the tick never came to rest");
}

async function tenant(its: {
  items: number;
  campaign?: Parameters<typeof make.campaign>[3];
  credits?: number;
}) {
  const userId = await make.user(db.owner, { credits: its.credits ?? 1_000_000, concurrentLimit: 100 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId, its.campaign);
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
  return { userId, agentId, campaignId, laneId };
}

const placed = async (userId: string) =>
  (await db.owner.query("select count(*)::int as n from calls where user_id = $1", [userId])).rows[0].n;

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10, dialling_paused = false;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 100;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
});

describe("the cost of a tick", () => {
  it("follows the lines it fills: of 3 000 waiting items it reads those at the head", async () => {
    await tenant({ items: 3000 });
    await db.owner.query("analyze");
    const { dialled, read } = await readInTick("call_queue");
    expect(dialled).toBe(10);
    expect(read).toBeLessThan(300);
  });

  it("reads the clock once a tick, not once a predicate: items due in the future are not looked at", async () => {
    const { laneId } = await tenant({ items: 2000 });
    await db.owner.query("update call_queue set due_at = app.now() + interval '1 day'");
    await db.owner.query(
      "update call_queue set due_at = app.now(), priority = 9 where id in (select id from call_queue where lane_id = $1 limit 5)",
      [laneId],
    );
    await db.owner.query("analyze");
    const { dialled, read } = await readInTick("call_queue");
    expect(dialled).toBe(5);
    expect(read).toBeLessThan(300);
  });
});

describe("the head of a lane", () => {
  const head = async (laneId: string) =>
    (
      await db.owner.query(
        "select head_at, head_due_at, head_id, head_priority from call_lanes where id = $1",
        [laneId],
      )
    ).rows[0];

  /** Claims item after item, each call over at once, until the lane knows where it begins. */
  async function untilKnown(laneId: string, least = 1): Promise<void> {
    for (let claimed = 0; claimed < least || (await head(laneId)).head_at === null;) {
      claimed += (await tick()).dialled;
      await endAll();
    }
  }

  it("is found without reading what was claimed before it, though a report still sees all of that", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 50, direct_reserve = 0");
    const { laneId } = await tenant({ items: 6000 });
    const report = await db.owner.connect();
    await report.query("begin isolation level repeatable read; select count(*) from call_queue");
    try {
      await untilKnown(laneId, 1500);
      expect((await readInTick("call_queue_head")).read).toBeLessThan(300);
    } finally {
      await report.query("rollback");
      report.release();
      await db.owner.query("update system_settings set direct_reserve = null");
    }
  });

  it("never hides who comes before it: one due earlier, one of another priority, one nobody told of after ten minutes", async () => {
    const { userId, campaignId, laneId } = await tenant({ items: 300 });
    await untilKnown(laneId, 60);
    const dialledFirst = async (change: string, told: boolean) => {
      const itemId = await make.item(db.owner, userId, { laneId, campaignId });
      await db.owner.query(`update call_queue set ${change} where id = $1`, [itemId]);
      if (told)
        await db.owner.query(
          "select app.lanes_due(array[$1]::uuid[], (select due_at from call_queue where id = $2))",
          [laneId, itemId],
        );
      await tick();
      const { rows } = await db.owner.query("select status from call_queue where id = $1", [itemId]);
      await untilKnown(laneId);
      return rows[0].status === "in_progress";
    };
    const earlier = "due_at = app.now() - interval '1 day'";
    expect(await dialledFirst(earlier, true)).toBe(true);
    expect(await dialledFirst("priority = 1", true)).toBe(true);
    expect((await head(laneId)).head_priority).toBeGreaterThan(1);
    expect(await dialledFirst(earlier, false)).toBe(false);
    await db.owner.query("update call_lanes set head_at = head_at - interval '11 minutes'");
    expect((await tick()).dialled).toBe(10);
    expect(
      (
        await db.owner.query(
          "select 1 from call_queue where status = 'pending' and due_at < app.now() - interval '1 hour'",
        )
      ).rowCount,
    ).toBe(0);
  });

  it("hides nobody for longer than ten minutes, also where the lane has run dry and sleeps", async () => {
    const { userId, campaignId, laneId } = await tenant({ items: 60 });
    await untilKnown(laneId);
    const hidden = await make.item(db.owner, userId, { laneId, campaignId });
    await db.owner.query("update call_queue set due_at = app.now() - interval '1 day' where id = $1", [
      hidden,
    ]);
    while ((await ring()).dialled > 0) await endAll();
    const { rows } = await db.owner.query(
      `update call_lanes set head_at = head_at - interval '10 minutes', next_due_at = next_due_at - interval '10 minutes'
       where id = $1 returning isfinite(next_due_at) as wakes, (select status from call_queue where id = $2) as status`,
      [laneId, hidden],
    );
    expect(rows[0]).toEqual({ wakes: true, status: "pending" });
    expect((await ring()).dialled).toBe(1);
    expect((await ring()).dialled).toBe(0);
    await endAll();
    await db.owner.query("update call_lanes set head_at = null, next_due_at = app.now() where id = $1", [
      laneId,
    ]);
    await ring();
    expect(
      (await db.owner.query("select next_due_at::text as at from call_lanes where id = $1", [laneId])).rows[0]
        .at,
    ).toBe("infinity");
  });
});

describe("the calls that have a line", () => {
  const mark = async (): Promise<string> =>
    (await db.owner.query("select first_call from line_mark")).rows[0].first_call;
  const atWork = `from calls where system_slot is not null and (ended_at is null or settled_at is null)`;
  const hidden = async () =>
    (await db.owner.query(`select id ${atWork} and id < (select first_call from line_mark)`)).rows;
  const open = async (userId: string) =>
    (await db.owner.query("select live, held::int from app.tenant_room($1)", [userId])).rows[0];

  it("are found without reading those that ended before them, though a report still sees all of those", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 50, direct_reserve = 0");
    await tenant({ items: 6000 });
    const report = await db.owner.connect();
    await report.query("begin isolation level repeatable read; select count(*) from calls");
    try {
      for (let claimed = 0; claimed < 2000;) {
        claimed += (await tick()).dialled;
        await endAll();
      }
      // the mark moves once in some 256 calls: here it has just done so
      for (const before = await mark(); (await mark()) === before; await endAll()) await tick();
      for (const index of ["calls_open", "calls_unsettled"])
        expect((await readInTick(index)).read).toBeLessThan(2000);
    } finally {
      await report.query("rollback");
      report.release();
      await db.owner.query("update system_settings set direct_reserve = null");
    }
  });

  it("never stand before the mark, in whatever order they end and are settled", async () => {
    const { userId } = await tenant({ items: 3000 });
    const first = await mark();
    for (let round = 0; round < 60 || ((await mark()) <= first && round < 400); round++) {
      await tick();
      expect(await hidden()).toEqual([]);
      await db.owner.query(
        `update calls set status = 'completed', outcome = 'answered', ended_at = app.now(), lease_until = null where id in (select id ${atWork} and ended_at is null order by hashtext(id::text) limit 6);
         update calls set final_at = app.now(), settled_at = app.now(), price_credits = 0 where id in (select id ${atWork} and ended_at is not null order by hashtext(id::text || $1) limit 6);
         update call_queue set status = 'completed', closed_at = app.now() where status = 'in_progress';
         update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`.replaceAll(
          "$1",
          `'${round}'`,
        ),
      );
    }
    expect((await mark()) > first).toBe(true);
    const { rows } = await db.owner.query(
      "select count(*) filter (where ended_at is null)::int as live, sum(held_credits)::int as held from calls where settled_at is null",
    );
    expect(await open(userId)).toEqual(rows[0]);
  });

  it("count when a clock put back gives them ids before the mark", async () => {
    const { userId } = await tenant({ items: 30 });
    await db.owner.query("update line_mark set first_call = 'ffffffff-0000-7000-8000-000000000000'");
    expect((await tick()).dialled).toBe(10);
    expect(await hidden()).toEqual([]);
    expect(await open(userId)).toMatchObject({ live: 10 });
    expect((await tick()).dialled).toBe(0);
  });

  it("are looked for from the beginning when a line that looked free is taken: a wrong mark stops nobody", async () => {
    const { userId } = await tenant({ items: 60 });
    expect((await tick()).dialled).toBe(10);
    await db.owner.query(
      `update calls set status = 'completed', outcome = 'answered', ended_at = app.now(), lease_until = null, final_at = app.now(),
         settled_at = app.now(), price_credits = 0 where system_slot > 4`,
    );
    await db.owner.query(
      "update line_mark set first_call = (select id from calls where system_slot <= 4 order by id desc limit 1)",
    );
    expect(await open(userId)).not.toMatchObject({ live: 4 });
    expect((await tick()).again).toBe(true);
    expect(await open(userId)).toMatchObject({ live: 4 });
    expect((await tick()).dialled).toBe(6);
    const { rows } = await db.owner.query("select 1 from incidents where kind = 'dispatch_failed'");
    expect(rows).toEqual([]);
  });

  it("count again when a hand opens one that had ended", async () => {
    const { userId } = await tenant({ items: 400 });
    await tick();
    const { rows } = await db.owner.query("select id from calls limit 1");
    do {
      await endAll();
      await tick();
    } while ((await mark()) <= rows[0].id);
    await endAll();
    await db.owner.query(
      "update calls set status = 'queued', outcome = null, ended_at = null, final_at = null where id = $1",
      [rows[0].id],
    );
    expect(await open(userId)).toMatchObject({ live: 1 });
  });
});

/** What a tick that fills so many lines reads. */
async function readBy(relation: string, lines: number): Promise<number> {
  const { dialled, read } = await readInTick(relation);
  expect(dialled).toBe(lines);
  return read;
}

describe("the cost of a tick for others", () => {
  it("does not follow the tenants that wait: of 400 it reads about as many as it has lines", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 2");
    const { userId } = await tenant({ items: 1 });
    await db.owner.query(
      `create temp table more as select app.uuid7() as user_id, app.uuid7() as lane_id, app.uuid7() as contact_id, n from generate_series(1, 400) n;
       insert into users (id, company, email, credits, concurrent_limit, rule_set) select user_id, 'More ' || n, 'more' || n || '@example.com', 1000, 2, 'rehearsal' from more;
       insert into agents (id, user_id, name, prompt, welcome_message, disclosure, bolna_agent_id, sync_status, provider_account_id)
         select user_id, user_id, 'Agent', 'Sell.', 'Hello', 'This is an AI agent.', user_id, 'synced', a.id from more, provider_accounts a;
       insert into call_lanes (id, user_id, country, zone_set, opens_at, closes_at, hold_credits)
         select lane_id, user_id, 'IN', 'Asia/Kolkata', app.now() - interval '1 hour', app.now() + interval '1 day', 50 from more;
       insert into contacts (id, user_id, phone_number, country, zones) select contact_id, user_id, '+91 9000000001', 'IN', '{Asia/Kolkata}' from more;
       insert into call_queue (user_id, lane_id, contact_id, agent_id, phone_number, kind) select user_id, lane_id, contact_id, user_id, '+91 9000000001', 'direct' from more;
       drop table more; analyze`,
    );
    expect(userId).toBeDefined();
    expect(await readBy("users", 2)).toBeLessThan(200);
    expect(await readBy("call_lanes", 2)).toBeLessThan(200);
  });

  it("is one look when there is nothing to do: a ring reads no item, no tenant and no sleeping lane", async () => {
    await tenant({ items: 3 });
    await db.owner.query("update call_lanes set next_due_at = 'infinity'");
    for (const table of ["call_queue", "users", "call_lanes", "calls"])
      expect(await readBy(table, 0)).toBe(0);
  });
});

describe("one ring of the doorbell", () => {
  it("gives a line on to the next tenant when the items of the first have gone meanwhile", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 1");
    const first = await tenant({ items: 3 });
    const second = await tenant({ items: 3 });
    await db.owner.query(
      "update call_queue set status = 'canceled', closed_at = app.now() where user_id = $1",
      [first.userId],
    );
    expect((await ring()).dialled).toBe(1);
    expect(await placed(second.userId)).toBe(1);
  });

  it("fills all lines although the provider's budget allows sixteen requests at once: the next comes when it has a token", async () => {
    await db.owner.query("update system_settings set concurrent_calls_limit = 30");
    await tenant({ items: 30 });
    const { dialled, last } = await ring();
    expect(dialled).toBeGreaterThanOrEqual(16);
    expect(dialled).toBeLessThan(30);
    expect(Date.parse(last.next_wake!) - Date.now()).toBeLessThan(1000);
  });

  it("leaves a paced campaign with the instant of its next token", async () => {
    const { userId } = await tenant({ items: 5, campaign: { callsPerSecond: 0.5 } });
    const { dialled, last } = await ring();
    expect(dialled).toBe(1);
    expect(await placed(userId)).toBe(1);
    expect(Date.parse(last.next_wake!) - Date.now()).toBeGreaterThan(0);
    expect(Date.parse(last.next_wake!) - Date.now()).toBeLessThan(2500);
  });

  it("does not let a capped campaign keep its tenant's other campaign waiting", async () => {
    const { userId, agentId } = await tenant({ items: 5, campaign: { maxConcurrent: 1 } });
    const other = await make.campaign(db.owner, userId, agentId);
    const laneId = await make.lane(db.owner, userId, other);
    for (let n = 0; n < 3; n++) await make.item(db.owner, userId, { laneId, campaignId: other, priority: 9 });
    expect((await tick()).dialled).toBe(4);
  });
});
