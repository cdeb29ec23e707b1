import { useSyncExternalStore } from "react";

const queries = new Map<string, MediaQueryList>();

function media(query: string): MediaQueryList {
  let list = queries.get(query);
  if (!list) {
    list = matchMedia(query);
    queries.set(query, list);
  }
  return list;
}

/** Does the window fit a media query now? */
export const useMedia = (query: string): boolean =>
  useSyncExternalStore(
    (listener) => {
      const list = media(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => media(query).matches,
  );

/** Below 1024 px: lists become two lines, side regions follow the main one. */
export const useNarrow = (): boolean => useMedia("(max-width: 1023.98px)");
