/** Numbers, money, lengths and times as text, all through Intl and the reader's locale. */

export const locale: string =
  typeof navigator === "undefined" ? "en-GB" : (navigator.languages?.[0] ?? navigator.language ?? "en-GB");

/** Names of zones that browsers still give for places that are called otherwise today. */
const oldZones: Record<string, string> = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Europe/Kiev": "Europe/Kyiv",
};

/** `Asia/Kolkata`, also where a browser says `Asia/Calcutta`. */
export const zoneNow = (zone: string): string => oldZones[zone] ?? zone;

/** The zone of this screen. Times are shown in it; the callee's zone is said where it differs. */
export const viewerZone: string = zoneNow(new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

const plain = new Intl.NumberFormat(locale);
const signed = new Intl.NumberFormat(locale, { signDisplay: "exceptZero" });
const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });

/** `4,596`: a number of things. Credits are integers and look the same. */
export const count = (value: number): string => plain.format(value);

/** `+500`, `−12`: an entry of the ledger. */
export const delta = (value: number): string => signed.format(value).replace("-", "−");

/** `12K`: axis labels only. */
export const short = (value: number): string => compact.format(value);

/** `1 call`, `2 calls`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** `41%`; under half a percent but not nothing is `<1%`. A share of nothing is a dash. */
export function share(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.5) return "<1%";
  if (percent < 100 && percent > 99.5) return ">99%";
  return `${Math.round(percent)}%`;
}

/** Seconds as a clock: `0:09`, `2:34`; from an hour on `3 h 28`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours} h ${String(minutes).padStart(2, "0")}` : `${minutes}:${rest}`;
}

/** A length of time in words, rounded to what matters: `40 s`, `17 min`, `2 h 10`, `3.2 days`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  if (whole < 48 * 3600) {
    const hours = Math.floor(whole / 3600);
    const minutes = Math.round((whole % 3600) / 60);
    return minutes === 60
      ? `${hours + 1} h`
      : minutes === 0
        ? `${hours} h`
        : `${hours} h ${String(minutes).padStart(2, "0")}`;
  }
  const days = whole / 86_400;
  return `${days < 10 ? days.toFixed(1).replace(/\.0$/, "") : Math.round(days)} days`;
}

/** `1.9 MB`. */
export function bytes(size: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let step = 0;
  let value = size;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function dateTime(options: Intl.DateTimeFormatOptions, zone: string): Intl.DateTimeFormat {
  const key = `${zone}|${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone, hourCycle: "h23" });
    formats.set(key, format);
  }
  return format;
}

type Moment = string | number | Date;
const instant = (at: Moment): Date => (at instanceof Date ? at : new Date(at));

/** `14:32`. */
export const clockTime = (at: Moment, zone = viewerZone): string =>
  dateTime({ hour: "2-digit", minute: "2-digit" }, zone).format(instant(at));

/** `14:05:08`: stages and logs. */
export const clockSeconds = (at: Moment, zone = viewerZone): string =>
  dateTime({ hour: "2-digit", minute: "2-digit", second: "2-digit" }, zone).format(instant(at));

/** `16 Jul`; another year than now is named. */
export function day(at: Moment, now: Moment = Date.now(), zone = viewerZone): string {
  const sameYear =
    dateTime({ year: "numeric" }, zone).format(instant(at)) ===
    dateTime({ year: "numeric" }, zone).format(instant(now));
  return dateTime(
    sameYear ? { day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" },
    zone,
  ).format(instant(at));
}

/** `Thu 16 Jul`. */
export const weekdayAndDay = (at: Moment, zone = viewerZone): string =>
  dateTime({ weekday: "short", day: "numeric", month: "short" }, zone).format(instant(at)).replace(",", "");

/** `Thu`. */
export const weekday = (at: Moment, zone = viewerZone): string =>
  dateTime({ weekday: "short" }, zone).format(instant(at));

const dayKey = (at: Moment, zone: string): string =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(instant(at));

/** How many calendar days of `zone` lie from `now` to `at`: 0 today, -1 yesterday. */
export const daysFromNow = (at: Moment, now: Moment, zone = viewerZone): number =>
  Math.round((Date.parse(dayKey(at, zone)) - Date.parse(dayKey(now, zone))) / 86_400_000);

/**
 * A moment as people say it: `14:32` today, `Fri 07:30` within a week, `16 Jul 14:05` further off.
 * `now` is the product's clock, which the sandbox may run faster than the wall's.
 */
export function moment(at: Moment, now: Moment, zone = viewerZone): string {
  const away = daysFromNow(at, now, zone);
  if (away === 0) return clockTime(at, zone);
  if (Math.abs(away) < 7) return `${weekday(at, zone)} ${clockTime(at, zone)}`;
  return `${day(at, now, zone)} ${clockTime(at, zone)}`;
}

/** `Thu 16 Jul 2026, 14:32:08 IST`: the tooltip of every time. */
export const exactly = (at: Moment, zone = viewerZone): string =>
  `${dateTime({ weekday: "short", day: "numeric", month: "short", year: "numeric" }, zone)
    .format(instant(at))
    .replace(",", "")}, ${clockSeconds(at, zone)} ${zoneName(zone, at)}`;

/** `IST`, `GMT+8`. */
export function zoneName(zone: string, at: Moment = Date.now()): string {
  const parts = dateTime({ timeZoneName: "short" }, zone).formatToParts(instant(at));
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
  return name === "GMT+5:30" ? "IST" : name;
}

/** `Kolkata` from `Asia/Kolkata`, and from `Asia/Calcutta`. */
export const zoneCity = (zone: string): string =>
  (zoneNow(zone).split("/").at(-1) ?? zone).replaceAll("_", " ");

/** `English`, `Hindi`; a code nobody has a name for is shown as it is. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Two letters for a round mark. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = words[0]?.[0] ?? "";
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? "") : "";
  return (first + last).toUpperCase();
}

const pad = (value: number) => String(value).padStart(2, "0");

/** An instant as the browser's date-and-time field wants it, in the reader's zone; empty for none. */
export function dateTimeField(at: string | null): string {
  if (!at) return "";
  const date = new Date(at);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** And back. */
export const fromDateTimeField = (field: string): string | null =>
  field === "" ? null : new Date(field).toISOString();
