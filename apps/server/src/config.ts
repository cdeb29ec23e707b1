import { isIP } from "node:net";
import { join, resolve } from "node:path";
import * as z from "zod";
import { dataDirOf } from "@parley/db/embedded";
import { houseKeys } from "@parley/db/secrets";

export const repository = resolve(import.meta.dirname, "../../..");

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${min} and ${max}`);
const port = whole(1, 65_535);
const decimal = z
  .string()
  .regex(/^\d+(\.\d+)?$/, "must be a number")
  .transform(Number);
const httpUrl = z
  .string()
  .refine((text) => /^https?:$/.test(schemeOf(text)), "must be a URL such as https://parley.example.com")
  .transform((text) => text.replace(/\/+$/, ""));
const postgresUrl = z
  .string()
  .refine(
    (text) => /^postgres(ql)?:$/.test(schemeOf(text)),
    "must be a URL such as postgres://login:password@host/name",
  );
const key = z
  .string()
  .refine(
    (text) => Buffer.from(text, "base64").length === 32,
    "must be 32 bytes in base64: openssl rand -base64 32",
  );
const addresses = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .refine(
    (list) => list.every(isAddress),
    "must be addresses or CIDR ranges separated by commas, like 10.0.0.0/8",
  );

/** Every variable the server reads, and what it must look like. A test holds .env.example against this list. */
export const variables = {
  NODE_ENV: z.enum(["development", "production", "test"]),
  PARLEY_ROLE: z.enum(["http", "worker", "all", "migrate"]),
  DATABASE_URL: postgresUrl,
  DATABASE_WEB_URL: postgresUrl,
  DATABASE_WORKER_URL: postgresUrl,
  DATABASE_RO_URL: postgresUrl,
  DATABASE_LISTEN_URL: postgresUrl,
  ANALYTICS_DATABASE_URL: postgresUrl,
  PARLEY_DATA_DIR: z.string(),
  PORT: port,
  HOST: z.string(),
  CHAT_PORT: port,
  SANDBOX_PORT: port,
  WEB_PORT: port,
  PUBLIC_URL: httpUrl,
  CHAT_PUBLIC_URL: httpUrl,
  CHAT_AGENT_SERVER_URL: httpUrl,
  SANDBOX_URL: httpUrl,
  PARLEY_SEED: z.enum(["0", "1"]),
  SIGNUP_CREDITS: whole(0, 1_000_000_000),
  ENCRYPTION_KEY: key,
  SERVICE_SECRET: key,
  SESSION_PEPPER: key,
  SYSTEM_CONCURRENT_CALLS_LIMIT: whole(0, 10_000),
  DEFAULT_USER_CONCURRENT_LIMIT: whole(0, 1_000),
  QUEUE_PROCESSOR_INTERVAL_MS: whole(50, 3_600_000),
  BOLNA_API_URL: httpUrl,
  BOLNA_API_KEY: z.string(),
  BOLNA_WEBHOOK_IPS: addresses,
  BOLNA_PLACE_TIMEOUT_MS: whole(10, 120_000),
  BOLNA_RECONCILE_GRACE_MS: whole(10, 3_600_000),
  DEFAULT_RULE_SET: z.enum(["by-country", "rehearsal"]),
  LEASE_SCALE: decimal.refine((scale) => scale > 0 && scale <= 1, "must be above 0 and at most 1"),
  OPENAI_BASE_URL: httpUrl,
  OPENAI_API_KEY: z.string(),
  OPENAI_MODEL: z.string(),
  META_GRAPH_URL: httpUrl,
  META_GRAPH_VERSION: z.string().regex(/^v\d+\.\d+$/, "must look like v25.0"),
  GOOGLE_OAUTH_URL: httpUrl,
  GOOGLE_TOKEN_URL: httpUrl,
  GOOGLE_CALENDAR_URL: httpUrl,
  GOOGLE_CLIENT_ID: z.string(),
  GOOGLE_CLIENT_SECRET: z.string(),
  MAX_IMPORT_BYTES: whole(1, 2 ** 40),
  MAX_IMPORT_ROWS: whole(1, 100_000_000),
  RATE_LIMIT_FACTOR: decimal.refine((factor) => factor > 0, "must be above 0"),
  TRUSTED_PROXIES: addresses,
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
};

type Name = keyof typeof variables;
type Given = { [N in Name]?: z.output<(typeof variables)[N]> };
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the server runs on; nothing else reads the environment. */
export type Config = Readonly<ReturnType<typeof configured>>;

/** The environment as one checked, frozen value. Throws once, naming every bad variable with its cure. */
export function readConfig(env: Environment): Config {
  const given: Given = {};
  const faults: string[] = [];
  for (const [name, schema] of Object.entries(variables)) {
    const text = env[name];
    // An empty variable in a .env file is an absent one.
    if (text === undefined || text === "") continue;
    const read = schema.safeParse(text);
    if (read.success) Object.assign(given, { [name]: read.data });
    else faults.push(`${name} ${read.error.issues[0]?.message ?? "is not valid"}.`);
  }
  const config = configured(given, env);
  faults.push(...contradictions(given, config));
  if (faults.length > 0)
    throw new Error(`The environment does not fit:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  return deepFreeze(config);
}

