import { setImmediate as breathe } from "node:timers/promises";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { rowReader, type ImportedContact } from "@parley/core/contacts/row";
import { invalid } from "@parley/core/errors";
import { maybeRow, param, row as oneRow, sql, touch, type Tx } from "@parley/db";
import copyStreams from "pg-copy-streams";
import { zonesOf } from "../../phone-zones.ts";
import type { CsvRecord } from "./csv-records.ts";
import { rowsOf } from "./read-file.ts";
import { keep, progressBell, type Held } from "./row.ts";

export const CHUNK_ROWS = 10_000;
const CHUNK_CHARS = 8 * 1024 * 1024;
/** Rows checked before others get their turn: reading telephone numbers is slow work on the one thread. */
const BREATH_ROWS = 250;

/** Staging lost rows (a crash empties it) or holds others than the file: it has to be filled again from the beginning. */
class StagingIsBroken extends Error {}

/**
 * Reads the whole file into staging, chunk by chunk, each checked and committed on its own: what is there already is
 * skipped, so a run that was killed goes on where it stopped. Returns the number of rows.
 */
export async function stageRows(held: Held): Promise<number> {
  const { ctx, row, signal } = held;
  if (row.restage) await startOver(held);
  const staged = await stagedRows(held);
  const bell = progressBell(row.id);
  const read = rowReader(row.headers, row.mapping, row.default_region);
  let rowNo = 0;
  let chunk: Line[] = [];
  let chars = 0;
  let nextChunk = staged.chunks;
  const flush = async (bytesDone: number) => {
    if (chunk.length === 0) return;
    signal.throwIfAborted();
    await ctx.db.tx(async (tx) => {
      await keep(tx, held, row.status === "validating" ? progress(rowNo, bytesDone) : undefined);
      await copyIn(tx, row.id, nextChunk, chunk);
      await markDuplicates(tx, row.id, nextChunk);
      await keepRejects(tx, row.id, nextChunk);
      await bell(tx);
    });
    nextChunk += 1;
    // The planner takes a table that has just been filled for a small one; it is told at 1, 2, 4, 8 … chunks.
    if ((nextChunk & (nextChunk - 1)) === 0) await ctx.db.tx((tx) => tx.query("analyze import_staging"));
    chunk = [];
    chars = 0;
  };
  for await (const { records, bytesDone } of rowsOf(ctx.files, row)) {
    for (const record of records) {
      rowNo += 1;
      if (rowNo <= staged.rows) continue;
      if (rowNo > ctx.config.imports.maxRows) throw tooManyRows(ctx.config.imports.maxRows);
      const line = lineOf(rowNo, record, read);
      chunk.push(line);
      chars += line.chars;
      if (chunk.length % BREATH_ROWS === 0) await breathe();
      if (chunk.length >= CHUNK_ROWS || chars >= CHUNK_CHARS) await flush(bytesDone);
    }
    signal.throwIfAborted();
  }
  await flush(row.size_bytes);
  if ((await stagedRows(held)).rows !== rowNo) throw new StagingIsBroken();
  return rowNo;
}

/** Stages, and once more from the beginning if what was found in staging was not what the file says. */
export async function stageSurely(held: Held): Promise<number> {
  try {
    return await stageRows(held);
  } catch (error) {
    if (!(error instanceof StagingIsBroken)) throw error;
    await startOver(held);
    return stageRows(held);
  }
}

