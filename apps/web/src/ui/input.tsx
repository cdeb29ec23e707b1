import type { LucideIcon } from "lucide-react";
import { ChevronDown, Search, X } from "lucide-react";
import type { ComponentProps, ReactNode, Ref } from "react";
import { cn } from "./cn.ts";
import { useFieldControl } from "./field.tsx";

export const controlLooks =
  "rounded-md border border-line-2 bg-raised text-ink transition-colors duration-[120ms] hover:border-line-3 aria-invalid:border-bad disabled:bg-transparent disabled:text-ink-3 disabled:hover:border-line-2";

export function Input({
  className,
  mono = false,
  width = "w-full",
  ...rest
}: ComponentProps<"input"> & { mono?: boolean; width?: string }) {
  return (
    <input
      {...useFieldControl(rest)}
      className={cn(
        controlLooks,
        "h-9 min-w-0 px-2 lg:h-7",
        width,
        mono ? "font-mono text-xs" : "text-sm",
        className,
      )}
      {...rest}
    />
  );
}

/** An input with words before or after it inside the same edge: a unit, a country code. */
export function InputWithUnit({
  before,
  after,
  className,
  ...rest
}: ComponentProps<"input"> & { before?: ReactNode; after?: ReactNode }) {
  return (
    <span
      className={cn(
        controlLooks,
        "flex h-9 items-center overflow-hidden text-sm focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus lg:h-7",
        className,
      )}
    >
      {before && <span className="pl-2 text-ink-3">{before}</span>}
      <input
        {...useFieldControl(rest)}
        className="h-full w-full min-w-0 bg-transparent px-2 outline-none"
        {...rest}
      />
      {after && <span className="whitespace-nowrap pr-2 text-ink-3">{after}</span>}
    </span>
  );
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return (
    <textarea
      rows={4}
      {...useFieldControl(rest)}
      className={cn(controlLooks, "w-full min-w-0 px-2 py-1.5 text-sm", className)}
      {...rest}
    />
  );
}

/** The platform's own list, in our clothes: right on a phone, by keyboard and for screen readers. */
export function Select({
  className,
  inCell = false,
  children,
  ...rest
}: ComponentProps<"select"> & { inCell?: boolean }) {
  return (
    <span className={cn("relative inline-flex min-w-0", className)}>
      <select
        {...useFieldControl(rest)}
        className={cn(
          controlLooks,
          "w-full min-w-0 cursor-pointer appearance-none truncate pl-2 pr-7 text-sm",
          inCell ? "h-9 lg:h-[26px]" : "h-9 lg:h-7",
        )}
        {...rest}
      >
        {children}
      </select>
      <ChevronDown
        className="pointer-events-none absolute right-2 top-1/2 size-3.5 -translate-y-1/2 text-ink-3"
        strokeWidth={1.75}
        aria-hidden
      />
    </span>
  );
}

/** A search box with its own clear button; `/` puts the cursor here. */
export function SearchInput({
  value,
  onValue,
  label,
  placeholder = label,
  className,
  icon: Icon = Search,
  trailing,
  ref,
  ...rest
}: Omit<ComponentProps<"input">, "value" | "onChange" | "ref"> & {
  value: string;
  onValue: (value: string) => void;
  label: string;
  icon?: LucideIcon;
  trailing?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}) {
  return (
    <span
      className={cn(
        controlLooks,
        "flex h-9 items-center gap-2 px-2 text-xs focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus lg:h-7",
        className,
      )}
    >
      <Icon className="size-3.5 shrink-0 text-ink-3" strokeWidth={1.75} aria-hidden />
      <input
        ref={ref}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        className="h-full w-full min-w-0 bg-transparent outline-none"
        {...rest}
      />
      {trailing}
      {value !== "" && (
        <button
          type="button"
          aria-label={`Clear ${label.toLowerCase()}`}
          onClick={() => onValue("")}
          className="-mr-1 grid size-6 place-items-center rounded-sm text-ink-3 hover:text-ink"
        >
          <X className="size-3.5" strokeWidth={1.75} aria-hidden />
        </button>
      )}
    </span>
  );
}
