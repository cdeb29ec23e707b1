import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded, stopLeftover } from "../embedded.ts";
import { migrate } from "../migrate.ts";
import { inDatabase, onServer, ownedDatabase } from "../owner.ts";
import { ensureLogins, type LoginUrls } from "../roles.ts";
import { newKey } from "../secrets.ts";

export type TestCluster = {
  superUrl: string;
  /** The owner's URL of the migrated template; clones differ in the database name only. */
  ownerUrl: string;
  loginUrls: LoginUrls;
};

export const TEMPLATE = "parley_template";

const HOME = "parley-test-";

/** A test run that was killed leaves its server and its files behind; the next run puts them away. */
async function sweepAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(HOME))) {
    const home = join(tmpdir(), name);
    try {
      process.kill(Number(readFileSync(join(home, "pid"), "utf8")), 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") continue;
      await stopLeftover(join(home, "postgres"));
      rmSync(home, { recursive: true, force: true });
    }
  }
}

/**
 * A throw-away cluster and one migrated template database to clone. It gives up durability for speed, unless what is
 * measured or broken on it needs a disk that keeps its promises.
 */
export async function startTestCluster({ durable = false } = {}): Promise<
  TestCluster & { stop: () => Promise<void> }
> {
  await sweepAbandoned();
  const home = mkdtempSync(join(tmpdir(), HOME));
  writeFileSync(join(home, "pid"), String(process.pid));
  try {
    // The database user must be able to walk down to its directory.
    chmodSync(home, 0o755);
    const server = await startEmbedded({ dir: join(home, "postgres"), password: newKey(), fast: !durable });
    const stop = async () => {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    };
    try {
      const ownerUrl = await ownedDatabase(server.superUrl, TEMPLATE, newKey());
      await migrate(ownerUrl);
      const loginUrls = await ensureLogins(ownerUrl, join(home, "secrets"), newKey());
      await onServer(server.superUrl, (client) =>
        client.query(`alter database ${TEMPLATE} with is_template true allow_connections false`),
      );
      return { superUrl: server.superUrl, ownerUrl, loginUrls, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

export type TestDatabaseUrls = { name: string; ownerUrl: string; loginUrls: LoginUrls };

/** A fresh copy of the template, and how to drop it. */
export async function cloneDatabase(
  cluster: TestCluster,
): Promise<TestDatabaseUrls & { drop: () => Promise<void> }> {
  const name = `t_${process.pid}_${crypto.randomUUID().slice(0, 8)}`;
  await onServer(cluster.superUrl, (client) =>
    client.query(`create database ${name} template ${TEMPLATE} owner parley strategy file_copy`),
  );
  const here = (url: string) => inDatabase(url, name);
  return {
    name,
    ownerUrl: here(cluster.ownerUrl),
    loginUrls: {
      web: here(cluster.loginUrls.web),
      worker: here(cluster.loginUrls.worker),
      ro: here(cluster.loginUrls.ro),
    },
    drop: () =>
      onServer(
        cluster.superUrl,
        async (client) => void (await client.query(`drop database ${name} with (force)`)),
      ),
  };
}

/** Runs `fn` on a freshly migrated database of a cluster made for it. */
export async function withTestDatabase<T>(fn: (database: TestDatabaseUrls) => Promise<T>): Promise<T> {
  const cluster = await startTestCluster();
  try {
    return await fn(await cloneDatabase(cluster));
  } finally {
    await cluster.stop();
  }
}
