import type { ReactNode } from "react";

/** A page-sized misfortune: what happened, what to do next, and the id support will ask for. */
export const ErrorPage = ({
  title,
  children,
  actions,
  requestId,
}: {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  requestId?: string | undefined;
}) => (
  <div className="max-w-[560px] px-4 py-16 lg:px-5">
    <h1 className="text-2xl font-semibold">{title}</h1>
    <div className="mt-2 text-md text-ink-2">{children}</div>
    {actions && <div className="mt-5 flex flex-wrap gap-2">{actions}</div>}
    {requestId && (
      <p className="mt-6 text-xs text-ink-3">
        Request <span className="mono">{requestId}</span>
      </p>
    )}
  </div>
);
