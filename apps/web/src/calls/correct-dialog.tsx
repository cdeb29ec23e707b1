import { leastScore, mostScore } from "@parley/core/leads/grade";
import { leadOutcomes, sentiments } from "@parley/core/leads/schema";
import { leadOutcomeWords, sentimentWords } from "@parley/core/leads/words";
import { useForm } from "react-hook-form";
import { refusal, trpc } from "@/trpc.ts";
import { Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { dateTimeField, fromDateTimeField } from "@/ui/format.ts";
import { FormError, showRefusal } from "@/ui/form-error.tsx";
import { Input, Select, Textarea } from "@/ui/input.tsx";
import { toast } from "@/ui/toast.ts";
import type { Call } from "./call.ts";

const names = {
  outcome: "Outcome",
  sentiment: "Sentiment",
  summary: "Summary",
  score: "Score",
  meetingAt: "Meeting",
  callbackAt: "Call back",
} as const;

/** Puts the reading of a conversation right. What a person wrote is kept over every later analysis. */
export function CorrectDialog({
  callId,
  analysis,
  onClose,
}: {
  callId: string;
  analysis: NonNullable<Call["analysis"]>;
  onClose: () => void;
}) {
  const utils = trpc.useUtils();
  const lead = trpc.leads.get.useQuery({ callId });
  const correct = trpc.leads.correct.useMutation();
  const refresh = () => {
    void utils.calls.get.invalidate({ callId });
    void utils.leads.invalidate();
  };
  const form = useForm({
    defaultValues: {
      outcome: analysis.outcome ?? "other",
      sentiment: analysis.sentiment ?? "neutral",
      summary: analysis.summary ?? "",
      score: analysis.score?.toString() ?? "",
      meetingAt: dateTimeField(analysis.meetingAt),
      callbackAt: dateTimeField(analysis.callbackAt),
    },
  });
  const { errors, isSubmitting, dirtyFields, isDirty } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      await correct.mutateAsync({
        callId,
        ...(dirtyFields.outcome ? { outcome: values.outcome } : {}),
        ...(dirtyFields.sentiment ? { sentiment: values.sentiment } : {}),
        ...(dirtyFields.summary ? { summary: values.summary } : {}),
        ...(dirtyFields.score ? { score: Number(values.score) } : {}),
        ...(dirtyFields.meetingAt ? { meetingAt: fromDateTimeField(values.meetingAt) } : {}),
        ...(dirtyFields.callbackAt ? { callbackAt: fromDateTimeField(values.callbackAt) } : {}),
      });
      refresh();
      toast.done("Corrected; no later analysis overwrites it");
      onClose();
    } catch (thrown) {
      showRefusal(thrown, form.setError, Object.keys(names));
    }
  });
  const corrected = lead.data?.corrected ?? [];
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title="Put the analysis right"
      footer={
        <>
          {corrected.length > 0 && (
            <Button
              look="ghost"
              className="mr-auto"
              busy={correct.isPending}
              onClick={() =>
                correct.mutate(
                  { callId, reset: corrected },
                  {
                    onSuccess: () => {
                      refresh();
                      toast.done("Back to what was read");
                      onClose();
                    },
                    onError: (error) => toast.error(refusal(error).message),
                  },
                )
              }
            >
              Give back to the analysis
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            type="submit"
            form="correct"
            busy={isSubmitting}
            disabledReason={isDirty ? null : "Nothing has been changed"}
          >
            Save correction
          </Button>
        </>
      }
    >
      <form
        id="correct"
        onSubmit={(event) => void submit(event)}
        className="grid gap-4 sm:grid-cols-2"
        noValidate
      >
        {(errors.root?.message || corrected.length > 0) && (
          <div className="flex flex-wrap items-center gap-1 sm:col-span-2">
            <FormError>{errors.root?.message}</FormError>
            {corrected.length > 0 && <span className="text-xs">Corrected by hand already:</span>}
            {corrected.map((field) => (
              <Chip key={field}>{names[field]}</Chip>
            ))}
          </div>
        )}
        <Field label="Outcome" error={errors.outcome?.message}>
          <Select {...form.register("outcome")}>
            {leadOutcomes.map((outcome) => (
              <option key={outcome} value={outcome}>
                {leadOutcomeWords[outcome]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Sentiment" error={errors.sentiment?.message}>
          <Select {...form.register("sentiment")}>
            {sentiments.map((sentiment) => (
              <option key={sentiment} value={sentiment}>
                {sentimentWords[sentiment]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label={`Score, ${leastScore} to ${mostScore}`} error={errors.score?.message}>
          <Input inputMode="numeric" width="w-24" {...form.register("score")} />
        </Field>
        <span className="max-sm:hidden" />
        <Field label="Meeting" optional error={errors.meetingAt?.message}>
          <Input type="datetime-local" {...form.register("meetingAt")} />
        </Field>
        <Field label="Call back" optional error={errors.callbackAt?.message}>
          <Input type="datetime-local" {...form.register("callbackAt")} />
        </Field>
        <Field label="Summary" className="sm:col-span-2" error={errors.summary?.message}>
          <Textarea rows={3} {...form.register("summary")} />
        </Field>
      </form>
    </Dialog>
  );
}
