import fc from "fast-check";
import { ParleyError } from "@parley/core/errors";
import { tries, withinMs } from "@parley/core/testing/property";
import { beforeEach, expect, it } from "vitest";
import { addCredits, settleCall } from "./ledger.ts";
import { useDatabase } from "./testing/database.ts";
import { make } from "./testing/make.ts";

const db = useDatabase();
const SPENDERS = 8;
const HOLD = 50;

type Act =
  | { does: "claim" }
  | { does: "settle"; call: number; price: number }
  | { does: "grant"; amount: number; payment: number }
  | { does: "take"; amount: number }
  | { does: "inbound"; price: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Act>({ does: "claim" }) },
  {
    weight: 5,
    // Some prices are above the hold, some calls cost nothing; many spenders settle one call at once.
    arbitrary: fc.record({
      does: fc.constant("settle" as const),
      call: fc.nat(8),
      price: fc.constantFrom(0, 1, 7, 49, 50, 51, 900),
    }),
  },
  {
    weight: 1,
    // Few payments, so that one is told several times.
    arbitrary: fc.record({
      does: fc.constant("grant" as const),
      amount: fc.constant(75),
      payment: fc.nat(3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant("take" as const), amount: fc.integer({ min: 1, max: 160 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("inbound" as const), price: fc.constantFrom(3, 80, 900) }),
  },
);
/** What each of eight connections does, one after the other. */
const days = fc.array(fc.array(act, { minLength: 6, maxLength: 10 }), {
  minLength: SPENDERS,
  maxLength: SPENDERS,
});

let userId: string;
let agentId: string;
beforeEach(async () => {
  await db.owner.query("update system_settings set concurrent_calls_limit = 1000");
});

async function begin(): Promise<void> {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update provider_accounts set concurrency_max = 1000`);
  userId = await make.user(db.owner, { credits: 420, concurrentLimit: 500 });
  agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId, { budgetCredits: 500 });
  const laneId = await make.lane(db.owner, userId, campaignId, { holdCredits: HOLD });
  for (let n = 0; n < 25; n++) await make.item(db.owner, userId, { laneId, campaignId });
  // Some calls are there from the start: later ticks pass over an account that somebody is just spending from.
  await one(1, { does: "claim" });
}

/** The room at one instant, in one snapshot: never less than nothing, and what is held is always there. */
async function look(): Promise<void> {
  const { rows } = await db.owner.query(
    `select u.credits, coalesce(sum(c.held_credits) filter (where c.settled_at is null), 0) as held
     from users u left join calls c on c.user_id = u.id where u.id = $1 group by u.id`,
    [userId],
  );
  expect(rows[0].credits).toBeGreaterThanOrEqual(rows[0].held);
}

async function one(spender: number, its: Act): Promise<void> {
  // Requests and jobs are two programs with two logins.
  const login = spender % 2 === 0 ? db.web : db.worker;
  if (its.does === "claim") {
    await db.owner.query("update provider_pace set post_tokens_at = app.wall() - interval '1 hour'");
    await db.worker.pool.query("select * from app.claim_tick()");
  } else if (its.does === "settle") {
    const { rows } = await db.owner.query<{ id: string }>(
      "select id from calls where direction = 'outbound' order by id offset $1 limit 1",
      [its.call],
    );
    if (rows[0])
      await login.tx(userId, async (tx) => {
        await tx.query("select 1 from calls where user_id = $1 and id = $2 for update", [
          userId,
          rows[0]!.id,
        ]);
        await settleCall(tx, rows[0]!.id, its.price);
      });
  } else if (its.does === "inbound") {
    await login.tx(userId, async (tx) => {
      const { rows } = await tx.query<{ id: string }>(
        `insert into calls (user_id, direction, agent_id, provider_account_id, phone_number, status, max_call_seconds)
         select $1, 'inbound', a.id, a.provider_account_id, '+91 9812345678', 'in-progress', 300 from agents a where a.id = $2 returning id`,
        [userId, agentId],
      );
      await settleCall(tx, rows[0]!.id, its.price);
    });
  } else {
    const entry =
      its.does === "grant"
        ? ({ kind: "purchase", amount: its.amount, paymentRef: `payment ${its.payment}` } as const)
        : ({ kind: "adjustment", amount: -its.amount } as const);
    await login
      .tx(userId, (tx) => addCredits(tx, entry))
      .catch((error: unknown) => {
        if (!(error instanceof ParleyError && error.code === "no_credits")) throw error;
      });
  }
  await look();
}

it(
  "keeps the balance the sum of its entries, never below what is held, whoever spends at once",
  async () => {
    let settled = 0;
    await fc.assert(
      fc.asyncProperty(days, async (acts) => {
        await begin();
        await Promise.all(
          acts.map(async (mine, spender) => {
            for (const its of mine) await one(spender, its);
          }),
        );
        const { rows: calls } = await db.owner.query(
          `select c.held_credits as held, c.price_credits as price, c.settled_at is not null as settled, c.direction,
             count(e.id) as entries, coalesce(-sum(e.amount), 0) as charged
           from calls c left join credit_entries e on e.call_id = c.id group by c.id`,
        );
        settled += calls.filter((call) => call.settled && call.direction === "outbound").length;
        for (const call of calls) {
          // A hold is there until it is captured or let go, and that happens once.
          expect(call.settled).toBe(call.price !== null);
          expect(call.entries).toBe(call.price > 0 ? 1 : 0);
          expect(call.charged).toBe(call.price ?? 0);
          if (call.direction === "outbound") expect(call.price ?? 0).toBeLessThanOrEqual(call.held);
        }
        const { rows: wrong } = await db.owner.query("select * from ops.ledger_check where difference <> 0");
        expect(wrong).toEqual([]);
        const { rows: paid } = await db.owner.query(
          "select payment_ref from credit_entries where payment_ref is not null",
        );
        expect(new Set(paid.map(({ payment_ref }) => payment_ref)).size).toBe(paid.length);
        const { rows: account } = await db.owner.query(
          `select u.credits, s.spent_credits as spent, k.budget_credits as budget,
             (select sum(held_credits) from calls where settled_at is null and campaign_id = k.id) as held
           from users u join call_campaigns k on k.user_id = u.id join campaign_spend s on s.campaign_id = k.id`,
        );
        expect(account[0].credits).toBeGreaterThanOrEqual(0);
        expect(account[0].spent + (account[0].held ?? 0)).toBeLessThanOrEqual(account[0].budget);
      }),
      { ...tries(3), endOnFailure: true },
    );
    expect(settled).toBeGreaterThan(5);
  },
  withinMs(60_000),
);
