import type { ReactNode } from "react";
import { cn } from "./cn.ts";

export const Kbd = ({ children, className }: { children: ReactNode; className?: string }) => (
  <kbd
    className={cn(
      "inline-flex h-4 min-w-4 items-center justify-center rounded-[3px] border border-line-2 px-1 font-sans text-[10.5px] font-medium text-ink-3",
      className,
    )}
  >
    {children}
  </kbd>
);

const mac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);

/** The word for the command key of this machine. */
export const commandKey = mac ? "⌘" : "Ctrl ";
