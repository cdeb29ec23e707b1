/** The thread of chunks.ts: a stored text in, its rows checked and as COPY takes them out. */
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { rowReader } from "@parley/core/contacts/row";
import { createFileStore } from "../../file-store.ts";
import type { Chunk, ChunkOrder } from "./chunks.ts";
import { rowsOf } from "./rows-of.ts";
import { stagedLine } from "./staged-line.ts";

const CHUNK_ROWS = 10_000;
const CHUNK_BYTES = 4 * 1024 * 1024;
const PIECE_CHARS = 64 * 1024;
/** One chunk is written while the next is made; more would only take memory. */
const AHEAD = 2;

const port = parentPort!;
const order = workerData as ChunkOrder;
const encoder = new TextEncoder();

let [rowNo, bytesDone] = [0, 0];
let chunk = order.firstChunk;
let [rows, bytes, text] = [0, 0, ""];
let pieces: Uint8Array[] = [];
let untaken = 0;

function cut(): void {
  const piece = encoder.encode(text);
  pieces.push(piece);
  bytes += piece.byteLength;
  text = "";
}

async function send(last = false): Promise<void> {
  if (text) cut();
  const made: Chunk = { chunk, rows, lastRow: rowNo, bytesDone, pieces, last };
  port.postMessage(
    made,
    pieces.map((piece) => piece.buffer as ArrayBuffer),
  );
  chunk += 1;
  [rows, bytes, pieces] = [0, 0, []];
  if (last) return;
  for (untaken += 1; untaken >= AHEAD; untaken -= 1) await once(port, "message");
}

const read = rowReader(order.headers, order.mapping, order.defaultRegion);
for await (const batch of rowsOf(createFileStore(order.dataDir), order.text)) {
  bytesDone = batch.bytesDone;
  for (const record of batch.records) {
    rowNo += 1;
    if (rowNo <= order.afterRow) continue;
    text += stagedLine({ importId: order.importId, chunk, rowNo }, record, read);
    rows += 1;
    if (text.length >= PIECE_CHARS) cut();
    if (rows >= CHUNK_ROWS || bytes >= CHUNK_BYTES) await send();
  }
}
await send(true);
