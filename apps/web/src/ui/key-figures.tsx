import type { ReactNode } from "react";
import { cn } from "./cn.ts";
import { Bar } from "./bar.tsx";
import type { BarPart } from "./bar.tsx";

const columnsFor: Record<number, string> = {
  3: "lg:grid-cols-3",
  4: "lg:grid-cols-4",
  5: "lg:grid-cols-5",
  6: "lg:grid-cols-3 xl:grid-cols-6",
};

/** Equal cells split by rules: the numbers a page is about. Each is a door to its rows. */
export const KeyFigures = ({
  label,
  count,
  children,
}: {
  label: string;
  count: 3 | 4 | 5 | 6;
  children: ReactNode;
}) => (
  <section
    aria-label={label}
    data-inset-focus
    className={cn("grid grid-cols-2 gap-px border-b border-line bg-line", columnsFor[count])}
  >
    {children}
  </section>
);

/**
 * One key figure. `render` wraps the cell in a link when the number counts rows.
 * Progress is drawn on the cell's bottom rule.
 */
export function KeyFigure({
  label,
  figure,
  unit,
  note,
  drawing,
  progress,
  render,
  size = "xl",
}: {
  label: ReactNode;
  figure: ReactNode;
  unit?: ReactNode;
  note?: ReactNode;
  drawing?: ReactNode;
  progress?: BarPart[];
  render?: (props: { className: string; children: ReactNode }) => ReactNode;
  size?: "lg" | "xl";
}) {
  const body = (
    <>
      <span className="label">{label}</span>
      <span className="flex items-end justify-between gap-2">
        <span
          data-figure
          className={cn("tnum truncate font-semibold", size === "xl" ? "text-xl" : "text-lg")}
        >
          {figure}
          {unit && (
            <span className={cn("font-normal text-ink-3", size === "xl" ? "text-md" : "text-sm")}>
              {" "}
              {unit}
            </span>
          )}
        </span>
        {drawing}
      </span>
      <span className="min-h-4 text-xs text-ink-2 lg:truncate">{note}</span>
      {progress && (
        <span className="absolute inset-x-0 bottom-0">
          <Bar parts={progress} height={3} square />
        </span>
      )}
    </>
  );
  const className = cn(
    "group relative flex min-w-0 flex-col justify-between gap-1 bg-surface px-4 py-2.5 lg:px-5 max-lg:last:odd:col-span-2",
    size === "xl" && "lg:py-3",
    render && "hover:bg-hover",
  );
  return render ? render({ className, children: body }) : <div className={className}>{body}</div>;
}
