import type { ReactNode } from "react";
import { cn } from "./cn.ts";

/** A region of the sheet: a 36 px head with its count, then the content. Rules come from around it. */
export function Section({
  title,
  count,
  note,
  aside,
  children,
  className,
  level = 2,
}: {
  title: string;
  count?: ReactNode;
  note?: ReactNode;
  aside?: ReactNode;
  children?: ReactNode;
  className?: string;
  level?: 2 | 3;
}) {
  return (
    <section aria-label={title} className={cn("min-w-0", className)}>
      <SectionHead title={title} count={count} note={note} aside={aside} level={level} />
      {children}
    </section>
  );
}

export const SectionHead = ({
  title,
  count,
  note,
  aside,
  level = 2,
}: {
  title: string;
  count?: ReactNode;
  note?: ReactNode;
  aside?: ReactNode;
  level?: 2 | 3;
}) => {
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-x-2 px-4 py-1 lg:px-5 lg:py-0">
      <Heading className="whitespace-nowrap font-semibold tracking-[-0.006em]">{title}</Heading>
      {count !== undefined && <span className="tnum text-ink-2">{count}</span>}
      {note && <span className="min-w-0 truncate text-xs text-ink-3">{note}</span>}
      {aside && <div className="ml-auto flex items-center gap-3 text-xs">{aside}</div>}
    </div>
  );
};

/** The sunken line that says, in words, what limits the work and which lever would help. */
export const BecauseStrip = ({
  icon,
  cause,
  children,
  levers,
}: {
  icon?: ReactNode;
  cause: string;
  children?: ReactNode;
  levers?: ReactNode;
}) => (
  <div className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-sunken px-4 py-2 lg:px-5">
    <span className="inline-flex items-center gap-1.5 font-medium">
      {icon && <span className="text-warn-ink">{icon}</span>}
      {cause}
    </span>
    {children && <span className="text-ink-2">{children}</span>}
    {levers && <span className="ml-auto flex items-center gap-3">{levers}</span>}
  </div>
);

/** Name and value pairs, one to a rule. */
export const Facts = ({ children, className }: { children: ReactNode; className?: string }) => (
  <dl className={cn("border-t border-line first:border-t-0", className)}>{children}</dl>
);

export const Fact = ({
  name,
  children,
  aside,
}: {
  name: ReactNode;
  children: ReactNode;
  aside?: ReactNode;
}) => (
  <div className="flex min-h-[var(--row)] items-baseline gap-3 border-t border-line px-4 py-1 first:border-t-0 lg:px-5">
    <dt className="w-32 shrink-0 text-ink-2">{name}</dt>
    <dd className="flex min-w-0 grow items-baseline gap-3">
      <span className="min-w-0 grow break-words">{children}</span>
      {aside && <span className="-my-1 shrink-0 self-center">{aside}</span>}
    </dd>
  </div>
);

/** A missing value. */
export const None = () => (
  <span className="text-ink-off" aria-label="none">
    –
  </span>
);
