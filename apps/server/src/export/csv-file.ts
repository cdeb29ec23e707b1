import { Readable } from "node:stream";
import { byteOrderMark, csvLine } from "@parley/core/contacts/csv-escape";
import type { Tx } from "@parley/db";
import type { FastifyReply } from "fastify";
import type { Ctx } from "../context.ts";

type Cell = string | number | boolean | null | undefined;
/** Header → cell of a row, in the order of the file. */
export type Columns<Row> = [header: string, cell: (row: Row) => Cell][];

/** Rows after an id, in order of ids; at most `limit` of them. */
export type PageOf<Row> = (tx: Tx, after: string | null, limit: number) => Promise<Row[]>;

const PAGE = 1000;

/**
 * A table as a file, a page and a transaction at a time: however long the download lasts, nothing in the database waits
 * for it. Rows that come in meanwhile with a later id are in it too.
 */
export async function* csvFile<Row extends { id: string }>(
  ctx: Ctx,
  columns: Columns<Row>,
  page: PageOf<Row>,
): AsyncGenerator<string> {
  yield byteOrderMark + csvLine(columns.map(([header]) => header));
  let after: string | null = null;
  for (;;) {
    const from: string | null = after;
    const found: Row[] = await ctx.db.tx((tx) => page(tx, from, PAGE));
    if (found.length > 0) yield found.map((row) => csvLine(columns.map(([, cell]) => cell(row)))).join("");
    if (found.length < PAGE) return;
    after = found.at(-1)!.id;
  }
}

/** Sends a file as a download under this name. */
export function download(reply: FastifyReply, name: string, lines: AsyncGenerator<string>): FastifyReply {
  return reply
    .type("text/csv; charset=utf-8")
    .header("content-disposition", `attachment; filename="${name}.csv"`)
    .send(Readable.from(lines));
}
