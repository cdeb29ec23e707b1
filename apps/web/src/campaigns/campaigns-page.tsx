import { campaignCan } from "@parley/core/campaigns/can";
import type { CampaignRow } from "@parley/core/campaigns/schema";
import { campaignStatuses } from "@parley/core/campaigns/status";
import { campaignSigns } from "@parley/core/campaigns/words";
import { reasonOf } from "@parley/core/reasons";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Copy, Pause, Play, Plus } from "lucide-react";
import { paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { CampaignBadge } from "@/signs/campaign-status.tsx";
import { attemptsOf, eligibleOf, finishedOf, progressParts } from "@/signs/counts.ts";
import { FinishCell, FinishWords } from "@/signs/forecast.tsx";
import type { Column } from "@/table/columns.tsx";
import { useColumns } from "@/table/columns.tsx";
import { FilterBar, SearchFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { SavedViews } from "@/table/saved-views.tsx";
import { trpc } from "@/trpc.ts";
import { Bar } from "@/ui/bar.tsx";
import { Button } from "@/ui/button.tsx";
import { Checkbox, Segmented } from "@/ui/choice.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, share } from "@/ui/format.ts";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { useCampaignActs } from "./use-campaign-acts.ts";

const columns: Column<CampaignRow>[] = [
  {
    id: "name",
    head: "Campaign",
    width: "minmax(180px, 2fr)",
    fixed: true,
    cell: (campaign) => (
      <Link {...paths.campaign(campaign.id)} className="quiet-link font-medium" title={campaign.name}>
        {campaign.name}
      </Link>
    ),
  },
  {
    id: "status",
    head: "State",
    width: "112px",
    cell: (campaign) => <CampaignBadge status={campaign.status} />,
  },
  {
    id: "progress",
    head: "Finished / eligible",
    width: "minmax(200px, 1.6fr)",
    cell: (campaign) => (
      <span className="flex items-center gap-2.5">
        <Bar parts={progressParts(campaign.counts)} total={eligibleOf(campaign.counts)} />
        <span className="tnum w-[96px] shrink-0 text-right text-xs text-ink-2">
          <span className="text-ink">{count(finishedOf(campaign.counts))}</span> /{" "}
          {count(eligibleOf(campaign.counts))}
        </span>
      </span>
    ),
  },
  {
    id: "answered",
    head: "Answered",
    width: "84px",
    align: "right",
    cell: (campaign) => share(campaign.byOutcome.answered, attemptsOf(campaign.byOutcome)),
  },
  {
    id: "spent",
    head: "Spent / budget",
    width: "140px",
    align: "right",
    cell: (campaign) => (
      <>
        {count(campaign.spent)}
        {campaign.budgetCredits !== null && (
          <span className="text-ink-3"> / {count(campaign.budgetCredits)}</span>
        )}
      </>
    ),
  },
  {
    id: "finish",
    head: "Done",
    width: "minmax(150px, 1fr)",
    from: "xl",
    cell: (campaign) => (campaign.forecast ? <FinishCell forecast={campaign.forecast} /> : <None />),
  },
  {
    id: "why",
    head: "What holds it",
    width: "minmax(120px, 1.6fr)",
    from: "xl",
    cell: (campaign) => <Why campaign={campaign} />,
  },
  {
    id: "agent",
    head: "Agent",
    width: "110px",
    from: "2xl",
    cell: (campaign) => <span className="text-ink-2">{campaign.agentName}</span>,
  },
  {
    id: "owner",
    head: "Made by",
    width: "120px",
    optional: true,
    cell: (campaign) => campaign.createdBy ?? <None />,
  },
  { id: "made", head: "Made", width: "96px", cell: (campaign) => <Time at={campaign.createdAt} /> },
];

function Why({ campaign }: { campaign: CampaignRow }) {
  if (campaign.status === "paused" && campaign.statusReason) {
    const { text } = reasonOf(campaign.statusReason);
    return (
      <span className="text-ink-2" title={text}>
        {text}
      </span>
    );
  }
  if (campaign.opensAt && campaign.status === "running") {
    return (
      <span className="text-ink-2">
        Next hours open <Time at={campaign.opensAt} />
      </span>
    );
  }
  if (campaign.opensAt && campaign.status === "scheduled") {
    return (
      <span className="text-ink-2">
        First call <Time at={campaign.opensAt} />
      </span>
    );
  }
  return <None />;
}

/** All campaigns, the moving ones a tap away. */
export function CampaignsPage() {
  const search = useSearch({ from: "/shell/campaigns" });
  const navigate = useNavigate({ from: "/campaigns" });
  const refused = useRefused("campaigns.create");
  const acts = useCampaignActs();
  const { columns: shown, chooser } = useColumns("campaigns", columns);
  const query = trpc.campaigns.list.useInfiniteQuery(
    { status: search.status, search: search.q, limit: 50, ...(search.archived ? { archived: true } : {}) },
    { getNextPageParam: (page) => page.nextCursor, ...useLiveQuery() },
  );
  const filtered = search.status !== undefined || search.q !== undefined || search.archived !== undefined;

  const newCampaign = refused ? (
    <Button look="filled" icon={Plus} disabledReason={refused}>
      New campaign
    </Button>
  ) : (
    <Button look="filled" asChild>
      <Link {...paths.newCampaign()}>
        <Plus className="size-3.5" strokeWidth={1.75} aria-hidden />
        New campaign
      </Link>
    </Button>
  );

  return (
    <Page crumbs={[{ label: "Campaigns" }]} title="Campaigns" actions={newCampaign} actionsBeside>
      <FilterBar
        active={search.status ? 1 : 0}
        search={
          <SearchFilter
            label="Search campaigns"
            value={search.q}
            onValue={(q) => void navigate({ search: (before) => ({ ...before, q }), replace: true })}
          />
        }
        aside={
          <>
            <SavedViews
              list="campaigns"
              search={search}
              onView={(view) => void navigate({ search: view, replace: true })}
            />
            {chooser}
          </>
        }
      >
        <Segmented
          label="State"
          value={search.status ?? "all"}
          onValue={(status) =>
            void navigate({
              search: (before) => ({ ...before, status: status === "all" ? undefined : status }),
              replace: true,
            })
          }
          options={[
            { value: "all" as const, label: "All" },
            ...campaignStatuses.map((status) => ({ value: status, label: campaignSigns[status].word })),
          ]}
          className="flex-wrap"
        />
        <Checkbox
          label="Archived"
          checked={search.archived ?? false}
          onChecked={(on) =>
            void navigate({ search: (before) => ({ ...before, archived: on || undefined }), replace: true })
          }
        />
      </FilterBar>
      <QueryTable
        label="Campaigns"
        query={query}
        columns={shown}
        rowId={(campaign) => campaign.id}
        rowName={(campaign) => campaign.name}
        rowLink={(campaign) => paths.campaign(campaign.id)}
        rowActions={(campaign) => {
          const reason = (act: keyof typeof campaignCan) => {
            const can = campaignCan[act](campaign.status);
            return can.ok ? null : can.reason;
          };
          return [
            campaign.status === "paused"
              ? {
                  label: "Resume",
                  icon: Play,
                  disabledReason: acts.refused.resume ?? reason("resume"),
                  onSelect: () => acts.resume(campaign.id),
                }
              : {
                  label: "Pause",
                  icon: Pause,
                  disabledReason: acts.refused.pause ?? reason("pause"),
                  onSelect: () => acts.pause(campaign.id),
                },
            {
              label: campaign.archivedAt ? "Restore" : "Archive",
              icon: campaign.archivedAt ? ArchiveRestore : Archive,
              disabledReason: acts.refused.archive ?? reason("archive"),
              onSelect: () => acts.archive(campaign.id, campaign.archivedAt === null),
            },
            {
              label: "Duplicate",
              icon: Copy,
              disabledReason: acts.refused.duplicate,
              onSelect: () => acts.duplicate(campaign.id),
            },
          ];
        }}
        narrow={(campaign) => (
          <Link {...paths.campaign(campaign.id)} className="block">
            <span className="flex items-center gap-2">
              <span className="min-w-0 grow truncate font-medium">{campaign.name}</span>
              <CampaignBadge status={campaign.status} />
            </span>
            <span className="mt-1.5 block">
              <Bar parts={progressParts(campaign.counts)} total={eligibleOf(campaign.counts)} />
            </span>
            <span className="tnum mt-1 flex gap-2 text-xs text-ink-2">
              <span>
                {count(finishedOf(campaign.counts))} of {count(eligibleOf(campaign.counts))}
              </span>
              <span className="ml-auto">{count(campaign.spent)} credits</span>
            </span>
            {campaign.forecast && (
              <span className="mt-0.5 block text-xs text-ink-2">
                <FinishWords forecast={campaign.forecast} />
              </span>
            )}
          </Link>
        )}
        empty={
          filtered ? (
            <EmptyState
              title="No campaign fits"
              action={
                <Button onClick={() => void navigate({ search: {}, replace: true })}>
                  Show all campaigns
                </Button>
              }
            >
              <p>Nothing here has that name and state.</p>
            </EmptyState>
          ) : (
            <EmptyState
              title="No campaigns yet"
              action={newCampaign}
              sandbox={
                <Link {...paths.imports()} className="font-medium text-accent-ink hover:underline">
                  Import a list first
                </Link>
              }
            >
              <p>
                A campaign calls everyone on a list with one agent, inside the hours you allow, again when
                nobody answers, and never more often than your rules say.
              </p>
            </EmptyState>
          )
        }
      />
    </Page>
  );
}
