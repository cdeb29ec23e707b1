import type { ReactNode } from "react";
import { cn } from "./cn.ts";

/** What this is, why it is empty, one next step, and a way to try it in the sandbox. */
export const EmptyState = ({
  title,
  children,
  action,
  sandbox,
  small = false,
  className,
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
  sandbox?: ReactNode;
  small?: boolean;
  className?: string;
}) => (
  <div className={cn("max-w-[560px] px-4 lg:px-5", small ? "py-5" : "py-12", className)}>
    <h2 className={small ? "text-sm font-semibold" : "text-2xl font-semibold"}>{title}</h2>
    <div className={cn("mt-1 text-ink-2", !small && "mt-2 text-md")}>{children}</div>
    {(action || sandbox) && (
      <div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-2">
        {action}
        {sandbox}
      </div>
    )}
  </div>
);
