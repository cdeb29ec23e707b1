import type { ReactNode } from "react";
import { Mark } from "@/shell/mark.tsx";

/** The frame of the pages before the shell: one column of work, one of words. */
export const Entrance = ({
  title,
  lead,
  children,
  below,
}: {
  title: string;
  lead: ReactNode;
  children: ReactNode;
  below?: ReactNode;
}) => (
  <div className="grid min-h-dvh bg-surface lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
    <title>{`${title} · Parley`}</title>
    <main id="main" className="flex flex-col px-6 py-6 sm:px-12 lg:border-r lg:border-line">
      <p className="flex items-center gap-2 font-semibold tracking-[-0.01em]">
        <Mark className="size-5 text-accent-ink" />
        Parley
      </p>
      <div className="my-auto w-full max-w-[360px] py-10 lg:mx-auto">
        <h1 className="text-2xl font-semibold">{title}</h1>
        <p className="mb-6 mt-1 text-ink-2">{lead}</p>
        {children}
        {below && <p className="mt-6 border-t border-line pt-4 text-ink-2">{below}</p>}
      </div>
    </main>
    <Conversation />
  </div>
);

/** Two voices, drawn as the product draws them: the agent above the line, the person below. */
const Conversation = () => {
  const bars = Array.from({ length: 96 }, (_, index) => {
    const person = Math.floor(index / 12) % 2 === 1;
    const swing = Math.abs(Math.sin(index * 1.7) * Math.cos(index * 0.53)) * 0.72 + 0.18;
    const pause = index % 12 > 9;
    return { index, person, height: pause ? 2 : swing * 96 };
  });
  return (
    <aside className="hidden flex-col justify-center gap-10 overflow-hidden bg-canvas px-12 lg:flex">
      <svg viewBox="0 0 576 208" className="w-full" aria-hidden>
        <line x1="0" x2="576" y1="104" y2="104" stroke="var(--line-2)" />
        {bars.map((bar) => (
          <rect
            key={bar.index}
            x={bar.index * 6}
            y={bar.person ? 106 : 102 - bar.height}
            width="3.5"
            height={bar.height}
            rx="1"
            fill={bar.person ? "var(--speech-person)" : "var(--speech-agent)"}
            opacity={bar.index < 56 ? 1 : 0.38}
          />
        ))}
        <line x1="335" x2="335" y1="0" y2="208" stroke="var(--ink)" strokeWidth="2" />
      </svg>
      <dl className="grid max-w-[460px] gap-px bg-line">
        {[
          ["Never twice", "One attempt makes at most one ring. An unclear one is looked up, not repeated."],
          ["Always why", "Every wait, skip and failure is told with its reason and its next step."],
          ["Their hours", "People are called by their own clock, inside the hours their country allows."],
        ].map(([name, words]) => (
          <div key={name} className="flex gap-4 bg-canvas py-3">
            <dt className="w-28 shrink-0 font-medium">{name}</dt>
            <dd className="text-ink-2">{words}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
};
