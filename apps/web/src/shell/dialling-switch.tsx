import type { HomeSummary } from "@parley/core/home/schema";
import { useState } from "react";
import { useMe, useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Switch } from "@/ui/choice.tsx";
import { DangerDialog } from "@/ui/dialog.tsx";
import { plural } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";

/**
 * The one switch. The operator's stops every workspace at once; a manager's pauses the workspace's own campaigns,
 * each of which is then resumed by hand.
 */
export function DiallingSwitch({ dialling, inAir }: { dialling: HomeSummary["dialling"]; inAir: number }) {
  const me = useMe();
  return me.person.isPlatformAdmin ? (
    <OperatorSwitch dialling={dialling} inAir={inAir} />
  ) : (
    <PauseAll dialling={dialling} inAir={inAir} />
  );
}

const willFinish = (inAir: number) =>
  inAir === 0 ? "No call is in progress." : `${plural(inAir, "call")} in progress will finish.`;

function OperatorSwitch({ dialling, inAir }: { dialling: HomeSummary["dialling"]; inAir: number }) {
  const [asking, setAsking] = useState(false);
  const utils = trpc.useUtils();
  const pause = trpc.admin.pauseDialling.useMutation({
    onSuccess: (answer) => {
      setAsking(false);
      void utils.home.invalidate();
      toast.done(
        answer.paused
          ? `Dialling paused, ${plural(answer.inAir, "call")} will finish`
          : "Dialling is on again",
      );
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  return (
    <>
      <Switch
        checked={!dialling.paused}
        disabled={pause.isPending}
        onChecked={(on) => (on ? pause.mutate({ paused: false }) : setAsking(true))}
        label={dialling.paused ? "Dialling paused" : "Dialling on"}
      />
      <DangerDialog
        open={asking}
        onOpenChange={setAsking}
        title="Pause all dialling"
        action="Pause all dialling"
        busy={pause.isPending}
        onConfirm={() => pause.mutate({ paused: true })}
      >
        <p>No new call is placed for any workspace of this installation. {willFinish(inAir)}</p>
        <p>What waits keeps its place and goes on when you switch dialling on again.</p>
      </DangerDialog>
    </>
  );
}

function PauseAll({ dialling, inAir }: { dialling: HomeSummary["dialling"]; inAir: number }) {
  const [asking, setAsking] = useState(false);
  const refused = useRefused("campaigns.pauseAll");
  const utils = trpc.useUtils();
  const pause = trpc.campaigns.pauseAll.useMutation({
    onSuccess: (answer) => {
      setAsking(false);
      void utils.home.invalidate();
      void utils.campaigns.invalidate();
      toast.done(`${plural(answer.paused, "campaign")} paused, ${plural(answer.inAir, "call")} will finish`);
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  if (dialling.paused) {
    return (
      <span className="self-center text-warn-ink" title={dialling.reason ?? undefined}>
        Dialling paused by the operator
      </span>
    );
  }
  return (
    <>
      <Button disabledReason={refused} onClick={() => setAsking(true)}>
        Pause all
      </Button>
      <DangerDialog
        open={asking}
        onOpenChange={setAsking}
        title="Pause all campaigns"
        action="Pause all campaigns"
        busy={pause.isPending}
        onConfirm={() => pause.mutate({})}
      >
        <p>Every running campaign stops placing calls. {willFinish(inAir)}</p>
        <p>Resume each of them from its own page.</p>
      </DangerDialog>
    </>
  );
}
