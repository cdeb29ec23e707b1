import type { LucideIcon } from "lucide-react";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";

export type Tone = "plain" | "accent" | "ok" | "warn" | "bad" | "odd";

const tints: Record<Tone, string> = {
  plain: "bg-hover text-ink",
  accent: "bg-accent-tint text-accent-ink",
  ok: "bg-ok-tint text-ok-ink",
  warn: "bg-warn-tint text-warn-ink",
  bad: "bg-bad-tint text-bad-ink",
  odd: "bg-odd-tint text-odd-ink",
};

/** The state of an object: tinted, with icon and word. At most one in a row. */
export const Badge = ({
  tone = "plain",
  icon: Icon,
  glyph,
  children,
  className,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  glyph?: ReactNode;
  children: ReactNode;
  className?: string;
}) => (
  <span
    className={cn(
      "badge inline-flex h-5 shrink-0 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 align-middle text-xs font-medium",
      tints[tone],
      className,
    )}
  >
    {Icon && <Icon className="size-3" strokeWidth={1.75} aria-hidden />}
    {glyph}
    {children}
  </span>
);

/** An attribute: outlined and small. With `onRemove` it can be taken off. */
export const Chip = ({
  icon: Icon,
  children,
  onRemove,
  removeLabel,
  className,
}: {
  icon?: LucideIcon;
  children: ReactNode;
  onRemove?: () => void;
  removeLabel?: string;
  className?: string;
}) => (
  <span
    className={cn(
      "chip inline-flex max-w-full items-center gap-1 whitespace-nowrap rounded-sm border border-line-2 pl-[5px] text-ink-2",
      onRemove ? "h-6 text-xs" : "h-[18px] pr-[5px] text-2xs",
      className,
    )}
  >
    {Icon && <Icon className="size-3 shrink-0" strokeWidth={1.75} aria-hidden />}
    <span className="truncate">{children}</span>
    {onRemove && (
      <button
        type="button"
        onClick={onRemove}
        aria-label={removeLabel ?? "Remove"}
        className="grid size-6 place-items-center text-ink-3 hover:text-ink"
      >
        <X className="size-3" strokeWidth={1.75} aria-hidden />
      </button>
    )}
  </span>
);
