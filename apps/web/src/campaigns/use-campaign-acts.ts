import { useRef } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { plural } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";

/** What can be done to a campaign from a list or its page. Each act answers in numbers. */
export function useCampaignActs() {
  const utils = trpc.useUtils();
  const go = useGo();
  const startKey = useRef(crypto.randomUUID());
  const refresh = () => {
    void utils.campaigns.invalidate();
    void utils.home.invalidate();
  };
  const onError = (error: unknown) => {
    toast.error(refusal(error).message);
    refresh();
  };

  const resume = trpc.campaigns.resume.useMutation({
    onSuccess: (campaign) => {
      refresh();
      toast.done(`${campaign.name} goes on`, { undo: () => pause.mutate({ campaignId: campaign.id }) });
    },
    onError,
  });
  const pause = trpc.campaigns.pause.useMutation({
    onSuccess: (answer, { campaignId }) => {
      refresh();
      toast.done(
        answer.inAir === 0
          ? "Paused, nobody is on the phone"
          : `Paused; ${plural(answer.inAir, "call")} in progress will finish`,
        { undo: () => resume.mutate({ campaignId }) },
      );
    },
    onError,
  });
  const start = trpc.campaigns.start.useMutation({
    trpc: { context: { idempotencyKey: startKey.current } },
    onSuccess: (campaign) => {
      startKey.current = crypto.randomUUID();
      refresh();
      toast.done(
        campaign.status === "scheduled" ? `${campaign.name} is scheduled` : `${campaign.name} has started`,
      );
      go(paths.campaign(campaign.id));
    },
    onError: (error) => {
      startKey.current = crypto.randomUUID();
      onError(error);
    },
  });
  const cancel = trpc.campaigns.cancel.useMutation({
    onSuccess: (answer) => {
      refresh();
      toast.done(
        answer.inAir === 0
          ? "Stopped for good"
          : `Stopped for good; ${plural(answer.inAir, "call")} in progress will finish`,
      );
    },
    onError,
  });
  const duplicate = trpc.campaigns.duplicate.useMutation({
    onSuccess: (campaign) => {
      refresh();
      toast.done(`${campaign.name} is a draft now`);
      go(paths.editCampaign(campaign.id));
    },
    onError,
  });

  const archive = trpc.campaigns.archive.useMutation({
    onSuccess: ({ id, name, archivedAt }) => {
      refresh();
      const isAway = archivedAt !== null;
      toast.done(isAway ? `${name} is archived` : `${name} is back in the list`, {
        undo: () => archive.mutate({ campaignId: id, archived: !isAway }),
      });
    },
    onError,
  });

  return {
    archive: (campaignId: string, archived: boolean) => archive.mutate({ campaignId, archived }),
    start: (campaignId: string) => start.mutate({ campaignId }),
    pause: (campaignId: string) => pause.mutate({ campaignId }),
    resume: (campaignId: string) => resume.mutate({ campaignId }),
    cancel: (campaignId: string, done: () => void) => cancel.mutate({ campaignId }, { onSuccess: done }),
    duplicate: (campaignId: string) => duplicate.mutate({ campaignId }),
    busy:
      start.isPending ||
      pause.isPending ||
      resume.isPending ||
      cancel.isPending ||
      duplicate.isPending ||
      archive.isPending,
    /** Why this person may not, per act. */
    refused: {
      start: useRefused("campaigns.start"),
      pause: useRefused("campaigns.pause"),
      resume: useRefused("campaigns.resume"),
      cancel: useRefused("campaigns.cancel"),
      duplicate: useRefused("campaigns.duplicate"),
      update: useRefused("campaigns.update"),
      redial: useRefused("campaigns.redial"),
      archive: useRefused("campaigns.archive"),
    },
  };
}
