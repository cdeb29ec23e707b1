/// <reference path="../zapatos/schema.d.ts" />
/// <reference path="../zapatos/custom/index.d.ts" />
import { param, raw, sql, type SQLFragment } from "zapatos/db";
import { ParleyError } from "@parley/core/errors";
import type { Queryable } from "./tx.ts";

export { param, raw, sql, type SQLFragment };

/** Every row of a statement. */
export async function rows<T>(on: Queryable, statement: SQLFragment<any, any>): Promise<T[]> {
  return (await on.query(statement.compile())).rows as T[];
}

/** The only row of a statement; `not_found` (with `missing` as its message) when there is none. */
export async function row<T>(
  on: Queryable,
  statement: SQLFragment<any, any>,
  missing = "There is no such record. It may have been deleted, or belongs to another workspace.",
): Promise<T> {
  const found = await maybeRow<T>(on, statement);
  if (found === undefined) throw new ParleyError("not_found", missing);
  return found;
}

/** The row of a statement that yields at most one. */
export async function maybeRow<T>(on: Queryable, statement: SQLFragment<any, any>): Promise<T | undefined> {
  const found = await rows<T>(on, statement);
  if (found.length > 1)
    throw new Error(`Expected one row at most, got ${found.length}: ${statement.compile().text}`);
  return found[0];
}
