import { campaignCan } from "@parley/core/campaigns/can";
import type { CampaignAct } from "@parley/core/campaigns/can";
import {
  Archive,
  ArchiveRestore,
  Copy,
  Pause,
  PhoneOutgoing,
  Play,
  SlidersHorizontal,
  Square,
} from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { DangerDialog } from "@/ui/dialog.tsx";
import { count, plural } from "@/ui/format.ts";
import type { Campaign, Progress } from "./campaign.ts";
import { RedialDialog } from "./redial-dialog.tsx";
import { useCampaignActs } from "./use-campaign-acts.ts";

export function CampaignActions({
  campaign,
  progress,
  onLimits,
}: {
  campaign: Campaign;
  progress: Progress;
  onLimits: () => void;
}) {
  const acts = useCampaignActs();
  const go = useGo();
  const [stopping, setStopping] = useState(false);
  const [redialling, setRedialling] = useState(false);
  const settings = trpc.settings.get.useQuery({});
  const { status, byStatus, inAir } = progress;
  const cannot = (act: CampaignAct) => {
    const can = campaignCan[act](status);
    return can.ok ? null : can.reason;
  };

  return (
    <>
      {status === "draft" && (
        <Button
          look="filled"
          icon={Play}
          disabledReason={acts.refused.start}
          onClick={() => go(paths.editCampaign(campaign.id))}
        >
          Check and start
        </Button>
      )}
      {status === "paused" && (
        <Button
          look="filled"
          icon={Play}
          busy={acts.busy}
          disabledReason={acts.refused.resume}
          onClick={() => acts.resume(campaign.id)}
        >
          Resume
        </Button>
      )}
      {(status === "running" || status === "scheduled") && (
        <Button
          icon={Pause}
          busy={acts.busy}
          disabledReason={acts.refused.pause}
          onClick={() => acts.pause(campaign.id)}
        >
          Pause
        </Button>
      )}
      <Button
        icon={SlidersHorizontal}
        disabledReason={acts.refused.update ?? cannot("changeLimits")}
        onClick={status === "running" ? onLimits : () => go(paths.editCampaign(campaign.id))}
      >
        Edit
      </Button>
      {campaignCan.redial(status).ok && (
        <Button icon={PhoneOutgoing} disabledReason={acts.refused.redial} onClick={() => setRedialling(true)}>
          Call again
        </Button>
      )}
      {campaignCan.archive(status).ok && (
        <Button
          icon={campaign.archivedAt ? ArchiveRestore : Archive}
          busy={acts.busy}
          disabledReason={acts.refused.archive}
          onClick={() => acts.archive(campaign.id, campaign.archivedAt === null)}
          className="max-sm:hidden"
        >
          {campaign.archivedAt ? "Restore" : "Archive"}
        </Button>
      )}
      <Button
        icon={Copy}
        busy={acts.busy}
        disabledReason={acts.refused.duplicate}
        onClick={() => acts.duplicate(campaign.id)}
        className="max-sm:hidden"
      >
        Duplicate
      </Button>
      <Button
        look="danger"
        icon={Square}
        disabledReason={acts.refused.cancel ?? cannot("cancel")}
        onClick={() => setStopping(true)}
      >
        Stop
      </Button>
      {redialling && <RedialDialog campaign={campaign} onClose={() => setRedialling(false)} />}
      <DangerDialog
        open={stopping}
        onOpenChange={setStopping}
        title="Stop for good"
        action={`Stop ${count(byStatus.pending)} waiting`}
        busy={acts.busy}
        {...(settings.data && byStatus.pending > settings.data.confirmAbove ? { typed: campaign.name } : {})}
        onConfirm={() => acts.cancel(campaign.id, () => setStopping(false))}
      >
        <p>
          Stops {plural(byStatus.pending, "person", "people")} still waiting.{" "}
          {inAir === 0
            ? "No call is in progress."
            : `${plural(inAir, "call")} in progress will finish and be charged.`}
        </p>
        <p>
          A stopped campaign cannot be started again; it can be duplicated. To go on later, pause it instead.
        </p>
      </DangerDialog>
    </>
  );
}
