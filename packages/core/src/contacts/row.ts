/**
 * One row of somebody's spreadsheet → a contact, or the reasons why not. Pure and quick: an import asks this two
 * million times. What needs the whole file (duplicates) or the database is decided by the import in SQL.
 */
import { normalizePhoneNumber, phoneReasons } from "../phone.ts";
import { unescapeCell } from "./csv-escape.ts";
import { firstNameKey, lastNameKey } from "./csv-map.ts";
import type { ColumnMapping, FixedField } from "./csv-map.ts";
import { regionOf } from "./region.ts";

/** Why a row is not taken. The last two are found by the import itself. */
export const rowReasons = [
  ...phoneReasons,
  "too_long",
  "too_many_tags",
  "too_many_cells",
  "empty_row",
  "duplicate_in_file",
  "row_unreadable",
] as const;
export type RowReason = (typeof rowReasons)[number];

/** What was wrong with a row that is taken all the same. */
export type RowWarning = "email_invalid" | "consent_unclear";

export type ImportedContact = {
  phoneNumber: string;
  /** Of the number; only for numbers of no country, of the row's own column. */
  country: string | null;
  name: string | null;
  email: string | null;
  company: string | null;
  city: string | null;
  notes: string | null;
  tags: string[];
  custom: Record<string, string>;
  /** To calls, as the row's own columns tell it; null where they do not. */
  consent: ImportedConsent | null;
};

/** `obtainedAt` and `source` null: the day and the name of the list. */
export type ImportedConsent = {
  basis: "express" | "written" | "existing";
  obtainedAt: string | null;
  source: string | null;
  evidence: string | null;
};

export type RowResult =
  | { ok: true; contact: ImportedContact; warnings: RowWarning[] }
  | { ok: false; reasons: RowReason[] };

/** Bounds of the columns, in characters. */
export const longest = {
  name: 200,
  email: 254,
  company: 200,
  city: 120,
  notes: 10_000,
  tag: 60,
  custom: 2000,
};
const mostTags = 50;

/** Where an e-mail address goes that cannot be one: nothing of the file is lost. */
export const unreadableEmailKey = "email_as_given";
/** The same of a consent in words or a date that nobody can be sure of: it is kept, and counts for nothing. */
export const unclearConsentKey = "consent_as_given";

/** A reader for the rows of one file: headers (unique, see uniqueHeaders) and mapping are worked through once. */
export function rowReader(
  headers: readonly string[],
  mapping: ColumnMapping,
  defaultRegion: string | null,
): (cells: readonly string[]) => RowResult {
  const place: Partial<Record<FixedField, number>> = {};
  const custom: { key: string; at: number }[] = [];
  headers.forEach((header, at) => {
    const field = mapping[header];
    if (!field) return;
    if (field.startsWith("custom:")) custom.push({ key: field.slice("custom:".length), at });
    else place[field as FixedField] = at;
  });
  const nameParts = [firstNameKey, lastNameKey]
    .map((field) => custom.find(({ key }) => `custom:${key}` === field)?.at)
    .filter((at) => at !== undefined);

  return (cells) => {
    const cell = (at: number | undefined) => (at === undefined ? "" : clean(cells[at] ?? ""));
    const field = (name: FixedField) => cell(place[name]);
    if (cells.every((text) => clean(text) === "")) return { ok: false, reasons: ["empty_row"] };

    const reasons = new Set<RowReason>();
    if (cells.length > headers.length && cells.slice(headers.length).some((text) => clean(text) !== "")) {
      reasons.add("too_many_cells"); // shifted by a stray quote or delimiter: no cell can be trusted
    }

    const rowRegion = regionOf(field("country"));
    const rawPhone = field("phone_number");
    const phone = normalizePhoneNumber(isPlaceholder(rawPhone) ? "" : rawPhone, rowRegion ?? defaultRegion);
    if (!phone.ok) reasons.add(phone.reason);

    const name = field("name") || nameParts.map(cell).filter(Boolean).join(" ");
    const [company, city, notes] = [field("company"), field("city"), field("notes")];
    const email = readEmail(field("email"));
    const tags = readTags(field("tags"));
    const values: Record<string, string> = {};
    for (const { key, at } of custom) {
      const value = cell(at);
      if (value !== "") values[key] = value;
    }
    if (email.unreadable) values[unreadableEmailKey] = email.unreadable;
    const basis = field("consent");
    const consent =
      basis === ""
        ? noConsentGiven
        : readConsent({
            basis,
            at: field("consent_at"),
            source: field("consent_source"),
            evidence: field("consent_evidence"),
          });
    if (consent.unclear) values[unclearConsentKey] = consent.unclear;

    const fits =
      name.length <= longest.name &&
      company.length <= longest.company &&
      city.length <= longest.city &&
      notes.length <= longest.notes &&
      tags.every((tag) => tag.length <= longest.tag) &&
      Object.values(values).every((value) => value.length <= longest.custom);
    if (!fits) reasons.add("too_long");
    if (tags.length > mostTags) reasons.add("too_many_tags");
    if (reasons.size > 0 || !phone.ok) return { ok: false, reasons: [...reasons] };

    return {
      ok: true,
      contact: {
        phoneNumber: phone.phoneNumber,
        country: phone.country ?? rowRegion,
        name: name || null,
        email: email.address,
        company: company || null,
        city: city || null,
        notes: notes || null,
        tags,
        custom: values,
        consent: consent.given,
      },
      warnings: [
        ...(email.unreadable ? (["email_invalid"] as const) : []),
        ...(consent.unclear ? (["consent_unclear"] as const) : []),
      ],
    };
  };
}

