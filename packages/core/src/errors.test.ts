import { expect, test } from "vitest";
import * as z from "zod";
import { asParleyError, errorCodes, httpStatus, invalidInput, notFound, ParleyError } from "./errors.ts";

test("every code has a status of its own", () => {
  expect(Object.keys(httpStatus)).toEqual([...errorCodes]);
  expect(new Set(Object.values(httpStatus)).size).toBe(errorCodes.length);
  expect(notFound("campaign").httpStatus).toBe(404);
});

test("an error tells the outside its facts, never its cause", () => {
  const error = new ParleyError("provider_failed", "The provider did not answer. Try again.", {
    retryable: true,
    vendorStatus: 503,
    cause: new Error("secret"),
  });
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code: "provider_failed",
    message: "The provider did not answer. Try again.",
    retryable: true,
    vendorStatus: 503,
  });
  expect(error.cause).toBeInstanceOf(Error);
});

test("what nobody expected stays inside", () => {
  const error = asParleyError(new TypeError("column users.password does not exist"));
  expect(error.code).toBe("internal");
  expect(error.message).toContain("users.password");
  expect(JSON.stringify(error)).not.toContain("password");
  expect(asParleyError(error)).toBe(error);
});

test("a refused input names every field", () => {
  const parsed = z
    .strictObject({ retry: z.strictObject({ busy: z.array(z.number()) }) })
    .safeParse({ retry: { busy: [1, "x"] }, role: "owner" });
  const error = invalidInput(parsed.error!);
  expect(error.issues?.map(({ path }) => path)).toEqual(["retry.busy.1", ""]);
  expect(error.message).toMatch(/^retry\.busy\.1: .*\(and 1 more\)$/);
});

test("a refused input is told in our words, and a schema's own words are kept", () => {
  const parsed = z
    .strictObject({
      limit: z.int().max(200),
      name: z.string().min(1).max(3),
      tags: z.array(z.string()).min(1),
      role: z.enum(["owner", "viewer"]),
      agentId: z.uuid("must be an id (a uuid)"),
      prompt: z.string(),
    })
    .safeParse({ limit: 900, name: "Asha", tags: [], role: "x", agentId: "x", extra: 1 });
  expect(
    Object.fromEntries(invalidInput(parsed.error!).issues!.map(({ path, message }) => [path, message])),
  ).toEqual({
    limit: "must be at most 200",
    name: "must be at most 3 characters",
    tags: "must not be empty",
    role: "must be one of owner, viewer",
    agentId: "must be an id (a uuid)",
    prompt: "is missing",
    "": "does not know “extra”: check the spelling, or leave it out",
  });
});
