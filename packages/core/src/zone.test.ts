import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromLocal, localIso, localTime, offsetMinutes } from "./zone.ts";

describe("the clock on the wall", () => {
  test("shows midnight as 00, not 24", () => {
    expect(localTime("2026-07-15T18:30:00Z", "Asia/Kolkata")).toEqual({
      day: "2026-07-16",
      weekday: "thu",
      minutes: 0,
      seconds: 0,
    });
  });

  test("knows half hours, the other side of the date line, and both sides of a clock change", () => {
    expect(localIso("2026-07-16T09:02:03Z", "Asia/Kolkata")).toBe("2026-07-16T14:32:03+05:30");
    expect(localIso("2026-07-16T09:02:03Z", "America/New_York")).toBe("2026-07-16T05:02:03-04:00");
    expect(localIso("2026-01-16T09:02:03Z", "America/New_York")).toBe("2026-01-16T04:02:03-05:00");
    expect(offsetMinutes("2026-07-16T09:00:00Z", "Pacific/Kiritimati")).toBe(14 * 60);
    expect(offsetMinutes("2026-07-16T09:00:00Z", "Asia/Kathmandu")).toBe(345);
  });
});

describe("a time somebody said", () => {
  test("is an instant of their zone", () => {
    expect(fromLocal("2026-07-16T16:00:00", "Asia/Kolkata")).toBe("2026-07-16T10:30:00.000Z");
    expect(fromLocal("2026-12-24T09:00:00", "Europe/Berlin")).toBe("2026-12-24T08:00:00.000Z");
  });

  test("is taken the first time where the hour comes twice, and moves on where it does not come", () => {
    expect(fromLocal("2026-10-25T02:30:00", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
    expect(fromLocal("2026-03-29T02:30:00", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
    expect(localIso(fromLocal("2026-03-29T02:30:00", "Europe/Berlin"), "Europe/Berlin")).toBe(
      "2026-03-29T03:30:00+02:00",
    );
  });

  test("comes back from its own text, in any zone at any time", () => {
    const zones = [
      "Asia/Kolkata",
      "America/New_York",
      "America/Caracas",
      "Pacific/Apia",
      "Australia/Lord_Howe",
      "Europe/Berlin",
      "UTC",
      "Asia/Kathmandu",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 2 ** 31 - 1 }), (zone, seconds) => {
        const at = new Date(seconds * 1000).toISOString();
        const local = localIso(at, zone);
        expect(new Date(local).toISOString()).toBe(at);
        const again = fromLocal(local.slice(0, 19), zone); // equal, or the first of two hours of one name
        expect(localIso(again, zone).slice(0, 19)).toBe(local.slice(0, 19));
      }),
    );
  });
});
