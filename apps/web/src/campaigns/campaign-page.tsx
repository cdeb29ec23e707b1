import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { http, paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { LiveSummary } from "@/shell/live-summary.tsx";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { CampaignBadge } from "@/signs/campaign-status.tsx";
import { finishedOf } from "@/signs/counts.ts";
import { ExportLink } from "@/table/filters.tsx";
import { trpc } from "@/trpc.ts";
import { useMemo, useState } from "react";
import { useColumns } from "@/table/columns.tsx";
import { TabPanel, Tabs } from "@/ui/tabs.tsx";
import { Time } from "@/ui/time.tsx";
import { BecauseCampaign } from "./because-campaign.tsx";
import { CampaignActions } from "./campaign-actions.tsx";
import { CampaignEvents } from "./campaign-events.tsx";
import { CampaignFigures } from "./campaign-figures.tsx";
import { CampaignOutcomes } from "./campaign-outcomes.tsx";
import { CampaignRules } from "./campaign-rules.tsx";
import { ForecastLine } from "./forecast-line.tsx";
import { ItemFacets } from "./item-facets.tsx";
import { itemColumns } from "./item-columns.tsx";
import { ItemsTable } from "./items-table.tsx";
import { LimitsDialog } from "./limits-dialog.tsx";

/** A campaign as it runs: where it stands, what limits it, who waits and why. One query feeds every figure. */
export function CampaignPage() {
  const { campaignId } = useParams({ from: "/shell/campaigns/$campaignId" });
  const search = useSearch({ from: "/shell/campaigns/$campaignId" });
  const navigate = useNavigate({ from: "/campaigns/$campaignId" });
  const live = useLiveQuery();
  const [campaign] = trpc.campaigns.get.useSuspenseQuery({ campaignId }, live);
  const [progress] = trpc.campaigns.progress.useSuspenseQuery({ campaignId }, live);
  const agent = trpc.agents.get.useQuery({ agentId: campaign.agentId });
  const exportRefused = useRefused("billing.ledger");
  const [limits, setLimits] = useState(false);
  const columns = useMemo(() => itemColumns(), []);
  const { columns: shown, chooser } = useColumns("items", columns);
  const tab = search.tab ?? "recipients";

  return (
    <Page
      crumbs={[{ label: "Campaigns", link: paths.campaigns() }, { label: campaign.name }]}
      title={campaign.name}
      badge={<CampaignBadge status={progress.status} />}
      context={
        <>
          Agent{" "}
          <Link {...paths.agent(campaign.agentId)} className="quiet-link text-ink">
            {agent.data?.name ?? "…"}
          </Link>
          {campaign.startedAt && (
            <>
              . Since <Time at={campaign.startedAt} />
            </>
          )}
        </>
      }
      actions={<CampaignActions campaign={campaign} progress={progress} onLimits={() => setLimits(true)} />}
    >
      <LiveSummary
        words={`${finishedOf(progress.byStatus)} finished, ${progress.byStatus.inProgress} on the phone, ${progress.byStatus.pending} waiting`}
      />
      <CampaignFigures campaign={campaign} progress={progress} />
      {progress.forecast && <ForecastLine forecast={progress.forecast} rate={progress.rate} />}
      <BecauseCampaign campaign={campaign} progress={progress} onLimits={() => setLimits(true)} />
      <CampaignOutcomes campaignId={campaignId} progress={progress} />
      <Tabs
        label="Campaign"
        value={tab}
        onValue={(next) =>
          void navigate({
            search: (before) => ({ ...before, tab: next === "recipients" ? undefined : next }),
            replace: true,
          })
        }
        tabs={[
          { value: "recipients", label: "Recipients" },
          { value: "events", label: "Event log" },
          { value: "rules", label: "Rules" },
        ]}
        aside={
          tab === "recipients" && (
            <>
              {chooser}
              <ExportLink
                href={http.export("items", { campaignId, status: search.status })}
                rows={progress.total}
                refused={exportRefused}
              />
            </>
          )
        }
      >
        <TabPanel value="recipients">
          <div className="grid lg:grid-cols-[212px_minmax(0,1fr)]">
            <ItemFacets campaignId={campaignId} progress={progress} search={search} />
            <ItemsTable campaignId={campaignId} columns={shown} filters={search} status={progress.status} />
          </div>
        </TabPanel>
        <TabPanel value="events">
          <CampaignEvents campaignId={campaignId} />
        </TabPanel>
        <TabPanel value="rules">
          <CampaignRules campaign={campaign} />
        </TabPanel>
      </Tabs>
      {limits && <LimitsDialog campaign={campaign} onClose={() => setLimits(false)} />}
    </Page>
  );
}
