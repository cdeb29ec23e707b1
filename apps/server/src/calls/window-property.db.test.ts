import fc from "fast-check";
import { normalizePhoneNumber } from "@parley/core/phone";
import { tries, withinMs } from "@parley/core/testing/property";
import { useDatabase } from "@parley/db/testing/database";
import { beforeAll, describe, expect, it } from "vitest";
import { zonesOf } from "../phone-zones.ts";

const db = useDatabase();
const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

type Hours = { days: (typeof weekdays)[number][]; open: string; close: string; holidays: string[] };
type Case = { zones: string[]; rule: number; window: Hours | null; at: number };

/** Zones with a history: half hours and quarters, both sides of the date line, changes at midnight and by half an hour. */
const oddZones = [
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Australia/Eucla",
  "Pacific/Chatham",
  "Pacific/Apia",
  "Pacific/Pago_Pago",
  "Pacific/Kiritimati",
  "Pacific/Auckland",
  "America/St_Johns",
  "America/Santiago",
  "America/Havana",
  "Africa/Cairo",
  "Africa/Casablanca",
  "Asia/Beirut",
  "Europe/London",
  "Europe/Berlin",
  "America/New_York",
  "America/Los_Angeles",
  "America/Asuncion",
  "Antarctica/Troll",
];
const allZones = Intl.supportedValuesOf("timeZone").filter((zone) => !zone.startsWith("Etc/"));

/** Real numbers give the zone sets people really have: most of one zone, some of ten. */
const zonesOfNumbers = [
  "+91 9876540001",
  "+1 2125550123",
  "+1 9075550123",
  "+1 8085550123",
  "+1 8005550123",
  "+61 491570156",
  "+61 891234567",
  "+7 9161234567",
  "+55 11961234567",
  "+52 2221234567",
  "+62 812345678",
  "+976 88123456",
  "+44 7911123456",
  "+351 912345678",
  "+34 612345678",
  "+56 961234567",
  "+64 211234567",
  "+686 72001234",
].flatMap((text) => {
  const read = normalizePhoneNumber(text);
  return read.ok ? [zonesOf(read.phoneNumber, read.country)] : [];
});

const hour = 3_600_000;
const clockChanges = [
  "2026-03-08T07:00:00Z",
  "2026-03-29T01:00:00Z",
  "2026-04-04T15:00:00Z",
  "2026-04-05T03:00:00Z",
  "2026-04-24T00:00:00Z",
  "2026-09-06T04:00:00Z",
  "2026-09-27T02:00:00Z",
  "2026-10-04T00:00:00Z",
  "2026-10-25T01:00:00Z",
  "2026-11-01T06:00:00Z",
  "2027-02-14T00:00:00Z",
].map((text) => Date.parse(text));

const time = fc.oneof(
  fc.integer({ min: 0, max: 47 }).map((half) => half * 30),
  fc.integer({ min: 0, max: 24 * 60 - 1 }),
  fc.constantFrom(0, 30, 90, 120, 150, 1410),
);
const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const date = fc.integer({ min: -3, max: 9 });
const hours = (around: fc.Arbitrary<number>): fc.Arbitrary<Hours> =>
  fc
    .record({
      days: fc.subarray([...weekdays], { minLength: 1 }),
      open: time,
      close: fc.oneof(time, fc.constant(24 * 60)),
      holidays: fc.array(date, { maxLength: 2 }),
      around,
    })
    .map(({ days, open, close, holidays, around: at }) => ({
      days,
      open: clock(open),
      close: close === 24 * 60 ? "24:00" : clock(close),
      holidays: holidays.map((day) => new Date(at + day * 24 * hour).toISOString().slice(0, 10)),
    }));

const instant = fc
  .oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom(...clockChanges), fc.integer({ min: -2000, max: 2000 })),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant(Date.parse("2026-01-01")), fc.integer({ min: 0, max: 600_000 })),
    },
  )
  .map(([from, minutes]) => from + minutes * 60_000);

const RULES = 60;
let rules: Hours[] = [];

const zoneSet = fc.oneof(
  fc.constantFrom(...zonesOfNumbers.filter((zones) => zones.length > 0)),
  fc.uniqueArray(fc.constantFrom(...oddZones), { minLength: 1, maxLength: 4 }),
  fc.uniqueArray(fc.constantFrom(...allZones), { minLength: 1, maxLength: 3 }),
);
const aCase: fc.Arbitrary<Case> = instant.chain((at) =>
  fc.record({
    zones: zoneSet,
    rule: fc.nat({ max: RULES - 1 }),
    window: fc.option(hours(fc.constant(at)), { nil: null, freq: 3 }),
    at: fc.constant(at),
  }),
);

