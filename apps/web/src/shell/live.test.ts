import { afterEach, beforeEach, expect, test, vi } from "vitest";

// The module starts a timer of its own, so time is faked before it is loaded.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a thousand changes in a second become two refetches, and the last change is not lost", async () => {
  const { atMostEvery } = await import("./live.ts");
  const act = vi.fn();
  const changed = atMostEvery(1000, act);
  for (let change = 0; change < 1000; change += 1) changed();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5000);
  expect(act).toHaveBeenCalledTimes(2);
});
