import fc from "fast-check";
import { tries, withinMs } from "@parley/core/testing/property";
import { addCredits, wakeTenant } from "@parley/db/ledger";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { expect, it } from "vitest";
import { drainWebhooks } from "../calls/drain.ts";
import { placeCall } from "../calls/place.ts";
import { verifyCall } from "../calls/verify.ts";
import { suppressContact } from "../contacts/suppress.ts";
import { jobContext, type Ctx, type Parts } from "../context.ts";
import type { PlaceResult } from "../providers/bolna.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { pauseCampaign } from "./pause.ts";
import { resumeCampaign } from "./resume.ts";
import { settleItem } from "./settle-item.ts";

const db = useDatabase();
const HOLD = 50;
const PRICE = 7;
const ATTEMPTS_MAX = 2;

/** What a campaign is, in as few words as possible. */
type Item = {
  id: string;
  contactId: string;
  status: "pending" | "on the phone" | "closed";
  due: boolean;
  burned: number;
};
type Call = {
  id: string;
  item: Item;
  status: "claimed" | "unknown" | "queued" | "ringing" | "over";
  posts: number;
};
type Model = {
  items: Item[];
  calls: Call[];
  credits: number;
  limit: number;
  paused: boolean;
  suppressed: Set<Item>;
  /** The provider has asked for a pause. */
  gated: boolean;
};
type Real = {
  ctx: Ctx;
  job: Ctx;
  parts: Parts;
  userId: string;
  agentId: string;
  campaignId: string;
  posts: Map<string, number>;
  answer: PlaceResult;
  word: string;
  told: string[];
};

const isOpen = ({ status }: Call) => status !== "over";
const open = (model: Model) => model.calls.filter(isOpen);
const waiting = (model: Model) =>
  model.items.filter((item) => item.status === "pending" && item.due && !model.suppressed.has(item));
const room = (model: Model) =>
  model.paused || model.gated
    ? 0
    : Math.max(
        0,
        Math.min(
          waiting(model).length,
          model.limit - open(model).length,
          Math.floor((model.credits - HOLD * open(model).length) / HOLD),
        ),
      );

/** The n-th call that fits, if there is one. */
const pick = (model: Model, n: number, fits: (call: Call) => boolean) => {
  const some = model.calls.filter(fits);
  return some.length > 0 ? some[n % some.length]! : null;
};

/** It did not ring: no attempt is counted, and the item waits for its turn again. */
function withdrawn(call: Call, due: boolean): void {
  call.status = "over";
  const { item } = call;
  item.status = "pending";
  item.due = due;
}

/** It has ended: answered is enough, anything else is tried again later. */
function ended(model: Model, call: Call, answered: boolean): void {
  call.status = "over";
  if (answered) model.credits -= PRICE;
  const { item } = call;
  item.burned += 1;
  item.status = answered || item.burned >= ATTEMPTS_MAX ? "closed" : "pending";
  item.due = false;
}

type Act = fc.AsyncCommand<Model, Real>;
const act = (
  name: string,
  its: { when?: (model: Model) => boolean; does: (model: Model, real: Real) => Promise<void> },
): Act => ({
  check: (model) => its.when?.(model) ?? true,
  run: async (model, real) => {
    await its.does(model, real);
    await agree(model, real, name);
  },
  toString: () => name,
});

