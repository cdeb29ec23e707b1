import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type pg from "pg";
import { propertySeed, tries, withinMs } from "@parley/core/testing/property";
import { createPool } from "@parley/db";
import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { loadStates, randomState, statesByReason, type Loaded } from "../testing/random-states.ts";

const db = useDatabase();
/** A Tuesday on which it is day in India and New Zealand sleeps. */
const now = "2026-11-24T10:30:00.000Z";

// A provider takes some requests a second; here there are lines for all in one tick.
beforeAll(() => remove(db.owner, "the provider's pace", { columns: { account_room: { tokens: "100000" } } }));

beforeEach(async () => {
  await db.owner.query(`truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
    update system_settings set concurrent_calls_limit = 10000, dialling_paused = false;
    update provider_accounts set status = 'ok', gate_until = null, concurrency_max = 10000;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour'`);
});

type Check = { name: string; ok: boolean; reason: string | null };
type Said = { verdict: string; reason: string | null; until: string | null; checks: Check[] };
type After = {
  status: string;
  skip_reason: string | null;
  wait_reason: string | null;
  due_at: string;
  blocked_by: string | null;
  calls: number;
};

type Client = Pick<pg.ClientBase, "query">;
type Word = { id: string; detail: string; until: string | null } & Check;

/** In the operators' words, for every item. */
async function explained(on: Client, loaded: Pick<Loaded, "itemId">[]): Promise<Map<string, Said>> {
  const words: Word[] = [];
  for (let from = 0; from < loaded.length; from += 250) {
    const { rows } = await on.query<Word>(
      `select i.id, e.name, e.ok, e.reason, e.detail, case when isfinite(e.true_again_at) then e.true_again_at end as until
       from unnest($1::uuid[]) i (id) cross join lateral app.ops_explain(i.id) e order by i.id, e.ord`,
      [loaded.slice(from, from + 250).map(({ itemId }) => itemId)],
    );
    words.push(...rows);
  }
  return new Map(
    [...Map.groupBy(words, ({ id }) => id)].map(([id, [first, ...checks]]) => [
      id,
      { verdict: first!.detail, reason: first!.reason, until: first!.until, checks },
    ]),
  );
}

/** Ticks until one has moved nothing, or for so long. */
async function tickToRest(
  on: { query: (text: string) => Promise<pg.QueryResult> },
  ticks: number,
): Promise<boolean> {
  for (let n = 0; n < ticks; n++) {
    const { rows } = await on.query("select * from app.claim_tick()");
    if (!rows[0].again) return true;
  }
  return false;
}

