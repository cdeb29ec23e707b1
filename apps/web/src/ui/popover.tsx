import type { LucideIcon } from "lucide-react";
import { Check } from "lucide-react";
import { DropdownMenu, Popover as Pop } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";
import { Kbd } from "./kbd.tsx";

const floating = "enter-pop z-50 rounded-lg bg-raised text-sm text-ink shadow-pop outline-none";

export function Popover({
  trigger,
  children,
  align = "start",
  className,
  open,
  onOpenChange,
  label,
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "center" | "end";
  className?: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  label: string;
}) {
  return (
    <Pop.Root open={open} onOpenChange={onOpenChange}>
      <Pop.Trigger asChild>{trigger}</Pop.Trigger>
      <Pop.Portal>
        <Pop.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          className={cn(
            floating,
            "max-h-[var(--radix-popover-content-available-height)] overflow-y-auto",
            className,
          )}
        >
          {children}
        </Pop.Content>
      </Pop.Portal>
    </Pop.Root>
  );
}

export interface MenuAction {
  label: string;
  onSelect: () => void;
  icon?: LucideIcon;
  danger?: boolean;
  keys?: string;
  checked?: boolean;
  /** Shown under the label; the action stays visible but cannot be chosen. */
  disabledReason?: string | null | undefined;
}

export type MenuEntry = MenuAction | "rule" | { heading: string };

const isAction = (entry: MenuEntry): entry is MenuAction => typeof entry === "object" && "onSelect" in entry;

/** A list of actions under a button. Entries are data, so a table row and a page share them. */
export function Menu({
  trigger,
  entries,
  align = "end",
  header,
  className,
}: {
  trigger: ReactNode;
  entries: MenuEntry[];
  align?: "start" | "end";
  header?: ReactNode;
  className?: string;
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cn(
            floating,
            "max-h-[var(--radix-dropdown-menu-content-available-height)] min-w-48 max-w-80 overflow-y-auto p-1",
            className,
          )}
        >
          {header}
          {entries.map((entry, index) =>
            entry === "rule" ? (
              <DropdownMenu.Separator key={index} className="-mx-1 my-1 h-px bg-line" />
            ) : isAction(entry) ? (
              <DropdownMenu.Item
                key={index}
                disabled={Boolean(entry.disabledReason)}
                onSelect={entry.onSelect}
                {...(entry.checked === undefined
                  ? {}
                  : { role: "menuitemradio", "aria-checked": entry.checked })}
                className={cn(
                  "flex min-h-9 cursor-pointer items-center gap-2 rounded-md px-2 py-1 outline-none data-[disabled]:cursor-not-allowed data-[highlighted]:bg-hover lg:min-h-7",
                  entry.danger && "text-bad-ink",
                )}
              >
                {entry.icon && (
                  <entry.icon
                    className="size-3.5 shrink-0 text-current opacity-80"
                    strokeWidth={1.75}
                    aria-hidden
                  />
                )}
                <span className="min-w-0 grow">
                  <span className={cn("block", entry.disabledReason && "text-ink-3")}>{entry.label}</span>
                  {entry.disabledReason && (
                    <span className="block text-xs text-ink-3">{entry.disabledReason}</span>
                  )}
                </span>
                {entry.checked && <Check className="size-3.5 text-accent-ink" strokeWidth={2} aria-hidden />}
                {entry.keys && <Kbd>{entry.keys}</Kbd>}
              </DropdownMenu.Item>
            ) : (
              <DropdownMenu.Label key={index} className="px-2 pb-0.5 pt-1.5 text-xs text-ink-3">
                {entry.heading}
              </DropdownMenu.Label>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
