/** Option texts → values of the contract. Each refuses what it cannot read, naming the option. */
import { isImportField, type ImportField } from "@parley/core/contacts/csv-map";
import type { CampaignDraft } from "@parley/core/campaigns/schema";
import { weekdays, type Weekday } from "@parley/core/zone";
import { usage } from "./failure.ts";

export function whole(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw usage(`${option} must be a whole number, not “${text}”.`);
  return Number(text);
}

export function decimal(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw usage(`${option} must be a number, not “${text}”.`);
  return value;
}

/** Any date that JavaScript reads, in the reader's zone when it names none; as ISO-8601. */
export function instant(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw usage(
      `${option} must be a time like 2026-12-01T09:00 (your zone) or with an offset, not “${text}”.`,
    );
  return at.toISOString();
}

export function oneOf<const Word extends string>(
  text: string | undefined,
  words: readonly Word[],
  option: string,
): Word | undefined {
  if (text === undefined) return undefined;
  if (!words.includes(text as Word))
    throw usage(`${option} must be one of ${words.join(", ")}, not “${text}”.`);
  return text as Word;
}

/** `phone_number=Mobile` → header and field. The field may be `custom:<key>`, or `-` to leave the column out. */
export function mapping(texts: readonly string[]): Record<string, ImportField | null> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf("=");
      const [field, header] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
      if (at < 1 || header === "")
        throw usage(`--map must be FIELD=HEADER, like phone_number=Mobile, not “${text}”.`);
      if (field === "-") return [header, null];
      if (!isImportField(field))
        throw usage(
          `--map knows no field “${field}”. Use name, phone_number, email, company, city, country, notes, tags, custom:<key>, or - to leave a column out.`,
        );
      return [header, field];
    }),
  );
}

/** `mon-fri 09:30-18:00`, `sat,sun 10:00-14:00`, `daily 00:00-24:00`. */
export function callingHours(text: string | undefined): CampaignDraft["window"] {
  if (text === undefined) return undefined;
  const match = /^(\S+)\s+(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text.trim().toLowerCase());
  const days = match && daysOf(match[1]!);
  if (!match || !days)
    throw usage(`--window must be like “mon-fri 09:30-18:00” or “daily 10:00-20:00”, not “${text}”.`);
  return { days, open: match[2]!, close: match[3]! };
}

function daysOf(text: string): Weekday[] | null {
  if (text === "daily") return [...weekdays];
  const days = text.split(",").map((part) => {
    const [from = "", to = from] = part.split("-");
    const [first, last] = [weekdays.indexOf(from as Weekday), weekdays.indexOf(to as Weekday)];
    return first < 0 || last < first ? null : weekdays.slice(first, last + 1);
  });
  return days.includes(null) ? null : [...new Set(days.flat() as Weekday[])];
}

const waitLists = {
  busy: "busy",
  "no-answer": "noAnswer",
  failed: "failed",
  voicemail: "voicemail",
} as const;

/** `max=3 busy=15,60 no-answer=120 voicemail=`: minutes to wait after the 1st, 2nd … such end; nothing = never again. */
export function retryRules(text: string | undefined): CampaignDraft["retry"] {
  if (text === undefined) return undefined;
  const rules: Record<string, unknown> = {};
  for (const part of text.trim().split(/\s+/)) {
    const [name = "", value = ""] = part.split("=");
    if (name === "max") rules["maxAttempts"] = whole(value, "--retry max");
    else if (Object.hasOwn(waitLists, name))
      rules[waitLists[name as keyof typeof waitLists]] = value
        .split(",")
        .filter(Boolean)
        .map((minutes) => decimal(minutes, `--retry ${name}`));
    else
      throw usage(
        `--retry knows max, busy, no-answer, failed and voicemail, not “${name}”. Example: “max=3 busy=15,60”.`,
      );
  }
  return rules as unknown as CampaignDraft["retry"];
}