/** Rules of made-up countries beside the real ones: hours over midnight, whole days, single days, holidays. */
beforeAll(async () => {
  rules = fc.sample(hours(fc.constantFrom(...clockChanges)), { numRuns: RULES, seed: 7 });
  await db.owner.query(
    `insert into calling_rules (rule_set, country, days, opens, closes, holidays, note)
     select 'made-up', 'R' || r.n, array(select jsonb_array_elements_text(r.it -> 'days')::smallint), (r.it ->> 'open')::time, (r.it ->> 'close')::time,
       array(select jsonb_array_elements_text(r.it -> 'holidays')::date), 'made up'
     from jsonb_array_elements($1::jsonb) with ordinality as r (it, n)`,
    [
      JSON.stringify(
        rules.map((rule) => ({ ...rule, days: rule.days.map((day) => weekdays.indexOf(day) + 1) })),
      ),
    ],
  );
  const { rows } = await db.owner.query<{ name: string }>("select name from pg_timezone_names");
  const known = new Set(rows.map(({ name }) => name));
  unknown = new Set([...allZones, ...oddZones].filter((zone) => !known.has(zone)));
});
let unknown = new Set<string>();

type Span = { opens: number; closes: number } | null;

/** What the dispatcher would be told, for many at once. */
async function spansOf(cases: Case[]): Promise<Span[]> {
  const { rows } = await db.owner.query<{ opens_at: string | null; closes_at: string | null }>(
    `select o.opens_at, case when isfinite(o.closes_at) then o.closes_at end as closes_at
     from jsonb_array_elements($1::jsonb) with ordinality as c (it, n)
     left join lateral app.next_open(
       app.zone_key(array(select jsonb_array_elements_text(c.it -> 'zones'))), 'R' || ((c.it ->> 'rule')::int + 1), 'made-up',
       c.it -> 'window', (c.it ->> 'at')::timestamptz) o on true
     order by c.n`,
    [JSON.stringify(cases.map((its) => ({ ...its, at: new Date(its.at).toISOString() })))],
  );
  return rows.map(({ opens_at, closes_at }) =>
    opens_at ? { opens: Date.parse(opens_at), closes: closes_at ? Date.parse(closes_at) : Infinity } : null,
  );
}

