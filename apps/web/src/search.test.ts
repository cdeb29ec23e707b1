import { expect, test } from "vitest";
import { flagIn, localPath, numberIn, oneOf, only, textIn } from "./search.ts";

test("an unknown value of a filter is dropped, not refused", () => {
  expect(oneOf({ status: "paused" }, "status", ["running", "paused"])).toBe("paused");
  expect(oneOf({ status: "exploded" }, "status", ["running", "paused"])).toBeUndefined();
});

test("a search for digits stays text", () => expect(textIn({ q: 98460 }, "q")).toBe("98460"));

test("flags and numbers survive the address bar", () => {
  expect(flagIn({ open: "true" }, "open")).toBe(true);
  expect(numberIn({ t: "49" }, "t")).toBe(49);
  expect(numberIn({ t: "x" }, "t")).toBeUndefined();
});

test("what is not set is left out of the address", () =>
  expect(only({ q: undefined, tag: "icu" })).toEqual({ tag: "icu" }));

test("the page to return to after signing in is never another site", () => {
  expect(localPath("/calls?open=true")).toBe("/calls?open=true");
  expect(localPath("//evil.example")).toBeUndefined();
  expect(localPath("/\\evil.example")).toBeUndefined();
  expect(localPath("https://evil.example")).toBeUndefined();
});
