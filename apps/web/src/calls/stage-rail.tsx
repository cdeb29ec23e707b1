import type { CallStatus } from "@parley/core/calls/lifecycle";
import type { LucideIcon } from "lucide-react";
import { AudioLines, BellRing, Check, CircleX, PhoneOff, PhoneOutgoing } from "lucide-react";
import type { ReactNode } from "react";
import { logShares } from "@/charts/scale.ts";
import { cn } from "@/ui/cn.ts";
import { clockSeconds, span, duration } from "@/ui/format.ts";

export interface Stage {
  status: CallStatus;
  at: string | null;
}

const looks: Partial<Record<CallStatus, { word: string; Icon: LucideIcon }>> = {
  initiated: { word: "Initiated", Icon: PhoneOutgoing },
  ringing: { word: "Ringing", Icon: BellRing },
  "in-progress": { word: "In progress", Icon: AudioLines },
  "call-disconnected": { word: "Disconnected", Icon: PhoneOff },
  completed: { word: "Completed", Icon: Check },
};

const gapWords = (seconds: number) => (seconds < 90 ? span(seconds) : duration(seconds));

/**
 * The stages of a call with their times to the second. The gap is written on the line between two, whose length goes
 * by its logarithm. A stage not reached is grey. Below 640 px it is a list.
 */
export function StageRail({
  stages,
  ended,
  aside,
}: {
  stages: Stage[];
  ended?: { word: string; at: string } | null;
  aside?: ReactNode;
}) {
  const marks = [
    ...stages.map((stage) => ({
      key: stage.status as string,
      word: looks[stage.status]?.word ?? stage.status,
      Icon: looks[stage.status]?.Icon ?? Check,
      at: stage.at,
      spoken: stage.status === "in-progress" && stage.at !== null,
      bad: false,
    })),
    ...(ended
      ? [{ key: "ended", word: ended.word, Icon: CircleX, at: ended.at, spoken: false, bad: true }]
      : []),
  ];
  const gaps = marks.slice(1).map((mark, index) => {
    const before = marks[index]?.at;
    return before && mark.at ? (Date.parse(mark.at) - Date.parse(before)) / 1000 : null;
  });
  const shares = logShares(gaps.map((gap) => gap ?? 0));

  return (
    <section aria-label="Stages" className="flex items-center border-b border-line px-4 py-3 lg:px-5">
      <ol className="flex min-w-0 grow flex-col gap-1 sm:flex-row sm:items-start sm:gap-0">
        {marks.map((mark, index) => {
          const gap = gaps[index - 1];
          return (
            <li key={mark.key} className="flex items-start sm:contents">
              {index > 0 && (
                <span
                  aria-hidden
                  className={cn(
                    "relative mx-2 mt-2.5 hidden h-px min-w-10 sm:block xl:mx-3",
                    mark.at ? "bg-line-3/60" : "bg-line",
                  )}
                  style={{ flexGrow: (shares[index - 1] ?? 0) * 100, flexBasis: 0 }}
                >
                  {gap !== null && gap !== undefined && (
                    <span className="tnum absolute -top-2.5 left-1/2 -translate-x-1/2 whitespace-nowrap bg-surface px-1 text-xs text-ink-2 xl:px-1.5">
                      {gapWords(gap)}
                    </span>
                  )}
                </span>
              )}
              <span className="flex grow items-start gap-2 sm:grow-0">
                <span
                  className={cn(
                    "grid size-5 shrink-0 place-items-center rounded-full bg-hover text-ink-2",
                    mark.spoken && "bg-o-answered text-surface",
                    mark.bad && "bg-bad-tint text-bad-ink",
                    !mark.at && "text-ink-off",
                  )}
                >
                  <mark.Icon className="size-3" strokeWidth={1.75} aria-hidden />
                </span>
                <span className="leading-5 max-sm:flex max-sm:grow max-sm:items-baseline max-sm:gap-2">
                  <span className={cn("block whitespace-nowrap", !mark.at && "text-ink-3")}>
                    {mark.word}
                    {gap !== null && gap !== undefined && (
                      <span className="text-ink-3 sm:sr-only">, after {gapWords(gap)}</span>
                    )}
                  </span>
                  <span className="mono block text-xs leading-4 text-ink-3 max-sm:ml-auto">
                    {mark.at ? clockSeconds(mark.at) : "–"}
                  </span>
                </span>
              </span>
            </li>
          );
        })}
      </ol>
      {aside && <div className="ml-6 hidden shrink-0 border-l border-line pl-5 lg:block">{aside}</div>}
    </section>
  );
}
