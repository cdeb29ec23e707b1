import { expect, test } from "vitest";
import { keyName } from "./shortcuts.ts";

const press = (
  key: string,
  held: Partial<Record<"metaKey" | "ctrlKey" | "altKey" | "shiftKey", boolean>> = {},
) => keyName({ key, metaKey: false, ctrlKey: false, altKey: false, shiftKey: false, ...held });

test("command and control are one key", () => {
  expect(press("k", { metaKey: true })).toBe("mod+k");
  expect(press("K", { ctrlKey: true, shiftKey: true })).toBe("mod+k");
});

test("a question mark is itself, however it is typed", () =>
  expect(press("?", { shiftKey: true })).toBe("?"));
test("capitals do not change a key", () => expect(press("J", { shiftKey: true })).toBe("j"));
test("the space bar has a name", () => expect(press(" ")).toBe("space"));
