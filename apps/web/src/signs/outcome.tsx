import type { Outcome } from "@parley/core/calls/outcome";
import { outcomeSigns as words } from "@parley/core/calls/words";
import type { ReactNode } from "react";
import { cn } from "@/ui/cn.ts";

export type { Outcome };

/** The order in which charts stack outcomes from the bottom, and legends list them. */
export const outcomes = [
  "answered",
  "voicemail",
  "busy",
  "no_answer",
  "failed",
  "canceled",
  "unclear",
] as const satisfies readonly Outcome[];

const fills: Record<Outcome, string> = {
  answered: "bg-o-answered",
  voicemail: "bg-o-voicemail",
  busy: "bg-o-busy",
  no_answer: "bg-o-no-answer",
  failed: "bg-o-failed",
  canceled: "bg-o-canceled",
  unclear: "bg-o-unknown",
};

/** Word, drawing colour and bar class of each outcome. */
export const outcomeSigns = Object.fromEntries(
  outcomes.map((outcome) => [
    outcome,
    { word: words[outcome].word, color: `var(--${words[outcome].token})`, fill: fills[outcome] },
  ]),
) as Record<Outcome, { word: string; color: string; fill: string }>;

export const isOutcome = (word: string | null | undefined): word is Outcome =>
  outcomes.includes(word as Outcome);

const shapes: Record<Outcome, ReactNode> = {
  answered: <circle cx="5" cy="5" r="4.4" fill="currentColor" />,
  voicemail: (
    <>
      <circle cx="5" cy="5" r="3.8" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="M5 1.2a3.8 3.8 0 0 1 0 7.6Z" fill="currentColor" />
    </>
  ),
  busy: <rect x="1" y="1" width="8" height="8" rx="1" fill="currentColor" />,
  no_answer: <circle cx="5" cy="5" r="3.7" fill="none" stroke="currentColor" strokeWidth="1.4" />,
  failed: (
    <path
      d="M1.5 1.5l7 7m0-7l-7 7"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
    />
  ),
  canceled: <path d="M1 5h8" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />,
  unclear: (
    <>
      <path
        d="M5 .9 9.1 5 5 9.1.9 5Z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinejoin="round"
      />
      <circle cx="5" cy="5" r="1.1" fill="currentColor" />
    </>
  ),
};

/** The shape of an outcome. It carries its colour and, unless a word stands beside it, its name. */
export const OutcomeGlyph = ({
  outcome,
  size = 8,
  named = false,
  className,
}: {
  outcome: Outcome;
  size?: number;
  named?: boolean;
  className?: string;
}) => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 10 10"
    className={cn("shrink-0", className)}
    style={{ color: outcomeSigns[outcome].color }}
    {...(named ? { role: "img", "aria-label": outcomeSigns[outcome].word } : { "aria-hidden": true })}
  >
    {shapes[outcome]}
  </svg>
);

/** Glyph and word. */
export const OutcomeWord = ({
  outcome,
  children,
  className,
}: {
  outcome: Outcome;
  /** A finer word than the outcome's own, such as the lead outcome of an answered call. */
  children?: ReactNode;
  className?: string;
}) => (
  <span className={cn("inline-flex items-center gap-1.5 whitespace-nowrap align-middle", className)}>
    <OutcomeGlyph outcome={outcome} />
    {children ?? outcomeSigns[outcome].word}
  </span>
);

/** One mark per try made, a point per try left, a ring for the try on the phone now. */
export function AttemptDots({
  made,
  left,
  onThePhone = false,
}: {
  made: Outcome[];
  left: number;
  onThePhone?: boolean;
}) {
  const words = [
    ...made.map((outcome) => outcomeSigns[outcome].word.toLowerCase()),
    ...(onThePhone ? ["on the phone"] : []),
    left === 0 ? "no try left" : left === 1 ? "1 try left" : `${left} tries left`,
  ].join(", ");
  return (
    <span role="img" aria-label={words} title={words} className="inline-flex items-center gap-1.5">
      {made.map((outcome, index) => (
        <OutcomeGlyph key={index} outcome={outcome} />
      ))}
      {onThePhone && (
        <svg width="10" height="10" viewBox="0 0 12 12" className="shrink-0 text-o-answered" aria-hidden>
          <circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" strokeWidth="1.3" />
          <circle cx="6" cy="6" r="2.4" fill="currentColor" />
        </svg>
      )}
      {Array.from({ length: left }, (_, index) => (
        <span key={`left-${index}`} className="mx-[3px] size-[3px] rounded-full bg-line-3" aria-hidden />
      ))}
    </span>
  );
}
