import { outcomeSigns } from "@parley/core/calls/words";
import { useRef, useState } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { briefReason } from "@/signs/reason.ts";
import type { Inputs } from "@/trpc.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { FieldGroup } from "@/ui/field.tsx";
import { FormError } from "@/ui/form-error.tsx";
import { toast } from "@/ui/toast.ts";
import { plural } from "@/ui/format.ts";
import type { Campaign } from "./campaign.ts";

type Outcome = NonNullable<Inputs["campaigns"]["redial"]["outcomes"]>[number];
const outcomes: Outcome[] = ["no_answer", "busy", "voicemail", "failed", "unclear", "answered"];
const skipReasons = ["no_consent", "zone_never_open", "campaign_over"];

/** Chooses whom of an ended campaign to call again; a draft is made, nothing is dialled. */
export function RedialDialog({ campaign, onClose }: { campaign: Campaign; onClose: () => void }) {
  const utils = trpc.useUtils();
  const go = useGo();
  const key = useRef(crypto.randomUUID());
  const [chosen, setChosen] = useState<Outcome[]>(["no_answer", "busy"]);
  const [skipped, setSkipped] = useState<string[]>([]);
  const redial = trpc.campaigns.redial.useMutation({
    trpc: { context: { idempotencyKey: key.current } },
    onSuccess: (draft) => {
      void utils.campaigns.invalidate();
      toast.done(`A draft for ${plural(draft.people, "person", "people")}`);
      go(paths.editCampaign(draft.id));
    },
    onSettled: () => {
      key.current = crypto.randomUUID();
    },
  });
  const toggled = <T,>(list: T[], value: T, on: boolean) =>
    on ? [...list, value] : list.filter((each) => each !== value);
  const nothing = chosen.length + skipped.length === 0;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Call some of “${campaign.name}” again`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            busy={redial.isPending}
            disabledReason={nothing ? "Choose how it ended for them." : null}
            onClick={() =>
              redial.mutate({
                campaignId: campaign.id,
                ...(chosen.length > 0 ? { outcomes: chosen } : {}),
                ...(skipped.length > 0 ? { skipReasons: skipped } : {}),
              })
            }
          >
            Make a draft
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <FormError>{redial.error ? refusal(redial.error).message : null}</FormError>
        <FieldGroup label="Whose last call ended so">
          <div className="grid grid-cols-2 gap-x-4">
            {outcomes.map((outcome) => (
              <Checkbox
                key={outcome}
                label={outcomeSigns[outcome].word}
                checked={chosen.includes(outcome)}
                onChecked={(on) => setChosen(toggled(chosen, outcome, on))}
              />
            ))}
          </div>
        </FieldGroup>
        <FieldGroup label="Who were skipped because">
          <div className="flex flex-col">
            {skipReasons.map((code) => (
              <Checkbox
                key={code}
                label={briefReason(code)}
                checked={skipped.includes(code)}
                onChecked={(on) => setSkipped(toggled(skipped, code, on))}
              />
            ))}
          </div>
        </FieldGroup>
        <p className="text-xs text-ink-3">
          The rules are those of this campaign; they can be changed before it starts. Everybody is on the new
          list once, and whoever asked not to be called since is left out.
        </p>
      </div>
    </Dialog>
  );
}
