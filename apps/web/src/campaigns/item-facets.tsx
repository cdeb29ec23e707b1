import type { ItemStatus } from "@parley/core/campaigns/status";
import { itemSigns } from "@parley/core/campaigns/words";
import { reasonOf } from "@parley/core/reasons";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import type { ItemFilters } from "@/paths.ts";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { briefReason } from "@/signs/reason.ts";
import type { Progress } from "./campaign.ts";

const order: { status: ItemStatus; key: keyof Progress["byStatus"] }[] = [
  { status: "in_progress", key: "inProgress" },
  { status: "pending", key: "pending" },
  { status: "completed", key: "completed" },
  { status: "failed", key: "failed" },
  { status: "canceled", key: "canceled" },
  { status: "skipped", key: "skipped" },
];

/** The recipients by where they stand; the parts sum to the whole, the reasons to their parent. */
export function ItemFacets({
  campaignId,
  progress,
  search,
}: {
  campaignId: string;
  progress: Progress;
  search: ItemFilters;
}) {
  const row = (on: boolean) =>
    cn(
      "flex min-h-9 items-center justify-between gap-2 whitespace-nowrap px-4 hover:bg-hover lg:min-h-7 lg:px-5",
      on && "bg-selected font-medium hover:bg-selected",
    );
  return (
    <nav
      aria-label="Recipients by state"
      data-inset-focus
      className="border-line py-2 max-lg:border-b lg:sticky lg:top-0 lg:max-h-dvh lg:self-start lg:overflow-y-auto"
    >
      <ul className="max-lg:flex max-lg:flex-wrap">
        <li>
          <Link {...paths.campaign(campaignId)} className={row(!search.status)} replace>
            All <span className="tnum">{count(progress.total)}</span>
          </Link>
        </li>
        {order.map(({ status, key }) => (
          <li key={status}>
            <Link
              {...paths.campaign(campaignId, { status })}
              replace
              className={row(search.status === status && !search.reason)}
              aria-current={search.status === status || undefined}
            >
              {itemSigns[status].word}{" "}
              <span className="tnum text-ink-2">{count(progress.byStatus[key])}</span>
            </Link>
            {status === "pending" && progress.waiting.length > 0 && (
              <ul className="ml-5 border-l border-line max-lg:hidden">
                {progress.waiting.map((entry) => (
                  <li key={entry.reason}>
                    <Link
                      {...paths.campaign(campaignId, { status, reason: entry.reason })}
                      replace
                      title={reasonOf(entry.reason).text}
                      className={cn(
                        "flex min-h-6 items-center justify-between gap-2 pl-2.5 pr-5 text-xs text-ink-2 hover:bg-hover",
                        search.reason === entry.reason &&
                          "bg-selected font-medium text-ink hover:bg-selected",
                      )}
                    >
                      <span className="truncate">{briefReason(entry.reason)}</span>
                      <span className="tnum">{count(entry.count)}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}
