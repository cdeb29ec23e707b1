import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { ColumnMapping } from "@parley/core/contacts/csv-map";
import type { RowReason } from "@parley/core/contacts/row";
import type { Text } from "./rows-of.ts";

/** Rows of one transaction, ready for COPY. */
export type Chunk = {
  chunk: number;
  rows: number;
  /** Counted from 1 in the file. */
  lastRow: number;
  bytesDone: number;
  /** COPY's text of the rows; the thread takes it back when the next chunk is asked for. */
  lines: Uint8Array<ArrayBuffer>;
  /** Of these rows. */
  rejected: number;
  /** Told where the file ends (such a chunk may be empty): what all its rows came to, those staged before among them. */
  judged: Judged | null;
};

/** Rows of a file by what became of them. */
export type Judged = { accepted: number; rejected: number; reasons: Partial<Record<RowReason, number>> };

export type ChunkOrder = {
  dataDir: string;
  text: Text;
  importId: string;
  headers: string[];
  mapping: ColumnMapping;
  defaultRegion: string;
  /** Rows and chunks that are staged already. */
  afterRow: number;
  firstChunk: number;
};

/** What a file of any size may take, a chunk or two included that wait outside these heaps. */
const YOUNG_MB = 16;
const OLD_MB = 96;
/** Room for one chunk. The thread has one from its beginning and gets another where it may work ahead. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * The rows of an import's file, checked, chunk by chunk to the last one. They are read on a thread of their own:
 * telephone numbers are slow work that would make everything else wait, and its heap has an upper bound whatever the
 * file holds. `mayWorkAhead`, asked at each chunk: may the next one be made while this one is written? Then two
 * processors are busy, and whoever dials has to wait for one on a small machine.
 */
export async function* chunksOf(
  order: ChunkOrder,
  signal: AbortSignal,
  mayWorkAhead: () => Promise<boolean>,
): AsyncGenerator<Chunk> {
  const thread = new Worker(new URL("./chunk-thread.ts", import.meta.url), {
    workerData: order,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB },
  });
  thread.on("error", () => {}); // told by the loop below, as long as it listens
  let lent = 1;
  const lend = (buffer: ArrayBuffer) => thread.postMessage(buffer, [buffer]);
  try {
    for await (const [told] of on(thread, "message", { signal, close: ["exit"] })) {
      const chunk = told as Chunk;
      const wanted = (await mayWorkAhead()) ? 2 : 1;
      if (lent < wanted) {
        lend(new ArrayBuffer(CHUNK_BYTES));
        lent += 1;
      }
      yield chunk;
      if (chunk.judged) return;
      if (lent > wanted) lent -= 1;
      else lend(chunk.lines.buffer);
    }
    throw new Error("The thread that reads the file ended before the file did.");
  } finally {
    await thread.terminate();
  }
}
