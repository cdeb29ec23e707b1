import { Download, ListFilter } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useShortcuts } from "@/shell/shortcuts.ts";
import { Button } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { SearchInput, Select } from "@/ui/input.tsx";

/**
 * The line above a list: search and filters left, columns and export right. On a phone the filters wait behind a
 * button that says how many are set.
 */
export function FilterBar({
  search,
  children,
  aside,
  active = 0,
}: {
  search?: ReactNode;
  children?: ReactNode;
  aside?: ReactNode;
  /** How many filters are set. */
  active?: number;
}) {
  const [open, setOpen] = useState(false);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2 lg:min-h-11 lg:px-5 lg:py-1.5">
      {search}
      {children && (
        <>
          <Button
            icon={ListFilter}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className={cn("lg:hidden", Boolean(search) && "max-sm:px-2")}
          >
            Filters{active > 0 && ` (${active})`}
          </Button>
          <div
            className={cn(
              "flex flex-wrap items-center gap-2 max-lg:order-last max-lg:w-full lg:contents",
              !open && "max-lg:hidden",
            )}
          >
            {children}
          </div>
        </>
      )}
      {aside && <div className="ml-auto flex items-center gap-1">{aside}</div>}
    </div>
  );
}

/** Search that writes itself into the address when the typing pauses; `/` puts the cursor here. */
export function SearchFilter({
  value,
  onValue,
  label,
}: {
  value: string | undefined;
  onValue: (value: string | undefined) => void;
  label: string;
}) {
  const [typed, setTyped] = useState(value ?? "");
  const field = useRef<HTMLInputElement>(null);
  const sent = useRef(value ?? "");
  useShortcuts([{ keys: "/", label, group: "Lists", run: () => field.current?.focus() }]);

  useEffect(() => {
    if ((value ?? "") !== sent.current) {
      sent.current = value ?? "";
      setTyped(value ?? "");
    }
  }, [value]);
  useEffect(() => {
    if (typed === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = typed;
      onValue(typed.trim() === "" ? undefined : typed.trim());
    }, 250);
    return () => clearTimeout(timer);
  }, [typed, onValue]);

  return (
    <SearchInput
      ref={field}
      label={label}
      value={typed}
      onValue={setTyped}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          if (typed === "") event.currentTarget.blur();
          else setTyped("");
        }
      }}
      className="min-w-0 grow sm:w-64 sm:grow-0"
    />
  );
}

/** One choice among a few; the empty one means any. */
export const SelectFilter = <Value extends string>({
  label,
  any,
  value,
  options,
  onValue,
}: {
  label: string;
  any: string;
  value: Value | undefined;
  options: { value: Value; label: string }[];
  onValue: (value: Value | undefined) => void;
}) => (
  <Select
    aria-label={label}
    className="max-w-44"
    value={value ?? ""}
    onChange={(event) => onValue(event.target.value === "" ? undefined : (event.target.value as Value))}
  >
    <option value="">{any}</option>
    {options.map((option) => (
      <option key={option.value} value={option.value}>
        {option.label}
      </option>
    ))}
  </Select>
);

/** The same rows as a file: the current filter, all pages. */
export const ExportLink = ({
  href,
  rows,
  refused,
}: {
  href: string;
  rows?: number | null;
  refused: string | null;
}) =>
  refused ? (
    <Button look="ghost" icon={Download} disabledReason={refused}>
      Export
    </Button>
  ) : (
    <Button look="ghost" asChild>
      <a href={href} download>
        <Download className="size-3.5" strokeWidth={1.75} aria-hidden />
        <span className="max-sm:sr-only">Export{rows ? ` ${count(rows)}` : ""}</span>
      </a>
    </Button>
  );
