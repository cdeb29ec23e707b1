import { useNavigate, useRouterState } from "@tanstack/react-router";
import { ChevronsUpDown, Ellipsis, KeyRound, LogOut, Monitor, Moon, Search, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { paths } from "@/paths.ts";
import { client, queryClient, refusal, trpc } from "@/trpc.ts";
import { cn } from "@/ui/cn.ts";
import { count, initials } from "@/ui/format.ts";
import { commandKey, Kbd } from "@/ui/kbd.tsx";
import { Menu } from "@/ui/popover.tsx";
import type { MenuEntry } from "@/ui/popover.tsx";
import { toast } from "@/ui/toast.ts";
import { Tooltip } from "@/ui/tooltip.tsx";
import { setDensity, setTheme, useDensity, useTheme } from "./appearance.ts";
import { CreditMeter } from "./credit-meter.tsx";
import { Go, useGo } from "./go.tsx";
import { useLiveQuery } from "./live.ts";
import { Mark } from "./mark.tsx";
import { useMe } from "./me.ts";
import { destinations, isCurrent, settings } from "./navigation.ts";
import type { Destination } from "./navigation.ts";
import { openPalette } from "./overlays.ts";

const roleWords = { owner: "Owner", manager: "Manager", agent: "Agent", viewer: "Viewer" } as const;

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

function useSignOut() {
  const navigate = useNavigate();
  return async () => {
    try {
      await client.auth.signOut.mutate({});
      queryClient.clear();
      await navigate(paths.signIn());
    } catch (thrown) {
      toast.error(refusal(thrown).message);
    }
  };
}

/** Which workspace we are in, and the others this person belongs to. */
function WorkspaceSwitcher() {
  const me = useMe();
  const navigate = useNavigate();
  const switchTo = async (userId: string) => {
    try {
      await client.auth.switch.mutate({ userId });
      queryClient.clear();
      await navigate(paths.home());
      location.reload();
    } catch (thrown) {
      toast.error(refusal(thrown).message);
    }
  };
  const entries: MenuEntry[] = me.memberships.map((membership) => ({
    label: membership.company,
    checked: membership.userId === me.current.user.id,
    onSelect: () => void switchTo(membership.userId),
  }));
  return (
    <Menu
      align="start"
      entries={[{ heading: "Workspaces" }, ...entries]}
      trigger={
        <button
          type="button"
          aria-label={`Workspace ${me.current.user.company}, change`}
          className="mb-1 mt-1.5 flex h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover max-xl:justify-center max-xl:px-0"
        >
          <Mark className="size-5 shrink-0 text-accent-ink" />
          <span className="min-w-0 grow truncate font-semibold tracking-[-0.01em] max-xl:hidden">
            {me.current.user.company}
          </span>
          <ChevronsUpDown className="size-3.5 shrink-0 text-ink-3 max-xl:hidden" strokeWidth={1.75} aria-hidden />
        </button>
      }
    />
  );
}

function MemberMenu() {
  const me = useMe();
  const theme = useTheme();
  const density = useDensity();
  const navigate = useNavigate();
  const signOut = useSignOut();
  return (
    <Menu
      align="start"
      className="min-w-56"
      header={
        <div className="border-b border-line px-2 pb-2 pt-1">
          <p className="truncate font-medium">{me.person.name}</p>
          <p className="truncate text-xs text-ink-3">{me.person.email}</p>
        </div>
      }
      entries={[
        { heading: "Theme" },
        { label: "Light", icon: Sun, checked: theme === "light", onSelect: () => setTheme("light") },
        { label: "Dark", icon: Moon, checked: theme === "dark", onSelect: () => setTheme("dark") },
        { label: "As the system", icon: Monitor, checked: theme === "system", onSelect: () => setTheme("system") },
        { heading: "Rows" },
        { label: "Compact", checked: density === "compact", onSelect: () => setDensity("compact") },
        { label: "Default", checked: density === "default", onSelect: () => setDensity("default") },
        { label: "Comfortable", checked: density === "comfortable", onSelect: () => setDensity("comfortable") },
        "rule",
        { label: "Change password", icon: KeyRound, onSelect: () => void navigate(paths.settings("account")) },
        { label: "Sign out", icon: LogOut, onSelect: () => void signOut() },
      ]}
      trigger={
        <button
          type="button"
          aria-label={`${me.person.name}, your menu`}
          className="flex h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover max-xl:justify-center max-xl:px-0"
        >
          <span
            className="grid size-5 shrink-0 place-items-center rounded-full bg-accent-tint text-[10px] font-semibold text-accent-ink"
            aria-hidden
          >
            {initials(me.person.name)}
          </span>
          <span className="min-w-0 grow truncate max-xl:hidden">{me.person.name}</span>
          <span className="text-xs text-ink-3 max-xl:hidden">{roleWords[me.current.member.role]}</span>
        </button>
      }
    />
  );
}

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
      {counted > 0 && <span className="tnum text-xs font-normal text-ink-3 max-xl:hidden">{count(counted)}</span>}
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
      <WorkspaceSwitcher />
      <button
        type="button"
        onClick={openPalette}
        aria-label="Search or run"
        className="mb-2 flex h-7 items-center gap-2 rounded-md border border-line-2 bg-surface px-2 text-xs text-ink-3 hover:border-line-3 max-xl:justify-center max-xl:border-transparent max-xl:bg-transparent max-xl:px-0"
      >
        <Search className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
        <span className="grow text-left max-xl:hidden">Search or run</span>
        <Kbd className="max-xl:hidden">{commandKey}K</Kbd>
      </button>
      <ul className="flex flex-col gap-px">
        {all.map((destination) => (
          <li key={destination.label}>
            <RailTip words={destination.label}>
              <SideLink destination={destination} counted={destination.counts ? counts[destination.counts] : 0} />
            </RailTip>
          </li>
        ))}
      </ul>
      <div className="mt-auto flex flex-col gap-px">
        <SideLink destination={settings} counted={0} />
        <CreditMeter />
        <MemberMenu />
      </div>
    </nav>
  );
}

