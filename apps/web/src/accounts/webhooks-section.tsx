import type { WebhookRow } from "@parley/core/ops/schema";
import { webhookStatuses } from "@parley/core/ops/schema";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import type { Column } from "@/table/columns.tsx";
import { FilterBar, SelectFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Drawer } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { Fact, Facts, None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";

const signs = {
  pending: { word: "To be read", tone: "plain" },
  done: { word: "Read", tone: "ok" },
  bad: { word: "Unreadable", tone: "bad" },
  parked: { word: "Waits for its call", tone: "warn" },
} as const satisfies Record<WebhookRow["status"], unknown>;

const Status = ({ status }: { status: WebhookRow["status"] }) => (
  <Badge tone={signs[status].tone}>{signs[status].word}</Badge>
);

const columns: Column<WebhookRow>[] = [
  { id: "at", head: "Received", width: "130px", fixed: true, cell: (row) => <Time at={row.receivedAt} /> },
  { id: "status", head: "State", width: "150px", cell: (row) => <Status status={row.status} /> },
  {
    id: "call",
    head: "Call",
    width: "110px",
    cell: (row) =>
      row.callId ? (
        <Link {...paths.call(row.callId)} className="quiet-link mono">
          {row.callId.slice(-8)}
        </Link>
      ) : (
        <None />
      ),
  },
  { id: "error", head: "Why", width: "minmax(160px, 2fr)", cell: (row) => row.error ?? <None /> },
];

/** What the voice provider has told us, raw; anything can be folded again. */
export function WebhooksSection() {
  const [status, setStatus] = useState<WebhookRow["status"] | undefined>(undefined);
  const [shown, setShown] = useState<WebhookRow | null>(null);
  const refused = useRefused("webhooks.replay");
  const utils = trpc.useUtils();
  const query = trpc.webhooks.list.useInfiniteQuery(
    { ...(status ? { status } : {}), limit: 100 },
    { getNextPageParam: (page) => page.nextCursor },
  );
  const replay = trpc.webhooks.replay.useMutation({
    onSuccess: ({ replayed }) => {
      void utils.webhooks.invalidate();
      toast.done(`${plural(replayed, "webhook")} will be read again`);
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  return (
    <>
      <FilterBar
        active={status ? 1 : 0}
        aside={
          <Button
            size="sm"
            disabledReason={refused}
            busy={replay.isPending}
            onClick={() => replay.mutate({ status: "bad" })}
          >
            Replay all unreadable
          </Button>
        }
      >
        <SelectFilter
          label="State"
          any="Any state"
          value={status}
          options={webhookStatuses.map((value) => ({ value, label: signs[value].word }))}
          onValue={setStatus}
        />
      </FilterBar>
      <QueryTable
        label="Webhooks"
        query={query}
        columns={columns}
        rowId={(row) => String(row.id)}
        rowName={(row) => `Webhook ${row.id}`}
        rowActions={(row) => [
          { label: "Show the body", onSelect: () => setShown(row) },
          { label: "Replay", disabledReason: refused, onSelect: () => replay.mutate({ id: row.id }) },
        ]}
        narrow={(row) => (
          <span className="flex items-center gap-2">
            <Status status={row.status} />
            <span className="min-w-0 grow truncate text-xs text-ink-2">{row.error}</span>
            <Time at={row.receivedAt} className="text-xs text-ink-3" />
          </span>
        )}
        empty={
          <EmptyState title={status ? "None in this state" : "No webhook yet"}>
            <p>
              The voice provider reports every change of a call here. If calls run and nothing arrives, the
              address it was given cannot be reached: <code className="mono">parley doctor</code> checks it.
            </p>
          </EmptyState>
        }
      />
      <Drawer
        open={shown !== null}
        onOpenChange={(open) => !open && setShown(null)}
        title={`Webhook ${shown?.id ?? ""}`}
        wide
      >
        {shown && (
          <>
            <Facts>
              <Fact name="Received">
                <Time at={shown.receivedAt} />
              </Fact>
              <Fact name="State">
                <Status status={shown.status} />
              </Fact>
              {shown.error && <Fact name="Why">{shown.error}</Fact>}
            </Facts>
            <pre className="mono overflow-x-auto whitespace-pre-wrap break-words border-t border-line px-5 py-3 text-xs">
              {shown.body ?? "The body has been pruned."}
            </pre>
          </>
        )}
      </Drawer>
    </>
  );
}
