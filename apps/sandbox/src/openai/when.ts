/** Days and hours as people say them, read against a local "now". */

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const numbers = [
  "zero",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];
const MINUTE = 60_000;

const dayWords = `the day after tomorrow|day after tomorrow|tomorrow|today|tonight|(?:next |this )?(?:${weekdays.join("|")})`;
const digits = String.raw`\d{1,2}(?:[:.]\d{2})?\s*(?:a\.?m\.?|p\.?m\.?)?`;
const spelled = `(?:half past |quarter past |quarter to )?(?:${numbers.slice(1).join("|")})(?: thirty| fifteen| forty[- ]five)?(?: o'clock)?`;
const partOfDay = "(?: in the (?:morning|afternoon|evening)| at night)?";
const hourWords = `noon|midday|(?:${digits}|${spelled})${partOfDay}`;

const dayThenHour = new RegExp(String.raw`\b(${dayWords})\b,?\s*(?:at|around|by)?\s*(${hourWords})`, "gi");
const hourThenDay = new RegExp(
  String.raw`\b(?:at|around)\s+(${hourWords})\s*(?:on)?\s+(${dayWords})\b`,
  "gi",
);
const inAWhile = /\bin (an?|\d+|two|three|five|ten|twenty|thirty) (minute|hour)s?\b/i;

export interface Now {
  at: number;
  zone: string;
}

export interface Appointed {
  /** ISO-8601 with the offset of the place at that time. */
  iso: string;
  /** The words that say so. */
  words: string;
}

/** The last day and hour named in the text, when they lie in the future. */
export function lastTimeNamed(text: string, now: Now): Appointed | null {
  const found = [
    ...[...text.matchAll(dayThenHour)].map((match) => ({
      index: match.index,
      words: match[0],
      day: match[1]!,
      hour: match[2]!,
    })),
    ...[...text.matchAll(hourThenDay)].map((match) => ({
      index: match.index,
      words: match[0],
      day: match[2]!,
      hour: match[1]!,
    })),
  ].toSorted((a, b) => b.index - a.index);
  for (const { words, day, hour } of found) {
    const minutes = minutesOf(hour);
    if (minutes === null) continue;
    const at = instantOf(day, minutes, now);
    if (at > now.at) return { iso: localIso(at, now.zone), words: words.trim() };
  }
  return null;
}

/** "in ten minutes", "in an hour". */
export function afterAWhile(text: string, now: Now): Appointed | null {
  const found = inAWhile.exec(text);
  if (!found) return null;
  const word = found[1]!.toLowerCase();
  const tens: Record<string, number> = { twenty: 20, thirty: 30, a: 1, an: 1 };
  const amount = tens[word] ?? (numbers.includes(word) ? numbers.indexOf(word) : Number(word));
  const unit = found[2]!.toLowerCase() === "hour" ? 60 * MINUTE : MINUTE;
  return { iso: localIso(now.at + amount * unit, now.zone), words: found[0] };
}

/** Minutes after midnight. Without a part of the day, one to seven mean the afternoon. */
function minutesOf(words: string): number | null {
  const text = words.toLowerCase().trim();
  if (/\b(noon|midday)\b/.test(text)) return 12 * 60;
  const numeric = /^(\d{1,2})(?:[:.](\d{2}))?/.exec(text);
  let hour: number;
  let minute = 0;
  if (numeric) {
    hour = Number(numeric[1]);
    minute = Number(numeric[2] ?? 0);
  } else {
    const word = numbers.findLast((number) => new RegExp(String.raw`\b${number}\b`).test(text));
    if (!word) return null;
    hour = numbers.indexOf(word);
    if (/half past| thirty/.test(text)) minute = 30;
    else if (/quarter past| fifteen/.test(text)) minute = 15;
    else if (/forty/.test(text)) minute = 45;
    else if (/quarter to/.test(text)) {
      hour -= 1;
      minute = 45;
    }
  }
  if (hour > 23 || minute > 59) return null;
  const later = /p\.?m|afternoon|evening|night/.test(text);
  const earlier = /a\.?m|morning/.test(text);
  if (later && hour < 12) hour += 12;
  else if (earlier && hour === 12) hour = 0;
  else if (!later && !earlier && hour >= 1 && hour <= 7) hour += 12;
  return hour * 60 + minute;
}

function instantOf(words: string, minutes: number, now: Now): number {
  const local = new Date(now.at + offsetAt(now.at, now.zone));
  const day = words.toLowerCase();
  let ahead = 0;
  if (day.includes("after tomorrow")) ahead = 2;
  else if (day.includes("tomorrow")) ahead = 1;
  else {
    const weekday = weekdays.findIndex((name) => day.includes(name));
    if (weekday >= 0) ahead = (weekday - local.getUTCDay() + 7) % 7 || 7;
  }
  const wall = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() + ahead, 0, minutes);
  return wall - offsetAt(wall - offsetAt(wall, now.zone), now.zone);
}

/** How far the zone's clocks are ahead of UTC at that instant, in ms. */
function offsetAt(at: number, zone: string): number {
  const name = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName")?.value;
  const parts = /GMT([+-])(\d\d):(\d\d)/.exec(name ?? "");
  if (!parts) return 0;
  return (parts[1] === "-" ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3])) * MINUTE;
}

function localIso(at: number, zone: string): string {
  const offset = offsetAt(at, zone);
  const minutes = Math.abs(offset) / MINUTE;
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${new Date(at + offset).toISOString().slice(0, 19)}${offset < 0 ? "-" : "+"}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

/** The instant and the zone that the instructions give, or the fall-back. */
export function nowIn(instructions: string, fallback: number): Now {
  const zone = [...instructions.matchAll(/\b[A-Z][A-Za-z]+(?:\/[A-Z][A-Za-z_+-]+){1,2}\b/g)]
    .map(([name]) => name)
    .find(isZone);
  const stated = /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?/.exec(instructions);
  const place = zone ?? "UTC";
  if (!stated) return { at: fallback, zone: place };
  if (stated[1]) return { at: Date.parse(stated[0].replace(" ", "T")), zone: place };
  const wall = Date.parse(`${stated[0].replace(" ", "T")}Z`);
  return { at: wall - offsetAt(wall, place), zone: place };
}

function isZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en-US", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}
