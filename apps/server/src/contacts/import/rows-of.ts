import type { FileStore } from "../../file-store.ts";
import { CsvReader, type CsvRecord } from "./csv-records.ts";
import { decoded, type Encoding } from "./file-kind.ts";

/** A stored text and how its rows are cut. */
export type Text = { path: string; encoding: Encoding; delimiter: string; hasHeader: boolean };

export type Batch = { records: CsvRecord[]; bytesDone: number };

/** The data rows of a stored text in order, a piece of the file at a time, with how far it is. */
export async function* rowsOf(files: Pick<FileStore, "read">, text: Text): AsyncGenerator<Batch> {
  let bytesDone = 0;
  async function* counted(source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      bytesDone += chunk.length;
      yield chunk;
    }
  }
  const reader = new CsvReader(text.delimiter);
  let toSkip = text.hasHeader ? 1 : 0;
  let first = true;
  const without = (records: CsvRecord[]) => {
    if (first && records[0]) {
      first = false;
      if (/^"?sep=.?"?$/i.test(records[0].cells.join(""))) records = records.slice(1);
    }
    const skipped = Math.min(toSkip, records.length);
    toSkip -= skipped;
    return records.slice(skipped);
  };
  for await (const piece of decoded(counted(await files.read(text.path)), text.encoding))
    yield { records: without(reader.push(piece)), bytesDone };
  yield { records: without(reader.end()), bytesDone };
}