function configured(given: Given, env: Environment) {
  const sandboxUrl = given.SANDBOX_URL ?? `http://127.0.0.1:${given.SANDBOX_PORT ?? 4100}`;
  const provider = (url: string | undefined, path: string) => {
    const at = url ?? `${sandboxUrl}${path}`;
    return { url: at, isSandbox: originOf(at) === originOf(sandboxUrl), isLoopback: isLoopback(at) };
  };
  const listenPort = given.PORT ?? 3000;
  const voice = provider(given.BOLNA_API_URL, "/bolna");
  const analysis = provider(given.OPENAI_BASE_URL, "/openai/v1");
  const dataDir = dataDirOf(repository, given.PARLEY_DATA_DIR);
  const secretsDir = join(given.PARLEY_DATA_DIR ? dataDir : join(repository, ".parley"), "secrets");
  const production = given.NODE_ENV === "production";
  const role = given.PARLEY_ROLE ?? "all";
  return {
    production,
    role,
    host: given.HOST ?? (production ? "0.0.0.0" : "127.0.0.1"),
    port: listenPort,
    publicUrl: given.PUBLIC_URL ?? `http://localhost:${listenPort}`,
    chat: {
      publicUrl: given.CHAT_PUBLIC_URL ?? `http://localhost:${given.CHAT_PORT ?? 4000}`,
      serverUrl: given.CHAT_AGENT_SERVER_URL ?? "http://localhost:4000",
    },
    sandboxUrl,
    database: {
      ownerUrl: given.DATABASE_URL,
      webUrl: given.DATABASE_WEB_URL,
      workerUrl: given.DATABASE_WORKER_URL,
      roUrl: given.DATABASE_RO_URL,
      /** Direct connection for LISTEN; the worker's unless the process has none. */
      listenUrl: given.DATABASE_LISTEN_URL ?? given.DATABASE_WORKER_URL,
      analyticsUrl: given.ANALYTICS_DATABASE_URL ?? given.DATABASE_WEB_URL,
    },
    dataDir,
    secretsDir,
    keys: keysOf(given, env, production, secretsDir),
    signupCredits: given.SIGNUP_CREDITS ?? (voice.isSandbox ? 10_000 : 0),
    systemLimit: given.SYSTEM_CONCURRENT_CALLS_LIMIT ?? 10,
    userLimit: given.DEFAULT_USER_CONCURRENT_LIMIT ?? 2,
    defaultRuleSet:
      given.DEFAULT_RULE_SET ?? (voice.isSandbox ? ("rehearsal" as const) : ("by-country" as const)),
    heartbeatMs: given.QUEUE_PROCESSOR_INTERVAL_MS ?? 10_000,
    leaseScale: given.LEASE_SCALE ?? 1,
    voice: {
      ...voice,
      apiKey: given.BOLNA_API_KEY ?? (voice.isSandbox ? "bn-sandbox" : ""),
      webhookIps: given.BOLNA_WEBHOOK_IPS ?? [],
      placeTimeoutMs: given.BOLNA_PLACE_TIMEOUT_MS ?? 15_000,
      reconcileGraceMs: given.BOLNA_RECONCILE_GRACE_MS ?? 180_000,
    },
    analysis: {
      ...analysis,
      apiKey: given.OPENAI_API_KEY ?? (analysis.isSandbox ? "sk-sandbox" : ""),
      model: given.OPENAI_MODEL ?? "gpt-6-luna",
    },
    whatsapp: { ...provider(given.META_GRAPH_URL, "/meta"), version: given.META_GRAPH_VERSION ?? "v25.0" },
    calendar: {
      ...provider(given.GOOGLE_CALENDAR_URL, "/google/calendar"),
      oauthUrl: given.GOOGLE_OAUTH_URL ?? `${sandboxUrl}/google/oauth`,
      tokenUrl: given.GOOGLE_TOKEN_URL ?? `${sandboxUrl}/google/token`,
      clientId: given.GOOGLE_CLIENT_ID,
      clientSecret: given.GOOGLE_CLIENT_SECRET,
    },
    imports: {
      maxBytes: given.MAX_IMPORT_BYTES ?? 512 * 1024 * 1024,
      maxRows: given.MAX_IMPORT_ROWS ?? 2_000_000,
    },
    rateLimitFactor: given.RATE_LIMIT_FACTOR ?? 1,
    trustedProxies: given.TRUSTED_PROXIES ?? [],
    logLevel: given.LOG_LEVEL ?? "info",
  };
}

