import type { Result } from "@parley/core/ops/schema";
import { invalid, ParleyError } from "@parley/core/errors";
import type pg from "pg";
import type { Ctx } from "../context.ts";

const ROWS_MAX = 1_000;
const SECONDS_MAX = 5;

/**
 * One statement of an operator, on a login that may read an allow-list of columns and write nothing. It is fetched
 * through a cursor, so that a million rows cost no memory, in a transaction that is always rolled back.
 */
export async function runSql(ctx: Ctx, { text }: { text: string }): Promise<Result> {
  const statement = text.replace(/[\s;]+$/, "");
  const client = await ctx.ro.connect();
  let broken: Error | undefined;
  try {
    await client.query(`begin read only; set local statement_timeout = '${SECONDS_MAX}s'`);
    return await fetchRows(client, statement);
  } catch (error) {
    throw asRefusal(error);
  } finally {
    // A session lock would outlive the transaction and hold up a dispatcher.
    await client.query("rollback; select pg_advisory_unlock_all()").catch((error: Error) => (broken = error));
    client.release(broken);
  }
}

async function fetchRows(client: pg.PoolClient, statement: string): Promise<Result> {
  // Only the extended protocol refuses a second statement behind the first.
  const one = { queryMode: "extended" } as const;
  if (/^(explain|show)\b/i.test(statement)) {
    const found = await client.query<unknown[]>({ text: statement, rowMode: "array", ...one });
    return resultOf(found);
  }
  await client.query({ text: `declare parley_sql no scroll cursor for ${statement}`, ...one });
  return resultOf(
    await client.query<unknown[]>({ text: `fetch ${ROWS_MAX + 1} from parley_sql`, rowMode: "array" }),
  );
}

function resultOf({ fields, rows }: pg.QueryArrayResult): Result {
  return {
    columns: fields.map(({ name }) => name),
    rows: rows.slice(0, ROWS_MAX),
    truncated: rows.length > ROWS_MAX,
  };
}

/** Postgres's own words help the operator; a connection that broke is no fault of the statement. */
function asRefusal(error: unknown): unknown {
  const { code, message } = error as pg.DatabaseError;
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code)) return error;
  if (code === "57014")
    return new ParleyError(
      "limit_reached",
      `The statement ran longer than ${SECONDS_MAX} seconds. Narrow it with where or limit.`,
    );
  if (code === "42501")
    return invalid(
      `text: ${message}. This login reads the views of schema ops and columns without personal data only.`,
    );
  if (code === "42601" && /cursor|insert|update|delete|multiple commands/i.test(message))
    return invalid(`text: ${message}. Send one select, with, values, explain or show.`);
  return invalid(`text: ${message}.`);
}
