import { useSyncExternalStore } from "react";

/**
 * The product's clock. In the sandbox the domain clock may stand elsewhere and run faster than
 * this machine's, so every "now" on screen is asked here: now = base + (wall − wallAtBase) × scale.
 */
let base = 0;
let wallAtBase = 0;
let scale = 1;

/** Follow the server's clock; called whenever an answer carries it. */
export function setClock(now: string, clockScale: number): void {
  base = Date.parse(now);
  wallAtBase = Date.now();
  scale = clockScale;
}

/** Milliseconds since 1970 by the product's clock. */
export const now = (): number => (wallAtBase === 0 ? Date.now() : base + (Date.now() - wallAtBase) * scale);

let frozen = false;
/** While the connection is down timers stand still: no figure is counted on a guess. */
export function freezeClock(stop: boolean): void {
  frozen = stop;
}

let tick = now();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    if (frozen) return;
    tick = now();
    for (const each of watchers) each();
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The product's now, once a second. One timer serves the whole screen. */
export const useNow = (): number =>
  useSyncExternalStore(watch, () => {
    if (timer === undefined) tick = now();
    return tick;
  });
