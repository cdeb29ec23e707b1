import { Readable } from "node:stream";
import { byteOrderMark, csvLine } from "@parley/core/contacts/csv-escape";
import { rowReasonText } from "@parley/core/contacts/row";
import { conflict, notFound } from "@parley/core/errors";
import { isId } from "@parley/core/ids";
import { maybeRow, param, rows, sql } from "@parley/db";
import type { Ctx } from "../../context.ts";
import type { Routes } from "../../routes.ts";
import { rejectHeaders } from "./read-file.ts";

const PAGE = 1000;

/** `GET /api/imports/:id/rejects.csv`: the rows that were not taken, as they were, with what to correct. */
export const rejectsRoutes: Routes = (app, { enter }) => {
  app.get<{ Params: { id: string } }>("/api/imports/:id/rejects.csv", async (request, reply) => {
    const ctx = await enter(request, "GET /api/imports/:id/rejects.csv");
    const file = await openRejects(ctx, request.params.id);
    return reply
      .type("text/csv; charset=utf-8")
      .header("content-disposition", `attachment; filename="rejected-${request.params.id}.csv"`)
      .send(Readable.from(file));
  });
};

/** The file line by line; corrected and uploaded again, its two last columns are left out by themselves. */
export async function openRejects(ctx: Ctx, importId: string): Promise<AsyncGenerator<string>> {
  const found = isId(importId)
    ? await ctx.db.tx((tx) =>
        maybeRow<{
          status: string;
          headers: string[];
          mapping: Record<string, string | null>;
          delimiter: string | null;
        }>(
          tx,
          sql`select status, headers, mapping, delimiter from imports where user_id = ${param(ctx.user.id)} and id = ${param(importId)}`,
        ),
      )
    : undefined;
  if (!found) throw notFound("import");
  // Half a file would pass for the whole one.
  if (found.status === "receiving" || found.status === "validating")
    throw conflict("The rows are still being checked. Download the rejected ones when that is done.");
  const { headers, mapping, delimiter } = found;
  const phoneAt = headers.findIndex((header) => mapping[header] === "phone_number");
  return lines(ctx, importId, headers, { phoneAt, delimiter: delimiter ?? "," });
}

async function* lines(
  ctx: Ctx,
  importId: string,
  headers: string[],
  file: { phoneAt: number; delimiter: string },
): AsyncGenerator<string> {
  yield byteOrderMark + csvLine([...headers, ...rejectHeaders]);
  let after = 0;
  for (;;) {
    const page = await ctx.db.tx((tx) =>
      rows<{ row_no: number; raw: string[]; reasons: string[] }>(
        tx,
        sql`
        select row_no, raw, reasons from import_rejects
        where user_id = ${param(ctx.user.id)} and import_id = ${param(importId)} and row_no > ${param(after)}
        order by row_no
        limit ${param(PAGE)}`,
      ),
    );
    const text = page.map(({ raw, reasons }) => {
      const help = reasons.map((reason) => rowReasonText(reason, raw[file.phoneAt])).join(" ");
      // What could not be cut into cells stands in the first as it was; what was too much stands behind everything.
      // So nobody who uploads the file uncorrected gets a half-read row in.
      const cells = reasons.includes("row_unreadable") ? [raw.join(file.delimiter)] : raw;
      const own = headers.map((_, at) => cells[at] ?? "");
      return csvLine([...own, reasons.join("; "), help, ...cells.slice(headers.length)]);
    });
    if (text.length > 0) yield text.join("");
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.row_no;
  }
}
