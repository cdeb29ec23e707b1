import { describe, expect, it } from "vitest";
import { callingHours, decimal, instant, mapping, oneOf, retryRules, whole } from "./values.ts";

describe("values of options", () => {
  it("maps columns by field, custom field or not at all", () => {
    expect(mapping(["phone_number=Mobile No.", "custom:plan=Tariff = 2", "-=Internal"])).toEqual({
      "Mobile No.": "phone_number",
      "Tariff = 2": "custom:plan",
      Internal: null,
    });
  });

  it("reads calling hours as people write them", () => {
    expect(callingHours("mon-fri 09:30-18:00")).toEqual({
      days: ["mon", "tue", "wed", "thu", "fri"],
      open: "09:30",
      close: "18:00",
    });
    expect(callingHours("Sat,Sun 10:00-14:00")!.days).toEqual(["sat", "sun"]);
    expect(callingHours("daily 00:00-24:00")!.days).toHaveLength(7);
    expect(callingHours(undefined)).toBeUndefined();
  });

  it("reads retry rules, with an empty list for never again", () => {
    expect(retryRules("max=2 busy=0.5,15 no-answer=120 voicemail=")).toEqual({
      maxAttempts: 2,
      busy: [0.5, 15],
      noAnswer: [120],
      voicemail: [],
    });
  });

  it("takes a time in the reader's zone or with an offset", () => {
    expect(instant("2026-12-01T09:00+05:30", "--starts")).toBe("2026-12-01T03:30:00.000Z");
    expect(instant("2026-12-01T09:00", "--starts")).toBe(new Date(2026, 11, 1, 9).toISOString());
  });

  it.each([
    [() => mapping(["Mobile"]), /FIELD=HEADER/],
    [() => mapping(["telefon=Mobile"]), /no field “telefon”/],
    [() => callingHours("weekdays 9-5"), /--window must be like/],
    [() => callingHours("fri-mon 09:00-17:00"), /--window must be like/],
    [() => retryRules("sometimes=3"), /not “sometimes”/],
    [() => retryRules("busy=soon"), /--retry busy must be a number/],
    [() => whole("1.5", "--limit"), /--limit must be a whole number/],
    [() => decimal("fast", "--calls-per-second"), /must be a number/],
    [() => instant("soon", "--starts"), /--starts must be a time/],
    [() => oneOf("warmish", ["hot", "warm"], "--temperature"), /one of hot, warm/],
  ])("that cannot be read are refused by the option's name", (read, message) => {
    expect(read).toThrow(message);
  });
});