/** Every row is there and judged: counts, reasons and a preview, and the import is ready to be committed. */
export async function finishValidation({ ctx, ...rest }: Held, rows: number): Promise<void> {
  const held = { ctx, ...rest };
  const { row } = held;
  if (rows === 0) throw invalid("The file has a header and no rows. Choose the file with your contacts.");
  await ctx.db.tx(async (tx) => {
    const its = sql`import_id = ${param(row.id)}`;
    const counts = await oneRow<Record<string, number>>(
      tx,
      sql`
      select count(*) filter (where reasons = '{}')::int as accepted,
        count(*) filter (where reasons <> '{}')::int as rejected,
        count(*) filter (where 'duplicate_in_file' = any(reasons))::int as duplicates
      from import_staging where ${its}`,
    );
    await keep(
      tx,
      held,
      sql`
      status = 'ready', tries = 0, rows = ${param(rows)}, rows_done = ${param(rows)}, bytes_done = size_bytes,
      accepted = ${param(counts["accepted"])}, rejected = ${param(counts["rejected"])}, duplicates = ${param(counts["duplicates"])},
      reasons = coalesce((
        select jsonb_object_agg(r.reason, r.n)
        from (select reason, count(*)::int as n from import_staging, unnest(reasons) reason where ${its} group by reason) r), '{}'),
      preview = coalesce((
        select jsonb_agg(jsonb_build_object(
          'row', s.row_no, 'cells', to_jsonb(s.raw), 'reasons', to_jsonb(s.reasons),
          'contact', case when s.reasons = '{}' then jsonb_strip_nulls(jsonb_build_object(
            'name', s.name, 'phoneNumber', s.phone_number, 'email', s.email, 'company', s.company, 'city', s.city,
            'country', s.country, 'notes', s.notes, 'tags', to_jsonb(s.tags), 'custom', s.custom,
            'known', exists (select 1 from contacts c where c.user_id = ${param(ctx.user.id)} and c.phone_number = s.phone_number))) end)
          order by s.row_no)
        from (select * from import_staging where ${its} order by row_no limit 20) s), '[]')`,
    );
    await tx.query("update imports set lease_until = null where user_id = $1 and id = $2", [
      ctx.user.id,
      row.id,
    ]);
    await touch(tx, "imports", row.id);
  });
}

const progress = (rows: number, bytes: number) =>
  sql`tries = 0, rows_done = ${param(rows)}, bytes_done = least(${param(bytes)}, size_bytes)`;

const tooManyRows = (max: number) =>
  invalid(
    `The file has more than ${max.toLocaleString("en")} rows. Split it and upload the parts one by one.`,
  );

type Line = { text: string; chars: number };

/** One row of staging in COPY's text format, without its chunk, which is known when it is sent. */
function lineOf(rowNo: number, record: CsvRecord, read: ReturnType<typeof rowReader>): Line {
  const result = record.unreadable
    ? ({ ok: false, reasons: ["row_unreadable"] } as const)
    : read(record.cells);
  const contact = result.ok ? result.contact : null;
  const fields = [
    String(rowNo),
    array(record.cells),
    ...columnsOf(contact),
    array(result.ok ? [] : result.reasons),
  ];
  const text = fields.join("\t");
  return { text, chars: text.length };
}

function columnsOf(contact: ImportedContact | null): string[] {
  if (!contact) return Array.from({ length: 10 }, () => "\\N");
  const { phoneNumber, country, name, email, company, city, notes, tags, custom } = contact;
  return [
    escaped(phoneNumber),
    escaped(country),
    array(zonesOf(phoneNumber, country)),
    escaped(name),
    escaped(email),
    escaped(company),
    escaped(city),
    escaped(notes),
    array(tags),
    escaped(JSON.stringify(custom)),
  ];
}

const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\u0000": "" };

function escaped(text: string | null): string {
  if (text === null) return "\\N";
  // eslint-disable-next-line no-control-regex -- a database text holds no NUL
  return text.toWellFormed().replace(/[\\\t\n\r\u0000]/g, (char) => escapes[char]!);
}

const array = (items: readonly string[]) =>
  escaped(`{${items.map((item) => `"${item.replace(/["\\]/g, "\\$&")}"`).join(",")}}`);

async function copyIn(tx: Tx, importId: string, chunk: number, lines: readonly Line[]): Promise<void> {
  const into = tx.client.query(
    copyStreams.from(
      `copy import_staging (import_id, chunk, row_no, raw, phone_number, country, zones, name, email, company, city, notes, tags, custom, reasons) from stdin`,
    ),
  );
  function* pieces() {
    for (let at = 0; at < lines.length; at += 500)
      yield lines
        .slice(at, at + 500)
        .map(({ text }) => `${importId}\t${chunk}\t${text}\n`)
        .join("");
  }
  await pipeline(Readable.from(pieces()), into);
}

