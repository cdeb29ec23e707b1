import type { ImportedContact, RowResult } from "@parley/core/contacts/row";
import { zonesOf } from "../../phone-zones.ts";
import type { CsvRecord } from "./csv-records.ts";

/** What a staged line holds, in its order. */
export const stagedColumns =
  "import_id, chunk, row_no, raw, phone_number, country, zones, name, email, company, city, notes, tags, custom, consent, reasons";

/** So many rows at the top of a file are shown with their cells as they stand. */
export const SHOWN_ROWS = 20;

/** One row of import_staging as COPY's text format has it, with its line end. */
export function stagedLine(
  its: { importId: string; chunk: number; rowNo: number },
  record: CsvRecord,
  result: RowResult,
): string {
  // nobody looks at the cells of other rows again: the file has them
  const raw = !result.ok || its.rowNo <= SHOWN_ROWS ? array(record.cells) : "{}";
  return (
    `${its.importId}\t${its.chunk}\t${its.rowNo}\t${raw}\t` +
    (result.ok ? `${columnsOf(result.contact)}\t{}\n` : `${nothing}\t${array(result.reasons)}\n`)
  );
}

const nothing = Array.from({ length: 11 }, () => "\\N").join("\t");

function columnsOf(contact: ImportedContact): string {
  const { phoneNumber, country, name, email, company, city, notes, tags, custom, consent } = contact;
  return [
    escaped(phoneNumber),
    escaped(country),
    array(zonesOf(phoneNumber, country)),
    escaped(name),
    escaped(email),
    escaped(company),
    escaped(city),
    escaped(notes),
    array(tags),
    escaped(JSON.stringify(custom)),
    escaped(consent && JSON.stringify(consent)),
  ].join("\t");
}

const escapes: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\u0000": "" };

// eslint-disable-next-line no-control-regex -- a database text holds no NUL
const toEscape = /[\\\t\n\r\u0000]/g;
/** Most cells hold none of these (halves of letters among them) and go as they are. */
// eslint-disable-next-line no-control-regex -- as above
const odd = /[\\"\t\n\r\u0000\ud800-\udfff]/;

function escaped(text: string | null): string {
  if (text === null) return "\\N";
  return odd.test(text) ? text.toWellFormed().replace(toEscape, (char) => escapes[char]!) : text;
}

function array(items: readonly string[]): string {
  let text = "{";
  for (const item of items) {
    if (text.length > 1) text += ",";
    text += odd.test(item) ? escaped(`"${item.replace(/["\\]/g, "\\$&")}"`) : `"${item}"`;
  }
  return `${text}}`;
}
