import { expect, test } from "vitest";
import { Email, Instant, Language, Name, PhoneNumber, Region, TimeZone } from "./fields.ts";

const ok = (schema: { safeParse(value: unknown): { success: boolean } }, ...values: unknown[]) =>
  values.map((value) => schema.safeParse(value).success);

test("instants carry an offset, zones exist, codes have their form", () => {
  expect(
    ok(Instant, "2026-07-16T14:32:00+05:30", "2026-07-16T09:02:00.123Z", "2026-07-16T09:02:00", "2026-07-16"),
  ).toEqual([true, true, false, false]);
  expect(ok(TimeZone, "Asia/Kolkata", "UTC", "Mars/Olympus", "")).toEqual([true, true, false, false]);
  expect(ok(Region, "IN", "in", "IND")).toEqual([true, false, false]);
  expect(ok(Language, "en", "en-IN", "English")).toEqual([true, true, false]);
  expect(ok(PhoneNumber, "+91 9876540001", "+919876540001")).toEqual([true, false]);
});

test("text is trimmed, addresses are lower case, blanks are not names", () => {
  expect(Email.parse("  Asha@Clinic.Example ")).toBe("asha@clinic.example");
  expect(ok(Email, "asha@", "a b@c.de", "@")).toEqual([false, false, false]);
  expect(Name.parse("  Asha ")).toBe("Asha");
  expect(ok(Name, "   ", "x".repeat(201))).toEqual([false, false]);
});
