/**
 * A quick reading of numbers that are written plainly. The library builds its patterns anew for every question, a dozen
 * of them for a number; here each country's are built once, from the same metadata. It answers only where nothing is
 * left to judge; whatever it does not know is the library's to decide. A test holds the two against each other.
 */
import { isSupportedCountry, Metadata } from "libphonenumber-js/max";
import type { CountryCode } from "libphonenumber-js/max";

export type PlainNumber = { callingCode: string; national: string; country: string; type: string };

/** Digits with blanks, dashes and brackets between them. A dot may stand for a spreadsheet's fraction. */
const PLAIN = /^\+?[0-9][0-9 ()-]{5,20}$/;

/** What the library knows of a country, under the names it gives it. */
type LibraryMetadata = {
  hasCallingCode(code: string): boolean;
  getCountryCodesForCallingCode(code: string): string[] | undefined;
  selectNumberingPlan(country: string): void;
  numberingPlan: {
    callingCode(): string;
    IDDPrefix(): string | undefined;
    nationalNumberPattern(): string;
    nationalPrefixForParsing(): string | undefined;
    leadingDigits(): string | undefined;
    type(name: string): { pattern(): string; possibleLengths(): number[] | undefined } | undefined;
  };
};

type Kind = { name: string; lengths: number[] | undefined; pattern: RegExp };

type Plan = {
  callingCode: string;
  /** Of the countries that share the calling code the first is the main one. */
  countries: readonly string[];
  abroad: RegExp | null;
  prefix: RegExp | null;
  /** The prefix, where it is nothing but digits that are left out. */
  plainPrefix: string | null;
  leading: RegExp | null;
  general: RegExp;
  fixed: Kind | null;
  /** Every fixed line may be a mobile as well. */
  fixedIsMobile: boolean;
  others: readonly Kind[];
};

const otherKinds = [
  "MOBILE",
  "PREMIUM_RATE",
  "TOLL_FREE",
  "SHARED_COST",
  "VOIP",
  "PERSONAL_NUMBER",
  "PAGER",
  "UAN",
  "VOICEMAIL",
];

const metadata = new Metadata() as unknown as LibraryMetadata;
const plans = new Map<string, Plan>();
const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const start = (pattern: string | undefined) => (pattern ? new RegExp(`^(?:${pattern})`) : null);

function planOf(country: string): Plan {
  let plan = plans.get(country);
  if (!plan) plans.set(country, (plan = readPlan(country)));
  return plan;
}

function readPlan(country: string): Plan {
  metadata.selectNumberingPlan(country);
  const of = metadata.numberingPlan;
  const kind = (name: string): Kind | null => {
    const type = of.type(name);
    const pattern = type?.pattern();
    return type && pattern ? { name, lengths: type.possibleLengths(), pattern: whole(pattern) } : null;
  };
  const prefix = of.nationalPrefixForParsing();
  const mobile = of.type("MOBILE");
  return {
    callingCode: of.callingCode(),
    countries: metadata.getCountryCodesForCallingCode(of.callingCode()) ?? [],
    abroad: start(of.IDDPrefix()),
    prefix: start(prefix),
    plainPrefix: prefix && /^\d+$/.test(prefix) ? prefix : null,
    leading: start(of.leadingDigits()),
    general: whole(of.nationalNumberPattern()),
    fixed: kind("FIXED_LINE"),
    fixedIsMobile: !mobile || mobile.pattern() === "",
    others: otherKinds.map(kind).filter((one) => one !== null),
  };
}

const isOf = ({ lengths, pattern }: Kind, national: string) =>
  !lengths?.length || lengths.includes(national.length) ? pattern.test(national) : false;

/** The library's getNumberType, question by question. */
function typeOf(plan: Plan, national: string): string | null {
  if (!plan.general.test(national)) return null;
  if (plan.fixed && isOf(plan.fixed, national)) {
    const both =
      plan.fixedIsMobile || plan.others.some((kind) => kind.name === "MOBILE" && isOf(kind, national));
    return both ? "FIXED_LINE_OR_MOBILE" : "FIXED_LINE";
  }
  return plan.others.find((kind) => isOf(kind, national))?.name ?? null;
}

/** A number of a known kind, read without any doubt; null: ask the library. */
export function readPlainly(text: string, region: string | null | undefined): PlainNumber | null {
  if (!PLAIN.test(text)) return null;
  const digits = text.replace(/\D/g, "");
  return text.startsWith("+") ? fromAbroad(digits) : region ? atHome(digits, region) : null;
}

function fromAbroad(digits: string): PlainNumber | null {
  if (digits.startsWith("0")) return null;
  const length = [1, 2, 3].find((n) => metadata.hasCallingCode(digits.slice(0, n)));
  if (!length) return null;
  const main = metadata.getCountryCodesForCallingCode(digits.slice(0, length))?.[0];
  if (!main || main === "001") return null;
  const rest = digits.slice(length);
  const plan = planOf(main);
  return plan.prefix?.test(rest) ? null : inCountry(plan, rest);
}

function atHome(digits: string, region: string): PlainNumber | null {
  if (!isSupportedCountry(region)) return null;
  const plan = planOf(region satisfies CountryCode);
  if (plan.abroad?.test(digits) || digits.startsWith(plan.callingCode)) return null;
  if (!plan.prefix?.test(digits)) return inCountry(plan, digits);
  if (!plan.plainPrefix || plan.countries.length !== 1) return null;
  return inCountry(plan, digits.slice(plan.plainPrefix.length));
}

/** Which of the countries of a calling code a number belongs to, and of what kind it is there. */
function inCountry({ callingCode, countries }: Plan, digits: string): PlainNumber | null {
  for (const country of countries) {
    const plan = planOf(country);
    const type = typeOf(plan, digits);
    const isHere = countries.length === 1 || (plan.leading ? plan.leading.test(digits) : type !== null);
    if (isHere) return type === null ? null : { callingCode, national: digits, country, type };
  }
  return null;
}
