import { Check, Minus } from "lucide-react";
import { Checkbox as Box, RadioGroup, Switch as Toggle } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";

/** A tick box; `"some"` draws the dash of a partly chosen set. */
export function Checkbox({
  checked,
  onChecked,
  label,
  hideLabel = false,
  disabled,
  className,
}: {
  checked: boolean | "some";
  onChecked: (checked: boolean) => void;
  label: ReactNode;
  hideLabel?: boolean;
  disabled?: boolean;
  className?: string;
}) {
  const box = (
    <Box.Root
      checked={checked === "some" ? "indeterminate" : checked}
      onCheckedChange={(next) => onChecked(next === true)}
      disabled={disabled}
      aria-label={hideLabel && typeof label === "string" ? label : undefined}
      className="grid size-4 shrink-0 place-items-center rounded-sm border border-line-3 bg-raised text-on-accent data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[state=indeterminate]:border-accent data-[state=indeterminate]:bg-accent"
    >
      <Box.Indicator>
        {checked === "some" ? (
          <Minus className="size-3" strokeWidth={2.5} aria-hidden />
        ) : (
          <Check className="size-3" strokeWidth={2.5} aria-hidden />
        )}
      </Box.Indicator>
    </Box.Root>
  );
  if (hideLabel) return <span className={cn("grid size-6 place-items-center", className)}>{box}</span>;
  return (
    <label className={cn("inline-flex min-h-6 items-center gap-2", disabled && "text-ink-3", className)}>
      {box}
      <span>{label}</span>
    </label>
  );
}

export function Switch({
  checked,
  onChecked,
  label,
  disabled,
}: {
  checked: boolean;
  onChecked: (checked: boolean) => void;
  label: ReactNode;
  disabled?: boolean;
}) {
  return (
    <label
      className={cn("inline-flex min-h-6 items-center gap-2 whitespace-nowrap", disabled && "text-ink-3")}
    >
      <Toggle.Root
        checked={checked}
        onCheckedChange={onChecked}
        disabled={disabled}
        className="inline-flex h-[18px] w-[30px] shrink-0 items-center rounded-full bg-line-3 p-0.5 transition-colors duration-[120ms] data-[state=checked]:bg-ok"
      >
        <Toggle.Thumb className="size-3.5 rounded-full bg-surface transition-transform duration-[120ms] data-[state=checked]:translate-x-3" />
      </Toggle.Root>
      {label}
    </label>
  );
}

/** A few exclusive choices in one edge: speed, range, theme. */
export function Segmented<Value extends string>({
  value,
  onValue,
  options,
  label,
  className,
}: {
  value: Value;
  onValue: (value: Value) => void;
  options: { value: Value; label: ReactNode }[];
  label: string;
  className?: string;
}) {
  return (
    <RadioGroup.Root
      value={value}
      onValueChange={(next) => onValue(next as Value)}
      aria-label={label}
      orientation="horizontal"
      className={cn("inline-flex overflow-hidden rounded-md border border-line-2 text-xs", className)}
    >
      {options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          className="h-9 px-2 text-ink-2 hover:bg-hover focus-visible:outline-offset-[-2px] data-[state=checked]:bg-selected data-[state=checked]:font-medium data-[state=checked]:text-ink lg:h-6"
        >
          {option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
