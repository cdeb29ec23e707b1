import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPool } from "@parley/db";
import { startEmbedded, type Embedded } from "@parley/db/embedded";
import { migrate } from "@parley/db/migrate";
import { inDatabase, ownedDatabase } from "@parley/db/owner";
import { ensureLogins } from "@parley/db/roles";
import { newKey } from "@parley/db/secrets";
import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { createSandbox, type RunningSandbox } from "@parley/sandbox/app";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createAgent } from "../agents/create.ts";
import { readConfig } from "../config.ts";
import { jobContext, type Parts } from "../context.ts";
import { createLogger } from "../log.ts";
import { createParts } from "../parts.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { settle } from "../worker.ts";
import { adoptExecutions } from "./adopt.ts";
import { placeDirect } from "./place-direct.ts";
import { placeCall } from "./place.ts";
import { forgetDatabase, watchDatabase } from "./watch-database.ts";

type Truth = { rings: { to: string; executionId: string; userData: { call_id: string } }[] };

/** With the owner of every file: the database runs as somebody of its own. */
const copyOf = (from: string, to: string) => void execFileSync("cp", ["-a", from, to]);

/** An installation on a cluster of its own, whose files can be copied away and put back. */
async function installation(sandboxUrl: string) {
  const home = mkdtempSync(join(tmpdir(), "parley-restore-"));
  chmodSync(home, 0o755);
  const dir = join(home, "postgres");
  const [password, ownerPassword, key] = [newKey(), newKey(), newKey()];
  let server: Embedded = await startEmbedded({ dir, password, fast: true });
  const { port } = server;
  const ownerUrl = await ownedDatabase(server.superUrl, "parley", ownerPassword);
  await migrate(ownerUrl);
  const urls = await ensureLogins(ownerUrl, join(home, "secrets"), key);
  const owner = createPool({ url: inDatabase(server.superUrl, "parley"), name: "test owner", max: 2 });
  const config = readConfig({
    SANDBOX_URL: sandboxUrl,
    PARLEY_DATA_DIR: home,
    ENCRYPTION_KEY: key,
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
    BOLNA_RECONCILE_GRACE_MS: "10",
  });
  let running: ReturnType<typeof createParts> | undefined;
  const stop = async () => {
    await running?.close();
    running = undefined;
    await server.stop();
  };
  onTestFinished(async () => {
    await stop();
    await owner.end();
    rmSync(home, { recursive: true, force: true });
  });
  return {
    owner,
    /** A process that starts: it knows what stands in its data directory, and nothing else. */
    async start(): Promise<Parts> {
      if (!running) {
        server = await startEmbedded({ dir, password, port, fast: true });
        expect(server.port).toBe(port);
      }
      forgetDatabase();
      running = createParts(config, urls, createLogger("silent"));
      await settle(running.parts);
      await watchDatabase(running.parts);
      return running.parts;
    },
    async firstStart(): Promise<Parts> {
      running = createParts(config, urls, createLogger("silent"));
      return this.start();
    },
    async backup() {
      await stop();
      copyOf(dir, join(home, "backup"));
    },
    async restore() {
      await stop();
      rmSync(dir, { recursive: true });
      copyOf(join(home, "backup"), dir);
    },
  };
}

