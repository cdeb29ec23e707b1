import { cn } from "./cn.ts";

/** A grey line where words will be. It waits 120 ms, so that fast answers never flicker. */
export const Skeleton = ({ className }: { className?: string }) => (
  <span aria-hidden className={cn("skeleton block h-3 rounded-xs bg-line", className)} />
);

const widths = ["62%", "48%", "71%", "55%", "66%", "43%"];

/** Rows of the table's own height and rules, so that nothing moves when they fill. */
export const SkeletonRows = ({ rows = 8, columns = 4 }: { rows?: number; columns?: number }) => (
  <div role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, row) => (
      <div
        key={row}
        className="grid h-[var(--row)] items-center gap-5 border-t border-line px-4 first:border-t-0 lg:px-5"
        style={{ gridTemplateColumns: `2fr repeat(${columns - 1}, 1fr)` }}
      >
        {Array.from({ length: columns }, (_, column) => (
          <span key={column} style={{ width: widths[(row + column) % widths.length] }}>
            <Skeleton />
          </span>
        ))}
      </div>
    ))}
  </div>
);

/** A whole page while its first answer is on the way: title, key figures, rows. */
export const PageSkeleton = () => (
  <div className="flex min-h-0 grow flex-col" role="status" aria-label="Loading the page">
    <div className="flex h-[52px] items-center border-b border-line px-4 lg:px-5">
      <Skeleton className="h-4 w-48" />
    </div>
    <div className="grid grid-cols-2 border-b border-line lg:grid-cols-5">
      {Array.from({ length: 5 }, (_, cell) => (
        <div key={cell} className="space-y-2 border-r border-line px-4 py-3 lg:px-5">
          <Skeleton className="w-20" />
          <Skeleton className="h-5 w-16" />
          <Skeleton className="w-28" />
        </div>
      ))}
    </div>
    <SkeletonRows rows={12} />
  </div>
);
