import type { EntryKind, LedgerEntry } from "@parley/core/billing/schema";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { http, paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused, useWorkspace } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import type { Column } from "@/table/columns.tsx";
import { ExportLink, FilterBar, SelectFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, delta, plural } from "@/ui/format.ts";
import { KeyFigure, KeyFigures } from "@/ui/key-figures.tsx";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";

const kindWords: Record<EntryKind, string> = {
  grant: "Granted",
  purchase: "Bought",
  call: "Call",
  message: "Message",
  adjustment: "Adjusted",
  refund: "Refunded",
};
const kinds = Object.keys(kindWords) as EntryKind[];

const What = ({ entry }: { entry: LedgerEntry }) =>
  entry.kind === "call" && entry.ref ? (
    <Link {...paths.call(entry.ref)} className="quiet-link font-medium">
      {kindWords.call}
    </Link>
  ) : (
    <span className="font-medium">{kindWords[entry.kind]}</span>
  );

const Amount = ({ entry }: { entry: LedgerEntry }) => (
  <span className={entry.amount > 0 ? "tnum font-medium text-ok-ink" : "tnum"}>{delta(entry.amount)}</span>
);

const columns: Column<LedgerEntry>[] = [
  { id: "at", head: "When", width: "120px", cell: (entry) => <Time at={entry.at} />, fixed: true },
  { id: "kind", head: "What", width: "140px", cell: (entry) => <What entry={entry} /> },
  {
    id: "reason",
    head: "For",
    width: "minmax(160px, 2fr)",
    cell: (entry) =>
      entry.callee || entry.campaignId ? (
        <>
          {entry.callee}
          {entry.campaignId && (
            <Link {...paths.campaign(entry.campaignId)} className="quiet-link text-ink-2">
              {entry.callee && " in "}
              {entry.campaignName}
            </Link>
          )}
        </>
      ) : (
        (entry.reason ?? <None />)
      ),
  },
  {
    id: "amount",
    head: "Credits",
    width: "120px",
    align: "right",
    cell: (entry) => <Amount entry={entry} />,
  },
  {
    id: "balance",
    head: "Balance after",
    width: "140px",
    align: "right",
    cell: (entry) => count(entry.balance),
  },
];

/** The balance, and every entry that makes it. */
export function CreditsPage() {
  const { kind } = useSearch({ from: "/shell/credits" });
  const navigate = useNavigate({ from: "/credits" });
  const workspace = useWorkspace();
  const live = useLiveQuery();
  const exportRefused = useRefused("billing.ledger");
  const [balance] = trpc.billing.balance.useSuspenseQuery({}, live);
  const query = trpc.billing.ledger.useInfiniteQuery(
    { ...(kind ? { kind } : {}), limit: 100 },
    { getNextPageParam: (page) => page.nextCursor, ...live },
  );
  const show = (next: EntryKind | undefined) =>
    void navigate({ search: next ? { kind: next } : {}, replace: true });

  return (
    <Page
      crumbs={[{ label: "Credits" }]}
      title="Credits"
      context={`${workspace.company}: 1 credit pays 6 started seconds of talk`}
    >
      <KeyFigures label="Balance" count={3}>
        <KeyFigure
          label="Available"
          figure={count(balance.available)}
          unit="credits"
          note="what new calls may be promised"
        />
        <KeyFigure
          label="On hold"
          figure={count(balance.held)}
          unit="credits"
          note="for calls that are open or not settled yet"
          render={({ className, children }) => (
            <Link {...paths.calls({ open: true })} className={className}>
              {children}
            </Link>
          )}
        />
        <KeyFigure
          label="Balance"
          figure={count(balance.credits)}
          unit="credits"
          note="the sum of all entries below"
          progress={[
            {
              label: `Available ${count(balance.available)}`,
              value: Math.max(0, balance.available),
              fill: "bg-ink-2",
            },
            { label: `On hold ${count(balance.held)}`, value: balance.held, fill: "bg-warn", hatched: true },
          ]}
        />
      </KeyFigures>
      <FilterBar
        active={kind ? 1 : 0}
        aside={<ExportLink href={http.export("ledger", { kind })} refused={exportRefused} />}
      >
        <SelectFilter
          label="What"
          any="All entries"
          value={kind}
          options={kinds.map((value) => ({ value, label: kindWords[value] }))}
          onValue={show}
        />
      </FilterBar>
      <QueryTable
        label="Ledger"
        query={query}
        columns={columns}
        rowId={(entry) => entry.id}
        rowName={(entry) => `${kindWords[entry.kind]} ${delta(entry.amount)}`}
        narrow={(entry) => (
          <span className="block">
            <span className="flex items-baseline gap-2">
              <span className="grow">
                <What entry={entry} />
              </span>
              <Amount entry={entry} />
            </span>
            <span className="flex gap-2 text-xs text-ink-3">
              <span className="grow truncate">
                {entry.callee ?? entry.reason ?? `${plural(entry.balance, "credit")} after`}
              </span>
              <Time at={entry.at} />
            </span>
          </span>
        )}
        empty={
          kind ? (
            <EmptyState
              small
              title="No entry of this kind"
              action={<Button onClick={() => show(undefined)}>Show all entries</Button>}
            >
              <p>Entries are never deleted; there has been none of this kind yet.</p>
            </EmptyState>
          ) : (
            <EmptyState title="No entry yet">
              <p>
                Each grant, purchase and finished call becomes a line here. A call takes its price when its
                end is certain; until then its longest price is on hold.
              </p>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
