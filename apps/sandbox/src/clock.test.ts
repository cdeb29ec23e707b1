import { expect, test } from "vitest";
import { Clock } from "./clock.ts";

test("after a jump everything due happens in order, each thing at its own instant", async () => {
  const clock = new Clock({ base: 0, wallAt: Date.now(), scale: 0 });
  const happened: [string, number][] = [];
  clock.at(300, (at) => happened.push(["third", at]));
  clock.at(100, (at) => {
    happened.push(["first", at]);
    clock.at(clock.now() + 100, (later) => happened.push(["second", later]));
  });
  clock.at(5000, () => happened.push(["not yet", 0]));
  clock.set({ advanceTo: 1000 });
  await clock.caughtUp();
  expect(happened).toEqual([
    ["first", 100],
    ["second", 200],
    ["third", 300],
  ]);
  clock.close();
});

test("things due at the same instant happen in the order they were asked for", async () => {
  const clock = new Clock({ base: 0, wallAt: Date.now(), scale: 0 });
  const happened: number[] = [];
  for (let each = 0; each < 600; each++) clock.at(10, () => happened.push(each));
  clock.set({ advanceTo: 10 });
  await clock.caughtUp();
  expect(happened).toEqual(Array.from({ length: 600 }, (_, index) => index));
  clock.close();
});

test("a cancelled timer does not fire", async () => {
  const clock = new Clock({ base: 0, wallAt: Date.now(), scale: 0 });
  let fired = false;
  clock.at(10, () => (fired = true)).cancel();
  clock.set({ advanceTo: 20 });
  await clock.caughtUp();
  expect(fired).toBe(false);
  clock.close();
});

test("a fast clock reaches a distant instant soon", async () => {
  const clock = new Clock({ base: 0, wallAt: Date.now(), scale: 100_000 });
  const at = await new Promise<number>((resolve) => clock.at(60_000, resolve));
  expect(at).toBe(60_000);
  clock.close();
});

test("changing speed keeps the time of day, and the past is refused", () => {
  const clock = new Clock({ base: 1_000_000, wallAt: Date.now(), scale: 0 });
  expect(clock.set({ scale: 0, advanceTo: 999_999 })).toBe(false);
  expect(clock.now()).toBe(1_000_000);
  expect(clock.set({ scale: 0 })).toBe(true);
  expect(clock.now()).toBe(1_000_000);
  clock.close();
});
