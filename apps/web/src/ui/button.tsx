import { cva } from "class-variance-authority";
import type { LucideIcon } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps, MouseEvent, ReactNode } from "react";
import { cn } from "./cn.ts";
import { Tooltip } from "./tooltip.tsx";

const looks = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors duration-[120ms] aria-disabled:text-ink-off aria-disabled:hover:bg-transparent",
  {
    variants: {
      look: {
        plain:
          "h-9 border border-line-2 bg-raised px-2.5 text-ink hover:bg-hover aria-disabled:bg-transparent lg:h-7",
        filled:
          "h-9 border border-transparent bg-action px-2.5 text-on-action hover:bg-action-hover aria-disabled:border-line-2 aria-disabled:bg-transparent lg:h-7",
        ghost: "h-9 px-2 text-ink-2 hover:bg-hover hover:text-ink lg:h-7",
        danger:
          "h-9 border border-line-2 bg-raised px-2.5 text-bad-ink hover:bg-bad-tint aria-disabled:bg-transparent lg:h-7",
        link: "min-h-6 text-accent-ink underline-offset-[3px] hover:underline aria-disabled:no-underline",
      },
      size: { sm: "text-xs", md: "text-sm" },
    },
    defaultVariants: { look: "plain", size: "md" },
  },
);

export type ButtonLook = "plain" | "filled" | "ghost" | "danger" | "link";

export interface ButtonProps extends Omit<ComponentProps<"button">, "disabled"> {
  look?: ButtonLook;
  size?: "sm" | "md";
  icon?: LucideIcon;
  /** Why it cannot be pressed now. The button stays in place and says so when reached. */
  disabledReason?: string | null | undefined;
  /** Work is under way: a second press does nothing. */
  busy?: boolean;
  /** Lend the look to the child, usually a link. */
  asChild?: boolean;
}

/** The one button. Disabled buttons stay reachable by keyboard, because the reason is on them. */
export function Button({
  look = "plain",
  size,
  icon: Icon,
  disabledReason,
  busy = false,
  asChild = false,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  const off = Boolean(disabledReason) || busy;
  const body: ReactNode = (
    <>
      {Icon && <Icon className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />}
      {children}
    </>
  );
  const shared = {
    className: cn(looks({ look, size }), className),
    "aria-disabled": off || undefined,
    "aria-busy": busy || undefined,
    onClick: (event: MouseEvent<HTMLButtonElement>) => {
      if (off) event.preventDefault();
      else onClick?.(event);
    },
    ...rest,
  };
  const button = asChild ? (
    <Slot.Root {...shared}>{children}</Slot.Root>
  ) : (
    <button type={off ? "button" : type} {...shared}>
      {body}
    </button>
  );
  return disabledReason ? <Tooltip words={disabledReason}>{button}</Tooltip> : button;
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon" | "look" | "asChild"> {
  icon: LucideIcon;
  /** Its name for everyone: shown on hover and focus, read aloud. */
  label: string;
  pressed?: boolean;
  /** For rows of a table: fits into the smallest density. */
  inRow?: boolean;
}

/** A square button with a picture; its name is always a tooltip away. */
export function IconButton({
  icon: Icon,
  label,
  pressed,
  inRow = false,
  disabledReason,
  busy,
  className,
  onClick,
  size: _size,
  ...rest
}: IconButtonProps) {
  const off = Boolean(disabledReason) || busy === true;
  return (
    <Tooltip words={disabledReason ? `${label}: ${disabledReason}` : label}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        aria-disabled={off || undefined}
        className={cn(
          "grid size-10 shrink-0 place-items-center rounded-md text-ink-2 transition-colors duration-[120ms] hover:bg-hover hover:text-ink aria-disabled:text-ink-off aria-pressed:bg-selected aria-pressed:text-ink",
          inRow ? "lg:size-6" : "lg:size-7",
          className,
        )}
        onClick={(event) => (off ? event.preventDefault() : onClick?.(event))}
        {...rest}
      >
        <Icon className="size-4" strokeWidth={1.75} aria-hidden />
      </button>
    </Tooltip>
  );
}
