import type pg from "pg";

/** One row of a statement run as the owner, or an error naming the statement. */
async function one<T>(on: pg.Pool, text: string, values: unknown[]): Promise<T> {
  const { rows } = await on.query(text, values);
  if (!rows[0]) throw new Error(`no row: ${text}`);
  return rows[0] as T;
}

let serial = 0;
const next = () => ++serial;

/**
 * Rows that agree with each other, for tests of verbs and SQL. `on` is the owner's pool. Everything has a default;
 * what a test is about, it says.
 */
export const make = {
  async user(
    on: pg.Pool,
    its: { credits?: number; concurrentLimit?: number; ruleSet?: string; company?: string } = {},
  ): Promise<string> {
    const n = next();
    const { id } = await one<{ id: string }>(
      on,
      `insert into users (company, email, credits, concurrent_limit, rule_set, time_zone)
       values ($1, $2, $3, $4, $5, 'Asia/Kolkata') returning id`,
      [
        its.company ?? `Tenant ${n}`,
        `tenant${n}@example.com`,
        its.credits ?? 0,
        its.concurrentLimit ?? 2,
        its.ruleSet ?? "rehearsal",
      ],
    );
    if (its.credits)
      await on.query(
        "insert into credit_entries (user_id, kind, amount, balance) values ($1, 'grant', $2, $2)",
        [id, its.credits],
      );
    return id;
  },

  async agent(
    on: pg.Pool,
    userId: string,
    its: { maxCallSeconds?: number; bolnaAgentId?: string | null } = {},
  ): Promise<string> {
    const { id } = await one<{ id: string }>(
      on,
      `insert into agents (user_id, name, prompt, welcome_message, disclosure, max_call_seconds, bolna_agent_id, sync_status, provider_account_id)
       select $1, 'Agent', 'Sell.', 'Hello', 'This is an AI agent.', $2, $3, 'synced', id from provider_accounts where name = 'platform'
       returning id`,
      [
        userId,
        its.maxCallSeconds ?? 300,
        its.bolnaAgentId === undefined ? crypto.randomUUID() : its.bolnaAgentId,
      ],
    );
    return id;
  },

  async contact(
    on: pg.Pool,
    userId: string,
    its: { phoneNumber?: string; name?: string; zones?: string[]; country?: string } = {},
  ): Promise<string> {
    const n = next();
    const { id } = await one<{ id: string }>(
      on,
      `insert into contacts (user_id, phone_number, name, country, zones) values ($1, $2, $3, $4, $5) returning id`,
      [
        userId,
        its.phoneNumber ?? `+91 98${String(n).padStart(8, "0")}`,
        its.name ?? `Contact ${n}`,
        its.country ?? "IN",
        its.zones ?? ["Asia/Kolkata"],
      ],
    );
    return id;
  },

  async campaign(
    on: pg.Pool,
    userId: string,
    agentId: string,
    its: {
      status?: string;
      maxConcurrent?: number;
      callsPerSecond?: number;
      budgetCredits?: number;
      window?: unknown;
      retry?: unknown;
    } = {},
  ): Promise<string> {
    const status = its.status ?? "running";
    const { id } = await one<{ id: string }>(
      on,
      `insert into call_campaigns (user_id, name, agent_id, status, status_reason, audience, retry, max_concurrent, calls_per_second, budget_credits, "window", started_at)
       values ($1, 'Campaign', $2, $3, $4, '{}', $5, $6, $7, $8, $9, app.now()) returning id`,
      [
        userId,
        agentId,
        status,
        status === "paused" ? "person" : null,
        its.retry ?? { maxAttempts: 3, busy: [15, 60], noAnswer: [120, 1440], failed: [60], voicemail: [] },
        its.maxConcurrent ?? null,
        its.callsPerSecond ?? null,
        its.budgetCredits ?? null,
        its.window ?? null,
      ],
    );
    await on.query("insert into campaign_pace (campaign_id, user_id) values ($1, $2)", [id, userId]);
    await on.query("insert into campaign_spend (campaign_id, user_id) values ($1, $2)", [id, userId]);
    return id;
  },

  /** A lane that is open now and for a day. */
  async lane(
    on: pg.Pool,
    userId: string,
    campaignId: string | null,
    its: { country?: string; zoneSet?: string; holdCredits?: number } = {},
  ): Promise<string> {
    const { id } = await one<{ id: string }>(
      on,
      `insert into call_lanes (user_id, campaign_id, country, zone_set, opens_at, closes_at, hold_credits)
       values ($1, $2, $3, $4, app.now() - interval '1 hour', app.now() + interval '1 day', $5) returning id`,
      [userId, campaignId, its.country ?? "IN", its.zoneSet ?? "Asia/Kolkata", its.holdCredits ?? 50],
    );
    return id;
  },

  /** A due, pending item; with a contact of its own unless one is named. */
  async item(
    on: pg.Pool,
    userId: string,
    its: {
      laneId: string;
      campaignId?: string | null;
      contactId?: string;
      agentId?: string;
      kind?: string;
      priority?: number;
      dueAt?: string;
    },
  ): Promise<string> {
    const contactId = its.contactId ?? (await make.contact(on, userId));
    const { id } = await one<{ id: string }>(
      on,
      `insert into call_queue (user_id, lane_id, campaign_id, contact_id, agent_id, kind, priority, phone_number, due_at)
       select $1, $2, $3, c.id, $5, $6, $7, c.phone_number, coalesce($8::timestamptz, app.now()) from contacts c where c.id = $4
       returning id`,
      [
        userId,
        its.laneId,
        its.campaignId ?? null,
        contactId,
        its.agentId ?? null,
        its.kind ?? (its.campaignId ? "campaign" : "direct"),
        its.priority ?? 5,
        its.dueAt ?? null,
      ],
    );
    await on.query("update call_lanes set next_due_at = least(next_due_at, app.now()) where id = $1", [
      its.laneId,
    ]);
    return id;
  },
};
