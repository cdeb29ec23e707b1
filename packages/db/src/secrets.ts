import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const VERSION = "v1";

/**
 * Encrypts a secret for a column or file: AES-256-GCM, `v1.<iv>.<tag>.<text>` in base64url.
 * `about` names the place it is for (`provider_accounts.key`); a value moved elsewhere does not open there.
 */
export function seal(text: string, key: string, about = ""): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyBytes(key), iv).setAAD(Buffer.from(about));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return [VERSION, ...[iv, cipher.getAuthTag(), sealed].map((part) => part.toString("base64url"))].join(".");
}

/** Decrypts what `seal` made. Throws when the key, the place or the text is not the one it was sealed with. */
export function open(sealed: string, key: string, about = ""): string {
  const [version, iv, tag, text] = sealed.split(".");
  if (version !== VERSION || !iv || !tag || text === undefined)
    throw new Error("This is not a sealed value.");
  const bytes = (part: string) => Buffer.from(part, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", keyBytes(key), bytes(iv)).setAAD(Buffer.from(about));
  try {
    return Buffer.concat([decipher.setAuthTag(bytes(tag)).update(bytes(text)), decipher.final()]).toString(
      "utf8",
    );
  } catch {
    throw new Error("A sealed value does not open: ENCRYPTION_KEY is not the one it was sealed with.");
  }
}

function keyBytes(key: string): Buffer {
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32)
    throw new Error("ENCRYPTION_KEY must be 32 bytes in base64: openssl rand -base64 32");
  return bytes;
}

/** A fresh 32-byte key or password in base64, as ENCRYPTION_KEY, SERVICE_SECRET and SESSION_PEPPER want it. */
export const newKey = (): string => randomBytes(32).toString("base64");

/** Reads the secret kept in `dir/name`, or makes it (0600, in a directory of its owner alone). */
export function keptSecret(dir: string, name: string, make: () => string = newKey): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
  const path = join(dir, name);
  const draft = `${path}.${process.pid}`;
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    writeFileSync(draft, `${make()}\n`, { mode: 0o600 });
  }
  try {
    // A link never replaces: of two processes starting at once, the second reads what the first wrote.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(path, "utf8").trim();
}

export type HouseKeys = { ENCRYPTION_KEY: string; SERVICE_SECRET: string; SESSION_PEPPER: string };

/** The installation's three keys: from `given` (the environment) where set, else generated once into `dir`. */
export function houseKeys(dir: string, given: Partial<HouseKeys> = {}): HouseKeys {
  return {
    ENCRYPTION_KEY: given.ENCRYPTION_KEY || keptSecret(dir, "encryption.key"),
    SERVICE_SECRET: given.SERVICE_SECRET || keptSecret(dir, "service.secret"),
    SESSION_PEPPER: given.SESSION_PEPPER || keptSecret(dir, "session.pepper"),
  };
}
