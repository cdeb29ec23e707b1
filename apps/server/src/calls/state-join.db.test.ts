import fc from "fast-check";
import {
  callStatuses,
  claimedCall,
  foldEvents,
  isSighting,
  type CallEvent,
  type CallFacts,
} from "@parley/core/calls/lifecycle";
import { tries, withinMs } from "@parley/core/testing/property";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { beforeAll, expect, it } from "vitest";
import { applyEvent, type News } from "./apply-event.ts";
import { factsOf, lockCall } from "./row.ts";
import { clockSettings } from "./settings.ts";

const db = useDatabase();
const CALLS = 12;
const began = "2026-11-22T09:00:00.000Z";
const after = (seconds: number) => new Date(Date.parse(began) + seconds * 1000).toISOString();

const words = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...callStatuses.filter(isSighting)) },
  { weight: 1, arbitrary: fc.constantFrom(null, "teleported", "claimed", "not-placed") },
);
/** Texts of one length that differ only in what Postgres refuses are the ones that could tell two orders apart. */
const speech = fc.constantFrom(
  null,
  "",
  " ",
  "user: a",
  "user: b",
  "user: \u0000",
  "user: \ud800",
  "user: longer",
);
const event: fc.Arbitrary<CallEvent> = fc.record(
  {
    status: words,
    at: fc.integer({ min: -2, max: 8 }).map(after),
    verified: fc.boolean(),
    transcript: speech,
    conversationSeconds: fc.constantFrom(null, 0, 3.25, 61),
    recordingUrl: fc.constantFrom(null, "", "https://r/1", "https://r/2"),
    answeredByVoicemail: fc.constantFrom(null, true, false),
    hangupReason: fc.constantFrom(null, "", "user hung up", "silence"),
    errorMessage: fc.constantFrom(null, "line \u0000 broke", "line ! broke"),
    providerCostCents: fc.constantFrom(null, 0, 1.5, 12),
  },
  { requiredKeys: ["status", "at"] },
);
/** What was told, and the same in another order with every piece twice. */
const story = fc.array(event, { minLength: 1, maxLength: 7 }).chain((events) =>
  fc.record({
    events: fc.constant(events),
    again: fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
  }),
);

let userId: string;
let agentId: string;
beforeAll(async () => {
  userId = await make.user(db.owner, { credits: 100_000 });
  agentId = await make.agent(db.owner, userId);
});

/** Calls that have just been claimed, each of its own item. */
async function claimed(count: number): Promise<string[]> {
  const laneId = await make.lane(db.owner, userId, await make.campaign(db.owner, userId, agentId));
  const { rows } = await db.owner.query<{ id: string }>(
    `with people as (
       insert into contacts (user_id, phone_number, country, zones)
       select $1, '+91 9' || lpad((n + coalesce((select count(*) from contacts), 0))::text, 9, '0'), 'IN', '{Asia/Kolkata}' from generate_series(1, $4::int) n
       returning id, phone_number
     ), items as (
       insert into call_queue (user_id, lane_id, campaign_id, contact_id, kind, phone_number, status, attempts)
       select $1, $2, (select campaign_id from call_lanes where id = $2), p.id, 'campaign', p.phone_number, 'in_progress', 1 from people p
       returning id, contact_id, campaign_id, phone_number
     )
     insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number, held_credits, max_call_seconds, created_at)
     select $1, i.id, i.campaign_id, i.contact_id, $3, a.provider_account_id, i.phone_number, 50, 300, $5
     from items i, agents a where a.id = $3
     returning id`,
    [userId, laneId, agentId, count, began],
  );
  return rows.map(({ id }) => id);
}

const news = (its: CallEvent): News => ({ ...its, source: its.verified ? "poll" : "webhook", body: its });

/** As webhooks and polls do it: each piece into the row as it stands in the database. */
const tell = (callId: string, events: CallEvent[]) =>
  db.worker.tx(userId, async (tx) => {
    const settings = await clockSettings(tx);
    for (const its of events) await applyEvent(tx, await lockCall(tx, callId), news(its), settings);
    return factsOf(await lockCall(tx, callId));
  });

const storable = (text: string) => text.replaceAll("\u0000", "\ufffd").toWellFormed();
/** By value: what Postgres refuses is stored as U+FFFD, the order of keys is nothing. */
const plain = (facts: CallFacts): unknown =>
  JSON.parse(
    JSON.stringify(facts, (_, value: unknown) => (typeof value === "string" ? storable(value) : value)),
  );

it(
  "makes the same row of any news in any order, however often it is told, and the row that the rules of core make",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: CALLS, maxLength: CALLS }), async (stories) => {
        const ids = await claimed(2 * CALLS);
        for (const [n, { events, again }] of stories.entries()) {
          const once = await tell(ids[2 * n]!, events);
          const twice = await tell(ids[2 * n + 1]!, again);
          const said = JSON.stringify({ events, again });
          expect(twice, said).toEqual(once);
          const start = { ...claimedCall(began), stages: {} };
          const clean = events.map((its) => plain(its as never) as CallEvent);
          expect(once, said).toEqual(plain(foldEvents(start, clean).facts));
        }
      }),
      { ...tries(5), endOnFailure: true },
    );
  },
  withinMs(60_000),
);