describe("a backup that is put back", () => {
  it("has forgotten calls that were placed; they are taken over before anybody is dialled, and nobody rings twice", async () => {
    const sandbox: RunningSandbox = await createSandbox();
    onTestFinished(() => sandbox.close());
    const sandboxUrl = await sandbox.listen(0);
    const rings = async () => ((await (await fetch(`${sandboxUrl}/sandbox/truth`)).json()) as Truth).rings;
    const here = await installation(sandboxUrl);
    const { owner } = here;
    const dial = async (parts: Parts) => {
      for (let tick = 0; tick < 3; tick++) await parts.db.worker.pool.query("select * from app.claim_tick()");
      const { rows } = await owner.query<{ id: string; user_id: string }>(
        "select id, user_id from calls where status = 'claimed'",
      );
      for (const { id, user_id } of rows) await placeCall(jobContext(parts, user_id), { callId: id });
      return rows.length;
    };
    const limit = (lines: number) => owner.query("update users set concurrent_limit = $1", [lines]);

    let parts = await here.firstStart();
    const userId = await make.user(owner, { credits: 10_000, concurrentLimit: 1 });
    const agent = await createAgent(requestOf(parts, userId), {
      name: "Asha",
      prompt: "Sell.",
      welcomeMessage: "Hello",
    });
    const campaignId = await make.campaign(owner, userId, agent.id);
    const laneId = await make.lane(owner, userId, campaignId);
    for (let n = 0; n < 5; n++) await make.item(owner, userId, { laneId, campaignId });
    expect(await dial(parts)).toBe(1);
    await watchDatabase(parts);
    await here.backup();

    // What the backup will not know: three people of the list, and somebody whose number came later.
    parts = await here.start();
    await limit(4);
    await owner.query("update call_lanes set next_due_at = '-infinity', blocked_by = null");
    expect(await dial(parts)).toBe(3);
    await limit(5);
    await placeDirect(requestOf(parts, userId), { agentId: agent.id, phoneNumber: "+91 9812345678" });
    expect(await dial(parts)).toBe(1);
    await watchDatabase(parts);
    expect(await rings()).toHaveLength(5);
    await here.restore();

    parts = await here.start();
    await limit(20);
    await owner.query("update call_lanes set next_due_at = '-infinity', blocked_by = null");
    const { rows: before } = await owner.query("select count(*)::int as calls from calls");
    expect(before).toEqual([{ calls: 1 }]);
    const settings = async () =>
      (
        await owner.query(
          "select dialling_paused, reconcile_only_at is not null as only from system_settings",
        )
      ).rows[0];
    expect(await settings()).toEqual({ dialling_paused: true, only: true });
    expect(await dial(parts)).toBe(0);
    const resume = () =>
      parts.db.web.pool.query("select app.admin_pause_dialling(false, null, 'person:test')");
    await expect(resume()).rejects.toMatchObject({ code: "PY001" });

    // The sweep rings for each agent once the grace is over; what it rings for is run here.
    await expect
      .poll(async () => (await parts.db.worker.pool.query("select * from app.sweep()")).rows)
      .toContainEqual({ task: "calls/adopt", rung: 1 });
    await adoptExecutions(jobContext(parts, userId), { agentId: agent.id });

    const { rows: calls } = await owner.query<{ id: string; bolna_execution_id: string }>(
      "select id, bolna_execution_id from calls",
    );
    const known = (await rings()).map(({ executionId, userData }) => `${userData.call_id} ${executionId}`);
    expect(calls.map((call) => `${call.id} ${call.bolna_execution_id}`).toSorted()).toEqual(known.toSorted());
    const { rows: items } = await owner.query(
      "select kind, status, attempts, count(*)::int as items from call_queue group by 1, 2, 3 order by 1, 2",
    );
    expect(items).toEqual([
      { kind: "campaign", status: "in_progress", attempts: 1, items: 4 },
      { kind: "campaign", status: "pending", attempts: 0, items: 1 },
      { kind: "direct", status: "in_progress", attempts: 1, items: 1 },
    ]);
    const { rows: incidents } = await owner.query(
      "select message, cure from incidents where kind = 'database_moved' and status = 'open'",
    );
    expect(incidents).toEqual([
      { message: expect.stringContaining("taken over"), cure: expect.stringContaining("Resume") },
    ]);

    // Still nothing by itself; then a person lets it go on, and only who was never rung is dialled.
    expect(await dial(parts)).toBe(0);
    await resume();
    expect(await settings()).toEqual({ dialling_paused: false, only: false });
    await owner.query("update call_lanes set next_due_at = '-infinity', blocked_by = null");
    expect(await dial(parts)).toBe(1);
    const perPerson = Map.groupBy(await rings(), ({ to }) => to);
    expect([...perPerson.values()].map((each) => each.length)).toEqual([1, 1, 1, 1, 1, 1]);
    const { rows: open } = await owner.query(
      "select 1 from incidents where kind = 'database_moved' and status = 'open'",
    );
    expect(open).toEqual([]);
  }, 120_000);
});

describe("a database that is not the one we worked on", () => {
  const db = useDatabase();
  let parts: Parts;
  beforeEach(async () => {
    await db.owner.query(
      `truncate users, people, incidents cascade; delete from graphile_worker._private_jobs;
       update provider_accounts set gate_until = null;
      update provider_pace set post_tokens_at = app.wall() - interval '1 hour';
       update system_settings set database_system = null, database_timeline = null, seen_lsn = null, seen_at = null, seen_now = null,
         dialling_paused = false, reconcile_only_at = null, reconcile_from = null`,
    );
    forgetDatabase();
    parts = testParts(db);
  });
  const settings = async () =>
    (
      await db.owner.query(
        "select dialling_paused, reconcile_from is not null as adopts from system_settings",
      )
    ).rows[0];

  it("is noticed at the start by its identity, its timeline and its log; the same one is not", async () => {
    expect(await watchDatabase(parts)).toBeNull();
    expect(await watchDatabase(parts)).toBeNull();
    for (const [change, moved] of [
      ["database_system = '1'", "another cluster"],
      ["database_timeline = database_timeline + 1", "another timeline"],
      ["seen_lsn = 'FFFFFF/0'", "an earlier state"],
    ]) {
      await db.owner.query(`update system_settings set dialling_paused = false, ${change}`);
      expect(await watchDatabase(parts)).toBe(moved);
      expect(await settings()).toEqual({ dialling_paused: true, adopts: true });
      expect(await watchDatabase(parts)).toBeNull();
    }
  });

  it("gets no dial even before the next beat notices: the point of no return asks too", async () => {
    await watchDatabase(parts);
    const userId = await make.user(db.owner, { credits: 1000 });
    const campaignId = await make.campaign(db.owner, userId, await make.agent(db.owner, userId));
    const laneId = await make.lane(db.owner, userId, campaignId);
    await make.item(db.owner, userId, { laneId, campaignId });
    await db.worker.pool.query("select * from app.claim_tick()");
    const { rows } = await db.owner.query<{ id: string }>("select id from calls");
    await db.owner.query("update system_settings set database_timeline = database_timeline + 1");
    let posts = 0;
    const bolna = { placeCall: async () => void posts++ } as never;
    const ctx = jobContext({ ...parts, providers: { ...parts.providers, bolna } }, userId);
    await placeCall(ctx, { callId: rows[0]!.id });
    expect(posts).toBe(0);
    const call = await db.owner.query("select status, reason from calls");
    expect(call.rows).toEqual([{ status: "not-placed", reason: "dialling_paused" }]);
    const item = await db.owner.query("select status, attempts, due_at > app.now() as later from call_queue");
    expect(item.rows).toEqual([{ status: "pending", attempts: 0, later: true }]);
  });
});
