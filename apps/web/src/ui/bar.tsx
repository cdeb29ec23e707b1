import { cn } from "./cn.ts";

export interface BarPart {
  /** Names the part for the tooltip and for screen readers. */
  label: string;
  value: number;
  /** A background class: bg-o-answered, bg-accent. */
  fill: string;
  hatched?: boolean;
}

/** Parts of one whole on a line: 6 px in rows, 3 px on a rule. The rest of the line stays grey. */
export function Bar({
  parts,
  total,
  height = 6,
  square = false,
  label,
  className,
}: {
  parts: BarPart[];
  /** The whole; the sum of the parts when absent. */
  total?: number;
  height?: 3 | 6 | 8 | 10;
  square?: boolean;
  label?: string;
  className?: string;
}) {
  const sum = parts.reduce((all, part) => all + part.value, 0);
  const whole = Math.max(total ?? sum, sum, 1);
  return (
    <span
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
      className={cn("flex w-full gap-px overflow-hidden bg-line", !square && "rounded-xs", className)}
      style={{ height }}
    >
      {parts.map(
        (part) =>
          part.value > 0 && (
            <span
              key={part.label}
              title={part.label}
              className={cn("min-w-[2px]", part.fill, part.hatched && "hatch")}
              style={{ width: `${(part.value / whole) * 100}%` }}
            />
          ),
      )}
    </span>
  );
}
