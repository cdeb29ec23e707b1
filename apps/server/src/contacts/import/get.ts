import type { Import, ImportRow } from "@parley/core/imports/schema";
import type { ImportStatus } from "@parley/core/imports/status";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, rows, sql } from "@parley/db";
import * as z from "zod";
import type { Ctx } from "../../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../../page.ts";

const common = sql`
  i.id, i.name, i.status, i.error, i.rows, i.accepted, i.rejected, i.duplicates, i.created_at as "createdAt",
  i.finished_at as "finishedAt"`;

type Shown = Omit<Import, "progress" | "importId">;
type Pace = { rows_done: number; bytes_done: number; running_seconds: number | null };

/** An import with what was recognised, how its rows were judged and how far it is. */
export async function getImport(ctx: Ctx, { importId }: { importId: string }): Promise<Import> {
  const found = await ctx.db.tx((tx) =>
    maybeRow<Shown & Pace>(
      tx,
      sql`
      select ${common}, i.headers, i.mapping, i.encoding, i.delimiter, i.size_bytes as "sizeBytes", i.default_region as "defaultRegion",
        i.created, i.updated, i.reasons, i.preview, i.tags, i.rows_done, i.bytes_done,
        extract(epoch from app.wall() - i.started_at)::double precision as running_seconds
      from imports i
      where i.user_id = ${param(ctx.user.id)} and i.id = ${param(importId)}`,
    ),
  );
  if (!found) throw notFound("import");
  const { rows_done, bytes_done, running_seconds, ...shown } = found;
  return { ...shown, importId, progress: progressOf(shown, { rows_done, bytes_done, running_seconds }) };
}

const working: ReadonlySet<ImportStatus> = new Set(["validating", "committing", "undoing"]);

/** While the file is read its number of rows is not known, so the time left is told by bytes. */
function progressOf(
  { status, rows: total, created, updated, sizeBytes }: Shown,
  { rows_done, bytes_done, running_seconds }: Pace,
): Import["progress"] {
  const stage = status;
  if (!working.has(status) || !running_seconds || rows_done === 0)
    return {
      stage,
      done: status === "receiving" ? 0 : rows_done,
      total: total > 0 ? total : null,
      rowsPerSecond: null,
      secondsLeft: null,
    };
  const share =
    status === "validating"
      ? bytes_done / Math.max(1, sizeBytes)
      : rows_done / Math.max(1, status === "undoing" ? created + updated : total);
  return {
    stage,
    done: rows_done,
    total: status === "validating" ? null : status === "undoing" ? created + updated : total,
    rowsPerSecond: Math.round(rows_done / running_seconds),
    secondsLeft: share > 0 ? Math.ceil((running_seconds * (1 - Math.min(1, share))) / share) : null,
  };
}

/** Imports, latest first. */
export async function listImports(ctx: Ctx, page: PageInput) {
  const after = cursorOf(page, z.object({ at: z.string(), id: z.uuid() }));
  return ctx.db.tx(async (tx) => {
    const found = await rows<z.infer<typeof ImportRow> & { at: string }>(
      tx,
      sql`
      select ${common}, i.created_at::text as at
      from imports i
      where i.user_id = ${param(ctx.user.id)}
        ${after ? sql`and (i.created_at, i.id) < (${param(after.at)}::timestamptz, ${param(after.id)}::uuid)` : sql``}
      order by i.created_at desc, i.id desc
      limit ${param(fetchLimit(page))}`,
    );
    return pageOf(
      found,
      page,
      ({ at, id }) => ({ at, id }),
      (listed): z.infer<typeof ImportRow> => listed,
    );
  });
}
