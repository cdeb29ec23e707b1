/**
 * The one place that knows what a telephone number is. Large (metadata of every numbering plan): the web
 * imports it lazily, and everything that needs no metadata is in phone-text.ts.
 */
import { getCountries, isSupportedCountry, parsePhoneNumberWithError } from "libphonenumber-js/max";
import type { CountryCode, NumberType, PhoneNumber } from "libphonenumber-js/max";
import { readPlainly } from "./phone-plan.ts";

export const phoneReasons = [
  "phone_missing",
  "phone_invalid",
  "phone_scientific_notation",
  "phone_no_country",
  "phone_several",
  "phone_extension",
  "phone_not_callable",
] as const;

export type PhoneReason = (typeof phoneReasons)[number];

export type NormalizedPhone = {
  ok: true;
  /** `+[ISD] [Number]`, the only form that is stored. */
  phoneNumber: string;
  /** ISO 3166 alpha-2; null for numbers of no country (+800, +882). */
  country: string | null;
  callingCode: string;
  national: string;
};

export type PhoneRefusal = { ok: false; reason: PhoneReason };

/** Kinds that no sales call should ever reach: they cost the caller, or are no telephone. */
const notCallable = new Set<string | undefined>(["PREMIUM_RATE", "SHARED_COST", "PAGER", "VOICEMAIL"]);

/**
 * Any way people write a number → the canonical form, or the reason why not.
 * `defaultRegion` (ISO alpha-2) is used for numbers written without a country code.
 * Numbers that carry their country code without a plus (`919876543210`, `0091…`) are understood when nothing
 * in the default region fits.
 */
export function normalizePhoneNumber(
  raw: string,
  defaultRegion?: string | null,
): NormalizedPhone | PhoneRefusal {
  const plain = readPlainly(raw, defaultRegion);
  if (!plain || notCallable.has(plain.type)) return normalizeThoroughly(raw, defaultRegion);
  const { callingCode, national, country } = plain;
  return { ok: true, phoneNumber: `+${callingCode} ${national}`, country, callingCode, national };
}

/** The same by the library alone, which has the last word on whatever is not written plainly. */
export function normalizeThoroughly(
  raw: string,
  defaultRegion?: string | null,
): NormalizedPhone | PhoneRefusal {
  const text = unwrap(raw);
  if (text === "") return refuse("phone_missing");
  if (/^[+-]?\d+([.,]\d+)?e\+?\d+$/i.test(text)) return refuse("phone_scientific_notation");
  if (holdsSeveral(text)) return refuse("phone_several");

  const region = defaultRegion && isSupportedCountry(defaultRegion) ? defaultRegion : undefined;
  const read = parse(text, region) ?? parse(withPlus(text));
  if (!read) return refuse(needsCountry(text, region) ? "phone_no_country" : "phone_invalid");
  const { number, type } = read;
  if (number.ext) return refuse("phone_extension");
  if (notCallable.has(type)) return refuse("phone_not_callable");

  return {
    ok: true,
    phoneNumber: `+${number.countryCallingCode} ${number.nationalNumber}`,
    country: number.country ?? null,
    callingCode: String(number.countryCallingCode),
    national: String(number.nationalNumber),
  };
}

/** `+919876543210`, as providers write it, → `+91 9876543210`; null when it is no number. Idempotent. */
export function fromWire(wire: string): string | null {
  const read = parse(withPlus(wire.trim()));
  return read ? `+${read.number.countryCallingCode} ${read.number.nationalNumber}` : null;
}

/** Country (ISO alpha-2) of a canonical number, null if it has none. */
export function countryOf(phoneNumber: string): string | null {
  return parse(phoneNumber)?.number.country ?? null;
}

/** `+91 98765 43210`, grouped as the country groups it: for reading only, never stored. */
export function formatInternational(phoneNumber: string): string {
  return parse(phoneNumber)?.number.formatInternational() ?? phoneNumber;
}

/** Every ISO region that has a numbering plan. */
export function regions(): string[] {
  return getCountries();
}

/** Is this an ISO region whose national numbers can be understood? */
export function isRegion(region: string): boolean {
  return isSupportedCountry(region);
}

/** Takes off what spreadsheets and address books put around a number. */
function unwrap(raw: string): string {
  return raw
    .normalize("NFKC")
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060\ufeff]/g, "") // invisible marks pasted from web pages
    .trim()
    .replace(/^="?(.*?)"?$/, "$1") // ="098…" keeps a spreadsheet from eating zeros
    .replace(/^'+/, "")
    .replace(/^(tel|phone|mobile|callto):\s*/i, "")
    .replace(/^(\+?\d{6,})\.0+$/, "$1") // a number column read as a float
    .trim();
}

function holdsSeveral(text: string): boolean {
  const parts = text
    .split(/[,;/|\n]|\bor\b|\band\b|&/i)
    .filter((part) => part.replace(/\D/g, "").length >= 7);
  return parts.length > 1;
}

type Read = { number: PhoneNumber; type: NonNullable<NumberType> };

function parse(text: string, region?: CountryCode): Read | null {
  try {
    const number = parsePhoneNumberWithError(
      text,
      region ? { defaultCountry: region, extract: false } : { extract: false },
    );
    const type = number.getType();
    return type === undefined ? null : { number, type }; // with full metadata: no kind, no such number
  } catch {
    return null; // the library's reason is one of four words and never more telling than ours
  }
}

function withPlus(text: string): string {
  const digits = text.replace(/\D/g, "");
  if (text.startsWith("+")) return text;
  if (digits.startsWith("00")) return `+${digits.slice(2)}`;
  return digits.length >= 11 ? `+${digits}` : text;
}

/** Would a region have helped? Only said when there is none and the digits could be a national number. */
function needsCountry(text: string, region: CountryCode | undefined): boolean {
  const digits = text.replace(/\D/g, "");
  return region === undefined && !text.startsWith("+") && digits.length >= 6 && digits.length <= 12;
}

function refuse(reason: PhoneReason): PhoneRefusal {
  return { ok: false, reason };
}
