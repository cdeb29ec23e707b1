import { useEffect, useRef } from "react";

export interface Shortcut {
  /** One key (`?`, `/`, `j`), a chord (`mod+k`), or two keys in a row (`g h`). */
  keys: string;
  label: string;
  group: "Go to" | "Lists" | "Everywhere" | "Recording";
  run: (event: KeyboardEvent) => void;
}

const registered = new Map<string, Shortcut[]>();

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|range|button)$/.test(target.type));

let first: { key: string; at: number } | null = null;

/** How a key press is written in `Shortcut.keys`. */
export function keyName(
  event: Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey" | "shiftKey">,
): string {
  const key =
    event.key === " " ? "space" : event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase();
  if (event.altKey) return `alt+${key}`;
  return event.metaKey || event.ctrlKey
    ? `mod+${key}`
    : event.shiftKey && key.length > 1
      ? `shift+${key}`
      : key;
}

const latest = (keys: string): Shortcut | undefined => registered.get(keys)?.at(-1);

function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented) return;
  const name = keyName(event);
  if (isTyping(event.target) && !name.startsWith("mod+") && name !== "escape") return;
  const pair = first && Date.now() - first.at < 1000 ? `${first.key} ${name}` : null;
  const hit = (pair && latest(pair)) || latest(name);
  first = null;
  if (hit) {
    event.preventDefault();
    hit.run(event);
  } else if (
    [...registered.keys()].some((keys) => keys.startsWith(`${name} `) && registered.get(keys)?.length)
  ) {
    first = { key: name, at: Date.now() };
  }
}

if (typeof document !== "undefined") document.addEventListener("keydown", onKeyDown);

/** Binds keys while the component is on screen; of two bindings of one key the newer wins. */
export function useShortcuts(shortcuts: Shortcut[]) {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  const names = shortcuts.map((shortcut) => shortcut.keys).join("|");
  useEffect(() => {
    const mine = current.current.map((shortcut) => ({
      ...shortcut,
      run: (event: KeyboardEvent) =>
        current.current.find((other) => other.keys === shortcut.keys)?.run(event),
    }));
    for (const shortcut of mine) {
      registered.set(shortcut.keys, [...(registered.get(shortcut.keys) ?? []), shortcut]);
    }
    return () => {
      for (const shortcut of mine) {
        registered.set(
          shortcut.keys,
          (registered.get(shortcut.keys) ?? []).filter((other) => other !== shortcut),
        );
      }
    };
  }, [names]);
}

/** What can be pressed now, for the sheet behind `?`. */
export const activeShortcuts = (): Shortcut[] => [...registered.values()].flatMap((all) => all.at(-1) ?? []);
