import { ExtractionField } from "@parley/core/agents/schema";
import { expect, test } from "vitest";
import { emptyField, extractionOf, fieldForm } from "./extraction-form.ts";

test("a typed field with choices survives being edited", () => {
  const stored = {
    key: "preferred_city",
    label: "Preferred city",
    description: "Where",
    kind: "choice" as const,
    choices: ["London", "Leeds"],
  };
  expect(extractionOf(fieldForm(stored))).toEqual(stored);
  expect(ExtractionField.safeParse(extractionOf(fieldForm(stored))).success).toBe(true);
});

test("a renamed field keeps its key, so that old answers stay under it", () => {
  const renamed = { ...fieldForm({ key: "oet", description: "Grade", kind: "text" }), label: "OET grade" };
  expect(extractionOf(renamed)).toMatchObject({ key: "oet", label: "OET grade" });
});

test("a new field gets its key from its name", () => {
  expect(extractionOf({ ...emptyField, label: "Years in ICU", description: "x", kind: "number" }).key).toBe(
    "years_in_icu",
  );
});
