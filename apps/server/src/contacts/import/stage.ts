import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { invalid } from "@parley/core/errors";
import { maybeRow, param, row as oneRow, sql, touch, type Tx } from "@parley/db";
import copyStreams from "pg-copy-streams";
import type { Ctx } from "../../context.ts";
import { failpoint } from "../../failpoints.ts";
import { chunksOf, type Judged } from "./chunks.ts";
import { isCalling } from "./is-calling.ts";
import { textOf } from "./read-file.ts";
import { keep, progressBell, type Held } from "./row.ts";
import { SHOWN_ROWS, stagedColumns } from "./staged-line.ts";

/** Rows that one statement deletes. */
const SWEEP_ROWS = 50_000;

/** Staging lost rows (a crash empties it) or holds others than the file: it has to be filled again from the beginning. */
class StagingIsBroken extends Error {}

/**
 * Reads the whole file into staging, chunk by chunk, each checked and committed on its own: what is there already is
 * skipped, so a run that was killed goes on where it stopped. Returns what the rows came to; null where they were counted
 * before.
 */
export async function stageRows(held: Held): Promise<Judged | null> {
  const { ctx, row, signal } = held;
  if (row.restage) await startOver(held);
  const staged = await stagedRows(held);
  // Once all rows have been counted they need not be read again to know that they are there.
  if (row.status === "committing" && staged.rows === row.rows) return null;
  const bell = progressBell(row.id);
  const { maxRows } = ctx.config.imports;
  const order = {
    dataDir: ctx.config.dataDir,
    text: textOf(row),
    importId: row.id,
    headers: row.headers,
    mapping: row.mapping,
    defaultRegion: row.default_region,
    afterRow: staged.rows,
    firstChunk: staged.chunks,
  };
  let [rowsRead, all]: [number, Judged | null] = [0, null];
  const chunks = chunksOf(order, signal, async () => !(await isCalling(ctx)));
  for await (const { chunk, rows, rejected, lastRow, bytesDone, lines, judged } of chunks) {
    signal.throwIfAborted();
    [rowsRead, all] = [lastRow, judged];
    if (lastRow > maxRows) throw tooManyRows(maxRows);
    if (rows === 0) continue;
    await ctx.db.tx(async (tx) => {
      await keep(tx, held, row.status === "validating" ? progress(lastRow, bytesDone) : undefined);
      await pipeline(
        Readable.from(pieces(lines)),
        tx.client.query(copyStreams.from(`copy import_staging (${stagedColumns}) from stdin`)),
      );
      if (rejected > 0) await keepRejects(tx, row.id, chunk);
      await bell(tx);
    });
    failpoint("import.staged");
    // The planner takes a table that has just been filled for a small one; it is told at 1, 2, 4, 8 … chunks.
    if (((chunk + 1) & chunk) === 0) await ctx.db.tx((tx) => tx.query("analyze import_staging"));
  }
  if ((await stagedRows(held)).rows !== rowsRead) throw new StagingIsBroken();
  return all;
}

/** Stages, and once more from the beginning if what was found in staging was not what the file says. */
export async function stageSurely(held: Held): Promise<Judged | null> {
  try {
    return await stageRows(held);
  } catch (error) {
    if (!(error instanceof StagingIsBroken)) throw error;
    await startOver(held);
    return stageRows(held);
  }
}

/** Every row is there and judged: counts, reasons and a preview, and the import is ready to be committed. */
export async function finishValidation(held: Held, judged: Judged): Promise<void> {
  const { ctx, row } = held;
  const { accepted, rejected, reasons } = judged;
  const all = accepted + rejected;
  if (all === 0) throw invalid("The file has a header and no rows. Choose the file with your contacts.");
  await ctx.db.tx(async (tx) => {
    await keep(
      tx,
      held,
      sql`
      status = 'ready', tries = 0, rows = ${param(all)}, rows_done = ${param(all)}, bytes_done = size_bytes,
      accepted = ${param(accepted)}, rejected = ${param(rejected)}, duplicates = ${param(reasons.duplicate_in_file ?? 0)},
      reasons = ${param(JSON.stringify(reasons))}::jsonb,
      preview = coalesce((
        select jsonb_agg(jsonb_build_object(
          'row', s.row_no, 'cells', to_jsonb(s.raw), 'reasons', to_jsonb(s.reasons),
          'contact', case when s.reasons = '{}' then jsonb_strip_nulls(jsonb_build_object(
            'name', s.name, 'phoneNumber', s.phone_number, 'email', s.email, 'company', s.company, 'city', s.city,
            'country', s.country, 'notes', s.notes, 'tags', to_jsonb(s.tags), 'custom', s.custom,
            'known', exists (select 1 from contacts c where c.user_id = ${param(ctx.user.id)} and c.phone_number = s.phone_number))) end)
          order by s.row_no)
        from (select * from import_staging where import_id = ${param(row.id)} and chunk = 0 order by row_no limit ${param(SHOWN_ROWS)}) s), '[]')`,
    );
    await tx.query("update imports set lease_until = null where user_id = $1 and id = $2", [
      ctx.user.id,
      row.id,
    ]);
    await touch(tx, "imports", row.id);
  });
}

/** Not at once: what the socket has not taken yet would be held twice. */
function* pieces(lines: Uint8Array, bytes = 64 * 1024): Generator<Uint8Array> {
  for (let at = 0; at < lines.byteLength; at += bytes) yield lines.subarray(at, at + bytes);
}

const progress = (rows: number, bytes: number) =>
  sql`tries = 0, rows_done = ${param(rows)}, bytes_done = least(${param(bytes)}, size_bytes)`;

const tooManyRows = (max: number) =>
  invalid(
    `The file has more than ${max.toLocaleString("en")} rows. Split it and upload the parts one by one.`,
  );

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
          where ctid = any(array(select ctid from import_staging where import_id = ${param(row.id)} limit ${param(SWEEP_ROWS)}))
          returning 1
        ),
        rejected as (
          delete from import_rejects
          where user_id = ${param(ctx.user.id)} and import_id = ${param(row.id)}
            and row_no in (select row_no from import_rejects where user_id = ${param(ctx.user.id)} and import_id = ${param(row.id)} limit ${param(SWEEP_ROWS)})
          returning 1
        )
        select (select count(*) from staged)::int + (select count(*) from rejected)::int as n`,
      );
      return gone!.n > 0;
    });
}

/** The rows have become contacts: nobody needs them any more. */
export async function dropStaging(ctx: Ctx, importId: string): Promise<void> {
  for (let left = true; left;)
    left = await ctx.db.tx(async (tx) => {
      const { rowCount } = await tx.query(
        `delete from import_staging
         where ctid = any(array(select ctid from import_staging where import_id = $1 limit $2))`,
        [importId, SWEEP_ROWS],
      );
      return (rowCount ?? 0) > 0;
    });
}
