import { describe, expect, test } from "vitest";
import {
  bytes,
  daysFromNow,
  delta,
  duration,
  initials,
  languageName,
  moment,
  plural,
  share,
  span,
  zoneCity,
} from "./format.ts";

describe("durations", () => {
  test("are a clock under an hour and hours with minutes above", () => {
    expect(duration(9)).toBe("0:09");
    expect(duration(154)).toBe("2:34");
    expect(duration(3 * 3600 + 28 * 60 + 59)).toBe("3 h 28");
  });
  test("never show a negative clock", () => expect(duration(-4)).toBe("0:00"));
  test("as words round to what matters", () => {
    expect(span(40)).toBe("40 s");
    expect(span(17 * 60)).toBe("17 min");
    expect(span(2 * 3600 + 10 * 60)).toBe("2 h 10");
    expect(span(2 * 3600 - 5)).toBe("2 h");
    expect(span(3.2 * 86_400)).toBe("3.2 days");
  });
});

describe("shares", () => {
  test("of nothing are a dash, not a nought", () => expect(share(0, 0)).toBe("–"));
  test("never round something to nothing nor nearly all to all", () => {
    expect(share(1, 1000)).toBe("<1%");
    expect(share(999, 1000)).toBe(">99%");
    expect(share(0, 10)).toBe("0%");
    expect(share(10, 10)).toBe("100%");
  });
});

describe("moments", () => {
  const now = "2026-07-16T09:02:00Z";
  test("today are a time, this week a weekday, further off a date, all in the asked zone", () => {
    expect(moment("2026-07-16T09:02:00Z", now, "Asia/Kolkata")).toBe("14:32");
    expect(moment("2026-07-17T02:00:00Z", now, "Asia/Kolkata")).toMatch(/^Fri 07:30$/);
    expect(moment("2026-08-17T02:00:00Z", now, "Asia/Kolkata")).toMatch(/17.*07:30/);
  });
  test("count days by the zone's calendar, not by 24 hours", () => {
    expect(daysFromNow("2026-07-16T19:00:00Z", now, "Asia/Kolkata")).toBe(1);
    expect(daysFromNow("2026-07-16T19:00:00Z", now, "UTC")).toBe(0);
  });
});

test("a ledger entry has a real minus sign", () => expect(delta(-12)).toBe("−12"));
test("one thing is singular", () =>
  expect([plural(1, "call"), plural(2, "call")]).toEqual(["1 call", "2 calls"]));
test("sizes keep one decimal while small", () => expect(bytes(1_900_000)).toMatch(/1[.,]9/));
test("initials take the first and the last name", () => expect(initials("Mary Grace Santos")).toBe("MS"));

test("a place is called what it is called today", () => {
  expect(zoneCity("Asia/Calcutta")).toBe("Kolkata");
  expect(zoneCity("America/New_York")).toBe("New York");
});

test("a language without a name is shown as its code", () => {
  expect(languageName("hi")).toBe("Hindi");
  expect(languageName("not a code")).toBe("not a code");
});
