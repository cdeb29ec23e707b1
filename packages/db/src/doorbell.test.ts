import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Doorbell } from "./doorbell.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a hundred rings within the pause are two deliveries: one at once, one after the last", async () => {
  const delivered: string[][] = [];
  const bell = new Doorbell<"dispatch" | "drain">(20, async (kinds) => void delivered.push(kinds));
  bell.ring("dispatch");
  await vi.advanceTimersByTimeAsync(0);
  for (let i = 0; i < 99; i++) bell.ring("drain");
  await vi.advanceTimersByTimeAsync(19);
  expect(delivered).toEqual([["dispatch"]]);
  await vi.advanceTimersByTimeAsync(1);
  expect(delivered).toEqual([["dispatch"], ["drain"]]);
});

test("a ring during a delivery is delivered after it", async () => {
  let finish = () => {};
  let delivered = 0;
  const bell = new Doorbell<"dispatch">(
    20,
    () => (delivered++, new Promise<void>((done) => (finish = done))),
  );
  bell.ring("dispatch");
  await vi.advanceTimersByTimeAsync(0);
  bell.ring("dispatch");
  await vi.advanceTimersByTimeAsync(100);
  expect(delivered).toBe(1);
  finish();
  await vi.advanceTimersByTimeAsync(20);
  expect(delivered).toBe(2);
});

test("a delivery that failed is reported and made again", async () => {
  const errors: unknown[] = [];
  let delivered = 0;
  const bell = new Doorbell<"dispatch">(
    20,
    async () => {
      if (++delivered === 1) throw new Error("database away");
    },
    (error) => void errors.push(error),
  );
  bell.ring("dispatch");
  await vi.advanceTimersByTimeAsync(500);
  expect(delivered).toBe(1);
  expect(errors).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(600);
  expect(delivered).toBe(2);
});

test("closing delivers what was rung and takes no more", async () => {
  let delivered = 0;
  const bell = new Doorbell<"dispatch">(20, async () => void delivered++);
  bell.ring("dispatch");
  await bell.close();
  bell.ring("dispatch");
  await vi.advanceTimersByTimeAsync(100);
  expect(delivered).toBe(1);
});
