import type { HomeSummary, Line } from "@parley/core/home/schema";
import { reasonOf } from "@parley/core/reasons";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { CallStatus } from "@/signs/call-status.tsx";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { SectionHead } from "@/ui/section.tsx";
import { Since, Time } from "@/ui/time.tsx";

/** More free lines than this are counted, not drawn. */
const mostDrawn = 8;

/** Capacity as it is: numbered lines, each held by a call or free. */
export function Lines({ summary: { lines, campaigns, queue } }: { summary: HomeSummary }) {
  const free = Math.max(0, lines.limit - lines.items.length);
  const drawn = Math.min(free, Math.max(0, mostDrawn - lines.items.length));
  const taken = new Set(lines.items.map((line) => line.line));
  const freeNumbers: number[] = [];
  for (let number = 1; freeNumbers.length < drawn; number += 1)
    if (!taken.has(number)) freeNumbers.push(number);
  const waiting = campaigns.filter(
    (campaign) => campaign.status === "running" && campaign.byStatus.pending > 0,
  );

  return (
    <section
      aria-label="Lines"
      className="min-w-0 max-lg:border-t max-lg:border-line lg:border-r lg:border-line"
    >
      <SectionHead
        title="Lines"
        note={
          lines.provider
            ? `every open call holds one; the provider allows ${count(lines.provider.max)}`
            : "every open call holds one"
        }
        aside={
          <Link
            {...paths.calls()}
            className="inline-flex min-h-6 items-center font-medium text-accent-ink hover:underline"
          >
            All calls
          </Link>
        }
      />
      <ul data-inset-focus>
        {[...lines.items]
          .sort((a, b) => a.line - b.line)
          .map((line) => (
            <LineRow key={line.callId} line={line} />
          ))}
        {freeNumbers.map((number) => (
          <li
            key={`free-${number}`}
            className="flex h-[var(--row)] items-center gap-3 border-t border-line px-4 text-ink-3 lg:px-5"
          >
            <span className="mono w-5">{String(number).padStart(2, "0")}</span>
            <span>Free</span>
          </li>
        ))}
        {free > drawn && (
          <li className="flex h-[var(--row)] items-center border-t border-line px-4 text-ink-3 lg:px-5">
            {count(free - drawn)} more free
          </li>
        )}
      </ul>
      {(waiting.length > 0 || queue.nextOpensAt) && (
        <p className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line bg-sunken px-4 py-1.5 text-xs lg:px-5">
          {waiting.length > 0 && (
            <>
              <span className="font-medium">{free > 0 ? "Waiting" : "Next, when a line frees"}</span>
              {waiting.slice(0, 3).map((campaign) => (
                <Link
                  key={campaign.id}
                  {...paths.campaign(campaign.id, { status: "pending" })}
                  className="quiet-link text-ink-2"
                >
                  {campaign.name} <b className="font-semibold text-ink">{count(campaign.byStatus.pending)}</b>
                  {free > 0 && campaign.limitingFactor
                    ? `: ${reasonOf(campaign.limitingFactor).text}`
                    : " waiting"}
                </Link>
              ))}
            </>
          )}
          {queue.nextOpensAt && (
            <span className="ml-auto text-ink-3">
              next calling window opens <Time at={queue.nextOpensAt} />
            </span>
          )}
        </p>
      )}
    </section>
  );
}

function LineRow({ line }: { line: Line }) {
  const unknown = line.status === "unknown";
  return (
    <li className="border-t border-line">
      <Link
        {...paths.call(line.callId)}
        className="grid min-h-[var(--row)] grid-cols-[20px_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2 hover:bg-hover lg:grid-cols-[20px_128px_minmax(0,1.4fr)_minmax(0,1fr)_56px] lg:px-5 lg:py-0"
      >
        <span className="mono text-ink-3">{String(line.line).padStart(2, "0")}</span>
        <CallStatus
          status={line.status}
          className="max-lg:order-3 max-lg:col-span-2 max-lg:col-start-2 max-lg:text-xs"
        />
        <span className="truncate">
          <span className="font-medium">
            {line.contactName ?? <span className="mono">{line.phoneNumber}</span>}
          </span>
          {line.contactName && <span className="mono text-ink-3"> {line.phoneNumber}</span>}
        </span>
        <span className="truncate text-ink-2 max-lg:hidden">{line.campaignName ?? "Direct call"}</span>
        <Since at={line.statusAt} className={cn("text-right", unknown && "text-odd-ink")} />
      </Link>
    </li>
  );
}
