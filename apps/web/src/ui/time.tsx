import { useNow } from "./clock.ts";
import { cn } from "./cn.ts";
import { duration, exactly, moment, span, viewerZone, zoneCity, clockTime } from "./format.ts";
import { Tooltip } from "./tooltip.tsx";

const hoverable = "rounded-xs decoration-dotted underline-offset-[3px] hover:underline";

/** A moment in the reader's zone. Hover or focus: to the second, and by the callee's clock. */
export function Time({
  at,
  zone,
  className,
}: {
  at: string;
  zone?: string | null | undefined;
  className?: string;
}) {
  const now = useNow();
  return (
    <Tooltip
      words={
        <span className="tnum">
          {exactly(at)}
          {zone && zone !== viewerZone && (
            <span className="block text-ink-2">
              {clockTime(at, zone)} in {zoneCity(zone)}
            </span>
          )}
        </span>
      }
    >
      <time dateTime={at} tabIndex={-1} className={cn("tnum whitespace-nowrap", hoverable, className)}>
        {moment(at, now)}
      </time>
    </Tooltip>
  );
}

/** How long ago, or how long until, in words that change by themselves. */
export function Ago({ at, className }: { at: string; className?: string }) {
  const away = (Date.parse(at) - useNow()) / 1000;
  const words = Math.abs(away) < 5 ? "now" : away > 0 ? `in ${span(away)}` : `${span(-away)} ago`;
  return (
    <Tooltip words={exactly(at)}>
      <time dateTime={at} className={cn("tnum whitespace-nowrap", hoverable, className)}>
        {words}
      </time>
    </Tooltip>
  );
}

/** Seconds since a moment, counting: the timer of an open call. */
export function Since({ at, className }: { at: string; className?: string }) {
  return <span className={cn("mono", className)}>{duration((useNow() - Date.parse(at)) / 1000)}</span>;
}
