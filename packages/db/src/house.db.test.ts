import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dataDirOf, freePort, runningPort } from "./embedded.ts";
import { openHouse, ownerUrlOf, type House } from "./house.ts";
import { onServer } from "./owner.ts";

const root = mkdtempSync(join(tmpdir(), "parley-house-"));
chmodSync(root, 0o755);
const opened: House[] = [];
afterAll(async () => {
  for (const house of opened) await house.stop();
  rmSync(root, { recursive: true, force: true });
});

const repository = (name: string) => {
  const dir = join(root, name);
  mkdirSync(dir, { recursive: true });
  return dir;
};
const open = async (dir: string, env: Record<string, string> = {}) => {
  const house = await openHouse({ repository: dir, env });
  opened.push(house);
  return house;
};
const ask = async <T>(url: string, sql: string) =>
  (await onServer(url, (client) => client.query(sql))).rows[0] as T;

test("the embedded database keeps its rows, keys and port from one start to the next", async () => {
  const dir = repository("kept");
  const first = await open(dir);
  await ask(first.ownerUrl, "create table kept as select 'still here' as text");
  await first.stop();
  expect(runningPort(join(first.dataDir, "postgres"))).toBeUndefined();
  const second = await open(dir);
  expect(await ask(second.ownerUrl, "select text from kept")).toEqual({ text: "still here" });
  expect(second.keys).toEqual(first.keys);
  expect(new URL(second.ownerUrl).port).toBe(new URL(first.ownerUrl).port);
  await second.stop();
});

test("the owner is no superuser, passwords are asked for, and only loopback is listened to", async () => {
  const house = await open(repository("modest"));
  expect(
    await ask(house.ownerUrl, "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"),
  ).toEqual({ rolsuper: false, rolbypassrls: false });
  expect(await ask(house.ownerUrl, "select current_setting('listen_addresses') as at")).toEqual({
    at: "127.0.0.1",
  });
  const wrong = new URL(house.ownerUrl);
  wrong.password = "guess";
  await expect(ask(wrong.href, "select 1")).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(house.secretsDir, "postgres.password")).mode & 0o077).toBe(0);
  expect(ownerUrlOf(repository("modest"), {})).toBe(house.ownerUrl);
  await house.stop();
});

test("a server left behind by a killed process is stopped and its directory taken over", async () => {
  const dir = repository("orphan");
  const script = `
    import { openHouse } from ${JSON.stringify(join(import.meta.dirname, "house.ts"))};
    await openHouse({ repository: ${JSON.stringify(dir)}, env: {} });
    console.log("open");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const port = runningPort(join(dir, ".parley/postgres"));
  expect(port).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(runningPort(join(dir, ".parley/postgres"))).toBe(port);
  const house = await open(dir);
  expect(await ask(house.ownerUrl, "select 1 as one")).toEqual({ one: 1 });
  await house.stop();
});

test("a second process is refused by name, or may attach to the first one's database", async () => {
  const dir = repository("held");
  const house = await open(dir);
  // The holder is this process; a holder is known by its pid, so another one must be written down.
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "scripts/start.ts"]);
  writeFileSync(join(house.dataDir, "running.json"), JSON.stringify({ pid: other.pid }));
  await expect(openHouse({ repository: dir, env: {} })).rejects.toThrow(
    `already running here (pid ${other.pid})`,
  );
  const attached = await openHouse({ repository: dir, env: {}, attach: true });
  expect(await ask(attached.ownerUrl, "select 1 as one")).toEqual({ one: 1 });
  await attached.stop();
  expect(await ask(house.ownerUrl, "select 1 as one")).toEqual({ one: 1 });
  other.kill();
  await house.stop();
});

test("a database of the reader's own is used as it is, and nothing is started", async () => {
  const dir = repository("given");
  const house = await open(dir, { DATABASE_URL: "postgres://owner@db.example/parley" });
  expect(house).toMatchObject({ embedded: false, ownerUrl: "postgres://owner@db.example/parley" });
  expect(existsSync(join(house.dataDir, "postgres"))).toBe(false);
  expect(readFileSync(join(dir, ".parley/secrets/encryption.key"), "utf8").trim()).toBe(
    house.keys.ENCRYPTION_KEY,
  );
});

test.runIf(process.getuid?.() === 0)(
  "as root, data goes elsewhere when the database user cannot reach the repository",
  () => {
    const closed = repository("closed");
    chmodSync(closed, 0o700);
    expect(dataDirOf(repository("open"))).toBe(join(root, "open/.parley"));
    expect(dataDirOf(join(closed, "parley"))).toMatch(/^\/var\/lib\/parley\/[0-9a-f]{12}$/);
    expect(dataDirOf(join(closed, "parley"), "/srv/parley")).toBe("/srv/parley");
  },
);

test("a taken port moves to the next free one", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const found = await freePort(port);
  expect(found).toBeGreaterThan(port);
  taken.close();
});
