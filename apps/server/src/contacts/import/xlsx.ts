import { Worker } from "node:worker_threads";
import { invalid } from "@parley/core/errors";

/** A workbook is unpacked as a whole, so it has to be small; a CSV of any size is read piece by piece. */
export const XLSX_BYTES_MAX = 12 * 1024 * 1024;

export type SheetAnswer = { ok: true; csv: ArrayBuffer } | { ok: false; sentence: string };

const HEAP_MB = 256;

const tooLarge =
  "The workbook is too large to be read as it is. Save its sheet as “CSV UTF-8” and upload that file.";

/**
 * The first sheet of an .xlsx file as CSV in UTF-8. Worked out on a thread of its own, with a heap of its own: nothing
 * else waits for it, and a file made to burst bursts alone.
 */
export function sheetAsCsv(file: Buffer, signal?: AbortSignal): Promise<Buffer> {
  if (file.byteLength > XLSX_BYTES_MAX) throw invalid(tooLarge);
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./xlsx-thread.ts", import.meta.url), {
      workerData: file,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const stop = () => void worker.terminate();
    signal?.addEventListener("abort", stop, { once: true });
    worker.once("message", (answer: SheetAnswer) =>
      answer.ok ? resolve(Buffer.from(answer.csv)) : reject(invalid(answer.sentence)),
    );
    worker.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? invalid(tooLarge) : error),
    );
    worker.once("exit", () => {
      signal?.removeEventListener("abort", stop);
      reject(
        signal?.aborted ? (signal.reason as Error) : new Error("The sheet's thread ended without an answer."),
      );
    });
  });
}
