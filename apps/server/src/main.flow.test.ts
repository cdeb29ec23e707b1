import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { freePort } from "@parley/db/embedded";
import { newKey } from "@parley/db/secrets";
import { useDatabase } from "@parley/db/testing/database";
import { signUp } from "./testing/visitor.ts";

const db = useDatabase();
const main = join(import.meta.dirname, "main.ts");
const started: ChildProcess[] = [];
const home = mkdtempSync(join(tmpdir(), "parley-main-"));
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});

/** The program as `npm start` runs it, and everything it prints. */
async function start(env: Record<string, string> = {}, flags: string[] = []) {
  const port = await freePort();
  const child = spawn(process.execPath, [...flags, main], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      SANDBOX_PORT: String(await freePort()),
      PARLEY_DATA_DIR: home,
      ENCRYPTION_KEY: newKey(),
      SERVICE_SECRET: newKey(),
      SESSION_PEPPER: newKey(),
      DATABASE_WEB_URL: db.urls.web,
      DATABASE_WORKER_URL: db.urls.worker,
      DATABASE_RO_URL: db.urls.ro,
      ...env,
    },
  });
  started.push(child);
  let printed = "";
  const heard = (chunk: Buffer) => void (printed += chunk.toString());
  child.stdout.on("data", heard);
  child.stderr.on("data", heard);
  const gone = once(child, "exit").then(([code]) => code as number | null);
  const says = async (words: string) => {
    while (!printed.includes(words)) {
      if (child.exitCode !== null) throw new Error(`It ended without saying “${words}”:\n${printed}`);
      await once(child.stdout, "data");
    }
  };
  return { child, url: `http://127.0.0.1:${port}`, says, gone, printed: () => printed };
}

test("it stops within two seconds, with a stream open and its jobs in hand, and leaves nothing locked", async () => {
  const server = await start();
  await server.says("Parley is ready (all)");
  const asha = await signUp(server.url);
  const stream = await asha.fetch("/trpc/live.stream?input=%7B%7D");
  await stream.body!.getReader().read();
  const asked = performance.now();
  server.child.kill("SIGTERM");
  expect(await server.gone).toBe(0);
  expect(performance.now() - asked).toBeLessThan(2_000);
  const locked = await db.owner.query("select from graphile_worker.jobs where locked_at is not null");
  expect(locked.rowCount).toBe(0);
});

test("roles apart: one answers requests and runs no job, the other runs jobs and answers nothing", async () => {
  const worker = await start({ PARLEY_ROLE: "worker" });
  const http = await start({ PARLEY_ROLE: "http" });
  await Promise.all([worker.says("Parley is ready (worker)"), http.says("Parley is ready (http)")]);
  expect((await fetch(`${http.url}/readyz`)).status).toBe(200);
  await expect(fetch(`${worker.url}/healthz`)).rejects.toThrow();
  const beating = async () =>
    (await db.owner.query("select role from worker_pools")).rows as { role: string }[];
  while ((await beating()).length === 0) await new Promise((done) => setTimeout(done, 25));
  expect(await beating()).toEqual([{ role: "worker" }]);
});

test("it ends, to be started again, after a rejection that nobody caught", async () => {
  const trips = `data:text/javascript,process.on("SIGUSR2", () => void Promise.reject(new Error("nobody awaited this")))`;
  const server = await start({ PARLEY_ROLE: "worker" }, ["--import", trips]);
  await server.says("Parley is ready (worker)");
  server.child.kill("SIGUSR2");
  expect(await server.gone).toBe(1);
  expect(server.printed()).toMatch(/nobody awaited this[\s\S]*Unexpected error/);
});

test("it refuses a login that could look into every tenant", async () => {
  const server = await start({ DATABASE_WEB_URL: db.urls.owner });
  expect(await server.gone).toBe(1);
  expect(server.printed()).toMatch(
    /Refusing to start: The database login parley (owns tables|is a member of parley_definer)/,
  );
});

test("it names every bad variable and starts nothing", async () => {
  const server = await start({ LEASE_SCALE: "9", PARLEY_ROLE: "both" });
  expect(await server.gone).toBe(2);
  expect(server.printed()).toMatch(/LEASE_SCALE[\s\S]*PARLEY_ROLE|PARLEY_ROLE[\s\S]*LEASE_SCALE/);
});

test("it goes when the process that started it is killed", async () => {
  const shell = spawn("sh", ["-c", `"${process.execPath}" "${main}" & echo $! ; wait`], {
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      PATH: process.env.PATH,
      PORT: String(await freePort()),
      SANDBOX_PORT: String(await freePort()),
      PARLEY_DATA_DIR: home,
      PARLEY_ROLE: "http",
      ENCRYPTION_KEY: newKey(),
      SERVICE_SECRET: newKey(),
      SESSION_PEPPER: newKey(),
      DATABASE_WEB_URL: db.urls.web,
      DATABASE_WORKER_URL: db.urls.worker,
      DATABASE_RO_URL: db.urls.ro,
    },
  });
  started.push(shell);
  let printed = "";
  while (!printed.includes("Parley is ready")) printed += String((await once(shell.stdout, "data"))[0]);
  const pid = Number(printed.split("\n", 1)[0]);
  shell.kill("SIGKILL");
  const alive = () => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  for (let waited = 0; alive() && waited < 5_000; waited += 50)
    await new Promise((done) => setTimeout(done, 50));
  expect(alive()).toBe(false);
});
