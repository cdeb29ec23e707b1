import { useForm } from "react-hook-form";
import { showRefusal, FormError } from "@/ui/form-error.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { toast } from "@/ui/toast.ts";
import type { Campaign } from "./campaign.ts";

const numberOrNull = (text: string): number | null => (text.trim() === "" ? null : Number(text));

/** The limits that may be turned while calls go out. */
export function LimitsDialog({ campaign, onClose }: { campaign: Campaign; onClose: () => void }) {
  const utils = trpc.useUtils();
  const update = trpc.campaigns.update.useMutation();
  const form = useForm({
    defaultValues: {
      maxConcurrent: campaign.maxConcurrent?.toString() ?? "",
      callsPerSecond: campaign.callsPerSecond?.toString() ?? "",
      budgetCredits: campaign.budgetCredits?.toString() ?? "",
    },
  });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      await update.mutateAsync({
        campaignId: campaign.id,
        maxConcurrent: numberOrNull(values.maxConcurrent),
        callsPerSecond: numberOrNull(values.callsPerSecond),
        budgetCredits: numberOrNull(values.budgetCredits),
      });
      void utils.campaigns.invalidate();
      toast.done("Limits changed; the next call obeys them");
      onClose();
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["maxConcurrent", "callsPerSecond", "budgetCredits"]);
    }
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Edit limits"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="filled" type="submit" form="limits" busy={isSubmitting}>
            Save limits
          </Button>
        </>
      }
    >
      <form id="limits" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
        <FormError>{errors.root?.message}</FormError>
        <Field
          label="Lines at most"
          help="Empty: as many as the workspace has free."
          error={errors.maxConcurrent?.message}
        >
          <Input inputMode="numeric" width="w-28" {...form.register("maxConcurrent")} />
        </Field>
        <Field
          label="Calls a second at most"
          help="Empty: as fast as lines come free."
          error={errors.callsPerSecond?.message}
        >
          <Input inputMode="decimal" width="w-28" {...form.register("callsPerSecond")} />
        </Field>
        <Field
          label="Budget in credits"
          help="Empty: no budget. A budget used up pauses the campaign."
          error={errors.budgetCredits?.message}
        >
          <Input inputMode="numeric" width="w-40" {...form.register("budgetCredits")} />
        </Field>
      </form>
    </Dialog>
  );
}
