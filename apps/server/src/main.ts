import { ensureLogins, loginFault } from "@parley/db/roles";
import { readConfig, type Config } from "./config.ts";
import { causeOf, createLogger } from "./log.ts";
import { createParts, type Urls } from "./parts.ts";
import { settle, startWorker } from "./worker.ts";

const PARENT_CHECK_MS = 300;

let config: Config;
try {
  config = readConfig(process.env);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}
const log = createLogger(config.logLevel);

/** What to close at the end, last opened first. */
const closing: (() => Promise<unknown>)[] = [];
let leaving = false;

async function leave(why: string, code = 0): Promise<void> {
  if (leaving) return;
  leaving = true;
  log.info(`Server stops: ${why}`);
  for (const close of closing.toReversed())
    await close().catch((error: unknown) => log.error({ err: causeOf(error) }, "Closing failed"));
  process.exit(process.exitCode ?? code);
}

process.on("SIGTERM", () => void leave("SIGTERM"));
process.on("SIGINT", () => void leave("SIGINT"));
// After an error nobody caught, nothing this process remembers can be trusted; the rows can.
for (const event of ["uncaughtException", "unhandledRejection"])
  process.on(event, (error: unknown) => {
    log.fatal({ err: causeOf(error) }, "Unexpected error");
    void leave("unexpected error", 1);
  });
// Whoever started us was killed: a server that stays would hold the port and dial on.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) void leave("the process that started it is gone");
}, PARENT_CHECK_MS).unref();

/** The three logins: given, or made from the owner's URL, which nothing uses after that. */
async function logins({ database, secretsDir, keys, role }: Config): Promise<Urls> {
  const { webUrl, workerUrl, roUrl, ownerUrl } = database;
  const made: Partial<Urls> = {};
  if (ownerUrl && (role === "all" || role === "migrate")) {
    // Each role loads what it runs: a worker that was killed is back sooner.
    const { migrate } = await import("@parley/db/migrate");
    const applied = await migrate(ownerUrl);
    if (applied.length > 0) log.info(`Database: ${applied.length} migration files applied`);
    if (role === "migrate" || !webUrl || !workerUrl || !roUrl)
      Object.assign(made, await ensureLogins(ownerUrl, secretsDir, keys.encryption));
  }
  const web = webUrl ?? made.web;
  const worker = workerUrl ?? made.worker;
  const ro = roUrl ?? made.ro;
  if (!web || !worker || !ro)
    throw new Error("There is no database to work on. Run npm start, or set DATABASE_URL.");
  return { web, worker, ro };
}

async function start(): Promise<void> {
  const urls = await logins(config);
  if (config.role === "migrate") {
    for (const [login, url] of Object.entries(urls))
      console.log(`DATABASE_${login.toUpperCase()}_URL=${url}`);
    return leave("migrated");
  }
  const withListener: Config = Object.freeze({
    ...config,
    database: { ...config.database, listenUrl: config.database.listenUrl ?? urls.worker },
  });
  const { parts, close } = createParts(withListener, urls, log);
  closing.push(close);
  for (const { pool } of [parts.db.web, parts.db.worker]) {
    const fault = await loginFault(pool);
    if (fault) throw new Error(`Refusing to start: ${fault}`);
  }
  await settle(parts);
  if (config.role !== "http") {
    const worker = await startWorker(parts, urls.worker);
    closing.push(worker.stop);
  }
  if (config.role !== "worker") {
    const { createApp } = await import("./app.ts");
    const app = await createApp(parts);
    closing.push(() => app.close());
    const address = await app.listen({ port: config.port, host: config.host });
    log.info(`Server listens at ${address}`);
  }
  log.info(`Parley is ready (${config.role})`);
}

start().catch((error: unknown) => {
  log.fatal({ err: causeOf(error) }, error instanceof Error ? error.message : "The server could not start");
  void leave("it could not start", 1);
});
