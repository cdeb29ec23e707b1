import { leadOutcomes } from "@parley/core/leads/schema";
import type { LeadRow } from "@parley/core/leads/schema";
import { leadOutcomeWords, temperatureSigns } from "@parley/core/leads/words";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { http, paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { Score } from "@/signs/temperature.tsx";
import type { Column } from "@/table/columns.tsx";
import { ExportLink, FilterBar, SelectFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";

type LeadOutcome = LeadRow["outcome"];
type Temperature = LeadRow["temperature"];
const temperatures = Object.keys(temperatureSigns) as Temperature[];
const nameOf = (lead: LeadRow) => lead.contactName ?? lead.phoneNumber ?? "Unnamed";

const Agreed = ({ lead }: { lead: LeadRow }) =>
  lead.meetingAt ? (
    <span>
      meet <Time at={lead.meetingAt} />
    </span>
  ) : lead.callbackAt ? (
    <span>
      call back <Time at={lead.callbackAt} />
    </span>
  ) : (
    <None />
  );

const columns: Column<LeadRow>[] = [
  {
    id: "contact",
    head: "Contact",
    width: "minmax(160px, 1.4fr)",
    fixed: true,
    cell: (lead) => (
      <Link {...paths.contact(lead.contactId)} className="quiet-link font-medium">
        {nameOf(lead)}
      </Link>
    ),
  },
  {
    id: "score",
    head: "Score",
    width: "96px",
    cell: (lead) => <Score score={lead.score} temperature={lead.temperature} />,
  },
  {
    id: "outcome",
    head: "Came to",
    width: "128px",
    cell: (lead) => (
      <Link {...paths.call(lead.callId)} className="quiet-link">
        {leadOutcomeWords[lead.outcome]}
      </Link>
    ),
  },
  {
    id: "summary",
    head: "What was said",
    width: "minmax(200px, 3fr)",
    cell: (lead) =>
      lead.summary ? (
        <span className="text-ink-2" title={lead.summary}>
          {lead.summary}
        </span>
      ) : (
        <None />
      ),
  },
  { id: "agreed", head: "Agreed", width: "150px", cell: (lead) => <Agreed lead={lead} /> },
  {
    id: "campaign",
    head: "Campaign",
    width: "minmax(120px, 1fr)",
    from: "2xl",
    cell: (lead) =>
      lead.campaignId ? (
        <Link {...paths.campaign(lead.campaignId)} className="quiet-link text-ink-2">
          {lead.campaignName}
        </Link>
      ) : (
        <None />
      ),
  },
  { id: "at", head: "Talked", width: "112px", cell: (lead) => <Time at={lead.at} /> },
];

/** People by what they last said: the list to work through. */
export function LeadsPage() {
  const search = useSearch({ from: "/shell/leads" });
  const navigate = useNavigate({ from: "/leads" });
  const go = useGo();
  const live = useLiveQuery();
  const exportRefused = useRefused("leads.list");
  const outcome = leadOutcomes.find((word) => word === search.outcome);
  const filters = {
    ...(search.temperature ? { temperature: search.temperature } : {}),
    ...(outcome ? { outcome } : {}),
  };
  const filtered = Object.keys(filters).length;
  const query = trpc.leads.list.useInfiniteQuery(
    { ...filters, limit: 100 },
    { getNextPageParam: (page) => page.nextCursor, ...live },
  );
  const filter = (change: { temperature?: Temperature | undefined; outcome?: LeadOutcome | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });

  return (
    <Page
      crumbs={[{ label: "Leads" }]}
      title="Leads"
      context="Each person once, by their latest conversation"
    >
      <FilterBar
        active={filtered}
        aside={<ExportLink href={http.export("leads", filters)} refused={exportRefused} />}
      >
        <SelectFilter
          label="Temperature"
          any="Hot, warm and cold"
          value={search.temperature}
          options={temperatures.map((value) => ({ value, label: temperatureSigns[value].word }))}
          onValue={(temperature) => filter({ temperature })}
        />
        <SelectFilter
          label="Came to"
          any="Any outcome"
          value={outcome}
          options={leadOutcomes.map((value) => ({ value, label: leadOutcomeWords[value] }))}
          onValue={(next) => filter({ outcome: next })}
        />
      </FilterBar>
      <QueryTable
        label="Leads"
        query={query}
        columns={columns}
        rowId={(lead) => lead.contactId}
        rowName={nameOf}
        rowLink={(lead) => paths.call(lead.callId)}
        narrow={(lead) => (
          <Link {...paths.call(lead.callId)} className="block">
            <span className="flex items-baseline gap-2">
              <span className="min-w-0 grow truncate font-medium">{nameOf(lead)}</span>
              <span className="text-xs">
                <Score score={lead.score} temperature={lead.temperature} />
              </span>
            </span>
            <span className="flex gap-2 text-xs text-ink-2">
              <span className="min-w-0 grow truncate">{lead.summary ?? leadOutcomeWords[lead.outcome]}</span>
              <Time at={lead.at} className="text-ink-3" />
            </span>
          </Link>
        )}
        empty={
          filtered > 0 ? (
            <EmptyState
              title="Nobody fits these filters"
              action={
                <Button onClick={() => void navigate({ search: {}, replace: true })}>Clear filters</Button>
              }
            >
              <p>Take a filter away to see the others.</p>
            </EmptyState>
          ) : (
            <EmptyState
              title="No conversation has been read yet"
              action={
                <Button look="filled" onClick={() => go(paths.newCampaign())}>
                  Start a campaign
                </Button>
              }
            >
              <p>
                When somebody has talked with an agent, the conversation is read within a minute: how they
                feel about it, what was agreed, and how warm they are. The latest stand on top.
              </p>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
