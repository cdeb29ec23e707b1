import { expect, test } from "vitest";
import { jobNames } from "@parley/core/jobs";
import { tasks } from "./tasks.ts";

test("every job that may be added is run by exactly one task", () => {
  expect(tasks.map(({ name }) => name).toSorted()).toEqual(jobNames.toSorted());
});
