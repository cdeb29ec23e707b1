import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The sandbox's memory over restarts: one file of JSON lines for each kind of fact. */
export interface Journal {
  /** Writes the fact down before it returns: what was promised to a client is on disk when the promise leaves. */
  append(kind: string, fact: unknown): void;
  /** Every fact of a kind, oldest first. */
  read<T>(kind: string): T[];
  /** Forgets every fact of a kind. */
  clear(kind: string): void;
  close(): void;
}

export function openJournal(directory: string | undefined): Journal {
  return directory ? fileJournal(directory) : { append() {}, read: () => [], clear() {}, close() {} };
}

function fileJournal(directory: string): Journal {
  mkdirSync(directory, { recursive: true });
  const open = new Map<string, number>();
  const path = (kind: string): string => join(directory, `${kind}.jsonl`);

  function descriptor(kind: string): number {
    let fd = open.get(kind);
    if (fd === undefined) {
      dropTornLine(path(kind));
      fd = openSync(path(kind), "a");
      open.set(kind, fd);
    }
    return fd;
  }

  return {
    append(kind, fact) {
      writeSync(descriptor(kind), `${JSON.stringify(fact)}\n`);
    },
    read<T>(kind: string): T[] {
      if (!existsSync(path(kind))) return [];
      const lines = readFileSync(path(kind), "utf8").split("\n");
      lines.pop(); // empty, or cut off by a crash
      return lines.map((line) => JSON.parse(line) as T);
    },
    clear(kind) {
      ftruncateSync(descriptor(kind), 0);
    },
    close() {
      for (const fd of open.values()) closeSync(fd);
      open.clear();
    },
  };
}

/** A crash may leave half a line at the end; the next fact must not be glued to it. */
function dropTornLine(path: string): void {
  if (!existsSync(path)) return;
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end === bytes.length) return;
  const fd = openSync(path, "r+");
  ftruncateSync(fd, end);
  closeSync(fd);
}
