/// <reference path="../zapatos/schema.d.ts" />
/// <reference path="../zapatos/custom/index.d.ts" />
import { createHash } from "node:crypto";
import { param, raw, sql, type SQLFragment } from "zapatos/db";
import { ParleyError } from "@parley/core/errors";
import type { Query, Queryable } from "./tx.ts";

export { param, raw, sql, type SQLFragment };

/** A statement, or one that `prepared` has named. */
export type Statement = SQLFragment<any, any> | Query;

const compiled = (statement: Statement): Query => ("compile" in statement ? statement.compile() : statement);

/**
 * The same statement, which each connection parses once and soon plans once: for what runs at every call and finds its
 * rows by key. Never with `select *` (a migration would change what comes back under the plan), and never with a text that
 * varies: each text is kept by each connection. Where connections are not direct (DbOptions) it is a statement like others.
 */
export function prepared(statement: SQLFragment<any, any>): Query {
  const query = statement.compile();
  let name = names.get(query.text);
  if (!name) names.set(query.text, (name = createHash("sha256").update(query.text).digest("base64url")));
  return { ...query, name };
}
const names = new Map<string, string>();

/** Every row of a statement. */
export async function rows<T>(on: Queryable, statement: Statement): Promise<T[]> {
  return (await on.query(compiled(statement))).rows as T[];
}

/** The only row of a statement; `not_found` (with `missing` as its message) when there is none. */
export async function row<T>(
  on: Queryable,
  statement: Statement,
  missing = "There is no such record. It may have been deleted, or belongs to another workspace.",
): Promise<T> {
  const found = await maybeRow<T>(on, statement);
  if (found === undefined) throw new ParleyError("not_found", missing);
  return found;
}

/** The row of a statement that yields at most one. */
export async function maybeRow<T>(on: Queryable, statement: Statement): Promise<T | undefined> {
  const found = await rows<T>(on, statement);
  if (found.length > 1)
    throw new Error(`Expected one row at most, got ${found.length}: ${compiled(statement).text}`);
  return found[0];
}
