import { reasonOf } from "@parley/core/reasons";
import { CircleCheck, Gauge, Hourglass, Pause, Square } from "lucide-react";
import { useNow } from "@/ui/clock.ts";
import { Button } from "@/ui/button.tsx";
import { count, moment, plural } from "@/ui/format.ts";
import { BecauseStrip } from "@/ui/section.tsx";
import { eligibleOf, finishedOf } from "@/signs/counts.ts";
import type { Campaign, Progress } from "./campaign.ts";

const capCodes = new Set(["campaign_cap", "pace", "budget"]);

/** The one line that says why the campaign is as fast, or as still, as it is. */
export function BecauseCampaign({
  campaign,
  progress,
  onLimits,
}: {
  campaign: Campaign;
  progress: Progress;
  onLimits: () => void;
}) {
  const now = useNow();
  const { status, statusReason, limitingFactor, limiting, launch, byStatus } = progress;
  const icon = { className: "size-4", strokeWidth: 1.75, "aria-hidden": true } as const;

  if (launch && launch.done < launch.total) {
    return (
      <BecauseStrip
        icon={<Hourglass {...icon} />}
        cause={`Putting the list into the queue: ${count(launch.done)} of ${count(launch.total)}.`}
      >
        Calls begin while it goes on. It survives a restart.
      </BecauseStrip>
    );
  }
  if (status === "running") {
    if (!limitingFactor) {
      return (
        <BecauseStrip icon={<Gauge {...icon} />} cause="Nothing limits it.">
          Everyone who is due is being called.
        </BecauseStrip>
      );
    }
    const reason = reasonOf(limitingFactor);
    return (
      <BecauseStrip
        icon={<Gauge {...icon} />}
        cause={
          limiting?.count != null && limiting.limit != null
            ? `${reason.text.replace(/\.$/, "")}: ${count(limiting.count)} of ${count(limiting.limit)}.`
            : reason.text
        }
        levers={
          capCodes.has(limitingFactor) && (
            <Button look="link" onClick={onLimits}>
              Edit limits
            </Button>
          )
        }
      >
        {reason.next}
        {limiting?.until && ` Until ${moment(limiting.until, now)}.`}
      </BecauseStrip>
    );
  }
  if (status === "paused") {
    const reason = reasonOf(statusReason ?? "paused");
    return (
      <BecauseStrip
        icon={<Pause {...icon} />}
        cause={`${reason.text} ${plural(byStatus.pending, "person waits", "people wait")}.`}
        levers={
          statusReason && capCodes.has(statusReason) ? (
            <Button look="link" onClick={onLimits}>
              Edit limits
            </Button>
          ) : undefined
        }
      >
        {reason.next}
      </BecauseStrip>
    );
  }
  if (status === "scheduled") {
    return (
      <BecauseStrip
        icon={<Hourglass {...icon} />}
        cause={
          campaign.startsAt
            ? `First call ${moment(campaign.startsAt, now)} for ${plural(byStatus.pending, "person", "people")}.`
            : "It waits for its start time."
        }
      >
        It starts by itself, inside the hours where each person is.
      </BecauseStrip>
    );
  }
  if (status === "draft") {
    return <BecauseStrip cause="A draft.">Nobody is called until you start it.</BecauseStrip>;
  }
  return (
    <BecauseStrip
      icon={
        status === "completed" ? (
          <CircleCheck {...icon} className="size-4 text-ok-ink" />
        ) : (
          <Square {...icon} />
        )
      }
      cause={
        status === "completed"
          ? `Completed${campaign.completedAt ? ` ${moment(campaign.completedAt, now)}` : ""}: ${count(finishedOf(byStatus))} of ${plural(eligibleOf(byStatus), "person", "people")}.`
          : "Stopped for good."
      }
    >
      {count(byStatus.completed)} reached, {count(byStatus.failed)} gave up, {count(byStatus.canceled)}{" "}
      canceled, {count(byStatus.skipped)} skipped by a rule.
    </BecauseStrip>
  );
}
