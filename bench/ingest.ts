import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "@parley/db/embedded";
import { newKey } from "@parley/db/secrets";
import { drainWebhooks } from "../apps/server/src/calls/drain.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/log.ts";
import { createParts } from "../apps/server/src/parts.ts";
import { agreedEnv, Program } from "../chaos/programs.ts";
import type { Bench, BenchDatabase } from "./bench.ts";
import { interleaved, median, milliseconds, ms, perSecond, type Figure } from "./figure.ts";
import { httpLoad, type LoadResult } from "./load.ts";

const CONNECTIONS = 64;
const KEY = "k".repeat(43);

/**
 * Webhooks: how many a process takes in (key checked, deduplicated, journaled, on disk before the 200), against a route
 * of the same HTTP stack that checks the key and inserts the same bytes; how many share a commit and a job; and how
 * many the drain folds.
 */
export async function ingestFigures(bench: Bench): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const database = await bench.database();
  const owner = new pg.Pool({ connectionString: database.superUrl, max: 4 });
  owner.on("error", () => {});
  try {
    const agents = await callsInTheAir(owner, { agents: 8, callsEach: bench.quick ? 25 : 50 });
    return [
      ...(await intake(bench, database, owner, home)),
      await drainRate(bench, database, owner, agents, home),
    ];
  } finally {
    await owner.end();
    await database.drop();
    rmSync(home, { recursive: true });
  }
}

async function intake(
  bench: Bench,
  database: BenchDatabase,
  owner: pg.Pool,
  home: string,
): Promise<Figure[]> {
  const env = { ...agreedEnv(home, database.loginUrls), PARLEY_ROLE: "http" };
  const [port, barePort] = [await freePort(), await freePort()];
  const server = Program.start("http", { app: "server", env: { ...env, PORT: String(port) } });
  await server.answers(`http://127.0.0.1:${port}/readyz`);
  const bare = Program.start("bare route", {
    app: "bench/bare-route.ts",
    env: { ...env, PORT: String(barePort), BARE_URL: database.superUrl },
  });
  try {
    await bare.answers(`http://127.0.0.1:${barePort}/readyz`);
    const forMs = bench.quick ? 1000 : 3000;
    let serial = 0;
    const body = () => webhookBody({ id: `execution-${serial++}`, status: "in-progress" });
    const runs = { ours: [] as LoadResult[], floor: [] as LoadResult[] };
    const together: { perCommit: number; perRing: number }[] = [];
    const load = async (name: keyof typeof runs, to: { port: number; path: string }) => {
      const result = await httpLoad({ ...to, connections: CONNECTIONS, forMs, body });
      runs[name].push(result);
      if (name === "ours") together.push(await gathered(owner));
      await owner.query("truncate webhook_events, webhook_keys; delete from graphile_worker._private_jobs");
      return result.perSecond;
    };
    await interleaved(bench.quick ? 3 : 7, {
      ours: () => load("ours", { port, path: `/api/webhooks/bolna/${KEY}` }),
      floor: () => load("floor", { port: barePort, path: `/api/webhooks/bare/${KEY}` }),
    });
    const of = (name: keyof typeof runs, what: keyof LoadResult) =>
      median(runs[name].slice(1).map((run) => run[what]));
    const each = (what: "perCommit" | "perRing") => median(together.slice(1).map((one) => one[what]));
    return [
      {
        name: `webhooks taken in over ${CONNECTIONS} connections ÷ a route of the same stack with one INSERT each`,
        ours: perSecond(of("ours", "perSecond")),
        floor: perSecond(of("floor", "perSecond")),
        ratio: of("ours", "perSecond") / of("floor", "perSecond"),
        goal: { least: 0.9 },
      },
      {
        name: "… as a rate",
        ours: perSecond(of("ours", "perSecond")),
        ratio: of("ours", "perSecond"),
        goal: { least: 4_000, unit: "/s" },
      },
      {
        name: "… and how long one takes, p50 / p99",
        ours: `${ms(of("ours", "p50"))} / ${ms(of("ours", "p99"))}`,
        floor: `${ms(of("floor", "p50"))} / ${ms(of("floor", "p99"))}`,
        ratio: of("ours", "p99"),
        goal: { most: 50, unit: " ms" },
      },
      {
        name: `webhooks per job that rings for them (per commit: ${each("perCommit").toFixed(0)})`,
        ours: each("perRing").toFixed(0),
        ratio: each("perRing"),
        goal: { least: 8, unit: " a job" },
      },
    ];
  } finally {
    await Promise.all([server, bare].map((program) => program.kill("SIGTERM")));
  }
}

/** How many of the journal's rows came with one commit, and with one ring: a job that is added again is revised. */
async function gathered(owner: pg.Pool): Promise<{ perCommit: number; perRing: number }> {
  const { rows } = await owner.query(
    `select count(*)::float8 / count(distinct received_wall) as "perCommit",
       count(*)::float8 / (select sum(revision + 1) from graphile_worker._private_jobs where key = 'webhooks/drain') as "perRing"
     from webhook_events`,
  );
  return rows[0] as { perCommit: number; perRing: number };
}

type Call = { id: string; execution: string; agent: string };

