import { beforeEach, expect, test, vi } from "vitest";
import { emptyDraft } from "./draft.ts";
import { forgetUnsaved, keepUnsaved, unsavedDraft } from "./unsaved-draft.ts";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
    removeItem: (key: string) => void kept.delete(key),
  });
  return () => vi.unstubAllGlobals();
});

test("what was typed comes back in its own workspace until it is saved", () => {
  keepUnsaved("one", { ...emptyDraft, name: "Spring recall" });
  expect(unsavedDraft("one")).toMatchObject({ name: "Spring recall", audience: "import" });
  expect(unsavedDraft("two")).toBeNull();
  forgetUnsaved("one");
  expect(unsavedDraft("one")).toBeNull();
});

test("a form nobody has touched is not kept", () => {
  keepUnsaved("one", emptyDraft);
  expect(unsavedDraft("one")).toBeNull();
});
