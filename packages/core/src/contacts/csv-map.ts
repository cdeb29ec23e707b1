/** Which column of somebody's spreadsheet is which field of a contact. */

/** Fields a column can go to, besides `custom:<key>`. */
export const importFields = [
  "name",
  "phone_number",
  "email",
  "company",
  "city",
  "country",
  "notes",
  "tags",
  "consent",
  "consent_at",
  "consent_source",
  "consent_evidence",
] as const;
export type FixedField = (typeof importFields)[number];
export type ImportField = FixedField | `custom:${string}`;

/** Columns without which a list cannot be called. */
export const requiredFields = ["phone_number"] as const satisfies readonly FixedField[];

/** Header → field, or null for a column that is left out. */
export type ColumnMapping = Record<string, ImportField | null>;

/** Header words after folding, best first: when several columns fit, the earlier alias wins. */
const aliases: Record<FixedField, readonly string[]> = {
  phone_number: [
    "phone number",
    "phone",
    "phonenumber",
    "mobile number",
    "mobile",
    "mobile phone",
    "mobile no",
    "phone no",
    "contact number",
    "contact no",
    "cell",
    "cell phone",
    "cellphone",
    "cell number",
    "telephone",
    "telephone number",
    "tel",
    "whatsapp",
    "whatsapp number",
    "primary phone",
    "work phone",
    "home phone",
    "phone 1",
    "msisdn",
    "telefon",
    "telefonnummer",
    "handy",
    "telefono",
    "numero de telefono",
    "celular",
    "telefone",
    "portable",
    "फोन",
    "मोबाइल",
  ],
  name: [
    "name",
    "full name",
    "fullname",
    "contact name",
    "contact",
    "customer name",
    "customer",
    "lead name",
    "lead",
    "client name",
    "client",
    "person",
    "display name",
    "nombre",
    "nombre completo",
    "nom",
    "nome",
    "नाम",
  ],
  email: [
    "email",
    "email address",
    "e mail",
    "e mail address",
    "emailaddress",
    "mail",
    "work email",
    "correo",
    "correo electronico",
  ],
  company: [
    "company",
    "company name",
    "organization",
    "organisation",
    "organization name",
    "organisation name",
    "business",
    "business name",
    "account",
    "account name",
    "employer",
    "firm",
    "firma",
    "empresa",
    "societe",
  ],
  city: ["city", "town", "location", "ciudad", "ville", "stadt", "शहर"],
  country: ["country", "country code", "country name", "nation", "pais", "pays", "land"],
  notes: [
    "notes",
    "note",
    "comments",
    "comment",
    "description",
    "remarks",
    "remark",
    "details",
    "notizen",
    "notas",
  ],
  consent: [
    "consent",
    "consent basis",
    "consent type",
    "consent given",
    "opt in",
    "opted in",
    "einwilligung",
  ],
  consent_at: [
    "consent at",
    "consent date",
    "consent time",
    "consent given at",
    "opt in date",
    "opted in at",
  ],
  consent_source: ["consent source", "consent given where", "opt in source"],
  consent_evidence: [
    "consent evidence",
    "consent proof",
    "proof of consent",
    "consent url",
    "consent record",
  ],
  tags: ["tags", "tag", "labels", "label", "categories", "category", "segment", "segments", "list", "lists"],
};

/** Two halves of a name that spreadsheets keep apart; joined by the row reader. */
const firstNames = ["first name", "firstname", "given name", "forename", "vorname", "prenom"];
const lastNames = ["last name", "lastname", "surname", "family name", "nachname", "apellido"];
export const firstNameKey = "custom:first_name";
export const lastNameKey = "custom:last_name";

const customKeyPattern = /^custom:[a-z0-9][a-z0-9_]{0,59}$/;

export function isImportField(field: string): field is ImportField {
  return (importFields as readonly string[]).includes(field) || customKeyPattern.test(field);
}

/** `Mobile No.` → `mobile no`: case, accents, punctuation, underscores and camel case do not tell headers apart. */
export function foldHeader(header: string): string {
  return header
    .normalize("NFKD")
    .replace(/\p{Mn}(?<![\u0900-\u097f])/gu, "") // accents of Latin letters; Devanagari vowels stay
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .trim();
}

/** `Lead Source (2024)` → `lead_source_2024`; null if nothing of the header can be a key. */
export function customKey(header: string): string | null {
  const key = foldHeader(header)
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 60)
    .replace(/_+$/, "");
  return key === "" ? null : key;
}

/**
 * A first guess for every column: known names to their fields, the rest to custom fields under a key made from the
 * header. No field is given to two columns; the best alias wins, then the leftmost.
 */
