import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "@parley/db/embedded";
import { openHouse, type House } from "@parley/db/house";
import { migrate } from "@parley/db/migrate";
import { onServer } from "@parley/db/owner";
import { ensureLogins, type LoginUrls } from "@parley/db/roles";
import { buildWeb } from "./build-web.ts";
import { environment, repository } from "./repository.ts";
import { Household } from "./household.ts";
import { openLogBook } from "./log-book.ts";

const dev = process.argv.includes("--dev");
const verbose = dev || process.argv.includes("--verbose");
const env = environment();
const household = new Household();

/** From nothing to a running Parley; the last thing printed is where it is and who may sign in. */
async function start(): Promise<void> {
  const [{ house, logins }] = await Promise.all([database(), dev ? undefined : buildWeb()]);
  const logs = join(house.dataDir, "logs");
  household.logBook = openLogBook(logs, { verbose });
  const seeding = await wantsSeed(house);
  await setClock(house, seeding);
  const [port, chatPort, sandboxPort] = await ports();

  const publicUrl = env.PUBLIC_URL || `http://localhost:${port}`;
  const sandbox = `http://127.0.0.1:${sandboxPort}`;
  const sandboxKey = (!env.BOLNA_API_URL && env.BOLNA_API_KEY) || "sandbox";
  const shared = {
    ...given(),
    ...house.keys,
    PARLEY_DATA_DIR: house.dataDir,
    DATABASE_WEB_URL: env.DATABASE_WEB_URL || logins.web,
    DATABASE_WORKER_URL: env.DATABASE_WORKER_URL || logins.worker,
    DATABASE_RO_URL: env.DATABASE_RO_URL || logins.ro,
    PORT: String(port),
    CHAT_PORT: String(chatPort),
    SANDBOX_PORT: String(sandboxPort),
    PUBLIC_URL: publicUrl,
    CHAT_PUBLIC_URL: env.CHAT_PUBLIC_URL || `http://localhost:${chatPort}`,
    CHAT_AGENT_SERVER_URL: env.CHAT_AGENT_SERVER_URL || `http://127.0.0.1:${chatPort}`,
    ...(house.embedded && { RATE_LIMIT_FACTOR: env.RATE_LIMIT_FACTOR || "100" }),
  };
  const providers = {
    BOLNA_API_URL: env.BOLNA_API_URL || `${sandbox}/bolna`,
    BOLNA_API_KEY: env.BOLNA_API_KEY || sandboxKey,
    // Nobody can be rung by the simulated network an hour later, so an unclear dial need not hold its line for minutes.
    ...(!env.BOLNA_API_URL && { BOLNA_RECONCILE_GRACE_MS: env.BOLNA_RECONCILE_GRACE_MS || "10000" }),
    OPENAI_BASE_URL: env.OPENAI_BASE_URL || `${sandbox}/openai/v1`,
    OPENAI_API_KEY: env.OPENAI_API_KEY || (env.OPENAI_BASE_URL ? "" : "sk-sandbox"),
    META_GRAPH_URL: env.META_GRAPH_URL || `${sandbox}/meta`,
    GOOGLE_OAUTH_URL: env.GOOGLE_OAUTH_URL || `${sandbox}/google/oauth`,
    GOOGLE_TOKEN_URL: env.GOOGLE_TOKEN_URL || `${sandbox}/google/token`,
    GOOGLE_CALENDAR_URL: env.GOOGLE_CALENDAR_URL || `${sandbox}/google/calendar`,
  };
  await Promise.all([
    household.keep("sandbox", app("sandbox"), `${sandbox}/healthz`, {
      ...shared,
      PARLEY_URL: `http://127.0.0.1:${port}`,
      SANDBOX_DIR: join(house.dataDir, "sandbox"),
      SANDBOX_KEY: sandboxKey,
    }),
    household.keep("server", app("server"), `http://127.0.0.1:${port}/healthz`, {
      ...shared,
      ...providers,
      SANDBOX_URL: sandbox,
    }),
    household.keep("chat", app("chat"), `http://127.0.0.1:${chatPort}/healthz`, { ...shared, ...providers }),
  ]);
  const webPort = dev ? await serveScreens(shared) : undefined;

  if (seeding)
    household.runOnce("seed", [join(repository, "scripts/seed.ts")], {
      ...shared,
      SANDBOX_URL: sandbox,
      DATABASE_URL: house.ownerUrl,
      PARLEY_SECRETS_DIR: house.secretsDir,
    });
  const login = await seededLogin(house, seeding);
  const url = webPort ? `http://localhost:${webPort}` : publicUrl;
  house.announce({ url, server: `http://127.0.0.1:${port}`, chat: `http://127.0.0.1:${chatPort}`, sandbox });
  console.log(
    [
      "",
      `Sandbox (the simulated phone network)  ${sandbox}`,
      `Data                                   ${house.dataDir}`,
      `Logs                                   ${logs}${verbose ? "" : " (npm start -- --verbose shows them here)"}`,
      `Parley                                 ${url}`,
      login,
      ...(seeding
        ? [
            "",
            "The demo workspaces are living through a day of calls; that takes about two minutes. Ctrl-C stops everything.",
          ]
        : ["", "Ctrl-C stops everything."]),
    ].join("\n"),
  );
}

