import { useLayoutEffect, useRef, useState } from "react";
import type { RefObject } from "react";

/** The width an element really gets: drawings are made for it, never scaled to it. */
export function useWidth<Type extends Element = HTMLDivElement>(): [RefObject<Type | null>, number] {
  const ref = useRef<Type>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    setWidth(Math.floor(element.getBoundingClientRect().width));
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.floor(entry.contentRect.width));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
