import type { Tone } from "@parley/core/calls/words";
import type { LucideIcon } from "lucide-react";
import {
  AudioLines,
  Ban,
  BellRing,
  CalendarClock,
  Check,
  Circle,
  CircleHelp,
  CircleSlash,
  CircleX,
  Flame,
  Hourglass,
  ListStart,
  Minus,
  Pause,
  PencilLine,
  PhoneOff,
  PhoneOutgoing,
  Play,
  ShieldBan,
  Snowflake,
  Square,
  Thermometer,
  Undo2,
  WalletMinimal,
} from "lucide-react";

const icons: Record<string, LucideIcon> = {
  "audio-lines": AudioLines,
  ban: Ban,
  "bell-ring": BellRing,
  "calendar-clock": CalendarClock,
  check: Check,
  circle: Circle,
  "circle-help": CircleHelp,
  "circle-slash": CircleSlash,
  "circle-x": CircleX,
  flame: Flame,
  hourglass: Hourglass,
  "list-start": ListStart,
  minus: Minus,
  pause: Pause,
  "pencil-line": PencilLine,
  "phone-off": PhoneOff,
  "phone-outgoing": PhoneOutgoing,
  play: Play,
  "shield-ban": ShieldBan,
  snowflake: Snowflake,
  square: Square,
  thermometer: Thermometer,
  "undo-2": Undo2,
  "wallet-minimal": WalletMinimal,
};

/** The drawing for an icon that core names. */
export const iconOf = (name: string): LucideIcon => icons[name] ?? Circle;

/** Text colour of a tone. */
export const inkOf: Record<Tone, string> = {
  plain: "text-ink-2",
  strong: "text-ink",
  ok: "text-ok-ink",
  warn: "text-warn-ink",
  bad: "text-bad-ink",
  odd: "text-odd-ink",
  accent: "text-accent-ink",
};
