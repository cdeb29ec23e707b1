import { ChevronLeft, Keyboard, MoonStar, Search } from "lucide-react";
import { createContext, lazy, Suspense, use, useRef } from "react";
import type { ReactNode, RefObject } from "react";
import type { Place } from "@/paths.ts";
import { IconButton } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { toggleTheme } from "./appearance.ts";
import { Go } from "./go.tsx";
import { LiveMarker } from "./live-marker.tsx";
import { Mark } from "./mark.tsx";
import { openPalette, openShortcuts } from "./overlays.ts";

/** One step of the path above a page; the last one is where we are. */
export interface Crumb {
  label: string;
  /** Spread from paths.ts. Absent for the page itself. */
  link?: Place;
}

const Notices = lazy(() => import("./notices.tsx").then((module) => ({ default: module.Notices })));

const ScrollContext = createContext<RefObject<HTMLElement | null> | null>(null);

/** The element that scrolls the page's body; long lists measure themselves against it. */
export function usePageScroll(): RefObject<HTMLElement | null> {
  const ref = use(ScrollContext);
  if (!ref) throw new Error("A list that scrolls with the page must stand inside <Page>.");
  return ref;
}

/**
 * The frame of a page: path and live marker, title row, body. The head stays; the body scrolls. With `fixed` the
 * body does not scroll as a whole, its regions do.
 */
export function Page({
  crumbs,
  title,
  heading,
  badge,
  context,
  actions,
  strip,
  footer,
  fixed = false,
  actionsBeside = false,
  contextOnPhone = false,
  children,
}: {
  crumbs: Crumb[];
  /** For the window's title and the heading, unless `heading` says more. */
  title: string;
  heading?: ReactNode;
  badge?: ReactNode;
  context?: ReactNode;
  actions?: ReactNode;
  strip?: ReactNode;
  footer?: ReactNode;
  fixed?: boolean;
  /** On a phone the actions stay on the title's line instead of taking one of their own. */
  actionsBeside?: boolean;
  /** The line of context matters enough to stand under the title on a phone. */
  contextOnPhone?: boolean;
  children: ReactNode;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const parent = crumbs.length > 1 ? crumbs.at(-2) : undefined;
  return (
    <>
      <title>{`${title} · Parley`}</title>
      <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line pl-4 pr-2 lg:h-11 lg:px-5">
        <div className="flex min-w-0 items-center gap-1.5">
          {parent?.link ? (
            <Go
              place={parent.link}
              className="-ml-2 inline-flex min-h-9 items-center gap-1 px-2 text-ink-2 hover:text-ink lg:hidden"
            >
              <ChevronLeft className="size-4" strokeWidth={1.75} aria-hidden />
              {parent.label}
            </Go>
          ) : (
            <span className="inline-flex items-center gap-3 font-medium lg:hidden">
              <Mark className="size-5 text-accent-ink" />
              {crumbs.at(-1)?.label}
            </span>
          )}
          <nav aria-label="Path" className="hidden min-w-0 lg:block">
            <ol className="flex min-w-0 items-center gap-1.5">
              {crumbs.map((crumb, index) => (
                <li key={crumb.label} className="flex min-w-0 items-center gap-1.5">
                  {index > 0 && (
                    <span className="text-ink-off" aria-hidden>
                      /
                    </span>
                  )}
                  {crumb.link ? (
                    <Go place={crumb.link} className="whitespace-nowrap text-ink-2 hover:text-ink">
                      {crumb.label}
                    </Go>
                  ) : (
                    <span aria-current="page" className="truncate font-medium">
                      {crumb.label}
                    </span>
                  )}
                </li>
              ))}
            </ol>
          </nav>
        </div>
        <div className="ml-auto flex items-center gap-1.5 whitespace-nowrap">
          <LiveMarker />
          <span className="mx-1.5 hidden h-4 w-px bg-line-2 lg:block" />
          <IconButton icon={Search} label="Search or run" onClick={openPalette} className="lg:hidden" />
          <Suspense fallback={<span className="size-10 lg:size-7" />}>
            <Notices />
          </Suspense>
          <IconButton
            icon={Keyboard}
            label="Keyboard shortcuts"
            onClick={openShortcuts}
            className="max-lg:hidden"
          />
          <IconButton
            icon={MoonStar}
            label="Switch between light and dark"
            onClick={toggleTheme}
            className="max-lg:hidden"
          />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="flex min-h-0 grow flex-col">
        <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2.5 lg:min-h-12 lg:px-5 lg:py-2">
          <h1 className="min-w-0 truncate text-lg font-semibold">{heading ?? title}</h1>
          {badge}
          {context && (
            <div
              className={cn(
                "min-w-0 text-ink-2 sm:truncate",
                contextOnPhone ? "max-sm:w-full" : "max-sm:hidden",
              )}
            >
              {context}
            </div>
          )}
          {actions && (
            <div
              className={cn(
                "flex items-center gap-2",
                actionsBeside
                  ? "ml-auto"
                  : "max-sm:w-full max-sm:[&>a]:grow max-sm:[&>button]:grow sm:ml-auto",
              )}
            >
              {actions}
            </div>
          )}
        </div>
        {strip}
        <ScrollContext value={scroll}>
          <div
            ref={scroll}
            tabIndex={-1}
            data-quiet-focus
            className={cn(
              "min-h-0 grow overscroll-contain",
              fixed ? "flex flex-col overflow-y-auto lg:overflow-hidden" : "overflow-auto",
              // What is there for readers of screens alone is placed absolutely: it must not stretch the document.
              "relative",
            )}
          >
            {children}
          </div>
        </ScrollContext>
        {footer && (
          <div
            data-page-footer
            className="flex shrink-0 flex-wrap items-center gap-2 border-t border-line bg-surface px-4 py-2.5 lg:px-5"
          >
            {footer}
          </div>
        )}
      </main>
    </>
  );
}