/** What each reason says to a person: what happened, and the cure. */
const sentences: Record<RowReason | RowWarning, string> = {
  phone_missing: "The row has no phone number. Fill it in.",
  phone_invalid: "The phone number does not exist in any country's plan. Check its digits.",
  phone_scientific_notation:
    "A spreadsheet turned the phone number into a short figure. Format the column as text and export it again.",
  phone_no_country:
    "The phone number has no country code. Write it with + and the code, or choose the list's country.",
  phone_several: "The cell holds several phone numbers. Leave one in it.",
  phone_extension: "The phone number has an extension, which cannot be dialled. Use a direct number.",
  phone_not_callable: "The number is a premium-rate line, a pager or a mailbox. Use a normal number.",
  too_long: "A cell is longer than its field allows. Shorten it.",
  too_many_tags: "The row has more than 50 tags. Keep the ones you use.",
  too_many_cells: "The row has more cells than there are columns. A quote or delimiter in it is misplaced.",
  empty_row: "The row is empty.",
  duplicate_in_file: "The same phone number stands further up in the file; that row was taken.",
  row_unreadable: "The row could not be read. A quote in it is never closed.",
  consent_unclear:
    "The consent or its day cannot be read for certain. The contact is taken without it; the text is kept in the field consent_as_given.",
  email_invalid:
    "The e-mail address cannot be one. The contact is taken; the text is kept in the field email_as_given.",
};

/** The sentence of a reason, with the cell it is about where that helps. */
export function rowReasonText(reason: string, phoneCell?: string): string {
  if (reason === "phone_scientific_notation" && phoneCell) {
    return `A spreadsheet turned the phone number into ${phoneCell.trim()}. Format the column as text and export it again.`;
  }
  return Object.hasOwn(sentences, reason)
    ? sentences[reason as RowReason]
    : `The row was refused: ${reason}.`;
}

/** Text as a database can hold it: no NUL, no half characters, no blanks around it; our own formula guard taken off. */
function clean(text: string): string {
  return unescapeCell(text.includes("\u0000") ? text.replaceAll("\u0000", "") : text)
    .toWellFormed()
    .trim();
}

/** What exports write into cells that have nothing to say. */
function isPlaceholder(text: string): boolean {
  return /^(n\/?a|#n\/a|null|none|nil|unknown|undefined|[-–—.?]+)$/i.test(text);
}

function readEmail(text: string): { address: string | null; unreadable?: string } {
  if (text === "" || isPlaceholder(text)) return { address: null };
  const address = text.replace(/^mailto:/i, "").toLowerCase();
  if (
    address.length <= longest.email &&
    /^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+\.[^\s@<>(),;:".]{2,}$/.test(address)
  )
    return { address };
  return { address: null, unreadable: text.slice(0, longest.custom) };
}

const consentWords: Record<ImportedConsent["basis"], RegExp> = {
  express: /^(express|expressed|explicit|yes|y|true|1|given|granted|opt(ed)?[ -]?in|ja|si|sí|oui)$/i,
  written: /^(written|in writing|signed|schriftlich|escrito|écrit)$/i,
  existing: /^(existing|existing customer|customer|implied|bestandskunde)$/i,
};
const noConsent = /^(no|n|false|0|none|denied|refused|revoked|withdrawn|opt(ed)?[ -]?out|nein|non)$/i;

const noConsentGiven: { given: ImportedConsent | null; unclear?: string } = { given: null };

/** A word of consent and a day that can be read; anything less clear is no consent. Days are written year first. */
function readConsent(its: { basis: string; at: string; source: string; evidence: string }): {
  given: ImportedConsent | null;
  unclear?: string;
} {
  if (isPlaceholder(its.basis) || noConsent.test(its.basis)) return { given: null };
  const basis = (Object.keys(consentWords) as ImportedConsent["basis"][]).find((word) =>
    consentWords[word].test(its.basis),
  );
  const at = its.at === "" || isPlaceholder(its.at) ? null : instantOf(its.at);
  if (!basis || at === "unclear")
    return { given: null, unclear: [its.basis, its.at].filter(Boolean).join(", ").slice(0, longest.custom) };
  return {
    given: {
      basis,
      obtainedAt: at,
      source: its.source.slice(0, 500) || null,
      evidence: its.evidence.slice(0, 2000) || null,
    },
  };
}

/** `2026-07-01`, with or without a time; without an offset it is read as UTC. Day-first dates are nobody's guess. */
function instantOf(text: string): string | "unclear" {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text,
  );
  const at =
    match &&
    new Date(
      `${match[1]}T${match[2] ?? "00:00"}:00${match[3]?.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2") ?? "Z"}`,
    );
  return at && !Number.isNaN(at.getTime()) ? at.toISOString() : "unclear";
}

function readTags(text: string): string[] {
  if (text === "") return [];
  const tags = text
    .split(/[,;|\n]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
  return [...new Set(tags)];
}