type Local = { date: string; weekday: number; minutes: number };
const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone by this runtime's own tables, which are not Postgres's. */
function local(at: number, zone: string): Local {
  let format = formats.get(zone);
  if (!format)
    formats.set(
      zone,
      (format = new Intl.DateTimeFormat("en-CA", {
        timeZone: zone,
        year: "numeric",
        month: "2-digit",
        day: "2-digit",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      })),
    );
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = `${part["year"]}-${part["month"]}-${part["day"]}`;
  return {
    date: day,
    weekday: (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7,
    minutes: Number(part["hour"]) * 60 + Number(part["minute"]),
  };
}
const minutesOf = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const dayBefore = (day: string) =>
  new Date(Date.parse(`${day}T00:00:00Z`) - 24 * hour).toISOString().slice(0, 10);

/** By the wall clock on the wall: a night belongs to the day on which it began. */
function isWithin({ date: day, weekday, minutes }: Local, its: Hours): boolean {
  const [open, close] = [minutesOf(its.open), minutesOf(its.close)];
  const begins = (on: string, at: number) => its.days.includes(weekdays[at]!) && !its.holidays.includes(on);
  if (close > open) return begins(day, weekday) && minutes >= open && minutes < close;
  return (
    (minutes >= open && begins(day, weekday)) ||
    (minutes < close && begins(dayBefore(day), (weekday + 6) % 7))
  );
}

const isAllowed = (at: number, { zones, rule, window }: Case) =>
  zones.every((zone) => {
    const there = local(at, zone);
    return isWithin(there, rules[rule]!) && (!window || isWithin(there, window));
  });

const offset = (at: number, zone: string) => {
  const there = local(at, zone);
  return Date.parse(`${there.date}T00:00:00Z`) + there.minutes * 60_000 - Math.floor(at / 60_000) * 60_000;
};

/** Two tz databases of different years may tell different histories: such a zone proves nothing at that instant. */
async function disagreeing(asked: { at: number; zone: string }[]): Promise<Set<string>> {
  const { rows } = await db.owner.query<{ at: string; zone: string; there: string }>(
    `select a.it ->> 'at' as at, a.it ->> 'zone' as zone, to_char((a.it ->> 'at')::timestamptz at time zone (a.it ->> 'zone'), 'YYYY-MM-DD HH24:MI') as there
     from jsonb_array_elements($1::jsonb) a (it)`,
    [JSON.stringify(asked.map(({ at, zone }) => ({ at: new Date(at).toISOString(), zone })))],
  );
  return new Set(
    rows
      .filter(({ at, zone, there }) => {
        const mine = local(Date.parse(at), zone);
        return `${mine.date} ${clock(mine.minutes)}` !== there;
      })
      .map(({ at, zone }) => `${Date.parse(at)} ${zone}`),
  );
}

const batch = fc.array(aCase, { minLength: 250, maxLength: 250 });
const known = (cases: Case[]) => cases.filter(({ zones }) => !zones.some((zone) => unknown.has(zone)));

describe("the hours in which a person may be called", () => {
  it(
    "are never open at an instant that is outside them in any zone the person may be in",
    async () => {
      let looked = 0;
      await fc.assert(
        fc.asyncProperty(batch, async (drawn) => {
          const cases = known(drawn);
          const spans = await spansOf(cases);
          const claims = cases.flatMap((its, n) => {
            const span = spans[n];
            if (!span) return [];
            const [from, to] = [Math.max(span.opens, its.at), Math.min(span.closes, its.at + 72 * hour)];
            const inside = from <= its.at ? [its.at] : [];
            return [...inside, from, Math.floor((from + to) / 2), to - 1]
              .filter((at) => at >= span.opens && at < span.closes)
              .map((at) => ({ at, its }));
          });
          const wrong = claims.filter(({ at, its }) => !isAllowed(at, its));
          const doubted = await disagreeing(
            wrong.flatMap(({ at, its }) => its.zones.map((zone) => ({ at, zone }))),
          );
          looked += claims.length;
          expect(
            wrong
              .filter(({ at, its }) => !its.zones.some((zone) => doubted.has(`${at} ${zone}`)))
              .map(({ at, its }) => ({ ...its, at: new Date(at).toISOString(), rule: rules[its.rule] })),
          ).toEqual([]);
        }),
        { ...tries(8), endOnFailure: true },
      );
      expect(oddZones.filter((zone) => unknown.has(zone))).toEqual([]);
      expect(looked).toBeGreaterThan(2000);
    },
    withinMs(60_000),
  );

  it(
    "are open whenever every zone allows it and no clock changes near by",
    async () => {
      let open = 0;
      await fc.assert(
        fc.asyncProperty(batch, async (drawn) => {
          const cases = known(drawn).filter(
            (its) =>
              its.zones.every(
                (zone) => offset(its.at - 48 * hour, zone) === offset(its.at + 48 * hour, zone),
              ) && isAllowed(its.at, its),
          );
          open += cases.length;
          const spans = await spansOf(cases);
          const missed = cases.filter(
            (its, n) => !(spans[n] && spans[n].opens <= its.at && spans[n].closes > its.at),
          );
          const doubted = await disagreeing(
            missed.flatMap(({ at, zones }) =>
              [at, at - 48 * hour, at + 48 * hour].flatMap((near) =>
                zones.map((zone) => ({ at: near, zone })),
              ),
            ),
          );
          expect(
            missed.filter(
              ({ zones }) => !zones.some((zone) => [...doubted].some((said) => said.endsWith(` ${zone}`))),
            ),
          ).toEqual([]);
        }),
        { ...tries(8), endOnFailure: true },
      );
      expect(open).toBeGreaterThan(100);
    },
    withinMs(60_000),
  );

  it("never open for a person of whom no zone is known, or by rules that are not there", async () => {
    const { rows } = await db.owner.query(
      `select count(o.*) as n from (values ('', 'IN', 'rehearsal'), ('Asia/Kolkata', 'IN', 'no such rules'), (null, 'IN', 'rehearsal')) v (zones, country, rules)
       cross join lateral app.next_open(v.zones, v.country, v.rules, null, app.now()) o`,
    );
    expect(rows[0].n).toBe(0);
  });
});