async function standing(on: pg.Pool | pg.ClientBase, itemIds: string[]): Promise<Map<string, After>> {
  const { rows } = await on.query<After & { id: string }>(
    `select q.id, q.status, q.skip_reason, q.wait_reason, q.due_at, l.blocked_by,
       (select count(*)::int from calls c where c.queue_id = q.id and c.status = 'claimed') as calls
     from call_queue q join call_lanes l on l.id = q.lane_id where q.id = any ($1)`,
    [itemIds],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Checks of what holds a whole lane: its campaign, its tenant, everybody. The others are the item's own. */
const ofLane = new Set(
  "campaign due hours lane workspace lines credits campaign_lines budget pace dialling provider system_lines provider_lines".split(
    " ",
  ),
);
const rooms: Record<string, string> = {
  user_limit: "lines",
  credits: "credits",
  campaign_cap: "campaign_lines",
  budget: "budget",
  pace: "pace",
};

/** Where deed and word part; empty when the tick did to every row what was said before. */
function partings(
  loaded: Loaded[],
  said: Map<string, Said>,
  before: Map<string, After>,
  after: Map<string, After>,
) {
  return loaded.flatMap(({ itemId, state }) => {
    const [word, was, is] = [said.get(itemId)!, before.get(itemId)!, after.get(itemId)!];
    // A campaign past its end still runs until its items have been put away.
    const isReached = word.checks.every(
      ({ name, ok, reason }) =>
        ok || !ofLane.has(name) || (reason === "campaign_over" && !state.campaign?.paused),
    );
    const faults: string[] = [];
    const must = (holds: boolean, fault: string) => void (holds || faults.push(fault));
    must((is.calls === 1) === (word.verdict === "dial"), `said ${word.verdict}, dialled ${is.calls} times`);
    must(word.verdict === "dial" || word.checks.some(({ ok }) => !ok), "no check says why");
    if (word.verdict === "dial") must(is.status === "in_progress", `dialled, and ${is.status}`);
    else if (isReached && word.verdict === "skip")
      must(is.status === "skipped" && is.skip_reason === word.reason, `${is.status} ${is.skip_reason}`);
    else if (isReached && word.verdict === "defer") {
      must(is.status === "pending" && is.wait_reason === word.reason, `${is.status} ${is.wait_reason}`);
      must(is.due_at > was.due_at, "not put off");
    } else
      must(
        is.status === was.status && is.due_at === was.due_at && is.wait_reason === was.wait_reason,
        "it was touched",
      );
    // A lane that was set aside names the first room that is lacking.
    if (is.blocked_by && is.blocked_by !== was.blocked_by)
      must(
        word.checks.some(({ name, ok }) => name === rooms[is.blocked_by!] && !ok),
        `blocked ${is.blocked_by}`,
      );
    return faults.length > 0
      ? [`${faults.join("; ")}. Said ${word.verdict} ${word.reason}. ${JSON.stringify({ is, state })}`]
      : [];
  });
}

/** A connection of the read-only login that may take its time, and compiles nothing: that takes longer than the answers. */
async function plain(): Promise<pg.PoolClient> {
  const client = await db.ro.connect();
  onTestFinished(() => client.release());
  await client.query("set jit = off; set statement_timeout = 0; set transaction_timeout = 0");
  return client;
}

const sample = (numRuns: number, seed = propertySeed) => fc.sample(randomState, { numRuns, seed });

describe("explain and the dispatcher", () => {
  it(
    "agree on every one of a thousand states: what is said before a tick is what the tick does",
    async () => {
      const { numRuns } = tries(1);
      for (let round = 0; round < numRuns; round++) {
        await db.owner.query("truncate users cascade");
        const loaded = await loadStates(db.owner, sample(1000, propertySeed + round), now);
        const ids = loaded.map(({ itemId }) => itemId);
        const said = await explained(await plain(), loaded);
        const before = await standing(db.owner, ids);
        expect(await tickToRest(db.worker.pool, 40)).toBe(true);
        expect(partings(loaded, said, before, await standing(db.owner, ids))).toEqual([]);
        const words = new Set([...said.values()].map(({ verdict, reason }) => `${verdict} ${reason}`));
        expect([...said.values()].filter(({ verdict }) => verdict === "dial").length).toBeGreaterThan(100);
        expect(words.size).toBeGreaterThan(15);
      }
    },
    withinMs(240_000),
  );

  it(
    "agree where people compete: who is dialled was eligible, and whoever was not gets the winner's reason",
    async () => {
      const random = fc.sample(
        fc.record({
          credits: fc.constantFrom(60, 110, 1000),
          lines: fc.integer({ min: 1, max: 4 }),
          cap: fc.constantFrom(null, 1, 2),
          budget: fc.constantFrom(null, 60, 120),
          people: fc.integer({ min: 1, max: 4 }),
          shared: fc.boolean(),
        }),
        { numRuns: 12 * tries(1).numRuns, seed: propertySeed },
      );
      const items: { itemId: string }[] = [];
      for (const its of random) {
        const userId = await make.user(db.owner, { credits: its.credits, concurrentLimit: its.lines });
        const agentId = await make.agent(db.owner, userId);
        const contacts = await Promise.all(
          Array.from({ length: its.people }, () => make.contact(db.owner, userId)),
        );
        // Two campaigns want the same people, or each its own.
        for (const campaign of [0, 1]) {
          const campaignId = await make.campaign(db.owner, userId, agentId, {
            ...(its.cap ? { maxConcurrent: its.cap } : {}),
            ...(its.budget ? { budgetCredits: its.budget } : {}),
          });
          const laneId = await make.lane(db.owner, userId, campaignId);
          for (const contactId of contacts)
            items.push({
              itemId: await make.item(db.owner, userId, {
                laneId,
                campaignId,
                ...(campaign === 0 || its.shared ? { contactId } : {}),
              }),
            });
        }
      }
      const eligible = await explained(db.ro, items);
      expect(await tickToRest(db.worker.pool, 40)).toBe(true);
      const after = await standing(
        db.owner,
        items.map(({ itemId }) => itemId),
      );
      const then = await explained(db.ro, items);
      const lost = new Set<string | null>();
      for (const { itemId } of items) {
        const [before, later, is] = [eligible.get(itemId)!, then.get(itemId)!, after.get(itemId)!];
        const told = JSON.stringify({ before: before.verdict, now: later.verdict, reason: later.reason, is });
        expect(before.verdict, told).toBe("dial");
        if (is.calls > 0) continue;
        expect(is.status, told).toBe("pending");
        expect(later.verdict, told).toBe("defer");
        expect(["other_call_open", "user_limit", "credits", "campaign_cap", "budget"], told).toContain(
          later.reason,
        );
        lost.add(later.reason);
      }
      expect(lost.size).toBeGreaterThan(2);
    },
    withinMs(120_000),
  );
});

/** How a predicate is taken out of the tick and left in explain. */
type Removal = {
  /** What explain calls it. */
  check: string;
  /** Columns of a function that both read, with what they say when nothing is in the way. */
  columns?: Record<string, Record<string, string>>;
  /** A function that both read, answered with a constant. */
  answer?: Record<string, string>;
  /** Words in the tick's own text. */
  words?: [RegExp, string][];
  /** What the tick keeps in lanes from an earlier look. */
  lanes?: string;
  /** What makes the whole installation stand still, for predicates that no single tenant shows. */
  standstill?: string;
};

const removals: Record<string, Removal> = {
  "the item is pending": {
    check: "item",
    columns: { item_checks: { status: "'pending'" } },
    words: [[/\b(q\.)?status = 'pending'/g, "true"]],
  },
  "the item has not expired": { check: "expiry", columns: { item_checks: { expired: "false" } } },
  "the contact is not erased": { check: "contact", columns: { item_checks: { erased: "false" } } },
  "the number is not suppressed": {
    check: "suppression",
    columns: { item_checks: { suppressed: "null::text" } },
  },
  "consent is recorded": { check: "consent", columns: { item_checks: { consent_ok: "true" } } },
  "the campaign is not over": { check: "campaign", columns: { item_checks: { campaign_over: "false" } } },
  "the campaign is running": {
    check: "campaign",
    columns: { item_checks: { campaign_status: "case when campaign_status is not null then 'running' end" } },
    words: [[/\bk\.status = 'running'/g, "true"]],
    lanes: "paused = false",
  },
  "the item is due": {
    check: "due",
    columns: { item_checks: { due_at: "'-infinity'::timestamptz" } },
    words: [[/\bq\.due_at <= p_at/g, "true"]],
  },
  "the agent is ready": { check: "agent", columns: { item_checks: { agent_ready: "true" } } },
  "the country may be called": { check: "destination", columns: { item_checks: { destination_ok: "true" } } },
  "no other call to the person is open": {
    check: "other_call",
    columns: { item_checks: { other_call_id: "null::uuid" } },
  },
  "the frequency cap": {
    check: "frequency",
    columns: { item_checks: { frequency_until: "null::timestamptz" } },
  },
  "the hours": {
    check: "hours",
    answer: { next_open: "'-infinity'::timestamptz, 'infinity'::timestamptz" },
    lanes: "opens_at = '-infinity', closes_at = 'infinity'",
  },
  "the workspace is active": { check: "workspace", words: [[/\bu\.status = 'active'/g, "true"]] },
  "the tenant's lines": { check: "lines", columns: { tenant_room: { concurrent_limit: "1000" } } },
  "the tenant's credits": { check: "credits", columns: { tenant_room: { available: "1000000::bigint" } } },
  "the campaign's cap": { check: "campaign_lines", columns: { campaign_room: { cap_room: "null::int" } } },
  "the campaign's budget": { check: "budget", columns: { campaign_room: { budget_left: "null::bigint" } } },
  "the campaign's pace": { check: "pace", columns: { campaign_room: { pace_at: "null::timestamptz" } } },
  "the lane takes part": { check: "lane", lanes: "next_due_at = '-infinity', blocked_by = null" },
  "dialling is not paused": {
    check: "dialling",
    standstill: "update system_settings set dialling_paused = true",
    words: [[/\bv\w*\.dialling_paused then/g, "false then"]],
  },
  "the system's lines": {
    check: "system_lines",
    standstill: "update system_settings set concurrent_calls_limit = 1",
    words: [[/\bv\w*\.concurrent_calls_limit/g, "100000"]],
  },
  "the provider takes our key": {
    check: "provider",
    standstill: "update provider_accounts set status = 'suspended'",
    columns: { account_room: { status: "'ok'" } },
  },
  "the provider's pause": {
    check: "provider",
    standstill: "update provider_accounts set gate_until = app.wall() + interval '1 hour'",
    columns: { account_room: { gate_until: "null::timestamptz" } },
  },
  "the provider's lines": {
    check: "provider_lines",
    standstill: "update provider_accounts set concurrency_max = 1",
    columns: { account_room: { lines: "100000" } },
  },
};

/** The functions that are the tick, by the file in which they stand. */
const tickFunctions = [
  ...readFileSync(
    join(import.meta.dirname, "../../../../migrations/functions/claim-tick.sql"),
    "utf8",
  ).matchAll(/^create (?:or replace )?function app\.(\w+)/gm),
].map(([, name]) => name!);

let removed = 0;

async function remove(
  on: pg.ClientBase | pg.Pool,
  predicate: string,
  its: Omit<Removal, "check">,
): Promise<void> {
  for (const [name, change] of Object.entries({ ...its.columns, ...its.answer })) {
    const { rows } = await on.query<{
      oid: string;
      takes: string;
      names: string[];
      gives: string;
      columns: string[];
    }>(
      `select p.oid::regprocedure::text as oid, pg_get_function_arguments(p.oid) as takes, pg_get_function_result(p.oid) as gives,
         array(select n from unnest(p.proargnames, p.proargmodes) a (n, m) where m = 'i') as names,
         array(select n from unnest(p.proargnames, p.proargmodes) a (n, m) where m = 't') as columns
       from pg_proc p where p.pronamespace = 'app'::regnamespace and p.proname = $1`,
      [name],
    );
    const [whole] = rows;
    if (!whole) throw new Error(`${predicate}: there is no function app.${name} any more.`);
    for (const column of typeof change === "string" ? [] : Object.keys(change))
      if (!whole.columns.includes(column))
        throw new Error(`${predicate}: app.${name} has no column ${column} any more.`);
    const kept = `${name}_without_${(removed += 1)}`;
    const given =
      typeof change === "string"
        ? `select ${change}`
        : `select ${whole.columns.map((column) => change[column] ?? column).join(", ")} from app.${kept}(${whole.names.map((_, n) => `$${n + 1}`).join(", ")})`;
    await on.query(`alter function ${whole.oid} rename to ${kept}`);
    await on.query(
      `create function app.${name}(${whole.takes}) returns ${whole.gives} language sql stable as $removal$ ${given} $removal$`,
    );
    await on.query(`grant execute on function app.${name} to public`);
  }
  for (const [words, instead] of its.words ?? []) {
    const { rows } = await on.query<{ text: string }>(
      "select pg_get_functiondef(p.oid) as text from pg_proc p where p.pronamespace = 'app'::regnamespace and p.proname = any ($1)",
      [tickFunctions],
    );
    const saying = rows.filter(({ text }) => text.search(words) >= 0);
    if (saying.length === 0)
      throw new Error(`${predicate}: the tick no longer says ${words}. Teach this table its words.`);
    for (const { text } of saying) await on.query(text.replaceAll(words, instead));
  }
  if (its.lanes) await on.query(`update call_lanes set ${its.lanes}`);
}

describe("without one of its predicates", () => {
  it(
    "the tick parts from what explain has said, whichever it is",
    async () => {
      const loaded = await loadStates(db.owner, statesByReason, now);
      const ids = loaded.map(({ itemId }) => itemId);
      const said = await explained(await plain(), loaded);
      const before = await standing(db.owner, ids);
      /** Everything on a connection of its own, so that no plan is remembered, and undone at the end. */
      const still = new Map<string, Map<string, Said>>();
      const trial = async (its: Omit<Removal, "check">, predicate?: string): Promise<string[]> => {
        const pool = createPool({ url: db.urls.owner, name: "trial", max: 1 });
        const on = await pool.connect();
        try {
          await on.query("begin");
          const some = its.standstill ? loaded.slice(0, 13) : loaded;
          if (its.standstill) await on.query(its.standstill);
          const words = its.standstill ? (still.get(its.standstill) ?? (await explained(on, some))) : said;
          if (its.standstill) still.set(its.standstill, words);
          if (predicate) await remove(on, predicate, its);
          const rests = await tickToRest(on, predicate ? 3 : 40);
          if (!predicate) expect(rests).toBe(true);
          return partings(some, words, before, await standing(on, ids));
        } catch (error) {
          // A constraint that stops what the predicate should have stopped has seen it too.
          if (predicate && (error as pg.DatabaseError).code?.startsWith("23")) return [String(error)];
          throw error;
        } finally {
          await on.query("rollback");
          on.release();
          await pool.end();
        }
      };
      expect(await trial({})).toEqual([]);
      const named = new Set([...said.values()].flatMap(({ checks }) => checks.map(({ name }) => name)));
      const removable = new Set(Object.values(removals).map(({ check }) => check));
      // A new predicate needs its line in the table above, and a state in which it alone decides.
      expect([...named].filter((name) => !removable.has(name))).toEqual([]);
      const unseen: string[] = [];
      for (const [predicate, its] of Object.entries(removals)) {
        if (!named.has(its.check)) continue;
        if (its.standstill) expect(await trial({ standstill: its.standstill }), predicate).toEqual([]);
        if ((await trial(its, predicate)).length === 0) unseen.push(predicate);
      }
      expect(unseen).toEqual([]);
    },
    withinMs(240_000),
  );
});
