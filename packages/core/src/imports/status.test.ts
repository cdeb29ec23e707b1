import { expect, test } from "vitest";
import { importCan, importStatuses, isAtRest } from "./status.ts";
import { Mapping } from "./schema.ts";

const allowed = (act: keyof typeof importCan) => importStatuses.filter((status) => importCan[act](status).ok);

test("an import is mapped, committed and undone in its own states, and says why not in others", () => {
  expect([allowed("setMapping"), allowed("commit"), allowed("undo")]).toEqual([
    ["mapping", "ready"],
    ["ready"],
    ["done"],
  ]);
  expect(importStatuses.filter(isAtRest)).toEqual(["mapping", "ready", "done", "failed", "undone"]);
  for (const status of importStatuses) {
    const verdict = importCan.commit(status);
    if (!verdict.ok) expect(verdict.reason).toMatch(/\.$/);
  }
});

test("a mapping names known fields only", () => {
  expect(Mapping.safeParse({ Phone: "phone_number", Plan: "custom:plan", Junk: null }).success).toBe(true);
  expect(Mapping.safeParse({ Phone: "phone" }).error?.issues[0]?.message).toContain("custom:<key>");
});
