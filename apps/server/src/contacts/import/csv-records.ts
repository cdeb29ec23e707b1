/**
 * Rows of a delimited text, piece by piece, in constant memory. Unlike the parsers we know it gives one bad row back
 * as one bad row: a quote that is never closed spoils its own line, and reading goes on at the next.
 */
export type CsvRecord = {
  cells: string[];
  /** A quote in it is misplaced or never closed: the cells are the line cut at each delimiter. */
  unreadable: boolean;
};

/** A quoted cell that runs on for so many characters was opened by mistake. */
const RECORD_CHARS_MAX = 64 * 1024;
/** Of a line without an end only this much is kept. */
const KEPT_CHARS = 1000;

const QUOTE = 34;
const LF = 10;
const CR = 13;

type Parsed = { record: CsvRecord; next: number };

export class CsvReader {
  readonly #delimiter: string;
  readonly #delimiterCode: number;
  #text = "";
  /** Within a line that was given up: everything up to its end is dropped. */
  #skipping = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
    this.#delimiterCode = delimiter.charCodeAt(0);
  }

  /** The records that are complete with this piece; blank lines are none. */
  push(piece: string): CsvRecord[] {
    this.#text += piece;
    return this.#read(false);
  }

  /** What is left when there is no more text. */
  end(): CsvRecord[] {
    return this.#read(true);
  }

  #read(atEnd: boolean): CsvRecord[] {
    const found: CsvRecord[] = [];
    let at = 0;
    if (this.#skipping) {
      const end = this.#lineEnd(0, atEnd);
      if (end === null) {
        this.#text = "";
        return found;
      }
      at = end.next;
      this.#skipping = false;
    }
    while (at < this.#text.length) {
      const parsed = this.#record(at, atEnd);
      if (parsed === null) break;
      at = parsed.next;
      const { cells, unreadable } = parsed.record;
      if (unreadable || cells.length > 1 || cells[0] !== "") found.push(parsed.record);
    }
    this.#text = this.#text.slice(at);
    if (this.#text.length > RECORD_CHARS_MAX * 2) {
      found.push({ cells: this.#text.slice(0, KEPT_CHARS).split(this.#delimiter), unreadable: true });
      this.#text = "";
      this.#skipping = true;
    }
    return found;
  }

  /** The record at `start`; null when the text so far does not tell where it ends. */
  #record(start: number, atEnd: boolean): Parsed | null {
    const text = this.#text;
    const cells: string[] = [];
    let at = start;
    for (;;) {
      if (text.charCodeAt(at) === QUOTE) {
        const quoted = this.#quoted(at, start, atEnd);
        if (quoted === null) return null;
        if (quoted === "misplaced") return this.#badLine(start, atEnd);
        cells.push(quoted.cell);
        at = quoted.next;
      } else {
        let end = at;
        let code = text.charCodeAt(end);
        while (end < text.length && code !== this.#delimiterCode && code !== LF && code !== CR)
          code = text.charCodeAt((end += 1));
        if (end === text.length && !atEnd) return null;
        cells.push(text.slice(at, end));
        at = end;
      }
      if (at >= text.length) return { record: { cells, unreadable: false }, next: at };
      if (text.charCodeAt(at) === this.#delimiterCode) {
        at += 1;
        continue;
      }
      const end = this.#lineEnd(at, atEnd);
      return end && { record: { cells, unreadable: false }, next: end.next };
    }
  }

  /** The cell whose opening quote stands at `open`. */
  #quoted(open: number, start: number, atEnd: boolean): { cell: string; next: number } | "misplaced" | null {
    const text = this.#text;
    let doubled = false;
    let from = open + 1;
    for (;;) {
      const close = text.indexOf('"', from);
      if ((close < 0 ? text.length : close) - start > RECORD_CHARS_MAX) return "misplaced";
      if (close < 0) return atEnd ? "misplaced" : null;
      if (text.charCodeAt(close + 1) === QUOTE) {
        doubled = true;
        from = close + 2;
        continue;
      }
      if (close + 1 === text.length && !atEnd) return null;
      let next = close + 1;
      while (text.charCodeAt(next) === 32) next += 1;
      const after = text.charCodeAt(next);
      if (next < text.length && after !== this.#delimiterCode && after !== LF && after !== CR)
        return "misplaced";
      if (next === text.length && !atEnd) return null;
      const inside = text.slice(open + 1, close);
      return { cell: doubled ? inside.replaceAll('""', '"') : inside, next };
    }
  }

  #badLine(start: number, atEnd: boolean): Parsed | null {
    const end =
      this.#lineEnd(start, atEnd) ?? (atEnd ? { at: this.#text.length, next: this.#text.length } : null);
    if (!end) return null;
    const line = this.#text.slice(start, end.at);
    return { record: { cells: line.split(this.#delimiter), unreadable: true }, next: end.next };
  }

  /** The next line end from `from` on: LF, CRLF or CR. Null when there is none yet. */
  #lineEnd(from: number, atEnd: boolean): { at: number; next: number } | null {
    const text = this.#text;
    let at = from;
    let code = text.charCodeAt(at);
    while (at < text.length && code !== LF && code !== CR) code = text.charCodeAt((at += 1));
    if (at >= text.length) return null;
    if (code === LF) return { at, next: at + 1 };
    if (at + 1 === text.length && !atEnd) return null; // CR: whether an LF follows decides
    return { at, next: text.charCodeAt(at + 1) === LF ? at + 2 : at + 1 };
  }
}
