import { Readable } from "node:stream";
import { sniffDelimiter } from "@parley/core/contacts/csv-map";
import { SuppressionUpload, type SuppressionsImported } from "@parley/core/contacts/schema";
import { suppressionReader, type SuppressionEntry } from "@parley/core/contacts/suppression-row";
import { invalid, invalidInput } from "@parley/core/errors";
import { param, sql, touch, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import type { Routes } from "../routes.ts";
import { CsvReader, type CsvRecord } from "./import/csv-records.ts";
import { decoded, encodingOf, HEAD_BYTES, kindOf } from "./import/file-kind.ts";
import { defaultRegionOf } from "./phone-of.ts";
import { suppressMany, type StoppedMany } from "./suppress.ts";

const BYTES_MAX = 16 * 1024 * 1024;
/** Numbers of one transaction: each is locked, and a STOP of somebody else waits no longer than one of them. */
const CHUNK = 500;
const REFUSED_SHOWN = 100;

/** `POST /api/suppressions`: a list of numbers that are not to be contacted, as CSV in the body. */
export const suppressionRoutes: Routes = (app, { enter }) => {
  app.removeAllContentTypeParsers();
  // Read only once it is known who sends it.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.post("/api/suppressions", { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
    const ctx = await enter(request, "POST /api/suppressions");
    const asked = SuppressionUpload.safeParse(request.query);
    if (!asked.success) throw invalidInput(asked.error);
    return importSuppressions(
      ctx,
      await bodyOf(request.raw.iterator({ destroyOnReturn: false })),
      asked.data,
    );
  });
};

async function bodyOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > BYTES_MAX)
      throw invalid("The list is larger than 16 MB. Split it and send the parts one by one.");
    read.push(piece);
  }
  return Buffer.concat(read);
}

/**
 * Every good row of the list holds from the moment its chunk is committed; bad rows are named and stop nothing. The same
 * list again changes nothing, so after a broken connection it is simply sent once more.
 */
export async function importSuppressions(
  ctx: Ctx,
  file: Buffer,
  { channel, reason, defaultRegion }: SuppressionUpload,
): Promise<SuppressionsImported> {
  const region = defaultRegion ?? (await ctx.db.tx(defaultRegionOf));
  const records = await recordsOf(file);
  const reader = suppressionReader(records[0]?.cells ?? [], { channel, reason }, region);
  if (!reader)
    throw invalid(
      "No column of the list holds phone numbers. Name the column “phone_number” in its first row, or send the numbers alone.",
    );
  const good: SuppressionEntry[] = [];
  const refused: SuppressionsImported["invalid"] = [];
  records.forEach(({ cells, unreadable }, at) => {
    if (at === 0 && reader.hasHeader) return;
    const read = unreadable
      ? {
          ok: false as const,
          raw: cells.join(","),
          reason: "The row could not be read. A quote in it is never closed.",
        }
      : reader.read(cells);
    if (read.ok) good.push(read.entry);
    else refused.push({ row: at + 1, raw: read.raw.slice(0, 200), reason: read.reason });
  });

  const counts = { added: 0, known: 0, stopped: 0, inAir: 0 };
  for (let from = 0; from < good.length; from += CHUNK) {
    const chunk = good.slice(from, from + CHUNK);
    const done = await ctx.db.tx((tx) => suppressChunk(ctx, tx, chunk));
    counts.added += done.added.length;
    counts.stopped += done.skipped + done.stopping;
    counts.inAir += done.in_air;
  }
  counts.known = new Set(good.map(({ phoneNumber }) => phoneNumber)).size - counts.added;
  await ctx.db.tx(async (tx) => {
    await audit(ctx, tx, {
      action: "suppressions.imported",
      changes: { numbers: [null, counts.added], refused: [null, refused.length], reason: [null, reason] },
    });
    await touch(tx, "contacts");
  });
  return {
    rows: good.length + refused.length,
    ...counts,
    refused: refused.length,
    invalid: refused.slice(0, REFUSED_SHOWN),
  };
}

async function suppressChunk(ctx: Ctx, tx: Tx, entries: readonly SuppressionEntry[]): Promise<StoppedMany> {
  const done = await suppressMany(ctx, tx, entries, "import");
  await recordSuppressed(ctx, tx, done.added, entries);
  return done;
}

/** The contacts of newly suppressed numbers have it in their history. */
async function recordSuppressed(
  ctx: Ctx,
  tx: Tx,
  numbers: readonly string[],
  entries: readonly SuppressionEntry[],
): Promise<void> {
  if (numbers.length === 0) return;
  await tx.query(
    sql`
    insert into timeline_entries (user_id, contact_id, kind, actor, summary)
    select c.user_id, c.id, 'contact.suppressed', ${param(ctx.actor)},
      jsonb_strip_nulls(jsonb_build_object('channel', e.channel, 'reason', e.reason, 'note', e.note))
    from (
      select distinct on ("phoneNumber") * from jsonb_to_recordset(${param(JSON.stringify(entries))}::jsonb)
        as e ("phoneNumber" text, channel text, reason text, note text)
      where "phoneNumber" = any(${param(numbers)}::text[])
    ) e
    join contacts c on c.user_id = ${param(tx.userId)} and c.phone_number = e."phoneNumber" and c.erased_at is null`.compile(),
  );
}

async function recordsOf(file: Buffer): Promise<CsvRecord[]> {
  if (kindOf(file.subarray(0, HEAD_BYTES)) === "xlsx")
    throw invalid("This is an Excel workbook. Save its sheet as “CSV UTF-8” and send that file.");
  const bytes = () => Readable.from([file]) as AsyncIterable<Buffer>;
  let text = "";
  for await (const piece of decoded(bytes(), await encodingOf(bytes()))) text += piece;
  const reader = new CsvReader(sniffDelimiter(text.slice(0, 64 * 1024)));
  return [...reader.push(text), ...reader.end()];
}
