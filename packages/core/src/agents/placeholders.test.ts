import { expect, test } from "vitest";
import { unknownPlaceholders } from "./placeholders.ts";

test("names in braces that nothing fills are found, each once", () => {
  expect(unknownPlaceholders("Hello {name}, {tooth}? {nmae} {nmae} { x }", ["tooth"])).toEqual(["nmae"]);
  expect(unknownPlaceholders("Today is {current_date}.", [])).toEqual([]);
});
