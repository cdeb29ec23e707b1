/** The thread of xlsx.ts: bytes of a workbook in, its first sheet as CSV out. */
import { parentPort, workerData } from "node:worker_threads";
import { inflateRawSync } from "node:zlib";
import { csvLine } from "@parley/core/contacts/csv-escape";
import { readSheet } from "read-excel-file/node";
import type { SheetAnswer } from "./xlsx.ts";

const UNPACKED_BYTES_MAX = 96 * 1024 * 1024;

async function answer(file: Buffer): Promise<SheetAnswer> {
  const refusal = refusalOf(file);
  if (refusal) return { ok: false, sentence: refusal };
  try {
    const rows = await readSheet(file);
    const lines = rows.map((row) => csvLine(row.map(cellText)));
    const csv = new TextEncoder().encode(lines.join(""));
    return { ok: true, csv: csv.buffer };
  } catch (error) {
    return {
      ok: false,
      sentence: `The workbook could not be read (${(error as Error).message.split("\n")[0]}). Save its sheet as “CSV UTF-8” and upload that file.`,
    };
  }
}

type Cell = string | number | boolean | Date | null;

function cellText(cell: unknown): string {
  const value = cell as Cell;
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString().replace(/T00:00:00\.000Z$/, "");
  // Telephone numbers are often figures there; a figure must not be shortened to 9.19E+11.
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value).toString() : String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value;
}

/** Is it a workbook at all, and does it stay within bounds when unpacked? What the archive claims of itself is not asked. */
function refusalOf(file: Buffer): string | null {
  const ending = file.lastIndexOf("PK\u0005\u0006", file.length, "latin1");
  if (ending < 0) return "The workbook is cut off. Upload it again.";
  let at = file.readUInt32LE(ending + 16);
  let left = UNPACKED_BYTES_MAX;
  let isWorkbook = false;
  while (at + 46 <= file.length && file.readUInt32LE(at) === 0x02014b50) {
    const [method, packed] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20)];
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => file.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = file.readUInt32LE(at + 42);
    isWorkbook ||= file.toString("latin1", at + 46, at + 46 + nameLength) === "xl/workbook.xml";
    if (local + 30 > file.length) return "The workbook is cut off. Upload it again.";
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    if (method === 0) left -= packed;
    else {
      try {
        left -= inflateRawSync(file.subarray(start, start + packed), {
          maxOutputLength: Math.max(left, 1),
        }).length;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE")
          return "The workbook is damaged. Save it again and upload it.";
        left = -1;
      }
    }
    if (left < 0)
      return "The workbook is too large to be read as it is. Save its sheet as “CSV UTF-8” and upload that file.";
    at += 46 + nameLength + extra + comment;
  }
  return isWorkbook ? null : "This is a packed archive. Unpack it and upload the CSV file in it.";
}

const port = parentPort!;
void answer(Buffer.from(workerData as Uint8Array)).then((told) =>
  port.postMessage(told, told.ok ? [told.csv] : []),
);