/** After every step: the rows are what the model says, and nothing that must never be has come to be. */
async function agree(model: Model, real: Real, name: string): Promise<void> {
  const { rows: calls } = await db.owner.query<{
    id: string;
    status: string;
    ended: boolean;
    slot: number | null;
  }>("select id, status, ended_at is not null as ended, system_slot as slot from calls order by id");
  expect(
    calls.map(({ id, ended: isOver }) => [id, isOver]),
    name,
  ).toEqual(model.calls.map((call) => [call.id, !isOpen(call)]));
  for (const { id, status } of calls) {
    const said = model.calls.find((call) => call.id === id)!;
    if (isOpen(said)) expect(status, name).toBe(said.status);
    expect(real.posts.get(id) ?? 0, `${name}: requests of one call`).toBe(said.posts);
    expect(said.posts, name).toBeLessThanOrEqual(1);
  }
  const { rows: items } = await db.owner.query<{ id: string; status: string; calls: number }>(
    `select q.id, q.status, (select count(*)::int from calls c where c.queue_id = q.id and c.ended_at is null) as calls
     from call_queue q order by q.id`,
  );
  const inWords = (status: string) =>
    status === "pending" ? "pending" : status === "in_progress" ? "on the phone" : "closed";
  for (const item of model.items) {
    const is = inWords(items.find(({ id }) => id === item.id)!.status);
    // Who has said stop while on the phone is put away when the next try would be due: by the tick that looks at it.
    if (model.suppressed.has(item) && item.status === "pending" && is === "closed") item.status = "closed";
  }
  expect(
    items.map((its) => [its.id, inWords(its.status)]),
    name,
  ).toEqual(model.items.map((its) => [its.id, its.status]));
  for (const its of items) expect(its.calls, `${name}: calls of one person`).toBeLessThanOrEqual(1);
  const { rows: money } = await db.owner.query(
    `select u.credits, coalesce((select sum(held_credits) from calls where settled_at is null), 0) as held,
       (select count(*) from ops.ledger_check where difference <> 0) as drift from users u`,
  );
  expect(money[0], name).toEqual({ credits: model.credits, held: HOLD * open(model).length, drift: 0 });
}

const tick = () =>
  act("tick", {
    async does(model) {
      const expected = room(model);
      await db.owner.query("update provider_pace set post_tokens_at = app.wall() - interval '1 hour'");
      for (let n = 0; n < 20; n++)
        if (!(await db.worker.pool.query("select * from app.claim_tick()")).rows[0].again) break;
      const { rows } = await db.owner.query<{ id: string; queue_id: string }>(
        "select id, queue_id from calls where id <> all ($1) order by id",
        [model.calls.map(({ id }) => id)],
      );
      expect(rows.length, "calls claimed").toBe(expected);
      for (const { id, queue_id } of rows) {
        const item = waiting(model).find((its) => its.id === queue_id);
        expect(item, "a person was claimed who does not wait").toBeDefined();
        item!.status = "on the phone";
        model.calls.push({ id, item: item!, status: "claimed", posts: 0 });
      }
    },
  });

const answers: Record<"accepted" | "refused" | "limited" | "lost", () => PlaceResult> = {
  accepted: () => ({ kind: "accepted", executionId: crypto.randomUUID(), status: "queued" }),
  refused: () => ({ kind: "refused", status: 422, message: "No such number.", credential: false }),
  limited: () => ({ kind: "rate_limited", retryAfterMs: 50_000 }),
  lost: () => ({ kind: "ambiguous", status: null, reason: "timeout" }),
};

const place = (n: number, how: keyof typeof answers) =>
  act(`place ${how}`, {
    when: (model) => model.calls.some(({ status }) => status === "claimed"),
    async does(model, real) {
      const call = pick(model, n, ({ status }) => status === "claimed")!;
      real.answer = answers[how]();
      await placeCall(real.job, { callId: call.id });
      if (model.paused || model.suppressed.has(call.item) || model.gated) {
        // Said before the dial, so nobody is rung.
        withdrawn(call, !model.gated || model.paused || model.suppressed.has(call.item));
        return;
      }
      call.posts += 1;
      if (how === "accepted") call.status = "queued";
      else if (how === "lost") call.status = "unknown";
      else if (how === "limited") {
        withdrawn(call, false);
        model.gated = true;
      } else {
        ended(model, call, false);
        await settleItem(real.job, { itemId: call.item.id });
      }
    },
  });

