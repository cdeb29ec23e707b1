import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { callHold, callPrice, defaultRate, pulses, settlement, talkSeconds } from "./price.ts";

describe("the price of a call", () => {
  test.each([
    [null, 0, 0],
    [0, 0, 0],
    [0.2, 1, 1],
    [6, 6, 1],
    [6.01, 7, 2],
    [59.2, 60, 10],
    [300, 300, 50],
  ])("of %s seconds of conversation is %s seconds of talk and %s credits", (conversation, talk, price) => {
    expect(talkSeconds(conversation)).toBe(talk);
    expect(callPrice(talkSeconds(conversation))).toBe(price);
  });

  test("follows the workspace's rate", () => {
    expect(callPrice(61, { pulseSeconds: 60, pulseCredits: 10 })).toBe(20);
    expect(callPrice(61, { ...defaultRate, pulseCredits: 0 })).toBe(0);
    expect(pulses(-3)).toBe(0);
  });

  test("never exceeds the hold of an agent that keeps to its longest call", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 7200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 50 }),
        (longest, share, pulseCredits) => {
          const rate = { ...defaultRate, pulseCredits };
          expect(callPrice(talkSeconds(longest * share), rate)).toBeLessThanOrEqual(callHold(longest, rate));
        },
      ),
    );
  });
});

describe("settling", () => {
  test("takes the price, gives the rest of the hold back", () => {
    expect(settlement(10, 50, 0)).toEqual({ price: 10, charged: 10, released: 40, waived: 0 });
  });

  test("takes no more than the hold, or without one than what is available", () => {
    expect(settlement(60, 50, 1000)).toEqual({ price: 60, charged: 50, released: 0, waived: 10 });
    expect(settlement(60, null, 25)).toEqual({ price: 60, charged: 25, released: 0, waived: 35 });
    expect(settlement(60, null, -5)).toEqual({ price: 60, charged: 0, released: 0, waived: 60 });
  });

  test("always adds up", () => {
    const credits = fc.nat(100_000);
    fc.assert(
      fc.property(credits, fc.option(credits), credits, (price, held, left) => {
        const { charged, released, waived } = settlement(price, held, left);
        expect(charged + waived).toBe(price);
        if (held !== null) expect(charged + released).toBe(held);
        expect(Math.min(charged, released, waived)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
