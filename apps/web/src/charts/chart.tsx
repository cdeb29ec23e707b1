import { useId, useState } from "react";
import type { KeyboardEvent, ReactNode } from "react";
import { Button } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { Section } from "@/ui/section.tsx";
import { useWidth } from "./use-width.ts";

/** A chart's region: head with the total, and the same figures as a table at a press. */
export function ChartSection({
  title,
  count,
  note,
  chart,
  table,
  className,
}: {
  title: string;
  count?: ReactNode;
  note?: ReactNode;
  chart: ReactNode;
  table: ReactNode;
  className?: string;
}) {
  const [asTable, setAsTable] = useState(false);
  return (
    <Section
      title={title}
      count={count}
      note={note}
      className={cn("pb-2", className)}
      aside={
        <Button look="link" size="sm" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? "Show as chart" : "Show as table"}
        </Button>
      }
    >
      {asTable ? (
        <div
          className="max-h-64 overflow-auto px-4 lg:px-5"
          tabIndex={0}
          role="region"
          aria-label={`${title}, table`}
        >
          {table}
        </div>
      ) : (
        chart
      )}
    </Section>
  );
}

/** The figures of a chart, for those who would rather read them. */
export const ChartTable = ({ head, rows }: { head: string[]; rows: (string | number)[][] }) => (
  <table className="tnum w-full border-collapse text-xs">
    <thead className="sticky top-0 bg-surface">
      <tr>
        {head.map((name, index) => (
          <th
            key={name}
            scope="col"
            className={cn("h-7 px-2 font-medium text-ink-3", index === 0 ? "text-left" : "text-right")}
          >
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map((row) => (
        <tr key={String(row[0])} className="border-t border-line">
          {row.map((cell, index) =>
            index === 0 ? (
              <th
                key={index}
                scope="row"
                className="h-6 whitespace-nowrap px-2 text-left font-normal text-ink-2"
              >
                {cell}
              </th>
            ) : (
              <td key={index} className="h-6 px-2 text-right">
                {cell}
              </td>
            ),
          )}
        </tr>
      ))}
    </tbody>
  </table>
);

/**
 * The canvas of a chart: measures itself, says its finding as one sentence, and moves a cursor over the buckets by
 * pointer or arrow keys. `tip` is the tooltip of the bucket under the cursor.
 */
export function Plot({
  finding,
  height,
  buckets,
  x,
  tip,
  children,
  className,
}: {
  finding: string;
  height: number;
  buckets: number;
  /** Centre of a bucket, in pixels of the measured width. */
  x: (bucket: number, width: number) => number;
  tip?: (bucket: number) => ReactNode;
  children: (width: number, active: number | null) => ReactNode;
  className?: string;
}) {
  const [ref, width] = useWidth();
  const [active, setActive] = useState<number | null>(null);
  const tipId = useId();

  const nearest = (left: number) => {
    let best = 0;
    for (let bucket = 1; bucket < buckets; bucket += 1) {
      if (Math.abs(x(bucket, width) - left) < Math.abs(x(best, width) - left)) best = bucket;
    }
    return best;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number | null> = {
      ArrowLeft: Math.max(0, (active ?? buckets) - 1),
      ArrowRight: Math.min(buckets - 1, (active ?? -1) + 1),
      Home: 0,
      End: buckets - 1,
      Escape: null,
    };
    if (!(event.key in moves) || buckets === 0) return;
    event.preventDefault();
    setActive(moves[event.key] ?? null);
  };
  const words = active !== null && active < buckets && tip ? tip(active) : null;
  const left = active === null ? 0 : x(active, width);

  return (
    // A picture for assistive technology, with its table a button away; arrow keys walk its columns.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={ref}
      role="img"
      aria-label={finding}
      aria-describedby={words ? tipId : undefined}
      tabIndex={tip && buckets > 0 ? 0 : undefined}
      className={cn("relative rounded-xs", className)}
      style={{ height }}
      onKeyDown={onKeyDown}
      onBlur={() => setActive(null)}
      onPointerMove={(event) =>
        tip &&
        buckets > 0 &&
        setActive(nearest(event.clientX - event.currentTarget.getBoundingClientRect().left))
      }
      onPointerLeave={() => setActive(null)}
    >
      {width > 0 && (
        <svg width={width} height={height} className="block overflow-visible" aria-hidden>
          {children(width, active)}
        </svg>
      )}
      {words && (
        <div
          id={tipId}
          className="pointer-events-none absolute top-1 z-10 min-w-36 rounded-md bg-raised p-2 text-xs shadow-pop"
          style={left > width / 2 ? { right: width - left + 10 } : { left: left + 10 }}
        >
          {words}
        </div>
      )}
    </div>
  );
}

/** The frame's own hatch for times that could have no calls; refer to it by `url(#id)`. */
export const Hatch = ({ id }: { id: string }) => (
  <defs>
    <pattern id={id} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="1.2" height="5" fill="var(--hatch)" />
    </pattern>
  </defs>
);

/** Dotted horizontals with their figures, a solid baseline, nothing else. */
export const YAxis = ({
  ticks,
  y,
  left,
  right,
  format,
}: {
  ticks: number[];
  y: (value: number) => number;
  left: number;
  right: number;
  format: (value: number) => string;
}) => (
  <g>
    {ticks.map((tick) => (
      <g key={tick}>
        <line
          x1={left}
          x2={right}
          y1={Math.round(y(tick)) + 0.5}
          y2={Math.round(y(tick)) + 0.5}
          stroke={tick === 0 ? "var(--line-2)" : "var(--line)"}
          strokeDasharray={tick === 0 ? undefined : "1 3"}
        />
        <text x={left - 6} y={y(tick) + 3.5} textAnchor="end" className="axis">
          {format(tick)}
        </text>
      </g>
    ))}
  </g>
);
