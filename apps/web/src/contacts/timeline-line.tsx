import { leadOutcomeWords } from "@parley/core/leads/words";
import type { LucideIcon } from "lucide-react";
import {
  CalendarCheck,
  CircleDot,
  FileUp,
  Handshake,
  ListChecks,
  ListTodo,
  ListX,
  Pencil,
  PhoneForwarded,
  PhoneIncoming,
  PhoneOff,
  PhoneOutgoing,
  ScanText,
  ShieldBan,
  ShieldCheck,
  StickyNote,
  UserRoundPlus,
} from "lucide-react";
import { paths } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { isOutcome, OutcomeWord } from "@/signs/outcome.tsx";
import type { Outputs } from "@/trpc.ts";
import { clockTime, duration } from "@/ui/format.ts";
import { sentence } from "./timeline-words.ts";

type Entry = Outputs["timeline"]["list"]["items"][number];

const icons: Record<string, LucideIcon> = {
  "call.placed": PhoneOutgoing,
  "call.received": PhoneIncoming,
  "call.ended": PhoneOff,
  "lead.analysed": ScanText,
  "contact.created": UserRoundPlus,
  "contact.imported": FileUp,
  "contact.edited": Pencil,
  "contact.suppressed": ShieldBan,
  "contact.unsuppressed": ShieldCheck,
  "consent.recorded": Handshake,
  "consent.revoked": ShieldBan,
  "note.added": StickyNote,
  "callback.agreed": PhoneForwarded,
  "meeting.agreed": CalendarCheck,
  "task.created": ListTodo,
  "task.assigned": ListTodo,
  "task.moved": ListTodo,
  "task.done": ListChecks,
  "task.canceled": ListX,
};

/** One fact: when, what, by whom; a call is a door to its page. */
export function TimelineLine({ entry }: { entry: Entry }) {
  const Icon = icons[entry.kind] ?? CircleDot;
  const isCall = entry.ref !== null && /^(call|lead|callback|meeting)\./.test(entry.kind);
  const { summary } = entry;
  const outcome = typeof summary["outcome"] === "string" ? summary["outcome"] : null;
  const body = (
    <>
      <span className="mono w-10 shrink-0 text-ink-3">{clockTime(entry.at)}</span>
      <Icon className="size-4 shrink-0 text-ink-3" strokeWidth={1.75} aria-hidden />
      <span className="min-w-0 grow whitespace-pre-line break-words">
        {sentence(entry.kind, summary)}
        {entry.kind === "call.ended" && isOutcome(outcome) && (
          <>
            {" "}
            <OutcomeWord outcome={outcome} />
          </>
        )}
        {entry.kind === "lead.analysed" && outcome && outcome in leadOutcomeWords && (
          <span className="text-ink-2"> {leadOutcomeWords[outcome as keyof typeof leadOutcomeWords]}</span>
        )}
        {typeof summary["talkSeconds"] === "number" && summary["talkSeconds"] > 0 && (
          <span className="text-ink-3">, talked {duration(summary["talkSeconds"])}</span>
        )}
      </span>
      <span className="shrink-0 text-xs text-ink-3">
        {entry.actor === "system" ? "by itself" : entry.actor === "contact" ? "the person" : entry.actor}
      </span>
    </>
  );
  const look = "flex min-h-[var(--row)] items-center gap-3 px-4 py-1 lg:px-5";
  return (
    <li className="border-t border-line first:border-t-0">
      {isCall && entry.ref ? (
        <Go place={paths.call(entry.ref)} className={`${look} hover:bg-hover`}>
          {body}
        </Go>
      ) : (
        <div className={look}>{body}</div>
      )}
    </li>
  );
}
