import {
  foldHeader,
  missingFields,
  sniffDelimiter,
  suggestMapping,
  uniqueHeaders,
  type ColumnMapping,
} from "@parley/core/contacts/csv-map";
import { invalid } from "@parley/core/errors";
import type { Import } from "@parley/core/imports/schema";
import { normalizePhoneNumber } from "@parley/core/phone";
import { param, sql, touch } from "@parley/db";
import type { FileStore } from "../../file-store.ts";
import { CsvReader, type CsvRecord } from "./csv-records.ts";
import { decoded, encodingNames, encodingOf, HEAD_BYTES, kindOf, type Encoding } from "./file-kind.ts";
import { keep, sheetPath, spoolPath, type Held, type ImportRow } from "./row.ts";
import type { Text } from "./rows-of.ts";
import { sheetAsCsv, XLSX_BYTES_MAX } from "./xlsx.ts";

const SAMPLE_CHARS = 64 * 1024;
const COLUMNS_MAX = 500;
const PREVIEW_ROWS = 5;

/** Headers that our own file of rejected rows adds; in a corrected file they say nothing about the contact. */
export const rejectHeaders = ["import_reason", "import_help"] as const;

/** Columns of our own export that are not for people to set: in a file that has them all they are left out. */
const exportHeaders = [
  "stage",
  "temperature",
  "score",
  "suppressed",
  "time_zone",
  "last_call_at",
  "created_at",
  "contact_id",
];

export type Shape = {
  format: "csv" | "xlsx";
  encoding: Encoding;
  delimiter: string;
  headers: string[];
  hasHeader: boolean;
  mapping: ColumnMapping;
  /** The first rows as they stand, for whoever has to say which column is which. */
  preview: Import["preview"];
};

/** Recognises the file and its columns, and goes on to checking the rows when no question is left. */
export async function readFile(held: Held): Promise<"mapping" | "validating"> {
  const { ctx, row, signal } = held;
  const shape = await shapeOf(ctx.files, row, signal);
  // Made-up headers tell nobody what a column holds: somebody has to look.
  const next = shape.hasHeader && missingFields(shape.mapping).length === 0 ? "validating" : "mapping";
  const encoding = shape.format === "xlsx" ? "Excel" : encodingNames[shape.encoding];
  await ctx.db.tx(async (tx) => {
    await keep(
      tx,
      held,
      sql`
      status = ${param(next)}, format = ${param(shape.format)}, encoding = ${param(encoding)},
      delimiter = ${param(shape.delimiter)}, headers = ${param(shape.headers)}::text[], has_header = ${param(shape.hasHeader)},
      mapping = ${param(JSON.stringify(shape.mapping))}::jsonb,
      preview = ${param(JSON.stringify(shape.preview))}::jsonb, tries = 0, restage = true, started_at = app.wall()`,
    );
    await touch(tx, "imports", row.id);
  });
  Object.assign(row, {
    status: next,
    format: shape.format,
    encoding,
    delimiter: shape.delimiter,
    headers: shape.headers,
    has_header: shape.hasHeader,
    mapping: shape.mapping,
    restage: true,
  } satisfies Partial<ImportRow>);
  return next;
}

async function shapeOf(files: FileStore, row: ImportRow, signal: AbortSignal): Promise<Shape> {
  const format = (await kindOfFile(files, row.id)) === "xlsx" ? "xlsx" : "csv";
  if (format === "xlsx") await convert(files, row, signal);
  const encoding = await encodingOf(await bytesOf(files, row.id, format));
  const sample = await head(files, row.id, format, encoding);
  const delimiter = separatorLine(sample) ?? sniffDelimiter(sample);
  const records = recordsIn(sample, delimiter);
  const [first] = records;
  if (!first) throw invalid("The file has no rows. Choose the file with your contacts.");
  if (first.cells.length > COLUMNS_MAX)
    throw invalid(
      `The file has ${first.cells.length} columns; 500 are the most. Leave out those you do not need.`,
    );
  const hasHeader = !first.cells.some((cell) => normalizePhoneNumber(cell, row.default_region).ok);
  const headers = uniqueHeaders(
    hasHeader ? first.cells.map((cell) => cell.slice(0, 200)) : first.cells.map(() => ""),
  );
  return {
    format,
    encoding,
    delimiter,
    headers,
    hasHeader,
    mapping: firstMapping(headers, hasHeader, first, row),
    preview: records
      .slice(hasHeader ? 1 : 0)
      .slice(0, PREVIEW_ROWS)
      .map(({ cells }, at) => ({
        row: at + 1,
        cells: cells.slice(0, headers.length).map((cell) => shown(cell)),
        contact: null,
        reasons: [],
      })),
  };
}

