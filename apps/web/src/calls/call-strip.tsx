import { withheldNumber } from "@parley/core/calls/words";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { CallStatus } from "@/signs/call-status.tsx";
import { trpc } from "@/trpc.ts";
import { Since } from "@/ui/time.tsx";

/** The lines in use, side by side above the list. Gone while nobody is on the phone. */
export function CallStrip() {
  const { data } = trpc.home.summary.useQuery({}, useLiveQuery());
  const lines = data?.lines.items ?? [];
  if (lines.length === 0) return null;
  return (
    <section
      aria-label="On the phone now"
      className="overflow-x-auto border-b border-line bg-line"
      data-inset-focus
      tabIndex={0}
    >
      <ul className="flex min-w-full gap-px">
        {lines.map((line) => (
          <li key={line.callId} className="min-w-[176px] flex-1">
            <Link
              {...paths.call(line.callId)}
              className="block h-full bg-surface px-4 py-2 hover:bg-hover first:lg:pl-5"
            >
              <span className="flex items-center justify-between gap-2 text-xs">
                <CallStatus status={line.status} />
                <Since at={line.statusAt} className={line.status === "unknown" ? "text-odd-ink" : ""} />
              </span>
              <span className="block truncate font-medium">
                {line.contactName ?? line.phoneNumber ?? withheldNumber}
              </span>
              <span className="block truncate text-xs text-ink-3">
                {line.campaignName ?? `Direct, ${line.agentName}`}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
