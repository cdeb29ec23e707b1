import { useDatabase } from "@parley/db/testing/database";
import { describe, expect, it } from "vitest";

const db = useDatabase();
const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const ms = (minutes: number) => minutes * 60_000;

type Window = { days: string[]; open: string; close: string; holidays?: string[] };

async function nextOpen(zones: string[], window: Window, at: string, ruleSet = "rehearsal", country = "**") {
  const { rows } = await db.owner.query<{ opens_at: string; closes_at: string }>(
    "select * from app.next_open(app.zone_key($1), $2, $3, $4, $5)",
    [zones, country, ruleSet, JSON.stringify(window), at],
  );
  return rows[0] ?? null;
}

/** Wall clock of a zone, as this runtime's own time-zone tables have it. */
function local(at: number, zone: string) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const part = (type: string) => parts.find((its) => its.type === type)!.value;
  return {
    day: part("weekday").toLowerCase(),
    minutes: Number(part("hour")) * 60 + Number(part("minute")),
  };
}
const minutesOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** May somebody in this zone be called at this minute? A night's window belongs to the day on which it began. */
function allowed(at: number, zone: string, window: Window): boolean {
  const now = local(at, zone);
  const [open, close] = [minutesOf(window.open), minutesOf(window.close)];
  const isDay = window.days.includes(now.day);
  if (close > open) return isDay && now.minutes >= open && now.minutes < close;
  const before = days[(days.indexOf(now.day) + 6) % 7]!;
  return (isDay && now.minutes >= open) || (window.days.includes(before) && now.minutes < close);
}

const clockChanges = [
  "2026-03-08T05:00:00Z", // New York, spring
  "2026-03-29T00:00:00Z", // Europe, spring
  "2026-04-04T14:00:00Z", // Australia, autumn (Lord Howe by half an hour)
  "2026-04-05T02:00:00Z", // Santiago, autumn, at midnight
  "2026-09-06T02:00:00Z", // Santiago, spring, at midnight
  "2026-10-25T00:00:00Z", // Europe, autumn
  "2026-11-01T05:00:00Z", // New York, autumn
];
const zoneSets = [
  ["America/New_York"],
  ["America/Santiago"],
  ["Australia/Lord_Howe"],
  ["Europe/Berlin"],
  ["Asia/Kolkata", "Europe/London"],
];
const windows: Window[] = [
  { days, open: "00:00", close: "24:00" },
  { days: ["mon", "tue", "wed", "thu", "fri", "sun"], open: "01:30", close: "02:30" },
  { days: ["sat", "sun"], open: "22:00", close: "06:00" },
  { days, open: "09:00", close: "18:00" },
  { days: ["sun"], open: "00:00", close: "00:30" },
];

describe("the hours in which people may be called", () => {
  it("are never open at a minute that is outside them in any zone, also where clocks change", async () => {
    const wrong: string[] = [];
    for (const change of clockChanges)
      for (const zones of zoneSets)
        for (const window of windows)
          for (let minute = -1500; minute <= 1500; minute += 335) {
            const at = Date.parse(change) + ms(minute);
            const span = await nextOpen(zones, window, new Date(at).toISOString());
            if (!span) continue;
            const [opens, closes] = [Date.parse(span.opens_at), Date.parse(span.closes_at)];
            for (const instant of [
              Math.max(opens, at),
              Math.min(closes, at + ms(2880)) - ms(1),
              (Math.max(opens, at) + Math.min(closes, at + ms(2880))) / 2,
            ])
              if (
                instant >= opens &&
                instant < closes &&
                !zones.every((zone) => allowed(instant, zone, window))
              )
                wrong.push(`${zones} ${window.open}-${window.close} ${new Date(instant).toISOString()}`);
          }
    expect([...new Set(wrong)]).toEqual([]);
  }, 120_000);

  it("are open whenever they should be, but for the hour around a change of clocks", async () => {
    const missed: string[] = [];
    for (const zones of zoneSets)
      for (const window of windows)
        for (let hour = 0; hour < 14 * 24; hour += 7) {
          const at = Date.parse("2026-06-01T00:17:00Z") + ms(hour * 60);
          if (!zones.every((zone) => allowed(at, zone, window))) continue;
          const span = await nextOpen(zones, window, new Date(at).toISOString());
          if (!span || Date.parse(span.opens_at) > at)
            missed.push(`${zones} ${window.open}-${window.close} ${new Date(at).toISOString()}`);
        }
    expect(missed).toEqual([]);
  }, 120_000);

  it("skip a holiday, and never come when the law and the window do not meet", async () => {
    const at = "2026-12-24T20:00:00Z";
    const office: Window = { days, open: "09:00", close: "18:00", holidays: ["2026-12-25"] };
    expect((await nextOpen(["Europe/Berlin"], office, at))?.opens_at).toBe("2026-12-26T08:00:00.000Z");
    const night: Window = { days, open: "22:00", close: "06:00" };
    expect(await nextOpen(["Asia/Kolkata"], night, at, "by-country", "IN")).toBeNull();
    expect(await nextOpen([], office, at)).toBeNull();
  });
});
