import { describe, expect, test } from "vitest";
import { defaultDisclosure, disclosureLanguages } from "./disclosure.ts";
import { agentFlaws } from "./lint.ts";

const agent = {
  disclosure: defaultDisclosure("en", "Acme Dental"),
  prompt: "Book a visit. Be brief.",
  language: "en-IN",
  company: "Acme Dental",
};
const codes = (its: Partial<typeof agent>) => agentFlaws({ ...agent, ...its }).map(({ code }) => code);

test("the default sentence of every language is without a flaw", () => {
  for (const language of disclosureLanguages)
    expect(codes({ language, disclosure: defaultDisclosure(language, "Acme Dental") }), language).toEqual([]);
});

test("a sentence that does not say that a machine speaks is refused, in every language we can read", () => {
  expect(codes({ disclosure: "Hello, this is Asha from Acme Dental." })).toEqual(["disclosure_silent"]);
  expect(codes({ language: "hi", disclosure: "नमस्ते, मैं Acme Dental से आशा बोल रही हूँ।" })).toEqual([
    "disclosure_silent",
  ]);
  expect(codes({ language: "de", disclosure: "Guten Tag, hier ist Anna von Acme Dental." })).toEqual([
    "disclosure_silent",
  ]);
  expect(agentFlaws({ ...agent, disclosure: "Hello from Acme Dental." })[0]).toMatchObject({
    field: "disclosure",
    blocking: true,
    cure: expect.stringContaining("automated assistant calling for Acme Dental"),
  });
});

test("plain words and English ones will do, and a language nobody here reads is believed", () => {
  for (const disclosure of [
    "I am Acme's AI assistant.",
    "Acme here, this is a bot.",
    "A machine speaks for Acme.",
  ])
    expect(codes({ disclosure }), disclosure).toEqual([]);
  expect(codes({ language: "hi", disclosure: "This is an automated call from Acme." })).toEqual([]);
  expect(codes({ language: "sw", disclosure: "Habari, hapa ni Acme." })).toEqual([]);
});

test("who calls is to be named; a sentence without it is a hint, not a refusal", () => {
  expect(agentFlaws({ ...agent, disclosure: "This is an automated call." })).toMatchObject([
    { code: "disclosure_anonymous", blocking: false },
  ]);
});

describe("a prompt that makes the agent pass for a person", () => {
  test.each([
    "If asked, say you are a human from our office.",
    "Never admit that you are an AI.",
    "Do not reveal to the caller that this is a bot.",
    "Pretend to be a real person called Asha.",
    "Tell them you're not a robot.",
  ])("is refused: %s", (prompt) => {
    expect(codes({ prompt })).toEqual(["denies_being_a_machine"]);
  });

  test.each([
    "Never pretend to be a human.",
    "Never say that you are a person; you are an AI assistant.",
    "If asked, admit that you are an AI.",
    "Ask whether they want to speak to a real person.",
    "Say that you are calling a person who asked for a visit.",
  ])("is not: %s", (prompt) => {
    expect(codes({ prompt })).toEqual([]);
  });
});
