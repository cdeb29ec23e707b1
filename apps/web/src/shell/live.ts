import { useSyncExternalStore } from "react";
import { freezeClock } from "@/ui/clock.ts";

/** `live`: changes are pushed. `reconnecting`: a short gap. `stale`: longer; figures are shown as old. */
export type LiveStatus = "live" | "reconnecting" | "stale";

interface LiveState {
  status: LiveStatus;
  /** Wall clock of the last sign of life. */
  lastAt: number;
}

let state: LiveState = { status: "reconnecting", lastAt: Date.now() };
const listeners = new Set<() => void>();

function set(next: Partial<LiveState>) {
  state = { ...state, ...next };
  freezeClock(state.status === "stale");
  if (typeof document !== "undefined") document.documentElement.dataset["live"] = state.status;
  for (const listener of listeners) listener();
}

export const liveHeard = () => set({ status: "live", lastAt: Date.now() });

/** The connection dropped: forgiven for four seconds, then everything on screen is called stale. */
export const liveLost = () => {
  if (state.status === "live") set({ status: "reconnecting", lastAt: Date.now() });
};

setInterval(() => {
  if (state.status === "reconnecting" && Date.now() - state.lastAt > 4000) set({ status: "stale" });
}, 1000);

export const useLive = (): LiveState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );

/** Poll gently while nothing is pushed. Spread into the options of a query that must stay current. */
export const useLiveQuery = (): { refetchInterval: number | false } => ({
  refetchInterval: useLive().status === "live" ? false : 5000,
});

/**
 * Runs `act` now and then at most once per `milliseconds`, the last call never lost: a thousand changes a second
 * become one refetch.
 */
export function atMostEvery(milliseconds: number, act: () => void): () => void {
  let ranAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    if (timer !== undefined) return;
    const wait = ranAt + milliseconds - Date.now();
    if (wait <= 0) {
      ranAt = Date.now();
      act();
      return;
    }
    timer = setTimeout(() => {
      timer = undefined;
      ranAt = Date.now();
      act();
    }, wait);
  };
}
