import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTRPCClient, httpLink } from "@trpc/client";
import { onServer } from "@parley/db/owner";
import type { AppRouter } from "@parley/server/router";
import { cast, type Cast } from "./seed/cast.ts";

/**
 * Fills a fresh installation by living through a day of it: signs two tenants up, uploads their lists, launches their
 * campaigns and lets the simulated network answer, all over HTTP. The clock starts yesterday and runs fast until it has
 * caught up with the present. start.ts runs it in the background; a second run finds the people and leaves.
 */
const server = `http://127.0.0.1:${need("PORT")}`;
const sandbox = need("SANDBOX_URL");
const owner = need("DATABASE_URL");
const password = randomBytes(9).toString("base64url");

/** Domain seconds in one real second while yesterday goes by. */
const FAST = 1200;

function need(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the seed is run by npm start.`);
  return value;
}

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

async function until<T>(what: string, ask: () => Promise<T | false>, seconds = 120): Promise<T> {
  for (let waited = 0; waited < seconds * 1000; waited += 150) {
    const answer = await ask();
    if (answer !== false) return answer;
    await sleep(150);
  }
  throw new Error(`The seed waited ${seconds} s in vain for ${what}.`);
}

async function clock(change: { scale?: number; advanceTo?: string }): Promise<{ now: string }> {
  const answer = await fetch(`${sandbox}/sandbox/clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(change),
  });
  if (!answer.ok) throw new Error(`The clock answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { now: string };
}

/** A browser of its own for each owner. */
function visitor() {
  let cookie = "";
  const send: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("x-parley-csrf", "1");
    if (cookie) headers.set("cookie", cookie);
    const answer = await fetch(input, { ...init, headers });
    for (const set of answer.headers.getSetCookie()) cookie = set.split(";", 1)[0]!;
    return answer;
  };
  const trpc = createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${server}/trpc`, fetch: send as never })],
  });
  return { trpc, send };
}

async function signUp(who: Cast) {
  const at = visitor();
  await at.trpc.auth.signUp.mutate({
    email: who.owner.email,
    password,
    name: who.owner.name,
    company: who.company,
    timeZone: who.timeZone,
    defaultRegion: who.region,
  });
  return at;
}

/** Seeded people are no sign-ups: whoever signs up first on this installation is still its administrator. */
async function markSeeded(): Promise<void> {
  await onServer(owner, async (db) => {
    await db.query(
      "update people set seeded = true, is_platform_admin = (email = $1) where email = any ($2)",
      [cast[0]!.owner.email, cast.map((who) => who.owner.email)],
    );
    await db.query("update users set seeded = true, concurrent_limit = 5 where email = any ($1)", [
      cast.map((who) => who.owner.email),
    ]);
  });
}

function leaveLogin(): void {
  const dir = process.env["PARLEY_SECRETS_DIR"] ?? join(import.meta.dirname, "../.parley/secrets");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, "demo-login.json");
  writeFileSync(`${file}.part`, JSON.stringify({ email: cast[0]!.owner.email, password }), { mode: 0o600 });
  renameSync(`${file}.part`, file);
}

type Visitor = Awaited<ReturnType<typeof signUp>>;

async function importList(at: Visitor, list: Cast["lists"][number]): Promise<string> {
  const answer = await at.send(`${server}/api/imports?name=${encodeURIComponent(list.name)}`, {
    method: "POST",
    headers: { "content-type": "text/csv", "idempotency-key": `seed ${list.name}` },
    body: list.csv(list.rows),
  });
  if (!answer.ok)
    throw new Error(`The upload of ${list.name} was answered ${answer.status}: ${await answer.text()}`);
  const { importId } = (await answer.json()) as { importId: string };
  const settled = (wanted: string[]) =>
    until(`the import ${list.name}`, async () => {
      const seen = await at.trpc.imports.get.query({ importId });
      if (seen.status === "failed") throw new Error(`The import of ${list.name} failed: ${seen.error}`);
      return wanted.includes(seen.status) && seen;
    });
  const seen = await settled(["ready", "mapping"]);
  // No alias knows what a dental clinic calls its people; a person would say so on the mapping screen.
  if (seen.headers.includes("Patient")) {
    await at.trpc.imports.setMapping.mutate({
      importId,
      mapping: { ...seen.mapping, Patient: "name" } as never,
    });
    await settled(["ready"]);
  }
  await at.trpc.imports.commit.mutate({
    importId,
    tags: [list.tag],
    consent: {
      channels: ["call"],
      basis: "express",
      source: "Intake form",
      obtainedAt: new Date(Date.now() - 90 * 86_400_000).toISOString(),
    },
  });
  await settled(["done"]);
  return importId;
}

async function campaign(
  at: Visitor,
  list: Cast["lists"][number],
  agentId: string,
  importId: string,
): Promise<string> {
  const { id } = await at.trpc.campaigns.create.mutate({
    name: list.campaign,
    agentId,
    audience: { importId },
    ...(list.maxConcurrent ? { maxConcurrent: list.maxConcurrent } : {}),
    retry: { maxAttempts: 3, busy: [15, 60], noAnswer: [120, 240], failed: [60] },
  });
  await at.trpc.campaigns.start.mutate({ campaignId: id });
  return id;
}

async function main(): Promise<void> {
  await until("the server", async () => (await fetch(`${server}/readyz`).catch(() => null))?.ok ?? false);
  const visitors: Visitor[] = [];
  for (const who of cast) visitors.push(await signUp(who));
  await markSeeded();
  leaveLogin();

  const work: { at: Visitor; list: Cast["lists"][number]; agentId: string; importId: string }[] = [];
  for (const [n, who] of cast.entries()) {
    const at = visitors[n]!;
    const agents: string[] = [];
    for (const agent of who.agents) agents.push((await at.trpc.agents.create.mutate(agent)).id);
    for (const list of who.lists)
      work.push({ at, list, agentId: agents[list.agent]!, importId: await importList(at, list) });
  }
  // The last list is called in the present, so that there is something to watch.
  const [live, ...past] = [work[1]!, work[0]!, ...work.slice(2)];
  await clock({ scale: FAST });
  for (const { at, list, agentId, importId } of past) await campaign(at, list, agentId, importId);
  for (;;) {
    const { now } = (await (await fetch(`${sandbox}/sandbox/clock`)).json()) as { now: string };
    const behind = Date.now() - Date.parse(now);
    if (behind < 400 * FAST) break;
    await sleep(Math.min(500, behind / FAST / 2));
  }
  await clock({ scale: 30 });
  await until(
    "the present",
    async () => {
      const { now } = (await (await fetch(`${sandbox}/sandbox/clock`)).json()) as { now: string };
      return Date.now() - Date.parse(now) < 5_000;
    },
    60,
  );
  await clock({ scale: 1 });
  await campaign(live.at, live.list, live.agentId, live.importId);
  console.log("Seed: two workspaces, a day of calls, and one campaign under way.");
}

try {
  await main();
} catch (error) {
  await clock({ scale: 1, advanceTo: new Date().toISOString() }).catch(() => {});
  throw error;
} finally {
  rmSync(join(need("PARLEY_DATA_DIR"), "seeding"), { force: true });
}
