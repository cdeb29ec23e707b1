/** Countries by the names people write into spreadsheets. */
import { regions } from "../phone.ts";

const shortNames: Record<string, string> = {
  usa: "US",
  "u.s.": "US",
  "u.s.a.": "US",
  "united states of america": "US",
  uk: "GB",
  "u.k.": "GB",
  "great britain": "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  uae: "AE",
  bharat: "IN",
  holland: "NL",
  deutschland: "DE",
};

let names: Map<string, string> | null = null;

/** `India`, `IN`, `usa`, `United Kingdom` → ISO alpha-2; null for what is no country. */
export function regionOf(text: string): string | null {
  const word = text.trim().toLowerCase();
  if (word === "") return null;
  names ??= new Map([
    ...regions().map((region) => [englishName(region), region] as const),
    ...regions().map((region) => [region.toLowerCase(), region] as const),
    ...Object.entries(shortNames),
  ]);
  return names.get(word) ?? null;
}

const english = new Intl.DisplayNames("en", { type: "region" });

function englishName(region: string): string {
  return (english.of(region) ?? region).toLowerCase();
}