/** The process that had claimed the call is gone, and so is its lease. */
const kill = (n: number, dialling: boolean) =>
  act(dialling ? "kill while dialling" : "kill before the dial", {
    when: (model) => model.calls.some(({ status }) => status === "claimed"),
    async does(model, real) {
      const call = pick(model, n, ({ status }) => status === "claimed")!;
      if (dialling) {
        await db.owner.query(
          `update calls set status = 'dialing', dialing_at = app.now(), dialing_wall = app.wall(), dialing_lease_end = app.wall() where id = $1`,
          [call.id],
        );
      }
      await db.owner.query("update calls set lease_until = app.wall() - interval '1 second' where id = $1", [
        call.id,
      ]);
      await placeCall(real.job, { callId: call.id });
      if (dialling) call.status = "unknown";
      else withdrawn(call, true);
    },
  });

async function deliver(real: Real, body: string): Promise<void> {
  await db.owner.query(
    "insert into webhook_events (user_id, source, endpoint_id, body) values ($1, 'bolna', $2, $3)",
    [real.userId, real.agentId, Buffer.from(body)],
  );
  await drainWebhooks(real.parts);
}

const hook = (n: number, word: "ringing" | "completed" | "busy") =>
  act(`hook ${word}`, {
    when: (model) => model.calls.some((call) => isOpen(call) && call.status !== "claimed"),
    async does(model, real) {
      const call = pick(model, n, (its) => isOpen(its) && its.status !== "claimed")!;
      const at = new Date().toISOString();
      const { rows } = await db.owner.query("select bolna_execution_id as id from calls where id = $1", [
        call.id,
      ]);
      const body = {
        id: rows[0].id ?? `e-${call.id}`,
        status: word,
        created_at: at,
        updated_at: at,
        ...(word === "completed" ? { conversation_duration: 41, transcript: "user: yes, please" } : {}),
        telephony_data: { call_type: "outbound" },
        context_details: { recipient_data: { call_id: call.id } },
      };
      real.told.push(JSON.stringify(body));
      await deliver(real, real.told.at(-1)!);
      if (word === "ringing") {
        call.status = "ringing";
        return;
      }
      real.word = JSON.stringify(body);
      await db.owner.query("update provider_pace set read_tokens_at = app.wall() - interval '1 hour'");
      await verifyCall(real.job, { callId: call.id });
      await settleItem(real.job, { itemId: call.item.id });
      ended(model, call, word === "completed");
    },
  });

/** Something that was told before is told again. */
const dup = (n: number) =>
  act("dup", {
    async does(_, real) {
      if (real.told.length > 0) await deliver(real, real.told[n % real.told.length]!);
    },
  });

const pause = () =>
  act("pause", {
    when: ({ paused }) => !paused,
    async does(model, { ctx, campaignId }) {
      await pauseCampaign(ctx, { campaignId });
      model.paused = true;
    },
  });
const resume = () =>
  act("resume", {
    when: ({ paused }) => paused,
    async does(model, { ctx, campaignId }) {
      await resumeCampaign(ctx, { campaignId });
      model.paused = false;
    },
  });
const optOut = (n: number) =>
  act("opt out", {
    async does(model, { ctx }) {
      const item = model.items[n % model.items.length]!;
      await suppressContact(ctx, { contactId: item.contactId, channel: "all", reason: "asked" });
      model.suppressed.add(item);
      if (item.status === "pending") item.status = "closed";
    },
  });
const topUp = (amount: number) =>
  act(`top up ${amount}`, {
    async does(model, { ctx }) {
      await ctx.db.tx((tx) => addCredits(tx, { kind: "grant", amount }));
      model.credits += amount;
    },
  });
const setLimit = (limit: number) =>
  act(`limit ${limit}`, {
    async does(model, { ctx, userId }) {
      await db.owner.query("update users set concurrent_limit = $2 where id = $1", [userId, limit]);
      await ctx.db.tx((tx) => wakeTenant(tx, ["user_limit"]));
      model.limit = limit;
    },
  });
