import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const LARGE = 20_000_000;
const WARN = 40;

/** Where a program's line goes: all of them into its file; onto the terminal what somebody should read. */
export type LogBook = { write: (program: string, line: string) => void };

/** Opens `<directory>/<program>.log` for each program; a large one of an earlier run becomes `.old`. */
export function openLogBook(directory: string, { verbose }: { verbose: boolean }): LogBook {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const files = new Map<string, string>();
  const fileOf = (program: string) => {
    const known = files.get(program);
    if (known) return known;
    const file = join(directory, `${program}.log`);
    if (existsSync(file) && statSync(file).size > LARGE) renameSync(file, `${file}.old`);
    files.set(program, file);
    return file;
  };
  return {
    write(program, line) {
      appendFileSync(fileOf(program), `${stripVTControlCharacters(line)}\n`, { mode: 0o600 });
      const shown = readable(program, line, verbose ? 0 : WARN);
      if (shown !== null) console.log(shown);
    },
  };
}

type Entry = { level: number; time: number; msg?: string; err?: { message?: string; stack?: string } };

/** A log entry as one short line, null below `least`; what is no entry is passed on as it was said. */
export function readable(program: string, line: string, least: number): string | null {
  const entry = entryOf(line);
  if (!entry) return line;
  if (entry.level < least) return null;
  const time = new Date(entry.time).toTimeString().slice(0, 8);
  const mark = entry.level > WARN ? "error " : entry.level === WARN ? "warning " : "";
  const cause = entry.err?.message && entry.err.message !== entry.msg ? `: ${entry.err.message}` : "";
  return `${time} ${program.padEnd(7)} ${mark}${entry.msg ?? ""}${cause}`;
}

function entryOf(line: string): Entry | null {
  if (!line.startsWith("{")) return null;
  try {
    const entry = JSON.parse(line) as Partial<Entry>;
    return typeof entry.level === "number" && typeof entry.time === "number" ? (entry as Entry) : null;
  } catch {
    return null;
  }
}
