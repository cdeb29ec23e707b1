import { expect, test } from "vitest";
import { zonesOf } from "./phone-zones.ts";

test.each([
  ["+91 9876543210", "IN", ["Asia/Kolkata"]],
  ["+1 4155550142", "US", ["America/Los_Angeles"]],
  ["+44 7911123456", "GB", ["Europe/London"]],
  ["+49 301234567", "DE", ["Europe/Berlin"]],
])("%s may be in %s: %j", (phoneNumber, country, zones) => {
  expect(zonesOf(phoneNumber, country)).toEqual(zones);
});

test("where the number does not say which, all zones of its country are possible, and none of a neighbour's", () => {
  const zones = zonesOf("+1 8005550100", "US");
  expect(zones).toEqual(expect.arrayContaining(["America/New_York", "Pacific/Honolulu"]));
  expect(zones).not.toContain("America/Toronto");
});

test("a number of no country has no zone, one of an unknown prefix those of its country", () => {
  expect(zonesOf("+800 12345678", null)).toEqual([]);
  expect(zonesOf("+999 12345678", "JP")).toEqual(["Asia/Tokyo"]);
});

test("every zone of the table is one that can be asked for the time", () => {
  const zones = [
    "+1 8005550199",
    "+7 4951234567",
    "+61 412345678",
    "+55 11987654321",
    "+52 5512345678",
  ].flatMap((phoneNumber) => zonesOf(phoneNumber, null));
  for (const timeZone of zones) expect(() => new Intl.DateTimeFormat("en", { timeZone })).not.toThrow();
  expect(zones.length).toBeGreaterThan(30);
});