/** What waits for its time is due, and the provider takes calls again. */
const later = () =>
  act("later", {
    async does(model) {
      await db.owner.query(`update call_queue set due_at = app.now() where status = 'pending';
        update call_lanes set next_due_at = least(next_due_at, app.now()) where blocked_by is null;
        update provider_accounts set gate_until = null`);
      for (const item of model.items) if (item.status === "pending") item.due = true;
      model.gated = false;
    },
  });

const n = fc.nat(9);
const often = <T>(times: number, it: T): T[] => Array<T>(times).fill(it);
const answer = fc.constantFrom<keyof typeof answers>(
  ...often(5, "accepted" as const),
  "refused",
  "lost",
  "lost",
  "limited",
);
const word = fc.constantFrom("ringing", "completed", "busy", "busy");
const acts = fc.commands(
  [
    ...often(4, fc.constant(tick())),
    ...often(
      6,
      fc.tuple(n, answer).map(([which, how]) => place(which, how)),
    ),
    ...often(
      4,
      fc.tuple(n, word).map(([which, told]) => hook(which, told)),
    ),
    ...often(2, fc.constant(later())),
    ...often(2, fc.constant(resume())),
    fc.constant(pause()),
    n.map(dup),
    fc.tuple(n, fc.boolean()).map(([which, dialling]) => kill(which, dialling)),
    n.map(optOut),
    fc.constantFrom(50, 200).map(topUp),
    fc.integer({ min: 0, max: 4 }).map(setLimit),
  ],
  { maxCommands: 60, size: "max" },
);

async function setup(): Promise<{ model: Model; real: Real }> {
  await db.owner
    .query(`truncate users, people, incidents, webhook_keys, webhook_events cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 100;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 100`);
  const userId = await make.user(db.owner, { credits: 330, concurrentLimit: 2 });
  const agentId = await make.agent(db.owner, userId);
  const campaignId = await make.campaign(db.owner, userId, agentId, {
    retry: { maxAttempts: ATTEMPTS_MAX, busy: [60], noAnswer: [60], failed: [60], voicemail: [] },
  });
  const laneId = await make.lane(db.owner, userId, campaignId);
  const items: Item[] = [];
  for (let k = 0; k < 8; k++) {
    const contactId = await make.contact(db.owner, userId);
    const id = await make.item(db.owner, userId, { laneId, campaignId, contactId });
    items.push({ id, contactId, status: "pending", due: true, burned: 0 });
  }
  const made = testParts(db);
  const real = {
    userId,
    agentId,
    campaignId,
    posts: new Map<string, number>(),
    told: [] as string[],
    word: "{}",
  } as unknown as Real;
  const bolna = {
    placeCall: async ({ user_data }: { user_data: { call_id: string } }) => {
      real.posts.set(user_data.call_id, (real.posts.get(user_data.call_id) ?? 0) + 1);
      return real.answer;
    },
    getExecution: async () => ({
      kind: "found",
      execution: JSON.parse(real.word),
      body: JSON.parse(real.word),
    }),
  };
  real.parts = { ...made, providers: { ...made.providers, bolna: bolna as never } };
  real.ctx = requestOf(real.parts, userId);
  real.job = jobContext(real.parts, userId);
  const sorted = items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    model: {
      items: sorted,
      calls: [],
      credits: 330,
      limit: 2,
      paused: false,
      suppressed: new Set(),
      gated: false,
    },
    real,
  };
}

it(
  "is what a campaign in a few words is, whatever is done to it in whatever order",
  async () => {
    let posts = 0;
    await fc.assert(
      fc.asyncProperty(acts, async (some) => {
        const { model, real } = await setup();
        await fc.asyncModelRun(() => ({ model, real }), some);
        posts += real.posts.size;
      }),
      { ...tries(6), unbiased: true, endOnFailure: true },
    );
    expect(posts).toBeGreaterThan(5);
  },
  withinMs(120_000),
);
