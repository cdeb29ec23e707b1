import { useSyncExternalStore } from "react";

/** The layers that float over any page; opened from buttons and keys alike. */
export type Overlay = "palette" | "shortcuts" | null;

let open: Overlay = null;
const listeners = new Set<() => void>();

export function setOverlay(next: Overlay) {
  open = next;
  for (const listener of listeners) listener();
}

export const openPalette = () => setOverlay("palette");
export const openShortcuts = () => setOverlay("shortcuts");

export const useOverlay = (): Overlay =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
