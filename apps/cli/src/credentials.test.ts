import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { Credentials } from "./credentials.ts";
import { Failure } from "./failure.ts";
import { Session } from "./session.ts";
import { Terminal } from "./terminal.ts";

const home = mkdtempSync(join(tmpdir(), "parley-cli-"));
afterAll(() => rmSync(home, { recursive: true }));

const nobody = { write: () => true };
const session = (env: Record<string, string> = {}, url?: string) =>
  new Session(
    readConfig({ XDG_CONFIG_HOME: home, PARLEY_DATA_DIR: home, ...env }),
    new Terminal(false, nobody, nobody),
    url,
  );
const login = { key: "pk_secret", keyId: "1", email: "asha@clinic.example", company: "Clinic" };

it("keeps a key where only its owner can read it", () => {
  const credentials = new Credentials(session().config);
  credentials.keep("https://parley.example.com", login);
  expect(statSync(credentials.path).mode & 0o777).toBe(0o600);
  expect(credentials.of("https://parley.example.com")).toEqual(login);
  expect(session().url).toBe("https://parley.example.com");
});

it("never sends the key of one server to another", () => {
  const elsewhere = session({}, "https://evil.example.com");
  expect(() => elsewhere.open()).toThrow(
    /Not signed in to https:\/\/evil.example.com.*signed in to https:\/\/parley.example.com/,
  );
  expect(() => elsewhere.open()).toThrow(Failure);
});

it("lets the environment win over what is stored", () => {
  expect(session({ PARLEY_URL: "http://127.0.0.1:3000/" }).url).toBe("http://127.0.0.1:3000");
  expect(session({ PARLEY_URL: "http://127.0.0.1:3000", PARLEY_API_KEY: "pk_env" }).open().url).toBe(
    "http://127.0.0.1:3000",
  );
});

it("refuses an address that is none", () => {
  expect(() => session({}, "parley.example.com").url).toThrow(/is not an address/);
});

it("forgets", () => {
  const credentials = new Credentials(session().config);
  credentials.forget("https://parley.example.com");
  expect(credentials.current).toBeNull();
  expect(() => session({ PARLEY_URL: "https://parley.example.com" }).open()).toThrow(/parley login/);
});
