import { describe, expect, test } from "vitest";
import { pastSilence, peaksOf, resample, savedBySkipping, silences } from "./peaks.ts";

const speech = (pattern: string): Float32Array =>
  Float32Array.from([...pattern].flatMap((mark) => new Array<number>(100).fill(mark === "x" ? 0.5 : 0)));

describe("the drawing of a recording", () => {
  test("is scaled to its loudest word", () => {
    expect(peaksOf(speech("x.x."), 4, 4).levels).toEqual([1, 0, 1, 0]);
  });
  test("of nothing but silence is flat, not divided by nought", () => {
    expect(peaksOf(speech("...."), 4, 4).levels).toEqual([0, 0, 0, 0]);
  });
  test("keeps a short word when drawn narrower", () => {
    expect(resample({ levels: [0, 0, 0, 1, 0, 0, 0, 0], seconds: 8 }, 2)).toEqual([1, 0]);
  });
});

describe("skipping silence", () => {
  const peaks = peaksOf(speech("xx......xx."), 11, 11);
  test("finds the long gap and not the short one at the end", () =>
    expect(silences(peaks)).toEqual([[2, 8]]));
  test("jumps to just before the next word and leaves words alone", () => {
    expect(pastSilence(3, silences(peaks))).toBeCloseTo(7.75);
    expect(pastSilence(1, silences(peaks))).toBe(1);
  });
  test("says how much is saved", () => expect(savedBySkipping(silences(peaks))).toBeCloseTo(5.5));
});