/** From the environment, else generated once beside the other secrets. Production must be given its keys. */
function keysOf(given: Given, env: Environment, production: boolean, secretsDir: string) {
  const allGiven = given.ENCRYPTION_KEY && given.SERVICE_SECRET && given.SESSION_PEPPER;
  const keys = production || allGiven ? given : houseKeys(secretsDir, env);
  return {
    encryption: keys.ENCRYPTION_KEY ?? "",
    service: keys.SERVICE_SECRET ?? "",
    sessionPepper: keys.SESSION_PEPPER ?? "",
  };
}

/** Values that are fine alone and wrong together. */
function contradictions(given: Given, config: ReturnType<typeof configured>): string[] {
  const faults: string[] = [];
  if (config.production) {
    for (const name of ["ENCRYPTION_KEY", "SERVICE_SECRET", "SESSION_PEPPER"] as const) {
      if (!given[name]) faults.push(`${name} is required in production: openssl rand -base64 32.`);
    }
  }
  if (config.role === "http" || config.role === "worker") {
    for (const name of ["DATABASE_WEB_URL", "DATABASE_WORKER_URL", "DATABASE_RO_URL"] as const) {
      if (!given[name])
        faults.push(
          `${name} is required when PARLEY_ROLE is ${config.role}: run PARLEY_ROLE=migrate once with DATABASE_URL, it prints the logins.`,
        );
    }
  }
  const { voice } = config;
  if (!voice.isSandbox && !given.BOLNA_API_KEY)
    faults.push(
      "BOLNA_API_KEY is required with a BOLNA_API_URL of your own: copy it from the provider's developer page.",
    );
  if (!config.analysis.isSandbox && !given.OPENAI_API_KEY)
    faults.push("OPENAI_API_KEY is required with an OPENAI_BASE_URL of your own.");
  if (!voice.isLoopback) {
    if (given.DEFAULT_RULE_SET === "rehearsal")
      faults.push("DEFAULT_RULE_SET can be rehearsal only while BOLNA_API_URL is on loopback: unset it.");
    if (config.leaseScale < 1)
      faults.push("LEASE_SCALE can be below 1 only while BOLNA_API_URL is on loopback: unset it.");
    if (voice.placeTimeoutMs < 5_000)
      faults.push("BOLNA_PLACE_TIMEOUT_MS must be at least 5000 with a real provider.");
    if (voice.reconcileGraceMs < 180_000)
      faults.push("BOLNA_RECONCILE_GRACE_MS must be at least 180000 with a real provider.");
  }
  return faults;
}

function schemeOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : "";
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin.replace("://localhost", "://127.0.0.1") : "";
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}

function isAddress(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (!family || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) if (inner && typeof inner === "object") deepFreeze(inner);
  return Object.freeze(value);
}
