import type { LoginUrls } from "@parley/db/roles";
import pg from "pg";
import { milliseconds } from "./figure.ts";
import type { BenchDatabase, Bench } from "./bench.ts";

/** How much waits, for how many tenants, in how many lanes of each. */
export type Load = { items: number; tenants: number; lanes?: number };

/** Zones in which it is day together; lanes differ in the set of them a person may be in. */
const ZONES = [
  "Asia/Karachi",
  "Asia/Tashkent",
  "Asia/Kolkata",
  "Asia/Colombo",
  "Asia/Kathmandu",
  "Asia/Dhaka",
];
const zoneSets = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    n === 0
      ? "Asia/Kolkata"
      : ZONES.filter((_zone, bit) => ((n + 8) >> bit) & 1)
          .toSorted()
          .join(","),
  );

export type Tick = {
  ran: boolean;
  dialled: number;
  disposed: number;
  again: boolean;
  stopped_by: string | null;
};

/** One database with a backlog, and the two ways to take from it. */
export class Ticker {
  readonly worker: pg.Client;
  readonly #owner: pg.Client;
  readonly #database: BenchDatabase;

  private constructor(database: BenchDatabase, worker: pg.Client, owner: pg.Client) {
    this.#database = database;
    this.worker = worker;
    this.#owner = owner;
  }

  static async open(bench: Bench, load: Load): Promise<Ticker> {
    const database = await bench.database();
    const connect = async (connectionString: string) => {
      const client = new pg.Client({ connectionString });
      client.on("error", () => {});
      await client.connect();
      return client;
    };
    const ticker = new Ticker(
      database,
      await connect(database.loginUrls.worker),
      await connect(database.superUrl),
    );
    await ticker.#fill(load);
    return ticker;
  }

