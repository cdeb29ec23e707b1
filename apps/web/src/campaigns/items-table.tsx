import type { CampaignStatus } from "@parley/core/campaigns/status";
import { HelpCircle, Phone, UserRound } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import type { ItemFilters } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { ItemStatusWord } from "@/signs/item-status.tsx";
import type { Column } from "@/table/columns.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { trpc } from "@/trpc.ts";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Time } from "@/ui/time.tsx";
import type { Item } from "./campaign.ts";
import { ExplainDrawer } from "@/shell/explain-drawer.tsx";
import { triesOf, whyOf } from "./item-columns.tsx";

/** Everyone on the list: where each stands, why, and what comes next. */
export function ItemsTable({
  campaignId,
  columns,
  filters,
  status,
}: {
  campaignId: string;
  columns: Column<Item>[];
  filters: ItemFilters;
  status: CampaignStatus;
}) {
  const go = useGo();
  const [asked, setAsked] = useState<Item | null>(null);
  const query = trpc.campaigns.items.useInfiniteQuery(
    {
      campaignId,
      status: filters.status,
      waitReason: filters.reason,
      lastOutcome: filters.outcome,
      limit: 100,
    },
    { getNextPageParam: (page) => page.nextCursor, ...useLiveQuery() },
  );
  return (
    <div className="min-w-0 lg:border-l lg:border-line">
      <QueryTable
        label="Recipients"
        query={query}
        columns={columns}
        rowId={(item) => item.id}
        rowName={(item) => item.contactName ?? item.phoneNumber}
        rowLink={(item) => paths.contact(item.contactId)}
        washKey={(item) => `${item.status}-${item.attempts}`}
        rowActions={(item) => [
          { label: "Why is it so?", icon: HelpCircle, onSelect: () => setAsked(item) },
          { label: "Open contact", icon: UserRound, onSelect: () => go(paths.contact(item.contactId)) },
          {
            label: "Open last call",
            icon: Phone,
            disabledReason: item.lastCallId ? null : "Not called yet",
            onSelect: () => item.lastCallId && go(paths.call(item.lastCallId)),
          },
        ]}
        narrow={(item) => (
          <span className="block">
            <span className="flex items-center gap-2">
              <span className="min-w-0 grow truncate font-medium">
                {item.contactName ?? item.phoneNumber}
              </span>
              {triesOf(item)}
            </span>
            <span className="flex items-center gap-2 text-xs text-ink-2">
              <ItemStatusWord status={item.status} />
              <span className="min-w-0 grow truncate">{whyOf(item)}</span>
              {item.status === "pending" && item.dueAt && <Time at={item.dueAt} className="text-ink-3" />}
            </span>
          </span>
        )}
        empty={
          filters.status ? (
            <EmptyState small title="Nobody stands here">
              <p>Choose another state on the left.</p>
            </EmptyState>
          ) : (
            <EmptyState
              small
              title={status === "draft" ? "The list is taken up when you start" : "The list is empty"}
            >
              <p>
                {status === "draft"
                  ? "Until then the audience is a question, not a list: people who come to fit it are included."
                  : "Nobody fitted the audience when the campaign began. Duplicate it with another list."}
              </p>
            </EmptyState>
          )
        }
      />
      <ExplainDrawer item={asked} onClose={() => setAsked(null)} />
    </div>
  );
}
