import type { HomeSummary } from "@parley/core/home/schema";
import { campaignSigns } from "@parley/core/campaigns/words";
import type { CampaignStatus } from "@parley/core/campaigns/status";
import { reasonOf } from "@parley/core/reasons";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { CampaignBadge } from "@/signs/campaign-status.tsx";
import { attemptsOf, eligibleOf, finishedOf, progressParts } from "@/signs/counts.ts";
import { FinishCell, FinishWords } from "@/signs/forecast.tsx";
import { Bar } from "@/ui/bar.tsx";
import { count, share } from "@/ui/format.ts";
import { None, SectionHead } from "@/ui/section.tsx";

type Row = HomeSummary["campaigns"][number];

const limitedBy = (campaign: Row): string | null => {
  if (campaign.status === "paused" && campaign.statusReason) return reasonOf(campaign.statusReason).text;
  return campaign.limitingFactor ? reasonOf(campaign.limitingFactor).text : null;
};

const tally = (campaigns: Row[]): string =>
  (["running", "paused", "scheduled"] as const)
    .map((status) => [campaigns.filter((campaign) => campaign.status === status).length, status] as const)
    .filter(([n]) => n > 0)
    .map(([n, status]) => `${count(n)} ${campaignSigns[status].word.toLowerCase()}`)
    .join(", ");

/** The campaigns that are moving, or ought to be. */
export function CampaignLines({ campaigns }: { campaigns: Row[] }) {
  if (campaigns.length === 0) return null;
  return (
    <section aria-label="Campaigns">
      <SectionHead
        title="Campaigns"
        note={tally(campaigns)}
        aside={
          <Link
            {...paths.campaigns()}
            className="inline-flex min-h-6 items-center font-medium text-accent-ink hover:underline"
          >
            All campaigns
          </Link>
        }
      />
      <table className="w-full table-fixed border-collapse max-lg:hidden" data-inset-focus>
        <thead className="bg-sunken text-xs text-ink-3">
          <tr className="h-7 border-t border-line text-left [&>th]:px-2.5 [&>th]:font-medium">
            <th scope="col" className="w-[24%] !pl-5">
              Campaign
            </th>
            <th scope="col" className="w-[110px]">
              State
            </th>
            <th scope="col" className="w-[22%]">
              Finished / eligible
            </th>
            <th scope="col" className="w-[84px] text-right">
              Answered
            </th>
            <th scope="col" className="w-[140px] text-right max-xl:hidden">
              Spent / budget
            </th>
            <th scope="col" className="w-[172px]">
              Done
            </th>
            <th scope="col" className="!pr-5">
              Limited by
            </th>
          </tr>
        </thead>
        <tbody>
          {campaigns.map((campaign) => {
            const attempts = attemptsOf(campaign.byOutcome);
            const words = limitedBy(campaign);
            return (
              <tr
                key={campaign.id}
                className="h-[var(--row)] border-t border-line hover:bg-hover [&>td]:px-2.5"
              >
                <td className="truncate !pl-5">
                  <Link {...paths.campaign(campaign.id)} className="quiet-link font-medium">
                    {campaign.name}
                  </Link>
                </td>
                <td>
                  <CampaignBadge status={campaign.status as CampaignStatus} />
                </td>
                <td>
                  <span className="flex items-center gap-2.5">
                    <Bar parts={progressParts(campaign.byStatus)} total={eligibleOf(campaign.byStatus)} />
                    <span className="tnum w-[86px] shrink-0 text-right text-xs text-ink-2">
                      <span className="text-ink">{count(finishedOf(campaign.byStatus))}</span> /{" "}
                      {count(eligibleOf(campaign.byStatus))}
                    </span>
                  </span>
                </td>
                <td className="tnum text-right">{share(campaign.byOutcome.answered, attempts)}</td>
                <td className="tnum text-right max-xl:hidden">
                  {count(campaign.spent)}
                  {campaign.budgetCredits !== null && (
                    <span className="text-ink-3"> / {count(campaign.budgetCredits)}</span>
                  )}
                </td>
                <td>{campaign.forecast ? <FinishCell forecast={campaign.forecast} /> : <None />}</td>
                <td className="truncate !pr-5 text-ink-2" title={words ?? undefined}>
                  {words ?? <None />}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <ul className="lg:hidden">
        {campaigns.map((campaign) => (
          <li key={campaign.id} className="border-t border-line">
            <Link {...paths.campaign(campaign.id)} className="block px-4 py-3">
              <span className="flex items-center gap-2">
                <span className="min-w-0 grow truncate font-medium">{campaign.name}</span>
                <CampaignBadge status={campaign.status as CampaignStatus} />
              </span>
              <span className="mt-2 block">
                <Bar parts={progressParts(campaign.byStatus)} total={eligibleOf(campaign.byStatus)} />
              </span>
              <span className="tnum mt-1.5 flex gap-3 text-xs text-ink-2">
                <span>
                  <span className="text-ink">{count(finishedOf(campaign.byStatus))}</span> of{" "}
                  {count(eligibleOf(campaign.byStatus))}
                </span>
                <span className="ml-auto">{count(campaign.spent)} credits</span>
              </span>
              {campaign.forecast && (
                <span className="mt-1 block text-xs text-ink-2">
                  <FinishWords forecast={campaign.forecast} />
                </span>
              )}
              {limitedBy(campaign) && (
                <span className="mt-1 block text-xs text-ink-2">{limitedBy(campaign)}</span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