/** JSON in the database takes neither halves of letters nor zeros. */
const shown = (cell: string): string => cell.slice(0, 200).toWellFormed().replaceAll("\u0000", "");

function firstMapping(
  headers: string[],
  hasHeader: boolean,
  first: CsvRecord,
  row: ImportRow,
): ColumnMapping {
  const mapping = suggestMapping(headers);
  const ours = exportHeaders.every((header) => headers.includes(header)) ? exportHeaders : [];
  for (const header of headers)
    if ([...rejectHeaders, ...ours].some((added) => foldHeader(added) === foldHeader(header)))
      mapping[header] = null;
  if (!hasHeader) {
    const phone = first.cells.findIndex((cell) => normalizePhoneNumber(cell, row.default_region).ok);
    mapping[headers[phone]!] = "phone_number";
  }
  return mapping;
}

async function kindOfFile(files: FileStore, importId: string) {
  const chunks: Buffer[] = [];
  for await (const chunk of await files.read(spoolPath(importId), { start: 0, end: HEAD_BYTES - 1 }))
    chunks.push(chunk as Buffer);
  return kindOf(Buffer.concat(chunks));
}

/** A workbook's sheet is kept as text beside it; then it is read like every other file. */
async function convert(files: FileStore, row: ImportRow, signal: AbortSignal): Promise<void> {
  if (row.size_bytes > XLSX_BYTES_MAX)
    throw invalid("The workbook is larger than 12 MB. Save its sheet as “CSV UTF-8” and upload that file.");
  const chunks: Buffer[] = [];
  for await (const chunk of await files.read(spoolPath(row.id))) chunks.push(chunk as Buffer);
  await files.put(await sheetAsCsv(Buffer.concat(chunks), signal), sheetPath(row.id), { signal });
}

const bytesOf = (files: FileStore, importId: string, format: "csv" | "xlsx" | null) =>
  files.read(format === "xlsx" ? sheetPath(importId) : spoolPath(importId)) as Promise<AsyncIterable<Buffer>>;

async function head(
  files: FileStore,
  importId: string,
  format: "csv" | "xlsx",
  encoding: Encoding,
): Promise<string> {
  let sample = "";
  for await (const piece of decoded(await bytesOf(files, importId, format), encoding)) {
    sample += piece;
    if (sample.length >= SAMPLE_CHARS) break;
  }
  return sample;
}

/** Excel's own first line `sep=;` names the delimiter and is no row. */
function separatorLine(sample: string): string | null {
  return /^"?sep=([,;\t|])"?\r?\n/i.exec(sample)?.[1] ?? null;
}

function recordsIn(sample: string, delimiter: string): CsvRecord[] {
  const reader = new CsvReader(delimiter);
  const text = separatorLine(sample) ? sample.slice(sample.indexOf("\n") + 1) : sample;
  return [...reader.push(text), ...(sample.length < SAMPLE_CHARS ? reader.end() : [])];
}

/** Where an import's rows stand once its file is recognised, and how they are cut. */
export function textOf(row: ImportRow): Text {
  const names = Object.keys(encodingNames) as Encoding[];
  return {
    path: row.format === "xlsx" ? sheetPath(row.id) : spoolPath(row.id),
    encoding: names.find((one) => encodingNames[one] === row.encoding) ?? "utf-8", // a sheet's text is ours
    delimiter: row.delimiter ?? ",",
    hasHeader: row.has_header,
  };
}
