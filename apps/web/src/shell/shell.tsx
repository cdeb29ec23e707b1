import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { trpc } from "@/trpc.ts";
import { setClock } from "@/ui/clock.ts";
import { toggleTheme } from "./appearance.ts";
import { useGo } from "./go.tsx";
import { startLive, stopLive } from "./live-stream.ts";
import { useMe } from "./me.ts";
import { destinations, settings } from "./navigation.ts";
import { openPalette, openShortcuts, setOverlay, useOverlay } from "./overlays.ts";
import { SandboxBanner } from "./sandbox-banner.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { BottomBar, Sidebar } from "./sidebar.tsx";

const Palette = lazy(() => import("./palette.tsx"));
const Toasts = lazy(() => import("@/ui/toast-region.tsx"));
const ShortcutSheet = lazy(() => import("./shortcut-sheet.tsx"));

/** The frame around every page of a signed-in member. */
export function Shell() {
  const me = useMe();
  const go = useGo();
  const overlay = useOverlay();

  const { surroundings } = me;
  // A clock that runs fast will be changed again soon; a stale rate would carry every time on screen days away.
  const isFast = surroundings !== undefined && surroundings.clockScale !== 1;
  trpc.auth.me.useQuery({}, { refetchInterval: isFast ? 2000 : false, staleTime: isFast ? 0 : 15_000 });
  useEffect(() => {
    if (surroundings) setClock(surroundings.now, surroundings.clockScale);
  }, [surroundings]);

  const workspaceId = me.current.user.id;
  useEffect(() => {
    startLive();
    return stopLive;
  }, [workspaceId]);

  useShortcuts([
    { keys: "mod+k", label: "Search or run", group: "Everywhere", run: openPalette },
    { keys: "?", label: "This sheet", group: "Everywhere", run: openShortcuts },
    { keys: "mod+.", label: "Light or dark", group: "Everywhere", run: toggleTheme },
    ...[...destinations, settings]
      .filter((destination) => !destination.platformOnly || me.person.isPlatformAdmin)
      .map((destination) => ({
        keys: destination.keys,
        label: destination.label,
        group: "Go to" as const,
        run: () => go(destination.link),
      })),
  ]);

  return (
    <div className="flex h-dvh flex-col">
      <a
        href="#main"
        className="absolute left-2 top-2 z-50 -translate-y-16 rounded-md bg-raised px-3 py-1.5 shadow-pop focus:translate-y-0"
      >
        Skip to content
      </a>
      <SandboxBanner />
      <div className="flex min-h-0 grow">
        <Sidebar />
        <div className="flex min-w-0 grow flex-col bg-surface">
          <Outlet />
        </div>
      </div>
      <BottomBar />
      <Suspense>
        <Toasts />
        {overlay === "palette" && <Palette onClose={() => setOverlay(null)} />}
        {overlay === "shortcuts" && <ShortcutSheet onClose={() => setOverlay(null)} />}
      </Suspense>
    </div>
  );
}