/** The rail has no words, so hovering shows them; the full sidebar needs no tips. */
function RailTip({ words, children }: { words: string; children: ReactNode }) {
  return (
    <Tooltip words={<span className="xl:hidden">{words}</span>} side="right">
      <div>{children}</div>
    </Tooltip>
  );
}

/** Five places under the thumb; the rest behind More. */
export function BottomBar() {
  const pathname = usePathname();
  const all = useDestinations();
  const go = useGo();
  const signOut = useSignOut();
  const me = useMe();
  const theme = useTheme();
  const shown = all.slice(0, 4);
  const rest = [...all.slice(4), settings];
  const inRest = rest.some((destination) => isCurrent(destination, pathname));
  const look = "relative flex h-14 flex-col items-center justify-center gap-0.5 text-2xs text-ink-2";
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
            className={cn(look, current && "font-medium text-accent-ink")}
          >
            {current && <span className="absolute inset-x-5 top-0 h-0.5 bg-accent" />}
            <destination.icon className="size-5 shrink-0" strokeWidth={1.75} aria-hidden />
            {destination.label}
          </Go>
        );
      })}
      <Menu
        align="end"
        className="min-w-60"
        header={
          <div className="border-b border-line px-2 pb-2 pt-1">
            <p className="truncate font-medium">{me.current.user.company}</p>
            <p className="truncate text-xs text-ink-3">{me.person.name}</p>
          </div>
        }
        entries={[
          ...rest.map((destination) => ({
            label: destination.label,
            icon: destination.icon,
            onSelect: () => go(destination.link),
          })),
          "rule",
          {
            label: theme === "dark" ? "Light theme" : "Dark theme",
            icon: theme === "dark" ? Sun : Moon,
            onSelect: () => setTheme(theme === "dark" ? "light" : "dark"),
          },
          { label: "Sign out", icon: LogOut, onSelect: () => void signOut() },
        ]}
        trigger={
          <button type="button" className={cn(look, inRest && "font-medium text-accent-ink")}>
            {inRest && <span className="absolute inset-x-5 top-0 h-0.5 bg-accent" />}
            <Ellipsis className="size-5 shrink-0" strokeWidth={1.75} aria-hidden />
            More
          </button>
        }
      />
    </nav>
  );
}
