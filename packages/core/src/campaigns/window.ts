/**
 * Calling hours as the form shows them: words, and a preview of "is it open there now" with Intl alone. The
 * dispatcher's truth is the SQL function next_open; this one never decides a call.
 */
import { localTime, weekdays } from "../zone.ts";
import type { Weekday } from "../zone.ts";

export type WindowRule = {
  days: readonly Weekday[];
  open: string;
  close: string;
  holidays?: readonly string[] | undefined;
};

/** Would a contact in `timeZone` be inside these hours at `at`? A night that crosses midnight belongs to its first day. */
export function isOpen(rule: WindowRule, at: string, timeZone: string): boolean {
  const { day, weekday, minutes } = localTime(at, timeZone);
  const open = minutesOf(rule.open);
  const close = minutesOf(rule.close);
  const opensOn = (onDay: string, onWeekday: Weekday) =>
    rule.days.includes(onWeekday) && !rule.holidays?.includes(onDay);

  if (close > open) return opensOn(day, weekday) && minutes >= open && minutes < close;
  if (minutes >= open) return opensOn(day, weekday);
  return minutes < close && opensOn(dayBefore(day), weekdayBefore(weekday));
}

/** Open in every zone the contact might be in: the rule that lanes obey. */
export function isOpenEverywhere(rule: WindowRule, at: string, zones: readonly string[]): boolean {
  return zones.length > 0 && zones.every((zone) => isOpen(rule, at, zone));
}

/** Open hours a week, for the form's summary. */
export function weeklyHours(rule: WindowRule): number {
  const length = minutesOf(rule.close) - minutesOf(rule.open);
  return (rule.days.length * (length > 0 ? length : length + 24 * 60)) / 60;
}

/** `Mon–Fri 09:30–18:00, in each person's own time`. */
export function windowText(rule: WindowRule | null): string {
  if (!rule) return "All hours the rules of each country allow";
  const hours = rule.open === "00:00" && rule.close === "24:00" ? "all day" : `${rule.open}–${rule.close}`;
  const night = minutesOf(rule.close) <= minutesOf(rule.open) ? " (past midnight)" : "";
  const holidays = rule.holidays?.length
    ? `, not on ${rule.holidays.length} holiday${rule.holidays.length === 1 ? "" : "s"}`
    : "";
  return `${daysText(rule.days)} ${hours}${night}${holidays}, in each person's own time`;
}

/** `Mon–Fri`, `Every day`, `Mon, Wed, Fri`. */
export function daysText(days: readonly Weekday[]): string {
  if (days.length === 7) return "Every day";
  const places = weekdays.flatMap((day, at) => (days.includes(day) ? [at] : []));
  const runs: number[][] = [];
  for (const at of places) {
    const run = runs.at(-1);
    if (run && run.at(-1) === at - 1) run.push(at);
    else runs.push([at]);
  }
  return runs
    .map((run) => {
      const [first, last] = [dayName(run[0]!), dayName(run.at(-1)!)];
      if (run.length === 1) return first;
      return run.length === 2 ? `${first}, ${last}` : `${first}–${last}`;
    })
    .join(", ");
}

function dayName(at: number): string {
  const day = weekdays[at]!;
  return day[0]!.toUpperCase() + day.slice(1);
}

function minutesOf(clock: string): number {
  const [hours = "0", minutes = "0"] = clock.split(":");
  return Number(hours) * 60 + Number(minutes);
}

function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function weekdayBefore(weekday: Weekday): Weekday {
  return weekdays[(weekdays.indexOf(weekday) + 6) % 7]!;
}
