import { cloneElement, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { DOMAttributes, FocusEvent, PointerEvent, ReactElement, ReactNode } from "react";
import { createPortal } from "react-dom";

type Side = "top" | "bottom" | "left" | "right";

const delay = 400;
const gap = 6;
/** When the last tooltip closed: moving along a toolbar shows the next one at once. */
let closedAt = 0;

interface TriggerProps extends DOMAttributes<HTMLElement> {
  "aria-describedby"?: string | undefined;
}

/**
 * Words beside a control: after a moment's hover, at once on keyboard focus; they stay while pointed at and leave on
 * Escape. The child is one element that takes pointer and focus events.
 */
export function Tooltip({
  words,
  children,
  side = "bottom",
}: {
  words: ReactNode;
  children: ReactNode;
  side?: Side;
}) {
  const id = useId();
  const [at, setAt] = useState<HTMLElement | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const child = children as ReactElement<TriggerProps>;

  const open = (element: HTMLElement, wait: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setAt(element), wait);
  };
  const close = (wait = 0) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setAt((before) => {
        if (before) closedAt = Date.now();
        return null;
      });
    }, wait);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => {
    if (!at) return;
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && close();
    const gone = () => close();
    document.addEventListener("keydown", onKey);
    window.addEventListener("scroll", gone, true);
    return () => {
      document.removeEventListener("keydown", onKey);
      window.removeEventListener("scroll", gone, true);
    };
  }, [at]);

  if (words === null || words === undefined || words === "") return children;
  const { props } = child;
  return (
    <>
      {cloneElement(child, {
        "aria-describedby": at ? id : props["aria-describedby"],
        onPointerEnter: (event: PointerEvent<HTMLElement>) => {
          props.onPointerEnter?.(event);
          if (event.pointerType === "mouse")
            open(event.currentTarget, Date.now() - closedAt < 300 ? 0 : delay);
        },
        onPointerLeave: (event: PointerEvent<HTMLElement>) => {
          props.onPointerLeave?.(event);
          close(120);
        },
        onPointerDown: (event: PointerEvent<HTMLElement>) => {
          props.onPointerDown?.(event);
          close();
        },
        onFocus: (event: FocusEvent<HTMLElement>) => {
          props.onFocus?.(event);
          if (event.currentTarget.matches(":focus-visible")) open(event.currentTarget, 0);
        },
        onBlur: (event: FocusEvent<HTMLElement>) => {
          props.onBlur?.(event);
          close();
        },
      })}
      {at &&
        createPortal(
          <Bubble
            id={id}
            at={at}
            side={side}
            onEnter={() => clearTimeout(timer.current)}
            onLeave={() => close(120)}
          >
            {words}
          </Bubble>,
          document.body,
        )}
    </>
  );
}

function Bubble({
  id,
  at,
  side,
  onEnter,
  onLeave,
  children,
}: {
  id: string;
  at: HTMLElement;
  side: Side;
  onEnter: () => void;
  onLeave: () => void;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const bubble = ref.current;
    if (!bubble) return;
    const { left, top } = placed(at.getBoundingClientRect(), bubble.getBoundingClientRect(), side);
    bubble.style.left = `${left}px`;
    bubble.style.top = `${top}px`;
  });
  return (
    <div
      ref={ref}
      id={id}
      role="tooltip"
      onPointerEnter={onEnter}
      onPointerLeave={onLeave}
      className="enter-pop fixed left-0 top-0 z-50 max-w-72 rounded-md bg-raised px-2 py-1 text-xs text-ink shadow-pop empty:hidden"
    >
      {children}
    </div>
  );
}

/** Beside the control on the wished side, on the other one where there is no room, never outside the window. */
function placed(control: DOMRect, bubble: DOMRect, side: Side): { left: number; top: number } {
  const { innerWidth: width, innerHeight: height } = window;
  const within = (value: number, size: number, most: number) => Math.max(8, Math.min(value, most - size - 8));
  if (side === "left" || side === "right") {
    const right = control.right + gap;
    const left = control.left - gap - bubble.width;
    const fits = side === "right" ? right + bubble.width < width : left < 8;
    return {
      left: fits ? right : left,
      top: within(control.top + (control.height - bubble.height) / 2, bubble.height, height),
    };
  }
  const below = control.bottom + gap;
  const above = control.top - gap - bubble.height;
  const fits = side === "bottom" ? below + bubble.height < height : above < 8;
  return {
    left: within(control.left + (control.width - bubble.width) / 2, bubble.width, width),
    top: fits ? below : above,
  };
}
