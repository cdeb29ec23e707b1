import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "../../..");

/** What the environment says; the only reader of it. */
export type Config = Readonly<{
  /** PARLEY_URL: the server to talk to. */
  url: string | undefined;
  /** PARLEY_API_KEY wins over what `parley login` stored. */
  apiKey: string | undefined;
  email: string | undefined;
  password: string | undefined;
  /** Where `parley login` keeps keys. */
  credentialsFile: string;
  /** Where a Parley started from this directory says that it runs, and where. */
  runningFiles: readonly string[];
  /** What the seed of such a Parley left to sign in with. */
  demoLoginFile: string;
}>;

export function readConfig(env: Record<string, string | undefined>): Config {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const home = given("XDG_CONFIG_HOME") ?? join(homedir(), ".config");
  const data = given("PARLEY_DATA_DIR");
  return Object.freeze({
    url: given("PARLEY_URL"),
    apiKey: given("PARLEY_API_KEY"),
    email: given("PARLEY_EMAIL"),
    password: env["PARLEY_PASSWORD"] || undefined,
    credentialsFile: join(home, "parley", "credentials.json"),
    runningFiles: dataDirs(data).map((dir) => join(dir, "running.json")),
    demoLoginFile: join(data ? resolve(data) : join(repository, ".parley"), "secrets", "demo-login.json"),
  });
}

/** The data directory is the repository's own, or under /var/lib where the database user cannot reach that. */
function dataDirs(given: string | undefined): string[] {
  if (given) return [resolve(given)];
  const hash = createHash("sha256").update(repository).digest("hex").slice(0, 12);
  return [join(repository, ".parley"), `/var/lib/parley/${hash}`];
}
