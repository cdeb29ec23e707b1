import { expect, test } from "vitest";
import { ParleyError } from "@parley/core/errors";
import { limits, RateLimits } from "./rate-limits.ts";

const refusalOf = (act: () => void) => {
  try {
    act();
    return null;
  } catch (error) {
    return error as ParleyError;
  }
};

test("as many as the limit says at once, then one by one as time passes", () => {
  let now = 0;
  const counted = new RateLimits(1, () => now);
  const { max, windowSeconds } = limits["auth.signIn"];
  for (let tried = 0; tried < max; tried++) counted.take("auth.signIn", "1.2.3.4");
  const refused = refusalOf(() => counted.take("auth.signIn", "1.2.3.4"));
  expect(refused).toMatchObject({ code: "limit_reached", retryAfterSeconds: windowSeconds / max });
  counted.take("auth.signIn", "5.6.7.8");
  now += (windowSeconds / max) * 1000;
  counted.take("auth.signIn", "1.2.3.4");
  expect(refusalOf(() => counted.take("auth.signIn", "1.2.3.4"))).not.toBeNull();
});

test("the factor multiplies every limit", () => {
  const counted = new RateLimits(2, () => 0);
  for (let tried = 0; tried < limits["auth.signUp"].max * 2; tried++) counted.take("auth.signUp", "x");
  expect(refusalOf(() => counted.take("auth.signUp", "x"))).not.toBeNull();
});

test("a limit counts the address or the one who acts, as it says", () => {
  const counted = new RateLimits(1, () => 0);
  for (let tried = 0; tried < limits["auth.signIn"].max; tried++)
    counted.spend("auth.signIn", "one", `person:${tried}`);
  expect(refusalOf(() => counted.spend("auth.signIn", "one", "person:new"))).not.toBeNull();
  for (let tried = 0; tried < limits["apiKeys.create"].max; tried++)
    counted.spend("apiKeys.create", `ip${tried}`, "person:a");
  expect(refusalOf(() => counted.spend("apiKeys.create", "ip", "person:a"))).not.toBeNull();
  expect(refusalOf(() => counted.spend("apiKeys.create", "ip", "person:b"))).toBeNull();
});
