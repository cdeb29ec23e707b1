import type { LucideIcon } from "lucide-react";
import {
  Activity,
  AudioWaveform,
  LayoutList,
  ListChecks,
  Phone,
  Settings2,
  Target,
  Users,
  Wallet,
} from "lucide-react";
import type { Place } from "@/paths.ts";
import { paths } from "@/paths.ts";

export interface Destination {
  label: string;
  icon: LucideIcon;
  link: Place;
  /** The addresses below which this destination is the current one. */
  below: string[];
  keys: string;
  /** Which count stands beside it. */
  counts?: "calls" | "campaigns";
  platformOnly?: boolean;
}

/** The main places, in the order of the sidebar. */
export const destinations: Destination[] = [
  { label: "Home", icon: LayoutList, link: paths.home(), below: [], keys: "g h" },
  { label: "Calls", icon: Phone, link: paths.calls(), below: ["/calls"], keys: "g l", counts: "calls" },
  {
    label: "Campaigns",
    icon: ListChecks,
    link: paths.campaigns(),
    below: ["/campaigns"],
    keys: "g c",
    counts: "campaigns",
  },
  { label: "Contacts", icon: Users, link: paths.contacts(), below: ["/contacts", "/imports"], keys: "g p" },
  { label: "Leads", icon: Target, link: paths.leads(), below: ["/leads"], keys: "g e" },
  { label: "Agents", icon: AudioWaveform, link: paths.agents(), below: ["/agents"], keys: "g a" },
  { label: "Credits", icon: Wallet, link: paths.credits(), below: ["/credits"], keys: "g m" },
  {
    label: "Operations",
    icon: Activity,
    link: paths.operations(),
    below: ["/operations"],
    keys: "g o",
    platformOnly: true,
  },
];

export const settings: Destination = {
  label: "Settings",
  icon: Settings2,
  link: paths.settings(),
  below: ["/settings"],
  keys: "g s",
};

/** Is `pathname` at or below the destination? */
export const isCurrent = (destination: Destination, pathname: string): boolean =>
  destination.below.length === 0
    ? pathname === "/"
    : destination.below.some((below) => pathname === below || pathname.startsWith(`${below}/`));

/** How a place looks in the bottom bar. */
export const tabLook = "relative flex h-14 flex-col items-center justify-center gap-0.5 text-2xs text-ink-2";
