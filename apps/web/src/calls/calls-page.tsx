import { callStatuses } from "@parley/core/calls/lifecycle";
import type { CallRow } from "@parley/core/calls/schema";
import { statusWords, withheldNumber } from "@parley/core/calls/words";
import { leadOutcomeWords } from "@parley/core/leads/words";
import type { LeadOutcome } from "@parley/core/leads/schema";
import { reasonOf } from "@parley/core/reasons";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowDownLeft, Octagon, PhoneOutgoing, UserRound } from "lucide-react";
import { http, paths } from "@/paths.ts";
import type { CallFilters } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { CallStatus } from "@/signs/call-status.tsx";
import { outcomes, outcomeSigns, OutcomeWord } from "@/signs/outcome.tsx";
import type { Column } from "@/table/columns.tsx";
import { useColumns } from "@/table/columns.tsx";
import { ExportLink, FilterBar, SelectFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { SavedViews } from "@/table/saved-views.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, duration } from "@/ui/format.ts";
import { None } from "@/ui/section.tsx";
import { Since, Time } from "@/ui/time.tsx";
import { callCan } from "@parley/core/calls/can";
import { CallStrip } from "./call-strip.tsx";
import { useStopCall } from "./use-stop-call.ts";

const nameOf = (call: CallRow) => call.contactName ?? call.phoneNumber ?? withheldNumber;

const Ended = ({ call }: { call: CallRow }) => {
  if (!call.outcome) return <CallStatus status={call.status} />;
  const words =
    call.leadOutcome && call.outcome === "answered"
      ? leadOutcomeWords[call.leadOutcome as LeadOutcome]
      : null;
  return <OutcomeWord outcome={call.outcome}>{words}</OutcomeWord>;
};

const columns: Column<CallRow>[] = [
  {
    id: "contact",
    head: "Contact",
    width: "minmax(180px, 2fr)",
    fixed: true,
    cell: (call) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <Link {...paths.call(call.id)} className="quiet-link truncate font-medium" title={nameOf(call)}>
          {call.direction === "inbound" && (
            <ArrowDownLeft
              className="mr-1 inline size-3.5 text-ink-3"
              strokeWidth={1.75}
              aria-label="Inbound"
            />
          )}
          {call.contactName ?? <span className="mono">{nameOf(call)}</span>}
        </Link>
        {call.contactName && (
          <span className="mono shrink-0 text-ink-3 max-xl:hidden">{call.phoneNumber}</span>
        )}
      </span>
    ),
  },
  { id: "outcome", head: "Came to", width: "132px", cell: (call) => <Ended call={call} /> },
  {
    id: "reason",
    head: "Why",
    width: "minmax(100px, 1.2fr)",
    from: "2xl",
    cell: (call) =>
      call.reason ? (
        <span className="text-ink-2" title={reasonOf(call.reason).text}>
          {reasonOf(call.reason).text}
        </span>
      ) : (
        <None />
      ),
  },
  {
    id: "campaign",
    head: "Campaign",
    width: "minmax(120px, 1.3fr)",
    from: "xl",
    cell: (call) =>
      call.campaignId ? (
        <Link {...paths.campaign(call.campaignId)} className="quiet-link text-ink-2">
          {call.campaignName}
        </Link>
      ) : (
        <span className="text-ink-3">{call.direction === "inbound" ? "Called in" : "Direct call"}</span>
      ),
  },
  {
    id: "agent",
    head: "Agent",
    width: "minmax(96px, 0.8fr)",
    cell: (call) => <span className="text-ink-2">{call.agentName}</span>,
  },
  {
    id: "attempt",
    head: "Try",
    width: "48px",
    align: "right",
    cell: (call) => count(call.attempt),
    optional: true,
  },
  {
    id: "talk",
    head: "Talked",
    width: "72px",
    align: "right",
    cell: (call) =>
      call.endedAt === null && call.answeredAt ? (
        <Since at={call.answeredAt} />
      ) : call.talkSeconds ? (
        <span className="mono">{duration(call.talkSeconds)}</span>
      ) : (
        <None />
      ),
  },
  {
    id: "score",
    head: "Score",
    width: "60px",
    align: "right",
    cell: (call) => (call.score === null ? <None /> : call.score),
  },
  {
    id: "credits",
    head: "Credits",
    width: "84px",
    align: "right",
    cell: (call) =>
      call.priceCredits === null ? (
        <span className="text-ink-3">held {count(call.heldCredits)}</span>
      ) : (
        count(call.priceCredits)
      ),
  },
  { id: "at", head: "Began", width: "104px", cell: (call) => <Time at={call.createdAt} /> },
];

