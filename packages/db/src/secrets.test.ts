import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { houseKeys, newKey, open, seal } from "./secrets.ts";

const dir = mkdtempSync(join(tmpdir(), "parley-secrets-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a sealed text opens with its key and place, and looks different every time", () => {
  const key = newKey();
  const [one, two] = [seal("pk_live", key, "provider"), seal("pk_live", key, "provider")];
  expect(one).not.toBe(two);
  expect(open(one, key, "provider")).toBe("pk_live");
  expect(open(seal("", key), key)).toBe("");
});

test("a sealed text does not open with another key, in another place, or when changed", () => {
  const key = newKey();
  const sealed = seal("secret", key, "provider");
  expect(() => open(sealed, newKey(), "provider")).toThrow(/ENCRYPTION_KEY/);
  expect(() => open(sealed, key, "webhook")).toThrow(/ENCRYPTION_KEY/);
  expect(() => open(sealed.slice(0, -2) + "AA", key, "provider")).toThrow();
  expect(() => open("plain", key)).toThrow(/not a sealed value/);
});

test("a key of another length is refused with the command that makes a good one", () => {
  expect(() => seal("x", "c2hvcnQ=")).toThrow(/openssl rand -base64 32/);
});

test("the house keys are made once, readable by their owner alone, and the environment wins over them", () => {
  const made = houseKeys(join(dir, "secrets"));
  expect(houseKeys(join(dir, "secrets"))).toEqual(made);
  expect(statSync(join(dir, "secrets/encryption.key")).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, "secrets")).mode & 0o777).toBe(0o700);
  expect(houseKeys(join(dir, "secrets"), { SERVICE_SECRET: "given" }).SERVICE_SECRET).toBe("given");
});
