import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataDirOf, runningPort, startEmbedded } from "./embedded.ts";
import { ownedDatabase } from "./owner.ts";
import { withLogin } from "./roles.ts";
import { houseKeys, keptSecret, type HouseKeys } from "./secrets.ts";

export type House = {
  /** The owner's login: migrations and set-up only. */
  ownerUrl: string;
  keys: HouseKeys;
  /** Embedded database, uploads, media, sandbox journal. */
  dataDir: string;
  secretsDir: string;
  /** The database is ours, not one that DATABASE_URL names. */
  embedded: boolean;
  /** Tells programs beside this one where it serves: `running.json` in the data directory, while it runs. */
  announce: (urls: Record<string, string>) => void;
  /** Stops the embedded database if this process started it. */
  stop: () => Promise<void>;
};

export type HouseOptions = {
  repository: string;
  env: Record<string, string | undefined>;
  /** Use the embedded database of a process that runs already, instead of refusing. */
  attach?: boolean;
};

/** Where this installation keeps its data, its keys and its database; starts the embedded one when none is given. */
export async function openHouse({ repository, env, attach = false }: HouseOptions): Promise<House> {
  const { dataDir, secretsDir } = placesOf(repository, env);
  ownDataDir(dataDir);
  const keys = houseKeys(secretsDir, env);
  const hold = join(dataDir, HOLDER);
  const letGo = () => rmSync(hold, { force: true });
  const announce = (urls: Record<string, string>) =>
    writeFileSync(hold, JSON.stringify({ pid: process.pid, ...urls }));
  const place = { keys, dataDir, secretsDir, announce };
  if (env.DATABASE_URL) {
    return { ...place, ownerUrl: env.DATABASE_URL, embedded: false, stop: async () => letGo() };
  }
  const dir = join(dataDir, "postgres");
  const password = keptSecret(secretsDir, "postgres.password");
  const ownerPassword = keptSecret(secretsDir, "owner.password");
  const holder = holderOf(dataDir);
  if (holder) {
    if (!attach)
      throw new Error(
        `Parley is already running here (pid ${holder.pid}). Stop it first, or set PARLEY_DATA_DIR.`,
      );
    const port = runningPort(dir);
    if (!port) throw new Error(`Parley (pid ${holder.pid}) is still starting. Try again in a moment.`);
    const ownerUrl = withLogin(`postgres://127.0.0.1:${port}/parley`, "parley", ownerPassword);
    return { ...place, ownerUrl, embedded: true, announce: () => {}, stop: async () => {} };
  }
  announce({});
  try {
    const server = await startEmbedded({ dir, password, port: lastPort(dataDir) });
    writeFileSync(join(dataDir, PORT_FILE), String(server.port));
    const stop = () => server.stop().finally(letGo);
    try {
      const ownerUrl = await ownedDatabase(server.superUrl, "parley", ownerPassword);
      return { ...place, ownerUrl, embedded: true, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    letGo();
    throw error;
  }
}

/** The database user must be able to walk through; only we look around. */
function ownDataDir(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 });
  const { mode, uid } = statSync(dataDir);
  if (uid === process.getuid?.() && (mode & 0o001) === 0) chmodSync(dataDir, mode | 0o011);
}

/** The owner's URL of this installation if its database runs: for commands that act beside a running Parley. */
export function ownerUrlOf(repository: string, env: Record<string, string | undefined>): string | undefined {
  if (env.DATABASE_URL) return env.DATABASE_URL;
  const { dataDir, secretsDir } = placesOf(repository, env);
  const port = runningPort(join(dataDir, "postgres"));
  if (!port || !existsSync(join(secretsDir, "owner.password"))) return undefined;
  return withLogin(`postgres://127.0.0.1:${port}/parley`, "parley", keptSecret(secretsDir, "owner.password"));
}

/** Keys stay in the repository unless the data was sent elsewhere by name: then they travel with the data. */
function placesOf(repository: string, env: Record<string, string | undefined>) {
  const dataDir = dataDirOf(repository, env.PARLEY_DATA_DIR);
  return {
    dataDir,
    secretsDir: join(env.PARLEY_DATA_DIR ? dataDir : join(repository, ".parley"), "secrets"),
  };
}

const HOLDER = "running.json";
const PORT_FILE = "postgres.port";
/** Away from 5432, where a Postgres of the machine's own usually is; kept from start to start when it is free. */
const FIRST_PORT = 54_317;

function lastPort(dataDir: string): number {
  try {
    return Number(readFileSync(join(dataDir, PORT_FILE), "utf8")) || FIRST_PORT;
  } catch {
    return FIRST_PORT;
  }
}

/** The live process that runs this data directory; a pid left by a killed one, or since reused, does not count. */
function holderOf(dataDir: string): { pid: number } | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(dataDir, HOLDER), "utf8")) as { pid: number };
    if (pid === process.pid) return undefined;
    process.kill(pid, 0);
    if (process.platform === "linux" && !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("scripts/"))
      return undefined;
    return { pid };
  } catch {
    return undefined;
  }
}