/** Five webhooks of each call, journaled beforehand, folded into their calls by one process. */
async function drainRate(
  bench: Bench,
  database: BenchDatabase,
  owner: pg.Pool,
  calls: Call[],
  home: string,
): Promise<Figure> {
  const keys = {
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
    PARLEY_DATA_DIR: home,
  };
  const { parts, close } = createParts(readConfig(keys), database.loginUrls, createLogger("silent"));
  const stages = ["queued", "initiated", "ringing", "in-progress", "call-disconnected"];
  const events = stages.flatMap((status) => calls.map((call) => ({ ...call, status })));
  try {
    const took = await interleaved(bench.quick ? 2 : 5, {
      drain: async () => {
        await owner.query(
          `update calls set status = 'queued', ended_at = null, stages = '{}', sources = '{}', transcript = null;
           truncate webhook_events, call_events; delete from graphile_worker._private_jobs`,
        );
        await owner.query(
          `insert into webhook_events (user_id, source, endpoint_id, body)
           select a.user_id, 'bolna', a.id, convert_to(e.body, 'utf8')
           from unnest($1::uuid[], $2::text[]) as e (agent, body) join agents a on a.id = e.agent`,
          [
            events.map((event) => event.agent),
            events.map((event) =>
              webhookBody({ id: event.execution, status: event.status, callId: event.id }),
            ),
          ],
        );
        return milliseconds(() => drainWebhooks(parts));
      },
    });
    const { rows } = await owner.query(
      "select count(*)::int as left from calls where status <> 'call-disconnected'",
    );
    if (rows[0].left > 0) throw new Error(`${rows[0].left} calls were not folded to their end.`);
    return {
      name: `webhooks folded into ${calls.length} calls of 8 agents, all at once, by one process`,
      ours: perSecond(events.length / (took.drain / 1000)),
      ratio: events.length / (took.drain / 1000),
      goal: { least: 1_500, unit: "/s" },
    };
  } finally {
    await close();
  }
}

/** Calls that have been placed, each with its execution. */
async function callsInTheAir(owner: pg.Pool, its: { agents: number; callsEach: number }): Promise<Call[]> {
  await owner.query(
    `insert into users (company, email, credits, concurrent_limit, rule_set) values ('Bench', 'bench@example.com', 1000000000, 1000, 'rehearsal');
     insert into agents (user_id, name, prompt, welcome_message, disclosure, bolna_agent_id, sync_status, provider_account_id)
       select u.id, 'Agent ' || n, 'Sell.', 'Hello', 'This is an AI agent.', app.uuid7(), 'synced', a.id
       from users u, provider_accounts a, generate_series(1, ${its.agents}) n;
     insert into call_lanes (user_id, country, zone_set, opens_at, closes_at) select id, 'IN', 'Asia/Kolkata', '-infinity', 'infinity' from users;
     insert into contacts (user_id, phone_number, country, zones)
       select u.id, '+91 ' || (6000000000 + n), 'IN', '{Asia/Kolkata}' from users u, generate_series(1, ${its.agents * its.callsEach}) n;
     insert into call_queue (user_id, status, kind, phone_number, contact_id, lane_id, agent_id)
       select c.user_id, 'in_progress', 'direct', c.phone_number, c.id, l.id, a.id
       from (select *, row_number() over () % ${its.agents} as n from contacts) c
       join call_lanes l on l.user_id = c.user_id
       join (select *, row_number() over () % ${its.agents} as n from agents) a on a.n = c.n;
     insert into calls (user_id, status, queue_id, contact_id, agent_id, provider_account_id, bolna_execution_id, phone_number, max_call_seconds)
       select q.user_id, 'queued', q.id, q.contact_id, q.agent_id, a.provider_account_id, app.uuid7(), q.phone_number, 300
       from call_queue q join agents a on a.id = q.agent_id`,
  );
  await owner.query(
    "insert into agent_webhook_keys (user_id, agent_id, key_sha256, key_sealed) select user_id, id, $1, 'sealed' from agents limit 1",
    [createHash("sha256").update(KEY).digest()],
  );
  await owner.query("vacuum analyze");
  const { rows } = await owner.query<Call>(
    "select id, bolna_execution_id as execution, agent_id as agent from calls",
  );
  return rows;
}

/** About a kilobyte, as the provider sends it in the middle of a call. */
function webhookBody({ id, status, callId }: { id: string; status: string; callId?: string }): string {
  const at = "2026-11-25T06:30:00";
  return JSON.stringify({
    id,
    agent_id: "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    batch_id: null,
    status,
    conversation_duration: status === "call-disconnected" ? 41.3 : 0,
    total_cost: 0,
    transcript:
      status === "call-disconnected"
        ? "assistant: Hello, this is Asha.\nuser: Hello, who is this? ".repeat(8)
        : null,
    answered_by_voice_mail: false,
    error_message: null,
    created_at: at,
    updated_at: at,
    telephony_data: {
      duration: null,
      to_number: "+916000000001",
      from_number: "+918035735900",
      recording_url: null,
      hosted_telephony: true,
      provider_call_id: "CA42fb13614bfcfeccd94cf33befe14s2f",
      call_type: "outbound",
      provider: "plivo",
    },
    context_details: {
      recipient_data: {
        timezone: "Asia/Kolkata",
        call_id: callId ?? "0192f5a1-0000-7000-8000-000000000000",
        name: "Asha Rao",
        company: "Rao Textiles",
        city: "Chennai",
      },
      recipient_phone_number: "+916000000001",
    },
    ...(status === "call-disconnected" ? {} : { note: "x".repeat(300) }),
  });
}
