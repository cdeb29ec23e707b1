import { Funnel } from "@/charts/funnel.tsx";
import { OutcomeLegend } from "@/charts/outcome-chart.tsx";
import { paths } from "@/paths.ts";
import { attemptsOf, eligibleOf, finishedOf, outcomeCounts } from "@/signs/counts.ts";
import { outcomes, outcomeSigns } from "@/signs/outcome.tsx";
import { reasonOf } from "@parley/core/reasons";
import { Link } from "@tanstack/react-router";
import { Bar } from "@/ui/bar.tsx";
import { count, plural, share } from "@/ui/format.ts";
import { Section } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import type { Progress } from "./campaign.ts";

/** People through the funnel, attempts by what they came to, and what the waiting ones wait for. */
export function CampaignOutcomes({ campaignId, progress }: { campaignId: string; progress: Progress }) {
  const { byStatus, byOutcome, total, waiting } = progress;
  const counts = outcomeCounts(byOutcome);
  const attempts = attemptsOf(byOutcome);
  const allowed = eligibleOf(byStatus);
  const ended = finishedOf(byStatus);
  if (total === 0) return null;

  return (
    <>
      <Funnel
        steps={[
          { label: "On the list", value: total, link: paths.campaign(campaignId) },
          { label: "Eligible", value: allowed },
          { label: "Finished", value: ended },
          {
            label: "Reached",
            value: byStatus.completed,
            spoken: true,
            link: paths.campaign(campaignId, { status: "completed" }),
          },
        ]}
      />
      <div className="grid border-b border-line lg:grid-cols-2">
        <Section
          title="Attempts"
          count={count(attempts)}
          note="by what they came to"
          className="pb-3 lg:border-r lg:border-line"
        >
          <div className="flex flex-col gap-3 px-4 lg:px-5">
            <Bar
              height={10}
              label={`${plural(attempts, "attempt")}, ${share(byOutcome.answered, attempts)} answered`}
              parts={outcomes.map((outcome) => ({
                label: `${outcomeSigns[outcome].word} ${count(counts[outcome])}`,
                value: counts[outcome],
                fill: outcomeSigns[outcome].fill,
              }))}
            />
            <OutcomeLegend totals={counts} wide link={(outcome) => paths.calls({ campaignId, outcome })} />
          </div>
        </Section>
        <Section
          title="Waiting"
          count={count(byStatus.pending)}
          note="and for what"
          className="pb-3 max-lg:border-t max-lg:border-line"
        >
          {waiting.length === 0 ? (
            <p className="px-4 text-ink-2 lg:px-5">Nobody waits.</p>
          ) : (
            <ul data-inset-focus>
              {waiting.map((entry) => (
                <li key={entry.reason}>
                  <Link
                    {...paths.campaign(campaignId, { status: "pending", reason: entry.reason })}
                    className="flex min-h-7 items-center gap-3 px-4 hover:bg-hover lg:px-5"
                  >
                    <span className="min-w-0 grow truncate text-ink-2" title={reasonOf(entry.reason).next}>
                      {reasonOf(entry.reason).text}
                    </span>
                    {entry.nextAt && (
                      <span className="whitespace-nowrap text-xs text-ink-3">
                        next <Time at={entry.nextAt} />
                      </span>
                    )}
                    <span className="tnum w-14 text-right">{count(entry.count)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Section>
      </div>
    </>
  );
}
