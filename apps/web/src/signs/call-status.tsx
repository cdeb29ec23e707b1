import type { CallStatus as Status } from "@parley/core/calls/lifecycle";
import { callSigns } from "@parley/core/calls/words";
import { cn } from "@/ui/cn.ts";
import { iconOf, inkOf } from "./icon.ts";
import { OutcomeWord } from "./outcome.tsx";
import type { Outcome } from "./outcome.tsx";

/** Ends that are outcomes already wear the outcome's glyph. */
const ends: Partial<Record<Status, Outcome>> = {
  "no-answer": "no_answer",
  busy: "busy",
  canceled: "canceled",
  stopped: "canceled",
};

/** Icon and word of a call's status. */
export function CallStatus({ status, className }: { status: Status; className?: string }) {
  const outcome = ends[status];
  if (outcome) return <OutcomeWord outcome={outcome} {...(className ? { className } : {})} />;
  const sign = callSigns[status];
  const Icon = iconOf(sign.icon);
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1.5 whitespace-nowrap align-middle",
        inkOf[sign.tone],
        className,
      )}
    >
      <Icon className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
      {sign.word}
    </span>
  );
}
