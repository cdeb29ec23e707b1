import { finishBand } from "@parley/core/campaigns/forecast-words";
import { useWorkspace } from "@/shell/me.ts";
import { attemptsOf, eligibleOf, finishedOf, progressParts } from "@/signs/counts.ts";
import { isCutShort, useWriting } from "@/signs/forecast.tsx";
import { paths } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { count, plural, share } from "@/ui/format.ts";
import { KeyFigure, KeyFigures } from "@/ui/key-figures.tsx";
import type { Campaign, Progress } from "./campaign.ts";

/** Five figures: expected finish (or pace), lines, people, answers, credits. Progress is drawn on the rule below them. */
export function CampaignFigures({ campaign, progress }: { campaign: Campaign; progress: Progress }) {
  const workspace = useWorkspace();
  const writing = useWriting();
  const { byStatus, byOutcome, spent, held, budgetCredits, inAir, rate, forecast } = progress;
  const lines = Math.min(campaign.maxConcurrent ?? workspace.concurrentLimit, workspace.concurrentLimit);
  const attempts = attemptsOf(byOutcome);
  const finished = finishedOf(byStatus);

  return (
    <KeyFigures label="Where it stands" count={5}>
      {forecast?.finish && !isCutShort(forecast) ? (
        <KeyFigure
          size="lg"
          label="Expected finish"
          figure={finishBand(forecast, writing)}
          note={`most likely ${writing.moment(forecast.finish.mid)}`}
        />
      ) : (
        <KeyFigure
          size="lg"
          label="Pace"
          figure={count(Math.round(rate * 60))}
          unit="calls an hour"
          note={
            rate > 0
              ? "over the last minutes"
              : progress.status === "running"
                ? "no call has ended lately"
                : "not dialling"
          }
        />
      )}
      <KeyFigure
        size="lg"
        label="Lines"
        figure={count(inAir)}
        unit={`of ${count(lines)}`}
        note={campaign.maxConcurrent === null ? "as many as the workspace has" : "the campaign's own cap"}
        render={(cell) => <Go place={paths.calls({ campaignId: campaign.id, open: true })} {...cell} />}
      />
      <KeyFigure
        size="lg"
        label="Finished"
        figure={count(finished)}
        unit={`of ${plural(eligibleOf(byStatus), "person", "people")}`}
        note={[
          `${count(byStatus.pending)} waiting`,
          `${count(inAir)} on the phone`,
          byStatus.inProgress > inAir ? `${count(byStatus.inProgress - inAir)} being settled` : null,
        ]
          .filter(Boolean)
          .join(", ")}
        progress={[
          ...progressParts(byStatus),
          { label: `${count(byStatus.pending)} waiting`, value: byStatus.pending, fill: "bg-line-2" },
        ]}
      />
      <KeyFigure
        size="lg"
        label="Answered"
        figure={share(byOutcome.answered, attempts)}
        note={`${count(byOutcome.answered)} of ${plural(attempts, "attempt")}`}
        render={(cell) => (
          <Go place={paths.calls({ campaignId: campaign.id, outcome: "answered" })} {...cell} />
        )}
      />
      <KeyFigure
        size="lg"
        label="Credits"
        figure={count(spent)}
        unit={budgetCredits === null ? "spent" : `of ${count(budgetCredits)}`}
        note={
          held > 0 ? `${count(held)} on hold` : budgetCredits === null ? "no budget set" : "nothing on hold"
        }
        {...(budgetCredits === null
          ? {}
          : {
              progress: [
                { label: `${count(spent)} spent`, value: spent, fill: "bg-ink-2" },
                { label: `${count(held)} on hold`, value: held, fill: "bg-warn" },
                { label: "left", value: Math.max(0, budgetCredits - spent - held), fill: "bg-line-2" },
              ],
            })}
      />
    </KeyFigures>
  );
}
