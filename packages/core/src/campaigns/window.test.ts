import { describe, expect, test } from "vitest";
import { daysText, isOpen, isOpenEverywhere, weeklyHours, windowText } from "./window.ts";
import type { WindowRule } from "./window.ts";

const office: WindowRule = { days: ["mon", "tue", "wed", "thu", "fri"], open: "09:30", close: "18:00" };
const night: WindowRule = { days: ["fri"], open: "22:00", close: "02:00" };
const kolkata = "Asia/Kolkata";

describe("is it open there", () => {
  test("from the opening minute up to, not including, the closing one, on its days", () => {
    const at = (clock: string) => isOpen(office, `2026-07-16T${clock}:00+05:30`, kolkata); // a Thursday
    expect([at("09:29"), at("09:30"), at("17:59"), at("18:00")]).toEqual([false, true, true, false]);
    expect(isOpen(office, "2026-07-18T12:00:00+05:30", kolkata)).toBe(false);
  });

  test("a night past twelve belongs to the day it opened on", () => {
    const at = (local: string) => isOpen(night, `${local}:00+05:30`, kolkata);
    expect(at("2026-07-17T23:00")).toBe(true);
    expect(at("2026-07-18T01:59")).toBe(true);
    expect(at("2026-07-18T02:00")).toBe(false);
    expect(at("2026-07-17T01:00")).toBe(false);
  });

  test("a holiday closes its whole opening day, the night after it included", () => {
    const rule = { ...night, holidays: ["2026-07-17"] };
    expect(isOpen(rule, "2026-07-17T23:00:00+05:30", kolkata)).toBe(false);
    expect(isOpen(rule, "2026-07-18T01:00:00+05:30", kolkata)).toBe(false);
  });

  test("24:00 is the end of the day and equal times are a whole day", () => {
    const every = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
    expect(isOpen({ days: every, open: "00:00", close: "24:00" }, "2026-07-16T23:59:59+05:30", kolkata)).toBe(
      true,
    );
    expect(isOpen({ days: every, open: "08:00", close: "08:00" }, "2026-07-16T07:00:00+05:30", kolkata)).toBe(
      true,
    );
  });

  test("someone who may be in several zones is reached when it is open in all, and in none never", () => {
    const at = "2026-07-16T14:00:00Z"; // 10:00 in New York, 07:00 in Los Angeles
    expect(isOpenEverywhere(office, at, ["America/New_York"])).toBe(true);
    expect(isOpenEverywhere(office, at, ["America/New_York", "America/Los_Angeles"])).toBe(false);
    expect(isOpenEverywhere(office, at, [])).toBe(false);
  });
});

test("a window reads as a sentence", () => {
  expect(windowText(null)).toBe("All hours the rules of each country allow");
  expect(windowText(office)).toBe("Mon–Fri 09:30–18:00, in each person's own time");
  expect(windowText({ ...night, holidays: ["2026-12-25"] })).toBe(
    "Fri 22:00–02:00 (past midnight), not on 1 holiday, in each person's own time",
  );
  expect(daysText(["sun", "mon", "wed", "thu", "fri"])).toBe("Mon, Wed–Fri, Sun");
  expect(daysText(["mon", "tue"])).toBe("Mon, Tue");
  expect(weeklyHours(office)).toBe(42.5);
  expect(weeklyHours(night)).toBe(4);
});
