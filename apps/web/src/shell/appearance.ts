import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "system";
export type Density = "compact" | "default" | "comfortable";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

function write(key: string, value: string) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing still gets the choice for this visit.
  }
}

let theme = (read("parley.theme") ?? "system") as Theme;
let density = (read("parley.density") ?? "default") as Density;

function apply() {
  const root = document.documentElement;
  root.classList.toggle("dark", theme === "dark" || (theme === "system" && systemIsDark.matches));
  root.dataset.density = density;
  for (const listener of listeners) listener();
}

systemIsDark.addEventListener("change", apply);

export function setTheme(next: Theme) {
  theme = next;
  write("parley.theme", next);
  apply();
}

export function setDensity(next: Density) {
  density = next;
  write("parley.density", next);
  apply();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useTheme = (): Theme => useSyncExternalStore(subscribe, () => theme);
export const useDensity = (): Density => useSyncExternalStore(subscribe, () => density);

/** Pixels of one table row, for lists that are drawn by position. */
export const useRowHeight = (): number => {
  const chosen = useDensity();
  return chosen === "compact" ? 28 : chosen === "comfortable" ? 40 : 32;
};

export const toggleTheme = () =>
  setTheme(document.documentElement.classList.contains("dark") ? "light" : "dark");