  async close(): Promise<void> {
    await Promise.all([this.worker.end(), this.#owner.end()]);
    await this.#database.drop();
  }

  /** Rows by set, not one by one; everything a check may want to see is there. */
  async #fill({ items, tenants, lanes = 1 }: Load): Promise<void> {
    await this.#owner.query(`
      set session_replication_role = replica; -- rows that agree with each other need no looking up
      set synchronous_commit = off; -- while loading
      -- dispatching reads contacts by key alone; these only make loading slow
      drop index contacts_search, contacts_latest, contacts_by_name, contacts_by_score, contacts_by_stage;
      -- noon on a Wednesday in India, whenever this runs
      update system_settings set clock_base = '2026-11-25T06:30:00Z', clock_wall = app.wall(), clock_scale = 1;
      update provider_accounts set concurrency_max = 200;
      -- the provider admits eight calls a second, which would hide what a tick can do
      do $$ declare v_room text := pg_get_functiondef('app.account_room'::regproc); begin
        if v_room !~ 'least\\(16, .*\\+ 16\\)\\)' then raise 'app.account_room has another form'; end if;
        execute regexp_replace(v_room, 'least\\(16, .*\\+ 16\\)\\)', '10000');
      end $$`);
    if (tenants === 0) {
      await this.#owner.query("reset session_replication_role; reset synchronous_commit");
      return;
    }
    const indexes = items > 200_000 ? await this.#dropIndexes() : [];
    await this.#addTenants(tenants, Math.ceil(items / tenants), 1_000_000_000, lanes);
    for (const index of indexes) await this.#owner.query(index);
    // what the floor takes stands in a lane that ticks do not see
    await this.#addTenants(1, 5000, 1_000_000_000);
    await this.#owner.query(
      "update call_lanes set paused = true where id = (select lane_id from call_queue order by id desc limit 1)",
    );
    await this.#owner.query("vacuum analyze");
    await this.#owner.query("reset session_replication_role; reset synchronous_commit");
    // some history, and what autovacuum does within a minute: a plan made for empty tables is nobody's plan for long
    await this.setLines(100);
    // every tenant served once or twice, and nothing of the loading left to be written
    const turns = Math.min(20, Math.max(5, Math.ceil(tenants / 50)));
    for (let n = 0; n < turns; n++) await this.tick(Math.min(100, items));
    await this.#owner.query("analyze");
    await this.#owner.query("checkpoint");
  }

  /** Built at once when all rows are there, they are done far sooner. Returns what makes them again. */
  async #dropIndexes(): Promise<string[]> {
    const { rows } = await this.#owner.query<{ name: string; make: string }>(`
      select i.indexname as name, i.indexdef as make
      from pg_indexes i
      where i.schemaname = 'public' and i.tablename in ('contacts', 'consents', 'call_queue')
        and not exists (select from pg_constraint c where c.conindid = ('public.' || quote_ident(i.indexname))::regclass)`);
    for (const { name } of rows) await this.#owner.query(`drop index "${name}"`);
    return rows.map(({ make }) => make);
  }

  async #addTenants(tenants: number, itemsEach: number, credits: number, lanes = 1): Promise<void> {
    const zones = zoneSets(lanes)
      .map((zoneSet) => `'${zoneSet}'`)
      .join(", ");
    await this.#owner.query(`
      create temp table fresh as select n, app.now() as at, app.uuid7() as user_id, app.uuid7() as agent_id, app.uuid7() as campaign_id
        from generate_series(1, ${tenants}) n;
      create temp table lane as select f.*, z.zone_set, z.no, app.uuid7() as lane_id
        from fresh f, unnest(array[${zones}]) with ordinality z (zone_set, no);
      insert into users (id, company, email, credits, concurrent_limit, rule_set)
        select user_id, 'Tenant ' || n, user_id || '@example.com', ${credits}, 1000, 'by-country' from fresh;
      insert into agents (id, user_id, name, prompt, welcome_message, disclosure, bolna_agent_id, sync_status, provider_account_id)
        select agent_id, user_id, 'Agent', 'Sell.', 'Hello', 'This is an AI agent.', agent_id, 'synced', a.id
        from fresh, provider_accounts a where a.name = 'platform';
      insert into call_campaigns (id, user_id, name, agent_id, status, audience, retry, "window", started_at)
        select campaign_id, user_id, 'Campaign', agent_id, 'running', '{}', '{}',
          '{"days": ["mon", "tue", "wed", "thu", "fri"], "open": "10:00", "close": "19:00", "holidays": []}', app.now() from fresh;
      insert into campaign_pace (campaign_id, user_id) select campaign_id, user_id from fresh;
      insert into campaign_spend (campaign_id, user_id) select campaign_id, user_id from fresh;
      insert into call_lanes (id, user_id, campaign_id, country, zone_set, opens_at, closes_at, hold_credits)
        select lane_id, user_id, campaign_id, 'IN', zone_set, app.now() - interval '1 hour', app.now() + interval '3 hours', 50 from lane;
      create temp table person as
        select l.*, app.uuid7() as contact_id, '+91 ' || (6000000000 + i) as phone_number
        from generate_series(1, ${itemsEach}) i join lane l on l.no = 1 + i % ${lanes} order by i, n;
      insert into contacts (id, user_id, phone_number, name, country, zones, created_at, updated_at)
        select contact_id, user_id, phone_number, 'Contact', 'IN', '{Asia/Kolkata}', at, at from person;
      insert into consents (user_id, contact_id, channel, basis, source, obtained_at, created_at)
        select user_id, contact_id, 'call', 'express', 'form', at, at from person;
      insert into call_queue (user_id, lane_id, campaign_id, contact_id, phone_number, due_at, created_at)
        select user_id, lane_id, campaign_id, contact_id, phone_number, at, at from person;
      drop table fresh, lane, person`);
  }

  async suppressHead(count: number): Promise<void> {
    await this.#owner.query(`
      insert into suppressions (user_id, phone_number, reason, source)
      select user_id, phone_number, 'dnc', 'list' from call_queue where status = 'pending' and lane_id in (select id from call_lanes where not paused) order by lane_id, priority, due_at, id limit ${count};
      analyze suppressions`);
  }

  /** First in turn: the round stands just before them. */
  async addBrokeTenants(count: number): Promise<void> {
    await this.#owner.query(
      "update dispatch_turn set served_upto = (select id from users order by id desc limit 1)",
    );
    await this.#addTenants(count, 1, 10);
    await this.#owner.query("analyze users, call_lanes, call_queue");
  }

  /** One more tenant that dials, with so many people to reach and lines at most; its id. */
  async addTenant(its: { items: number; lines: number; credits?: number }): Promise<string> {
    await this.#owner.query("set session_replication_role = replica");
    await this.#addTenants(1, its.items, its.credits ?? 1_000_000_000);
    const { rows } = await this.#owner.query<{ id: string }>(
      "update users set concurrent_limit = $1 where id = (select id from users order by id desc limit 1) returning id",
      [its.lines],
    );
    await this.#owner.query("reset session_replication_role");
    return rows[0]!.id;
  }

  /**
   * Every call lasts one to three rounds; whose time has come ends and is settled, and what waited for its line wakes.
   * Returns how many calls each tenant began since the last round.
   */
  async playRound(round: number): Promise<{ userId: string; begun: number }[]> {
    const { rows } = await this.#owner.query<{ userId: string; begun: number }>(
      `with begun as (
         update calls set polls = $1 + 1 + abs(hashtext(id::text)) % 3 where polls = 0 returning user_id
       )
       select user_id as "userId", count(*)::int as begun from begun group by user_id`,
      [round],
    );
    await this.#owner.query(
      `with ended as (
         update calls set status = 'completed', outcome = 'answered', ended_at = app.now(), final_at = app.now(), settled_at = app.now(),
           price_credits = 0, lease_until = null
         where ended_at is null and polls between 1 and $1 + 1
         returning queue_id, user_id
       ), closed as (
         update call_queue set status = 'completed', closed_at = app.now() where id in (select queue_id from ended)
       )
       update call_lanes set next_due_at = '-infinity', blocked_by = null
       where blocked_by = 'user_limit' and user_id in (select user_id from ended)`,
      [round],
    );
    await this.#owner.query("delete from graphile_worker._private_jobs");
    return rows;
  }

  get superUrl(): string {
    return this.#database.superUrl;
  }

  get loginUrls(): LoginUrls {
    return this.#database.loginUrls;
  }

  /** A tenant that dials, and its campaign. */
  async oneCampaign(): Promise<{ userId: string; campaignId: string }> {
    const { rows } = await this.#owner.query<{ userId: string; campaignId: string }>(
      'select user_id as "userId", campaign_id as "campaignId" from call_lanes where not paused limit 1',
    );
    return rows[0]!;
  }

  /** What autovacuum does when it comes. */
  async vacuum(): Promise<void> {
    await this.#owner.query(
      "vacuum analyze call_queue, calls, call_lanes, users, campaign_pace, provider_accounts, dispatch_turn",
    );
  }

  /** As a long report does it; returns how to end it. */
  async holdSnapshot(): Promise<() => Promise<void>> {
    const report = new pg.Client({ connectionString: this.#database.superUrl });
    report.on("error", () => {});
    await report.connect();
    await report.query("begin isolation level repeatable read; select count(*) from users");
    return () => report.end();
  }

  async setLines(lines: number): Promise<void> {
    await this.#owner.query(
      `update system_settings set concurrent_calls_limit = ${lines}, direct_reserve = 0`,
    );
  }

  async rawTick(): Promise<Tick> {
    const { rows } = await this.worker.query<Tick>("select * from app.claim_tick()");
    return rows[0]!;
  }

  /** Milliseconds of a tick that fills every line. */
  async tick(lines: number): Promise<number> {
    const began = performance.now();
    const tick = await this.rawTick();
    const took = performance.now() - began;
    if (tick.dialled !== lines)
      throw new Error(`The tick dialled ${tick.dialled} of ${lines} (${JSON.stringify(tick)}).`);
    await this.settle();
    return took;
  }

  async idleTick(): Promise<number> {
    // vacuum: autovacuum's minute, which fifty ticks do not wait for
    await this.#owner.query("update call_lanes set next_due_at = 'infinity' where not paused");
    await this.#owner.query("vacuum call_lanes");
    const took = await this.#inDatabase();
    await this.#owner.query("update call_lanes set next_due_at = '-infinity' where not paused");
    await this.#owner.query("vacuum call_lanes");
    return took;
  }

  async saturatedTick(): Promise<number> {
    await this.rawTick();
    const took = await this.#inDatabase();
    await this.settle();
    return took;
  }

  /** Milliseconds of one tick without the way to it and back, as the mean of fifty that change nothing. */
  async #inDatabase(): Promise<number> {
    const { rows } = await this.worker
      .query(`
      do $$
      declare began timestamptz := clock_timestamp();
      begin
        for n in 1..50 loop perform app.claim_tick(); end loop;
        perform set_config('bench.took', (extract(epoch from clock_timestamp() - began) * 1000 / 50)::text, false);
      end $$`)
      .then(() => this.worker.query("select current_setting('bench.took')::float8 as took"));
    return rows[0].took;
  }

  /** The same rows without a question asked: one statement as well. */
  async floor(lines: number, { jobs }: { jobs: boolean }): Promise<number> {
    const took = await milliseconds(() =>
      this.#owner.query(`
        with picked as (
          select id from call_queue where lane_id = (select id from call_lanes where paused) and status = 'pending' and due_at <= app.now()
          order by priority, due_at, id limit ${lines} for update skip locked
        ),
        took as (
          update call_queue q set status = 'in_progress', attempts = attempts + 1
          where q.id = any (array(select id from picked))
          returning q.*
        ),
        call as (
          insert into calls (user_id, queue_id, campaign_id, contact_id, agent_id, provider_account_id, phone_number,
            system_slot, user_slot, account_slot, held_credits, max_call_seconds, lease_until)
          select t.user_id, t.id, t.campaign_id, t.contact_id, a.id, a.provider_account_id, t.phone_number,
            t.n, t.n, t.n, 50, a.max_call_seconds, app.wall() + interval '15 seconds'
          from (select *, row_number() over () as n from took) t
          join agents a on a.user_id = t.user_id
          returning id, user_id
        )
        ${jobs ? addJobs : "select count(*) from call"}`),
    );
    await this.settle();
    return took;
  }

  /** What a placed call does to these rows in the end, all at once and outside the measured time. */
  async settle(): Promise<void> {
    await this.#owner.query(`
      update calls set status = 'completed', outcome = 'answered', ended_at = app.now(), final_at = app.now(), settled_at = app.now(),
        price_credits = 0, lease_until = null where ended_at is null;
      update call_queue set status = 'completed', closed_at = app.now() where status = 'in_progress';
      update call_lanes set next_due_at = '-infinity', blocked_by = null where blocked_by = 'user_limit';
      delete from graphile_worker._private_jobs`);
  }
}

const addJobs = `
        select count(*) from graphile_worker.add_jobs(array(
          select row('calls/place', json_build_object('userId', user_id, 'callId', id), null, null, 3, null, 0, null)::graphile_worker.job_spec
          from call))`;
