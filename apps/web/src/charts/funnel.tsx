import type { Place } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { cn } from "@/ui/cn.ts";
import { count, share } from "@/ui/format.ts";
import { SectionHead } from "@/ui/section.tsx";
import { useWidth } from "./use-width.ts";

export interface FunnelStep {
  label: string;
  value: number;
  link?: Place;
  /** From the first step on at which a person spoke, the band is in the colour of the person. */
  spoken?: boolean;
}

/** From the whole list to the wished end, each number a door and each share of the step before it. */
export function Funnel({ steps }: { steps: FunnelStep[] }) {
  const [ref, width] = useWidth();
  const first = Math.max(1, steps[0]?.value ?? 1);
  const height = 44;
  const cell = width / Math.max(1, steps.length);
  const top = (value: number) => height - Math.max(value > 0 ? 1 : 0, (value / first) * height);

  return (
    <section aria-label="Funnel" className="border-b border-line">
      <div className="max-lg:hidden" data-inset-focus>
        <ol className="grid" style={{ gridTemplateColumns: `repeat(${steps.length}, minmax(0, 1fr))` }}>
          {steps.map((step, index) => {
            const before = steps[index - 1];
            const body = (
              <>
                <span className="label block truncate">{step.label}</span>
                <span className="flex items-baseline gap-2">
                  <span className="tnum text-lg font-semibold group-hover:underline group-hover:decoration-1 group-hover:underline-offset-4">
                    {count(step.value)}
                  </span>
                  {before && (
                    <span className="tnum text-xs text-ink-3" title={`of ${before.label.toLowerCase()}`}>
                      {share(step.value, before.value)}
                    </span>
                  )}
                </span>
              </>
            );
            const look = cn("group block h-full min-w-0 px-5 pb-1 pt-2", index > 0 && "border-l border-line");
            return (
              <li key={step.label} className="min-w-0">
                {step.link ? (
                  <Go place={step.link} className={cn(look, "hover:bg-hover")}>
                    {body}
                  </Go>
                ) : (
                  <div className={look}>{body}</div>
                )}
              </li>
            );
          })}
        </ol>
        <div ref={ref} style={{ height }} aria-hidden>
          {width > 0 && (
            <svg width={width} height={height} className="block">
              {steps.map((step, index) => {
                const next = steps[index + 1] ?? step;
                const start = index * cell;
                const end = start + cell;
                const bend = start + cell * 0.68;
                const isLast = index === steps.length - 1;
                const points = [
                  [start, height],
                  [start, top(step.value)],
                  [bend, top(step.value)],
                  [end, top(isLast ? step.value : next.value)],
                  [end, height],
                ];
                return (
                  <polygon
                    key={step.label}
                    points={points.map(([px, py]) => `${px?.toFixed(1)},${py?.toFixed(1)}`).join(" ")}
                    fill={step.spoken ? "var(--o-answered)" : "var(--line-3)"}
                    opacity={step.spoken ? 0.55 + Math.min(0.4, index * 0.07) : 0.25 + index * 0.07}
                  />
                );
              })}
            </svg>
          )}
        </div>
      </div>
      <div className="lg:hidden">
        <SectionHead title="Funnel" />
        <ol className="px-4 pb-3">
          {steps.map((step, index) => {
            const before = steps[index - 1];
            return (
              <li key={step.label} className="flex min-h-7 items-center gap-3">
                <span className="w-28 shrink-0 text-xs text-ink-2">{step.label}</span>
                <span className="h-3 grow">
                  <span
                    className={cn(
                      "block h-full rounded-xs",
                      step.spoken ? "bg-o-answered" : "bg-line-3 opacity-55",
                    )}
                    style={{ width: `${(step.value / first) * 100}%` }}
                  />
                </span>
                {step.link ? (
                  <Go place={step.link} className="quiet-link w-12 text-right">
                    {count(step.value)}
                  </Go>
                ) : (
                  <span className="tnum w-12 text-right">{count(step.value)}</span>
                )}
                <span className="tnum w-9 text-right text-xs text-ink-3">
                  {before ? share(step.value, before.value) : ""}
                </span>
              </li>
            );
          })}
        </ol>
      </div>
    </section>
  );
}