export function suggestMapping(headers: readonly string[]): ColumnMapping {
  const folded = headers.map(foldHeader);
  const chosen = new Map<number, ImportField>();
  for (const field of importFields) {
    const ranked = folded
      .map((header, at) => ({ at, rank: aliases[field].indexOf(header) }))
      .filter(({ at, rank }) => rank >= 0 && !chosen.has(at))
      .toSorted((a, b) => a.rank - b.rank || a.at - b.at);
    if (ranked[0]) chosen.set(ranked[0].at, field);
  }

  const used = new Set<string>(chosen.values());
  const mapping: ColumnMapping = {};
  headers.forEach((header, at) => {
    mapping[header] = chosen.get(at) ?? freeCustomField(header, folded[at]!, at, used);
  });
  return mapping;
}

/**
 * A mapping with some columns changed. A field that a change claims is taken from the column that had it (which goes
 * nowhere then); columns the change does not name stay. Headers the file does not have are returned as `unknown`.
 */
export function changeMapping(
  current: ColumnMapping,
  change: ColumnMapping,
): { mapping: ColumnMapping; unknown: string[] } {
  const claimed = new Set(Object.values(change).filter((field) => field !== null));
  const mapping: ColumnMapping = {};
  for (const [header, field] of Object.entries(current)) {
    if (Object.hasOwn(change, header)) mapping[header] = change[header] ?? null;
    else mapping[header] = field !== null && claimed.has(field) ? null : field;
  }
  return { mapping, unknown: Object.keys(change).filter((header) => !Object.hasOwn(current, header)) };
}

/** Required fields that no column goes to; empty: the rows can be checked at once. */
export function missingFields(mapping: ColumnMapping): FixedField[] {
  const given = new Set(Object.values(mapping));
  return requiredFields.filter((field) => !given.has(field));
}

/** Fields that several columns claim: a mapping must not have any. */
export function doubledFields(mapping: ColumnMapping): ImportField[] {
  const seen = new Set<ImportField>();
  const doubled = new Set<ImportField>();
  for (const field of Object.values(mapping)) {
    if (field === null) continue;
    if (seen.has(field)) doubled.add(field);
    seen.add(field);
  }
  return [...doubled];
}

/** Headers as they are used for mapping: blanks named by their place, repeats numbered, so that each is one key. */
export function uniqueHeaders(headers: readonly string[]): string[] {
  const used = new Set<string>();
  return headers.map((raw, at) => {
    const header = raw.replace(/^\ufeff/, "").trim() || `Column ${at + 1}`;
    let unique = header;
    for (let n = 2; used.has(unique); n += 1) unique = `${header} (${n})`;
    used.add(unique);
    return unique;
  });
}

export const delimiters = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof delimiters)[number];

/**
 * The delimiter of a sample (the first some kilobytes of a file, as text): the one that cuts the most lines into the
 * same number of cells. Quoted text does not count. A single column is taken as comma separated.
 */
export function sniffDelimiter(sample: string): Delimiter {
  let best: { delimiter: Delimiter; evidence: number } = { delimiter: ",", evidence: 0 };
  for (const delimiter of delimiters) {
    const widths = cellCounts(sample, delimiter);
    const width = widths[0] ?? 1;
    if (width < 2) continue;
    const alike = widths.filter((count) => count === width).length / widths.length;
    const evidence = alike * 1000 + width;
    if (evidence > best.evidence) best = { delimiter, evidence };
  }
  return best.delimiter;
}

/** Cells per line of the sample, outside quotes; the last line may be cut off and is left out if there are others. */
function cellCounts(sample: string, delimiter: string): number[] {
  const counts: number[] = [];
  let cells = 1;
  let quoted = false;
  let blank = true;
  for (const char of sample.replace(/^\ufeff/, "")) {
    if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === delimiter) cells += 1;
    else if (char === "\n" || char === "\r") {
      if (!blank) counts.push(cells);
      cells = 1;
      blank = true;
      continue;
    }
    blank = false;
  }
  if (!blank && counts.length === 0) counts.push(cells);
  return counts;
}

function freeCustomField(header: string, folded: string, at: number, used: Set<string>): ImportField {
  const base = firstNames.includes(folded)
    ? "first_name"
    : lastNames.includes(folded)
      ? "last_name"
      : (customKey(header) ?? `column_${at + 1}`);
  let field: ImportField = `custom:${base}`;
  for (let n = 2; used.has(field); n += 1) field = `custom:${base.slice(0, 56)}_${n}`;
  used.add(field);
  return field;
}
