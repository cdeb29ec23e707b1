/** Wall clocks of time zones, with Intl alone: what people read and say. The database decides what may be dialled. */

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

export type LocalTime = { day: string; weekday: Weekday; minutes: number; seconds: number };

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall in `timeZone` shows at an instant. */
export function localTime(at: string, timeZone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(new Date(at))
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: `${parts["year"]}-${parts["month"]}-${parts["day"]}`,
    weekday: String(parts["weekday"]).toLowerCase().slice(0, 3) as Weekday,
    minutes: Number(parts["hour"]) * 60 + Number(parts["minute"]),
    seconds: Number(parts["second"]),
  };
}

/** Minutes east of Greenwich at an instant. */
export function offsetMinutes(at: string, timeZone: string): number {
  const { day, minutes, seconds } = localTime(at, timeZone);
  const wall = Date.parse(`${day}T00:00:00Z`) + (minutes * 60 + seconds) * 1000;
  return Math.round((wall - Math.floor(Date.parse(at) / 1000) * 1000) / 60_000);
}

/** `2026-07-16T14:32:00+05:30`: an instant as people of the zone would write it. */
export function localIso(at: string, timeZone: string): string {
  const offset = offsetMinutes(at, timeZone);
  const wall = new Date(Math.floor(Date.parse(at) / 1000) * 1000 + offset * 60_000)
    .toISOString()
    .slice(0, 19);
  return wall + offsetText(offset);
}

/**
 * The instant at which a clock in `timeZone` shows `local` (`2026-07-16T14:32:00`), as ISO-8601 UTC. An hour that a
 * clock change repeats is taken the first time; one that it skips moves forward.
 */
export function fromLocal(local: string, timeZone: string): string {
  const wall = Date.parse(`${local}Z`);
  const guess = (offset: number) => new Date(wall - offset * 60_000).toISOString();
  const before = offsetMinutes(new Date(wall - 86_400_000).toISOString(), timeZone);
  const after = offsetMinutes(new Date(wall + 86_400_000).toISOString(), timeZone);
  const fits = [before, after].find((offset) => offsetMinutes(guess(offset), timeZone) === offset);
  return guess(fits ?? before);
}

function offsetText(minutes: number): string {
  const two = (figure: number) => String(figure).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Making a formatter is slow, using it is not. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23", // hour12: false says 24:30 after midnight
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    weekday: "short",
  });
  formats.set(timeZone, format);
  return format;
}
