import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "..");

/** The reader's settings: the environment, and what it leaves open from `.env`. */
export function environment(): NodeJS.ProcessEnv {
  const file = join(repository, ".env");
  if (existsSync(file)) process.loadEnvFile(file);
  return process.env;
}
