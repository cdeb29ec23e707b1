import { useRouterState } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { lazy, Suspense } from "react";
import type { ReactNode } from "react";
import { trpc } from "@/trpc.ts";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { commandKey, Kbd } from "@/ui/kbd.tsx";
import { useMedia } from "@/ui/media.ts";
import { Tooltip } from "@/ui/tooltip.tsx";
import { CreditMeter } from "./credit-meter.tsx";
import { Go } from "./go.tsx";
import { useLiveQuery } from "./live.ts";
import { useMe } from "./me.ts";
import { destinations, isCurrent, settings, tabLook } from "./navigation.ts";
import type { Destination } from "./navigation.ts";
import { openPalette } from "./overlays.ts";

// Menus float over the page, so the page does not wait for them.
const WorkspaceSwitcher = lazy(() =>
  import("./menus.tsx").then((menus) => ({ default: menus.WorkspaceSwitcher })),
);
const MemberMenu = lazy(() => import("./menus.tsx").then((menus) => ({ default: menus.MemberMenu })));
const MoreMenu = lazy(() => import("./menus.tsx").then((menus) => ({ default: menus.MoreMenu })));

function useDestinations(): Destination[] {
  const me = useMe();
  return destinations.filter((destination) => !destination.platformOnly || me.person.isPlatformAdmin);
}

function useCounts(): Record<"calls" | "campaigns", number> {
  const { data } = trpc.home.summary.useQuery({}, useLiveQuery());
  return {
    calls: data?.live.total ?? 0,
    campaigns: data?.campaigns.filter((campaign) => campaign.status === "running").length ?? 0,
  };
}

const usePathname = () => useRouterState({ select: (state) => state.location.pathname });

function SideLink({ destination, counted }: { destination: Destination; counted: number }) {
  const current = isCurrent(destination, usePathname());
  const link = (
    <Go
      place={destination.link}
      aria-current={current ? "page" : undefined}
      className={cn(
        "flex h-7 items-center gap-2 rounded-md px-2 text-ink-2 hover:bg-hover hover:text-ink max-xl:h-8 max-xl:justify-center max-xl:px-0",
        current && "bg-selected font-medium text-ink hover:bg-selected [&>svg]:text-accent-ink",
      )}
    >
      <destination.icon className="size-4 shrink-0" strokeWidth={1.75} aria-hidden />
      <span className="grow max-xl:sr-only">{destination.label}</span>
      {counted > 0 && (
        <span className="tnum text-xs font-normal text-ink-3 max-xl:hidden">{count(counted)}</span>
      )}
    </Go>
  );
  return link;
}

/** Full at 1280, a rail of icons from 1024, gone below (the bottom bar takes over). */
export function Sidebar() {
  const all = useDestinations();
  const counts = useCounts();
  return (
    <nav
      aria-label="Main"
      className="flex w-[52px] shrink-0 flex-col border-r border-line px-2 pb-2 max-lg:hidden xl:w-[208px]"
    >
      <Suspense fallback={<span className="h-[46px]" />}>
        <WorkspaceSwitcher />
      </Suspense>
      <button
        type="button"
        onClick={openPalette}
        aria-keyshortcuts="Control+K Meta+K"
        className="mb-2 flex h-7 items-center gap-2 rounded-md border border-line-2 bg-surface px-2 text-xs text-ink-3 hover:border-line-3 max-xl:justify-center max-xl:border-transparent max-xl:bg-transparent max-xl:px-0"
      >
        <Search className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
        <span className="grow text-left max-xl:sr-only">Search or run</span>
        <span className="max-xl:hidden" aria-hidden>
          <Kbd>{commandKey}K</Kbd>
        </span>
      </button>
      <ul className="flex flex-col gap-px">
        {all.map((destination) => (
          <li key={destination.label}>
            <RailTip words={destination.label}>
              <SideLink
                destination={destination}
                counted={destination.counts ? counts[destination.counts] : 0}
              />
            </RailTip>
          </li>
        ))}
      </ul>
      <div className="mt-auto flex flex-col gap-px">
        <SideLink destination={settings} counted={0} />
        <CreditMeter />
        <Suspense fallback={<span className="h-9" />}>
          <MemberMenu />
        </Suspense>
      </div>
    </nav>
  );
}

/** The rail has no words, so pointing at it shows them; the full sidebar needs no tips. */
function RailTip({ words, children }: { words: string; children: ReactNode }) {
  const isRail = useMedia("(min-width: 1024px) and (max-width: 1279.98px)");
  return (
    <Tooltip words={isRail ? words : null} side="right">
      <div>{children}</div>
    </Tooltip>
  );
}

/** Five places under the thumb; the rest behind More. */
export function BottomBar() {
  const pathname = usePathname();
  const all = useDestinations();
  const shown = all.slice(0, 4);
  const rest = [...all.slice(4), settings];
  return (
    <nav
      aria-label="Main"
      data-inset-focus
      className="grid shrink-0 grid-cols-5 border-t border-line bg-canvas pb-[env(safe-area-inset-bottom)] lg:hidden"
    >
      {shown.map((destination) => {
        const current = isCurrent(destination, pathname);
        return (
          <Go
            key={destination.label}
            place={destination.link}
            aria-current={current ? "page" : undefined}
            className={cn(tabLook, current && "font-medium text-accent-ink")}
          >
            {current && <span className="absolute inset-x-5 top-0 h-0.5 bg-accent" />}
            <destination.icon className="size-5 shrink-0" strokeWidth={1.75} aria-hidden />
            {destination.label}
          </Go>
        );
      })}
      <Suspense fallback={<span className="h-14" />}>
        <MoreMenu rest={rest} current={rest.some((destination) => isCurrent(destination, pathname))} />
      </Suspense>
    </nav>
  );
}
