/**
 * Cells of exported files. A spreadsheet runs a cell that begins with = + - @ as a formula, and our cells are other
 * people's text; so such cells get an apostrophe in front, which our own import takes off again.
 */
import { isPhoneNumber } from "../phone-text.ts";

const formula = /^'*[=+\-@\t\r＝＋－＠]/u;
const guarded = /^'+[=+\-@\t\r＝＋－＠]/u;
const plainFigure = /^-?\d{1,15}(\.\d+)?$/;

/** Text → a cell that no spreadsheet runs. Figures and our own phone numbers stay as they are. */
export function escapeCell(text: string): string {
  if (!formula.test(text) || plainFigure.test(text) || isPhoneNumber(text)) return text;
  return `'${text}`;
}

/** The inverse of escapeCell, for every text. */
export function unescapeCell(cell: string): string {
  return guarded.test(cell) ? cell.slice(1) : cell;
}

/** One cell as it stands in the file: escaped, then quoted where the format needs it. */
export function csvCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  const cell = typeof value === "string" ? escapeCell(value) : String(value);
  return /[",\r\n;\t|]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** One line of a comma separated file, with its line end. */
export function csvLine(values: readonly (string | number | boolean | null | undefined)[]): string {
  return `${values.map(csvCell).join(",")}\r\n`;
}

/** First bytes of an exported file: without them spreadsheets read UTF-8 as something else. */
export const byteOrderMark = "\ufeff";
