/** The thread of chunks.ts: a stored text in, its rows checked and as COPY takes them out. */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { rowReader, type RowResult } from "@parley/core/contacts/row";
import { createFileStore } from "../../file-store.ts";
import { CHUNK_BYTES, type Chunk, type ChunkOrder, type Judged } from "./chunks.ts";
import { rowsOf } from "./rows-of.ts";
import { SeenNumbers } from "./seen-numbers.ts";
import { stagedLine } from "./staged-line.ts";
import type { CsvRecord } from "./csv-records.ts";

// Whoever dials goes first. Elsewhere this would be the whole process.
if (process.platform === "linux")
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // a process that stands behind others already may not come forward
  }

const CHUNK_ROWS = 10_000;
const PIECE_CHARS = 64 * 1024;

const port = parentPort!;
const order = workerData as ChunkOrder;
const encoder = new TextEncoder();

/** The same one or two come back again and again: nothing is left to collect. */
const free = [new ArrayBuffer(CHUNK_BYTES)];
let returned = () => {};
port.on("message", (buffer: ArrayBuffer) => {
  free.push(buffer);
  returned();
});

async function nextBuffer(): Promise<Uint8Array<ArrayBuffer>> {
  while (free.length === 0) await new Promise<void>((back) => (returned = back));
  return new Uint8Array(free.pop()!);
}

let { firstChunk: chunk } = order;
let [rowNo, rows, rejected, bytes, bytesDone, text] = [0, 0, 0, 0, 0, ""];
const judged: Judged = { accepted: 0, rejected: 0, reasons: {} };
let lines = await nextBuffer();

function encode(): void {
  bytes += encoder.encodeInto(text, lines.subarray(bytes)).written;
  text = "";
}

async function send(last = false): Promise<void> {
  encode();
  const made: Chunk = {
    chunk,
    rows,
    rejected,
    lastRow: rowNo,
    bytesDone,
    lines: lines.subarray(0, bytes),
    judged: last ? judged : null,
  };
  port.postMessage(made, [lines.buffer]);
  if (last) return;
  chunk += 1;
  [rows, rejected, bytes] = [0, 0, 0];
  lines = await nextBuffer();
}

const read = rowReader(order.headers, order.mapping, order.defaultRegion);
const seen = new SeenNumbers();

/** Of several good rows with one number the first is taken. */
function judge({ cells, unreadable }: CsvRecord): RowResult {
  if (unreadable) return { ok: false, reasons: ["row_unreadable"] };
  const result = read(cells);
  return result.ok && !seen.add(result.contact.phoneNumber)
    ? { ok: false, reasons: ["duplicate_in_file"] }
    : result;
}

function count(result: RowResult): void {
  if (result.ok) {
    judged.accepted += 1;
    return;
  }
  judged.rejected += 1;
  for (const reason of result.reasons) judged.reasons[reason] = (judged.reasons[reason] ?? 0) + 1;
}

for await (const batch of rowsOf(createFileStore(order.dataDir), order.text)) {
  bytesDone = batch.bytesDone;
  for (const record of batch.records) {
    const next = rowNo + 1;
    const result = judge(record); // those that are staged already, too: later rows may have their numbers
    count(result);
    if (next > order.afterRow) {
      if (rows === CHUNK_ROWS) await send();
      let line = stagedLine({ importId: order.importId, chunk, rowNo: next }, record, result);
      // A character is three bytes at most; a row is far smaller than a chunk (RECORD_CHARS_MAX).
      if (bytes + (text.length + line.length) * 3 > CHUNK_BYTES && rows > 0) {
        await send();
        line = stagedLine({ importId: order.importId, chunk, rowNo: next }, record, result);
      }
      text += line;
      rows += 1;
      if (!result.ok) rejected += 1;
      if (text.length >= PIECE_CHARS) encode();
    }
    rowNo = next;
  }
}
await send(true);
