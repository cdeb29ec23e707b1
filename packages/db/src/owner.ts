import pg from "pg";
import { withLogin } from "./roles.ts";

/**
 * The owner login `parley` and a database of its own in a cluster of ours. The owner is no superuser, as on a
 * hosted Postgres, so that what works here works there. Returns the owner's URL.
 */
export async function ownedDatabase(superUrl: string, database: string, password: string): Promise<string> {
  const owner = withLogin(superUrl, "parley", password);
  const url = inDatabase(owner, database);
  await onServer(superUrl, async (client) => {
    const { rowCount } = await client.query("select from pg_roles where rolname = 'parley'");
    const verb = rowCount ? "alter" : "create";
    await client.query(
      `${verb} role parley login createdb createrole password ${client.escapeLiteral(password)}`,
    );
    const exists = await client.query("select from pg_database where datname = $1", [database]);
    if (!exists.rowCount)
      await client.query(`create database ${client.escapeIdentifier(database)} owner parley`);
  });
  return url;
}

/** The same login in another database of the server. */
export function inDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Runs `fn` on a connection of its own and closes it. */
export async function onServer<T>(url: string, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "parley set-up" });
  client.on("error", () => {});
  await client.connect();
  try {
    return await fn(client);
  } finally {
    await client.end();
  }
}
