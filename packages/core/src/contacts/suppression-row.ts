/** One row of somebody's do-not-contact list → a number with its reason, or why not. */
import { normalizePhoneNumber } from "../phone.ts";
import { foldHeader, suggestMapping } from "./csv-map.ts";
import { unescapeCell } from "./csv-escape.ts";
import { rowReasonText } from "./row.ts";
import type { suppressionChannels, suppressionReasons } from "./schema.ts";

type Channel = (typeof suppressionChannels)[number];
type Reason = (typeof suppressionReasons)[number];

export type SuppressionEntry = { phoneNumber: string; channel: Channel; reason: Reason; note: string | null };
export type SuppressionRow =
  | { ok: true; entry: SuppressionEntry }
  | { ok: false; raw: string; reason: string };

const reasonHeaders = ["reason", "why", "cause", "grund", "motivo", "raison"];
const channelHeaders = ["channel", "for", "kanal", "canal"];
const noteHeaders = ["note", "notes", "comment", "comments", "remark", "remarks"];

/** What lists call a reason; a word that is none of these stays readable as the note. */
const reasonWords: Record<string, Reason> = {
  asked: "asked",
  "opt out": "asked",
  "opted out": "asked",
  optout: "asked",
  unsubscribed: "asked",
  stop: "asked",
  dnc: "dnc",
  dnd: "dnc",
  ncpr: "dnc",
  ndnc: "dnc",
  "do not call": "dnc",
  register: "dnc",
  manual: "manual",
  "wrong number": "wrong_number",
  complaint: "complaint",
  complained: "complaint",
};

const channelWords: Record<string, Channel> = {
  all: "all",
  everything: "all",
  call: "call",
  calls: "call",
  voice: "call",
  phone: "call",
  whatsapp: "whatsapp",
};

/**
 * A reader for the rows of one list. `first` is its first row: a header if none of its cells is a number (then it has to
 * name the column of the numbers; null otherwise), else a row like the others, whose first cell with a number is the column.
 */
export function suppressionReader(
  first: readonly string[],
  defaults: { channel: Channel; reason: Reason },
  defaultRegion: string | null,
): { hasHeader: boolean; read: (cells: readonly string[]) => SuppressionRow } | null {
  const isNumber = (cell: string) => normalizePhoneNumber(cell, defaultRegion).ok;
  const hasHeader = !first.some(isNumber);
  const folded = hasHeader ? first.map(foldHeader) : [];
  const mapping = hasHeader ? suggestMapping([...first]) : {};
  const phoneAt = hasHeader
    ? first.findIndex(
        (header, at) =>
          mapping[header] === "phone_number" || folded[at] === "number" || folded[at] === "numbers",
      )
    : first.findIndex(isNumber);
  if (phoneAt < 0) return null;
  const placeOf = (words: readonly string[]) => folded.findIndex((header) => words.includes(header));
  const [reasonAt, channelAt, noteAt] = [reasonHeaders, channelHeaders, noteHeaders].map(placeOf) as [
    number,
    number,
    number,
  ];

  const read = (cells: readonly string[]): SuppressionRow => {
    const cell = (at: number) => (at < 0 ? "" : unescapeCell(cells[at] ?? "").trim());
    const raw = cell(phoneAt);
    const phone = normalizePhoneNumber(raw, defaultRegion);
    if (!phone.ok) return { ok: false, raw, reason: rowReasonText(phone.reason, raw) };
    const why = cell(reasonAt);
    const known = reasonWords[foldHeader(why)];
    const note = [known ? "" : why, cell(noteAt)].filter(Boolean).join(": ").slice(0, 500);
    return {
      ok: true,
      entry: {
        phoneNumber: phone.phoneNumber,
        channel: channelWords[foldHeader(cell(channelAt))] ?? defaults.channel,
        reason: known ?? defaults.reason,
        note: note || null,
      },
    };
  };
  return { hasHeader, read };
}