/** The database, in the shape of this tree, and the logins that may use it. */
async function database(): Promise<{ house: House; logins: LoginUrls }> {
  const house = await openHouse({ repository, env });
  household.atLast(house.stop);
  const applied = await migrate(house.ownerUrl);
  if (applied.length > 0) console.log(`Database: ${applied.length} migration files applied.`);
  return { house, logins: await ensureLogins(house.ownerUrl, house.secretsDir, house.keys.ENCRYPTION_KEY) };
}

/**
 * The seed lives through a day: the domain clock begins yesterday, before anybody has read it. One that was cut short
 * left the clock running fast; it was never ahead of the present, so there it goes on.
 */
async function setClock(house: House, seeding: boolean): Promise<void> {
  const cutShort = join(house.dataDir, "seeding");
  if (!seeding && !existsSync(cutShort)) return;
  await onServer(house.ownerUrl, (db) =>
    db.query(
      "update system_settings set clock_base = app.wall() - $1::interval, clock_wall = app.wall(), clock_scale = 1",
      [seeding ? "26 hours" : "0"],
    ),
  );
  if (seeding) writeFileSync(cutShort, "");
  else rmSync(cutShort);
}

/** What the reader's environment says, without the owner's login: no request or job may use it. */
function given(): Record<string, string | undefined> {
  const { DATABASE_URL: _owner, ...rest } = env;
  return rest;
}

const app = (name: string) => [
  ...(dev ? ["--watch", "--watch-preserve-output"] : []),
  join(repository, `apps/${name}/src/main.ts`),
];

/** Set ports are fixed; the others move when taken. */
async function ports(): Promise<[number, number, number]> {
  const port = async (name: string, wish: number) => {
    const fixed = Number(env[name] ?? 0);
    if (env[name] && !(Number.isInteger(fixed) && fixed > 0 && fixed < 65_536))
      throw new Error(`${name}=${env[name]} is not a port. Use a number from 1 to 65535.`);
    const found = await freePort(fixed || wish);
    if (fixed && found !== fixed)
      throw new Error(
        `Port ${fixed} (${name}) is taken. Stop what listens there, or unset ${name} to let Parley choose.`,
      );
    if (!fixed && found !== wish && name === "PORT")
      console.log(`${wish} is taken, so Parley listens on ${found}.`);
    return found;
  };
  // Far enough apart that none moves onto another.
  return [await port("PORT", 3000), await port("CHAT_PORT", 4000), await port("SANDBOX_PORT", 4100)];
}

/** Vite's development server in front of the server, with reload. */
async function serveScreens(shared: Record<string, string | undefined>): Promise<number> {
  const port = await freePort(Number(env.WEB_PORT ?? 5173));
  const vite = join(repository, "node_modules/vite/bin/vite.js");
  const command = [
    vite,
    join(repository, "apps/web"),
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--strictPort",
  ];
  await household.keep("web", command, `http://127.0.0.1:${port}/`, {
    ...shared,
    WEB_PORT: String(port),
    NODE_ENV: "development",
  });
  return port;
}

/** PARLEY_SEED decides; unset, only an empty database of our own is filled. */
async function wantsSeed(house: House): Promise<boolean> {
  if (!existsSync(join(repository, "scripts/seed.ts"))) return false;
  const empty = await onServer(
    house.ownerUrl,
    async (db) => (await db.query("select from people limit 1")).rowCount === 0,
  );
  if (env.PARLEY_SEED !== undefined && env.PARLEY_SEED !== "") return env.PARLEY_SEED === "1" && empty;
  return house.embedded && empty;
}

/** The seed leaves its login beside the other secrets as soon as it can be used. */
async function seededLogin(house: House, seeding: boolean): Promise<string> {
  const file = join(house.secretsDir, "demo-login.json");
  for (let waited = 0; seeding && !existsSync(file) && waited < 20_000; waited += 50)
    await new Promise((done) => setTimeout(done, 50));
  if (!existsSync(file)) return "Open it and sign up: the first account is the administrator's.";
  const { email, password } = JSON.parse(readFileSync(file, "utf8")) as { email: string; password: string };
  return `Sign in                                ${email} / ${password}`;
}

process.on("SIGINT", () => void household.leave(0));
process.on("SIGTERM", () => void household.leave(0));
household.leaveWithParent();
start().catch(async (error: unknown) => {
  if (!household.leaving) console.error(error instanceof Error ? `\n${error.message}` : error);
  await household.leave(1);
});