/** Of several good rows with one number the first is taken. Looked up row by row through the index, whatever the size. */
async function markDuplicates(tx: Tx, importId: string, chunk: number): Promise<void> {
  await tx.query(
    `update import_staging s set reasons = array['duplicate_in_file']
     where s.import_id = $1 and s.chunk = $2 and s.reasons = '{}'
       and (select true from import_staging e
            where e.import_id = s.import_id and e.phone_number = s.phone_number and e.row_no < s.row_no and e.reasons = '{}'
            limit 1)`,
    [importId, chunk],
  );
}

async function keepRejects(tx: Tx, importId: string, chunk: number): Promise<void> {
  await tx.query(
    `with rejected as (
       insert into import_rejects (user_id, import_id, row_no, raw, reasons)
       select $1, s.import_id, s.row_no, s.raw, s.reasons from import_staging s
       where s.import_id = $2 and s.chunk = $3 and s.reasons <> '{}'
       on conflict do nothing
       returning 1
     )
     update imports set rejected = rejected + (select count(*) from rejected)
     where user_id = $1 and id = $2 and status = 'validating'`,
    [tx.userId, importId, chunk],
  );
}

/** What stands in staging, if it is an unbroken beginning of the file; else it is emptied and there is nothing. */
async function stagedRows(held: Held): Promise<{ rows: number; chunks: number }> {
  const { ctx, row } = held;
  const found = await ctx.db.tx((tx) =>
    oneRow<{ rows: number; last_row: number; chunks: number }>(
      tx,
      sql`
      select count(*)::int as rows, coalesce(max(row_no), 0) as last_row, coalesce(max(chunk), -1) + 1 as chunks
      from import_staging where import_id = ${param(row.id)}`,
    ),
  );
  if (found.rows === found.last_row) return found;
  await startOver(held);
  return { rows: 0, chunks: 0 };
}

async function startOver(held: Held): Promise<void> {
  const { ctx, row } = held;
  await emptyStaging(held);
  await ctx.db.tx((tx) =>
    keep(
      tx,
      held,
      row.status === "validating"
        ? sql`restage = false, rows_done = 0, bytes_done = 0, accepted = 0, rejected = 0, duplicates = 0, reasons = '{}', preview = '[]'`
        : sql`restage = false`,
    ),
  );
  row.restage = false;
}

/** Deletes staged and rejected rows in steps that no time-out minds. Fenced: a run that was taken over deletes nothing. */
async function emptyStaging(held: Held): Promise<void> {
  const { ctx, row } = held;
  for (let left = true; left;)
    left = await ctx.db.tx(async (tx) => {
      await keep(tx, held, sql`epoch = epoch`);
      const gone = await maybeRow<{ n: number }>(
        tx,
        sql`
        with staged as (
          delete from import_staging
          where ctid = any(array(select ctid from import_staging where import_id = ${param(row.id)} limit ${param(CHUNK_ROWS * 5)}))
          returning 1
        ),
        rejected as (
          delete from import_rejects
          where user_id = ${param(ctx.user.id)} and import_id = ${param(row.id)}
            and row_no in (select row_no from import_rejects where user_id = ${param(ctx.user.id)} and import_id = ${param(row.id)} limit ${param(CHUNK_ROWS * 5)})
          returning 1
        )
        select (select count(*) from staged)::int + (select count(*) from rejected)::int as n`,
      );
      return gone!.n > 0;
    });
}

/** The rows have become contacts: nobody needs them any more. */
export async function dropStaging({ ctx, row }: Pick<Held, "ctx" | "row">): Promise<void> {
  for (let left = true; left;)
    left = await ctx.db.tx(async (tx) => {
      const { rowCount } = await tx.query(
        `delete from import_staging
         where ctid = any(array(select ctid from import_staging where import_id = $1 limit $2))`,
        [row.id, CHUNK_ROWS * 5],
      );
      return (rowCount ?? 0) > 0;
    });
}
