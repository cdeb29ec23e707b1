import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, Ellipsis, KeyRound, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { paths } from "@/paths.ts";
import { client, queryClient, refusal } from "@/trpc.ts";
import { cn } from "@/ui/cn.ts";
import { initials } from "@/ui/format.ts";
import { Menu } from "@/ui/popover.tsx";
import type { MenuEntry } from "@/ui/popover.tsx";
import { toast } from "@/ui/toast.ts";
import { setDensity, setTheme, useDensity, useTheme } from "./appearance.ts";
import { useGo } from "./go.tsx";
import { Mark } from "./mark.tsx";
import { useMe } from "./me.ts";
import { tabLook } from "./navigation.ts";
import type { Destination } from "./navigation.ts";

const roleWords = { owner: "Owner", manager: "Manager", agent: "Agent", viewer: "Viewer" } as const;

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
export function WorkspaceSwitcher() {
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
          <ChevronsUpDown
            className="size-3.5 shrink-0 text-ink-3 max-xl:hidden"
            strokeWidth={1.75}
            aria-hidden
          />
        </button>
      }
    />
  );
}

export function MemberMenu() {
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
        {
          label: "As the system",
          icon: Monitor,
          checked: theme === "system",
          onSelect: () => setTheme("system"),
        },
        { heading: "Rows" },
        { label: "Compact", checked: density === "compact", onSelect: () => setDensity("compact") },
        { label: "Default", checked: density === "default", onSelect: () => setDensity("default") },
        {
          label: "Comfortable",
          checked: density === "comfortable",
          onSelect: () => setDensity("comfortable"),
        },
        "rule",
        {
          label: "Change password",
          icon: KeyRound,
          onSelect: () => void navigate(paths.settings("account")),
        },
        { label: "Sign out", icon: LogOut, onSelect: () => void signOut() },
      ]}
      trigger={
        <button
          type="button"
          className="flex h-9 w-full items-center gap-2 rounded-md px-2 text-left hover:bg-hover max-xl:justify-center max-xl:px-0"
        >
          <span
            className="grid size-5 shrink-0 place-items-center rounded-full bg-accent-tint text-[10px] font-semibold text-accent-ink"
            aria-hidden
          >
            {initials(me.person.name)}
          </span>
          <span className="min-w-0 grow truncate max-xl:sr-only">{me.person.name}</span>{" "}
          <span className="text-xs text-ink-3 max-xl:hidden">{roleWords[me.current.member.role]}</span>
          <span className="sr-only">, your menu</span>
        </button>
      }
    />
  );
}

/** The places that do not fit under the thumb, and what the member menu holds elsewhere. */
export function MoreMenu({ rest, current }: { rest: Destination[]; current: boolean }) {
  const me = useMe();
  const go = useGo();
  const theme = useTheme();
  const signOut = useSignOut();
  return (
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
        <button type="button" className={cn(tabLook, current && "font-medium text-accent-ink")}>
          {current && <span className="absolute inset-x-5 top-0 h-0.5 bg-accent" />}
          <Ellipsis className="size-5 shrink-0" strokeWidth={1.75} aria-hidden />
          More
        </button>
      }
    />
  );
}
