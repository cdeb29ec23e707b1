import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const key = Buffer.alloc(32, 7).toString("base64");
const keys = { ENCRYPTION_KEY: key, SERVICE_SECRET: key, SESSION_PEPPER: key };
const read = (env: Record<string, string> = {}) => readConfig({ ...keys, ...env });
const faults = (env: Record<string, string>) => {
  try {
    read(env);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

test("with no environment at all every provider is the sandbox and the terms are those of a rehearsal", () => {
  const config = read();
  expect(config.voice).toMatchObject({
    url: "http://127.0.0.1:4100/bolna",
    isSandbox: true,
    placeTimeoutMs: 15_000,
  });
  expect(config.analysis).toMatchObject({ isSandbox: true, model: "gpt-6-luna" });
  expect(config).toMatchObject({
    role: "all",
    port: 3000,
    signupCredits: 10_000,
    defaultRuleSet: "rehearsal",
    systemLimit: 10,
  });
});

test("every bad value is reported at once, by name, with what it should be", () => {
  const message = faults({
    PORT: "http",
    LEASE_SCALE: "7",
    BOLNA_API_URL: "ftp://x",
    SERVICE_SECRET: "short",
    TRUSTED_PROXIES: "true",
    DATABASE_WEB_URL: "mysql://x",
    PARLEY_ROLE: "both",
  });
  for (const name of [
    "PORT",
    "LEASE_SCALE",
    "BOLNA_API_URL",
    "SERVICE_SECRET",
    "TRUSTED_PROXIES",
    "DATABASE_WEB_URL",
    "PARLEY_ROLE",
  ])
    expect(message).toMatch(new RegExp(`^  ${name} `, "m"));
});

test("an empty variable is an absent one", () => {
  expect(read({ PORT: "", BOLNA_API_URL: "" })).toMatchObject({ port: 3000, voice: { isSandbox: true } });
});

test("each provider is the sandbox exactly when its address is the sandbox's", () => {
  const real = { BOLNA_API_URL: "https://api.bolna.ai/", BOLNA_API_KEY: "bn-1" };
  const config = read(real);
  expect(config.voice).toMatchObject({ url: "https://api.bolna.ai", isSandbox: false, isLoopback: false });
  expect(config.analysis.isSandbox).toBe(true);
  expect(config).toMatchObject({ signupCredits: 0, defaultRuleSet: "by-country" });
  // Somebody else's simulator on this machine is not ours, but its terms may be short.
  const theirs = read({
    BOLNA_API_URL: "http://localhost:9999",
    BOLNA_API_KEY: "x",
    LEASE_SCALE: "0.01",
    DEFAULT_RULE_SET: "rehearsal",
  });
  expect(theirs.voice).toMatchObject({ isSandbox: false, isLoopback: true });
  expect(read({ SANDBOX_PORT: "4999" }).voice.url).toBe("http://127.0.0.1:4999/bolna");
});

test("with a real provider nothing may be rehearsed or hurried", () => {
  const message = faults({
    BOLNA_API_URL: "https://api.bolna.ai",
    DEFAULT_RULE_SET: "rehearsal",
    LEASE_SCALE: "0.5",
    BOLNA_RECONCILE_GRACE_MS: "1000",
  });
  for (const name of ["BOLNA_API_KEY", "DEFAULT_RULE_SET", "LEASE_SCALE", "BOLNA_RECONCILE_GRACE_MS"])
    expect(message).toContain(name);
});

test("production must be given its keys, and separate roles their logins", () => {
  const message = (() => {
    try {
      readConfig({ NODE_ENV: "production", PARLEY_ROLE: "http", PARLEY_DATA_DIR: "/tmp" });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  })();
  for (const name of [
    "ENCRYPTION_KEY",
    "SERVICE_SECRET",
    "SESSION_PEPPER",
    "DATABASE_WEB_URL",
    "DATABASE_WORKER_URL",
    "DATABASE_RO_URL",
  ])
    expect(message).toContain(name);
});

test("a configuration cannot be changed after it was read", () => {
  const config = read();
  expect(() => Object.assign(config.voice, { url: "x" })).toThrow(TypeError);
});
