import { useId } from "react";
import { useWidth } from "@/charts/use-width.ts";
import { duration } from "@/ui/format.ts";
import type { Peaks } from "./peaks.ts";
import { resample } from "./peaks.ts";
import type { Turn } from "./turns.ts";
import { turnAt } from "./turns.ts";

const height = 72;
const middle = 36;

/** Bars of one side as a single path, so that playing moves a clip and redraws nothing. */
function barsPath(levels: number[], isMine: (index: number) => boolean, up: boolean): string {
  let path = "";
  levels.forEach((level, index) => {
    if (!isMine(index) || level < 0.04) return;
    const length = Math.max(1.5, level * (middle - 4));
    path += `M${index * 3} ${up ? middle - 1 : middle + 1}v${up ? -length : length}h2v${up ? length : -length}z`;
  });
  return path;
}

/**
 * The conversation as it sounds: the agent above the line, the person below. A slider: drag, click, or arrow keys.
 * Pins mark the turns that gave evidence.
 */
export function Waveform({
  peaks,
  turns,
  at,
  seconds,
  agentName,
  personName,
  pins,
  onSeek,
}: {
  peaks: Peaks | null;
  turns: Turn[];
  at: number;
  seconds: number;
  agentName: string;
  personName: string;
  pins: { at: number; label: string }[];
  onSeek: (seconds: number) => void;
}) {
  const [ref, width] = useWidth();
  const clip = useId();
  const bars = Math.max(1, Math.floor(width / 3));
  const levels = peaks ? resample(peaks, bars) : [];
  const unit = seconds > 0 ? width / seconds : 0;
  const speaker = (second: number) => turns[turnAt(turns, second)]?.speaker ?? "agent";
  const sides = levels.map((_, index) => speaker(((index + 0.5) / Math.max(1, levels.length)) * seconds));
  const agent = barsPath(levels, (index) => sides[index] === "agent", true);
  const person = barsPath(levels, (index) => sides[index] === "person", false);
  const now = at * unit;
  const who = speaker(at) === "agent" ? agentName : personName;

  const seekTo = (clientX: number, element: Element) =>
    onSeek(((clientX - element.getBoundingClientRect().left) / Math.max(1, width)) * seconds);

  return (
    <div className="flex gap-3">
      <div className="flex max-w-20 flex-col justify-between py-1 text-right text-xs" aria-hidden>
        <span className="truncate text-ink-2">{agentName}</span>
        <span className="truncate text-ok-ink">{personName}</span>
      </div>
      <div
        ref={ref}
        role="slider"
        tabIndex={0}
        aria-label="Position in the recording"
        aria-valuemin={0}
        aria-valuemax={Math.round(seconds)}
        aria-valuenow={Math.round(at)}
        aria-valuetext={`${duration(at)} of ${duration(seconds)}, ${who} speaking`}
        className="min-w-0 grow cursor-pointer touch-none rounded-xs"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seekTo(event.clientX, event.currentTarget);
        }}
        onPointerMove={(event) => event.buttons === 1 && seekTo(event.clientX, event.currentTarget)}
        onKeyDown={(event) => {
          const moves: Record<string, number> = {
            ArrowRight: at + 5,
            ArrowUp: at + 5,
            ArrowLeft: at - 5,
            ArrowDown: at - 5,
            Home: 0,
            End: seconds,
          };
          const to = moves[event.key];
          if (to === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          onSeek(Math.min(seconds, Math.max(0, to)));
        }}
      >
        {width > 0 && (
          <svg width={width} height={height} className="block" aria-hidden>
            <defs>
              <clipPath id={clip}>
                <rect x="0" y="0" width={Math.max(0, now)} height={height} />
              </clipPath>
            </defs>
            <line
              x1="0"
              x2={width}
              y1={middle}
              y2={middle}
              stroke="var(--line-2)"
              strokeDasharray={peaks ? undefined : "2 4"}
            />
            <g opacity="0.38">
              <path d={agent} fill="var(--speech-agent)" />
              <path d={person} fill="var(--speech-person)" />
            </g>
            <g clipPath={`url(#${clip})`}>
              <path d={agent} fill="var(--speech-agent)" />
              <path d={person} fill="var(--speech-person)" />
            </g>
            {pins.map((pin) => (
              <g key={`${pin.at}-${pin.label}`}>
                <line
                  x1={pin.at * unit}
                  x2={pin.at * unit}
                  y1="6"
                  y2={height - 2}
                  stroke="var(--line-3)"
                  strokeWidth="1"
                />
                <circle cx={pin.at * unit} cy="5" r="2.5" fill="var(--ink-2)" />
                <title>{pin.label}</title>
              </g>
            ))}
            <line x1={now} x2={now} y1="0" y2={height} stroke="var(--ink)" strokeWidth="2" />
          </svg>
        )}
      </div>
    </div>
  );
}