/** Every attempt ever made, the open ones on top. */
export function CallsPage() {
  const search = useSearch({ from: "/shell/calls" });
  const navigate = useNavigate({ from: "/calls" });
  const go = useGo();
  const live = useLiveQuery();
  const { columns: shown, chooser } = useColumns("calls", columns);
  const exportRefused = useExportRefused();
  const stopRefused = useRefused("calls.stop");
  const stop = useStopCall();
  const query = trpc.calls.list.useInfiniteQuery(
    { ...search, limit: 100 },
    {
      getNextPageParam: (page) => page.nextCursor,
      trpc: { context: { filter: search.direction ? { direction: search.direction } : {} } },
      ...live,
    },
  );
  const agents = trpc.agents.list.useQuery({});
  const filter = (change: CallFilters) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const filtered = Object.keys(search).length > 0;

  return (
    <Page crumbs={[{ label: "Calls" }]} title="Calls">
      <CallStrip />
      <FilterBar
        active={Object.keys(search).length}
        aside={
          <>
            <SavedViews
              list="calls"
              search={search}
              onView={(view) => void navigate({ search: view, replace: true })}
            />
            {chooser}
            <ExportLink href={http.export("calls", search)} refused={exportRefused} />
          </>
        }
      >
        <SelectFilter
          label="Came to"
          any="Any outcome"
          value={search.outcome}
          options={outcomes.map((outcome) => ({ value: outcome, label: outcomeSigns[outcome].word }))}
          onValue={(outcome) => filter({ outcome })}
        />
        <SelectFilter
          label="Status"
          any="Any status"
          value={search.status}
          options={callStatuses.map((status) => ({
            value: status,
            label: statusWords(status),
          }))}
          onValue={(status) => filter({ status })}
        />
        <SelectFilter
          label="Agent"
          any="Any agent"
          value={search.agentId}
          options={(agents.data?.items ?? []).map((agent) => ({ value: agent.id, label: agent.name }))}
          onValue={(agentId) => filter({ agentId })}
        />
        <SelectFilter
          label="Direction"
          any="In and out"
          value={search.direction}
          options={[
            { value: "outbound", label: "We called" },
            { value: "inbound", label: "They called" },
          ]}
          onValue={(direction) => filter({ direction })}
        />
        <Checkbox
          label="Open now"
          checked={search.open === true}
          onChecked={(open) => filter({ open: open || undefined })}
        />
        {filtered && (
          <Button look="link" size="sm" onClick={() => void navigate({ search: {}, replace: true })}>
            Clear filters
          </Button>
        )}
      </FilterBar>
      <QueryTable
        label="Calls"
        query={query}
        columns={shown}
        rowId={(call) => call.id}
        rowName={nameOf}
        rowLink={(call) => paths.call(call.id)}
        washKey={(call) => `${call.status}-${call.outcome ?? ""}`}
        rowActions={(call) => {
          const can = callCan.stop(call.status);
          return [
            { label: "Open", icon: PhoneOutgoing, onSelect: () => go(paths.call(call.id)) },
            ...(call.contactId
              ? [
                  {
                    label: "Open contact",
                    icon: UserRound,
                    onSelect: () => go(paths.contact(call.contactId ?? "")),
                  },
                ]
              : []),
            {
              label: "Stop the call",
              icon: Octagon,
              danger: true,
              disabledReason: stopRefused ?? (can.ok ? null : can.reason),
              onSelect: () => stop(call.id),
            },
          ];
        }}
        narrow={(call) => (
          <Link {...paths.call(call.id)} className="block">
            <span className="flex items-baseline gap-2">
              <span className="min-w-0 grow truncate font-medium">{nameOf(call)}</span>
              <span className="text-xs">
                <Ended call={call} />
              </span>
            </span>
            <span className="flex gap-2 text-xs text-ink-2">
              <span className="min-w-0 grow truncate">{call.campaignName ?? "Direct call"}</span>
              {call.talkSeconds ? <span className="mono">{duration(call.talkSeconds)}</span> : null}
              <Time at={call.createdAt} className="text-ink-3" />
            </span>
          </Link>
        )}
        empty={
          filtered ? (
            <EmptyState
              title="No call fits these filters"
              action={
                <Button onClick={() => void navigate({ search: {}, replace: true })}>Clear filters</Button>
              }
            >
              <p>Calls are kept for good, so one that was made is found by taking a filter away.</p>
            </EmptyState>
          ) : (
            <EmptyState
              title="No calls yet"
              action={
                <Button look="filled" onClick={() => go(paths.contacts())}>
                  Choose someone to call
                </Button>
              }
              sandbox={
                <Button look="link" onClick={() => go(paths.imports())}>
                  Or import a list and start a campaign
                </Button>
              }
            >
              <p>
                Each attempt becomes a row here: who, how it ended, what it cost, and the recording behind it.
              </p>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}

function useExportRefused(): string | null {
  // Exports need the role that may also read the ledger.
  return useRefused("billing.ledger");
}
