import { expect, test } from "vitest";
import { defaultDisclosure, disclosureLanguages, openingWords } from "./disclosure.ts";
import { AgentDraft } from "./schema.ts";

test("every language names the caller, and fits the field it is kept in", () => {
  for (const language of disclosureLanguages) {
    const sentence = defaultDisclosure(language, "Sunrise Solar");
    expect(sentence, language).toContain("Sunrise Solar");
    expect(sentence.length).toBeLessThan(500);
  }
});

test("a language without words of its own, and any region, still tell people what speaks", () => {
  expect(defaultDisclosure("sw", "Acme")).toBe(defaultDisclosure("en", "Acme"));
  expect(defaultDisclosure("hi-IN", "Acme")).toBe(defaultDisclosure("hi", "Acme"));
  expect(defaultDisclosure("constructor", "Acme")).toContain("automated assistant");
  expect(defaultDisclosure("en", "Acme Inc.")).toContain("for Acme Inc. This");
});

test("it is spoken before the welcome, and an agent cannot be without it", () => {
  expect(openingWords("I am a machine. ", " Hi!")).toBe("I am a machine. Hi!");
  const draft = { name: "A", prompt: "p", welcomeMessage: "w" };
  expect(AgentDraft.safeParse(draft).success).toBe(true);
  expect(AgentDraft.safeParse({ ...draft, disclosure: "  " }).success).toBe(false);
});

test("extraction fields have one key each, and choices where they are a choice", () => {
  const draft = { name: "A", prompt: "p", welcomeMessage: "w" };
  const field = { key: "roof", description: "Kind of roof" };
  expect(AgentDraft.parse({ ...draft, extraction: [field] }).extraction).toEqual([
    { ...field, kind: "text" },
  ]);
  for (const extraction of [
    [field, field],
    [{ ...field, kind: "choice" }],
    [{ ...field, choices: ["a", "b"] }],
    [{ ...field, key: "Roof" }],
  ]) {
    expect(AgentDraft.safeParse({ ...draft, extraction }).success, JSON.stringify(extraction)).toBe(false);
  }
});
