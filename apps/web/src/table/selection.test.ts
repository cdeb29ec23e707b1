import { expect, test } from "vitest";
import { headState, isSelected, noneSelected, selectedCount, toggled } from "./selection.ts";
import type { Selection } from "./selection.ts";

const everything: Selection = { kind: "all", but: new Set() };

test("a row is chosen and let go by the same key", () => {
  const one = toggled(noneSelected, "a");
  expect(isSelected(one, "a")).toBe(true);
  expect(isSelected(toggled(one, "a"), "a")).toBe(false);
});

test("all that match includes rows not loaded yet, except those let go", () => {
  const rest = toggled(everything, "b");
  expect(isSelected(rest, "never-seen")).toBe(true);
  expect(isSelected(rest, "b")).toBe(false);
  expect(selectedCount(rest, 2374)).toBe(2373);
});

test("how many all are is not guessed when the total is unknown", () =>
  expect(selectedCount(everything, null)).toBeNull());

test("the box in the head shows a dash for part of the rows", () => {
  expect(headState(toggled(noneSelected, "a"), ["a", "b"])).toBe("some");
  expect(headState(everything, ["a", "b"])).toBe(true);
  expect(headState(noneSelected, [])).toBe(false);
});
