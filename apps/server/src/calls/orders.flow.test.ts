import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { Logger, runOnce, type TaskList } from "graphile-worker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { newKey } from "@parley/db/secrets";
import { createSandbox, type RunningSandbox } from "@parley/sandbox/app";
import { readConfig } from "../config.ts";
import type { Parts } from "../context.ts";
import { createFileStore } from "../file-store.ts";
import { createLogger } from "../log.ts";
import { createProviders } from "../providers.ts";
import { tasks } from "../tasks.ts";
import { webhookRoutes } from "./webhook.ts";

const db = useDatabase();
const CALLS = 120;
const KEY = "k".repeat(43);

let sandbox: RunningSandbox;
let sandboxUrl: string;
let receiver: FastifyInstance;
let server: FastifyInstance;
let parts: Parts;
let home: string;
/** Bodies as the provider sent them, by execution, in the order of arrival. */
const sent = new Map<string, string[]>();

/** Every order of `length` things. */
function permutations(length: number): number[][] {
  if (length === 0) return [[]];
  return permutations(length - 1).flatMap((rest) =>
    Array.from({ length }, (_, at) => [...rest.slice(0, at), length - 1, ...rest.slice(at)]),
  );
}

/** Runs jobs until none is ready, as the worker's two runners would. */
async function runJobs(): Promise<void> {
  const taskList: TaskList = Object.fromEntries(
    tasks.map((task) => [
      task.name,
      async (payload: unknown) => void (await task.run(parts, payload, new AbortController().signal)),
    ]),
  );
  const { rows } = await db.owner.query(
    `select 1 from graphile_worker.jobs
     where run_at <= now() and attempts < max_attempts and locked_at is null and task_identifier = any ($1) limit 1`,
    [Object.keys(taskList)],
  );
  if (rows.length === 0) return;
  await runOnce({
    connectionString: db.urls.worker,
    taskList,
    concurrency: 8,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
  });
  return runJobs();
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "parley-orders-"));
  receiver = Fastify({ bodyLimit: 8e6 });
  receiver.removeAllContentTypeParsers();
  receiver.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  receiver.post("/hook", async (request) => {
    const body = request.body as string;
    const { id } = JSON.parse(body) as { id: string };
    sent.set(id, [...(sent.get(id) ?? []), body]);
    return { ok: true };
  });
  const hook = await receiver.listen({ port: 0, host: "127.0.0.1" });

  sandbox = await createSandbox({});
  sandboxUrl = await sandbox.listen(0);
  const config = readConfig({
    SANDBOX_URL: sandboxUrl,
    PARLEY_DATA_DIR: home,
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
    DATABASE_WEB_URL: db.urls.web,
    DATABASE_WORKER_URL: db.urls.worker,
    DATABASE_RO_URL: db.urls.ro,
  });
  const log = createLogger("silent");
  parts = {
    db: { web: db.web, worker: db.worker, ro: db.ro },
    config,
    log,
    files: createFileStore(home),
    providers: createProviders(config),
  };
  server = Fastify();
  await server.register(async (app) =>
    webhookRoutes(app, { parts, enter: () => Promise.reject(new Error("no door here")) }),
  );

  const made = await fetch(`${sandboxUrl}/bolna/v2/agent`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${config.voice.apiKey}` },
    body: JSON.stringify({
      agent_config: {
        agent_name: "Orders",
        agent_welcome_message: "Hello",
        webhook_url: `${hook}/hook`,
        tasks: [
          {
            task_type: "conversation",
            toolchain: { execution: "parallel", pipelines: [["transcriber", "llm", "synthesizer"]] },
            tools_config: {
              llm_agent: {
                agent_type: "simple_llm_agent",
                agent_flow_type: "streaming",
                llm_config: { provider: "openai", model: "gpt-5.4-mini", temperature: 1 },
              },
              synthesizer: { provider: "polly", provider_config: { voice: "Kajal" } },
              transcriber: { provider: "deepgram", model: "nova-3", language: "en" },
              input: { provider: "plivo", format: "wav" },
              output: { provider: "plivo", format: "wav" },
            },
            task_config: { call_terminate: 300 },
          },
        ],
      },
      agent_prompts: { task_1: { system_prompt: "Sell." } },
    }),
  });
  const { agent_id: bolnaAgentId } = (await made.json()) as { agent_id: string };

  const userId = await make.user(db.owner, { credits: 1_000_000, concurrentLimit: 500 });
  await db.owner.query("update system_settings set concurrent_calls_limit = 500, place_timeout_ms = 5000");
  await db.owner.query(
    "update provider_accounts set concurrency_max = 500; update provider_pace set post_tokens_at = app.wall() - interval '1 hour'",
  );
  const agentId = await make.agent(db.owner, userId, { bolnaAgentId });
  await db.owner.query(
    "insert into agent_webhook_keys (user_id, agent_id, key_sha256, key_sealed) values ($1, $2, $3, 'sealed')",
    [userId, agentId, createHash("sha256").update(KEY).digest()],
  );
  const campaignId = await make.campaign(db.owner, userId, agentId);
  const laneId = await make.lane(db.owner, userId, campaignId);
  for (let n = 0; n < 2 * CALLS; n++) {
    const contactId = await make.contact(db.owner, userId, {
      phoneNumber: `+91 98${String(n).padStart(4, "0")}${n < CALLS ? "0002" : "0009"}`,
    });
    await make.item(db.owner, userId, { laneId, campaignId, contactId });
  }
  await until("every item has its call", async () => {
    await db.owner.query("update provider_pace set post_tokens_at = app.wall() - interval '1 hour'");
    await db.worker.pool.query("select * from app.claim_tick()");
    const { rows } = await db.owner.query("select count(*)::int as n from calls");
    return rows[0].n === 2 * CALLS;
  });
  // However slow the machine is today: no claim is to run out before its request.
  await db.owner.query("update calls set lease_until = app.wall() + interval '1 hour'");
  await runJobs();
  sandbox.clock.set({ scale: 5000 });
  await until("the provider has told all five stages of every call", () => {
    return sent.size === 2 * CALLS && [...sent.values()].every((bodies) => bodies.length >= 5);
  });
}, 120_000);

afterAll(async () => {
  await server?.close();
  await sandbox?.close();
  await receiver?.close();
  rmSync(home, { recursive: true, force: true });
});

type Row = Record<string, unknown> & { bolna_execution_id: string };

/** What may differ between two calls that came to the same: whose they are and when. */
const ownWords = new Set([
  "id",
  "queue_id",
  "contact_id",
  "bolna_execution_id",
  "phone_number",
  "recording_url",
  "attempt",
  "hangup_by",
  "hangup_reason",
]);
const isTime = (name: string) =>
  name.endsWith("_at") ||
  name.endsWith("_wall") ||
  name.endsWith("_end") ||
  name === "stages" ||
  name === "sources" ||
  name === "receipt";
const isLine = (name: string) => name.endsWith("_slot");
const isUpkeep = (name: string) =>
  name.startsWith("recording_") || name === "polls" || name === "lease_epoch" || name === "disagreements";

function essence(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([name]) => !ownWords.has(name) && !isTime(name) && !isLine(name) && !isUpkeep(name),
    ),
  );
}

async function deliver(bodies: string[]): Promise<void> {
  for (const body of bodies) {
    const answer = await server.inject({
      method: "POST",
      url: `/api/webhooks/bolna/${KEY}`,
      headers: { "content-type": "application/json" },
      payload: body,
    });
    expect(answer.statusCode).toBe(200);
  }
}

async function deliverEveryOrder(
  executions: string[],
  change: (bodies: string[]) => string[],
): Promise<Row[]> {
  const orders = permutations(5);
  for (const [n, execution] of executions.entries()) {
    const bodies = change(sent.get(execution)!.slice(0, 5));
    const doubled = orders[n]!.flatMap((at) => [
      bodies[at]!,
      bodies[at]!.replace(/}$/, `,"sent_again":"${randomUUID()}"}`),
    ]);
    await deliver(doubled);
    // Between some deliveries the jobs run, between others everything arrives at once.
    if (n % 3 === 0) await runJobs();
  }
  await runJobs();
  const { rows } = await db.owner.query("select * from calls where bolna_execution_id = any ($1)", [
    executions,
  ]);
  return rows as Row[];
}

/** What the model was asked so far, as its simulator counted. */
async function asked(): Promise<number> {
  const answer = await fetch(`${sandboxUrl}/sandbox/openai/requests?since=0`);
  return ((await answer.json()) as { next: number }).next;
}

describe("five webhooks in every order, each twice", () => {
  /** Executions of those who play this part (docs/sandbox.md). */
  const callsTo = (part: string) =>
    [...sent]
      .filter(([, [first]]) => {
        const { telephony_data: line } = JSON.parse(first!) as { telephony_data: { to_number: string } };
        return line.to_number.endsWith(part);
      })
      .map(([execution]) => execution)
      .toSorted();

  it.each([
    ["with equal transcripts", "0002", 1, ["score", "stage", "tags"], (bodies: string[]) => bodies],
    [
      "with differing transcripts",
      "0009",
      2,
      ["score", "stage", "suppress", "tags"],
      (bodies: string[]) =>
        bodies.map((body) => {
          const parsed = JSON.parse(body) as { status: string; transcript: string };
          return parsed.status === "call-disconnected"
            ? JSON.stringify({ ...parsed, transcript: parsed.transcript.slice(0, 120) })
            : body;
        }),
    ],
  ])(
    "end in one and the same row, one charge, one analysis and one set of effects, %s",
    async (_name, part, mostRuns, expected, change) => {
      const executions = callsTo(part);
      const askedBefore = await asked();
      const calls = await deliverEveryOrder(executions, change);
      expect(calls).toHaveLength(CALLS);
      const first = essence(calls[0]!);
      expect(first).toMatchObject({ status: "completed", outcome: "answered", transcript_final: true });
      for (const call of calls) expect(essence(call)).toEqual(first);
      for (const call of calls) {
        const { telephony_data: line } = JSON.parse(sent.get(call.bolna_execution_id)!.at(-1)!) as {
          telephony_data: { hangup_reason: string };
        };
        expect(call["hangup_reason"]).toBe(line.hangup_reason);
      }
      for (const call of calls)
        expect(Object.keys(call["stages"] as object)).toEqual(
          expect.arrayContaining(["initiated", "ringing", "in-progress", "call-disconnected", "completed"]),
        );

      const ids = calls.map((call) => call["id"]);
      const { rows: charges } = await db.owner.query(
        "select call_id, count(*)::int as n, sum(amount)::int as amount from credit_entries where call_id = any ($1) group by 1",
        [ids],
      );
      expect(charges).toHaveLength(CALLS);
      expect(new Set(charges.map((charge) => `${charge.n} ${charge.amount}`))).toEqual(
        new Set([`1 ${-(first["price_credits"] as number)}`]),
      );
      const { rows: analyses } = await db.owner.query(
        "select count(*)::int as rows, count(distinct call_id)::int as calls, count(*) filter (where status = 'done')::int as done from lead_analytics where call_id = any ($1)",
        [ids],
      );
      expect(analyses[0]).toEqual({ rows: CALLS, calls: CALLS, done: CALLS });
      const { rows: runs } = await db.owner.query(
        "select call_id, count(*)::int as n, count(distinct transcript_sha256)::int as transcripts from analysis_runs where call_id = any ($1) group by 1",
        [ids],
      );
      expect(runs).toHaveLength(CALLS);
      for (const run of runs) {
        expect(run.n).toBe(run.transcripts);
        expect(run.n).toBeLessThanOrEqual(mostRuns);
      }
      expect((await asked()) - askedBefore).toBe(runs.reduce((sum, run) => sum + run.n, 0));
      const { rows: effects } = await db.owner.query(
        "select call_id, array_agg(effect order by effect) as effects from call_effects where call_id = any ($1) group by 1",
        [ids],
      );
      expect(effects).toHaveLength(CALLS);
      expect(new Set(effects.map((row) => JSON.stringify(row.effects)))).toEqual(
        new Set([JSON.stringify(expected)]),
      );
      const { rows: people } = await db.owner.query(
        `select distinct k.stage_id, k.score, k.temperature,
           (select array_agg(t.tag order by t.tag) from contact_tags t where t.contact_id = k.id) as tags,
           (select count(*)::int from suppressions s where s.user_id = k.user_id and s.phone_number = k.phone_number) as suppressions,
           (select array_agg(e.kind order by e.kind) from timeline_entries e where e.contact_id = k.id) as history
         from contacts k join calls c on c.user_id = k.user_id and c.contact_id = k.id where c.id = any ($1)`,
        [ids],
      );
      expect(people).toHaveLength(1);
      expect(people[0].suppressions).toBe(expected.includes("suppress") ? 1 : 0);
      expect(people[0].history, "each kind of entry once").toEqual([...new Set(people[0].history)]);
      expect(people[0].history).toContain("call.ended");
      const { rows: left } = await db.owner.query(
        "select count(*)::int as n from calls where id = any ($1) and (ended_at is null or settled_at is null)",
        [ids],
      );
      expect(left[0].n).toBe(0);
      const { rows: balance } = await db.owner.query(
        "select u.credits - coalesce(sum(e.amount), 0) as drift from users u left join credit_entries e on e.user_id = u.id group by u.id, u.credits",
      );
      expect(Number(balance[0].drift)).toBe(0);
    },
    240_000,
  );
});
