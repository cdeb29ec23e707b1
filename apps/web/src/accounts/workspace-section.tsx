import { ruleSets } from "@parley/core/accounts/schema";
import type { Settings } from "@parley/core/accounts/schema";
import { useForm } from "react-hook-form";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Field, FieldGroup } from "@/ui/field.tsx";
import { count, plural, zoneNow } from "@/ui/format.ts";
import { Input, InputWithUnit, Select } from "@/ui/input.tsx";
import { Fact, Facts, Section } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { toast } from "@/ui/toast.ts";
import { FormError, showRefusal } from "@/ui/form-error.tsx";

const ruleSetWords: Record<(typeof ruleSets)[number], string> = {
  rehearsal: "Rehearsal: any hour, no consent needed",
  "by-country": "By country: legal hours, consent and caps of the person's country",
};

export function WorkspaceSection() {
  const settings = trpc.settings.get.useQuery({});
  if (settings.isPending) return <SkeletonRows rows={8} columns={2} />;
  if (settings.error)
    return (
      <EmptyState small title="The settings could not be read">
        <p>{refusal(settings.error).message}</p>
      </EmptyState>
    );
  return <WorkspaceForm settings={settings.data} />;
}

const zones = Intl.supportedValuesOf("timeZone").map(zoneNow);
const numberOrNull = (text: string) => (text.trim() === "" ? null : Number(text));

function WorkspaceForm({ settings }: { settings: Settings }) {
  const refused = useRefused("settings.update");
  const utils = trpc.useUtils();
  const update = trpc.settings.update.useMutation();
  const form = useForm({
    values: {
      company: settings.company,
      email: settings.email,
      timeZone: settings.timeZone,
      defaultRegion: settings.defaultRegion,
      ruleSet: settings.ruleSet,
      dialsMax: settings.frequencyCap.dialsMax?.toString() ?? "",
      answeredMax: settings.frequencyCap.answeredMax?.toString() ?? "",
      days: settings.frequencyCap.days.toString(),
      confirmAbove: settings.confirmAbove.toString(),
    },
  });
  const { errors, isSubmitting, isDirty } = form.formState;
  const save = form.handleSubmit(async ({ dialsMax, answeredMax, days, confirmAbove, ruleSet, ...rest }) => {
    try {
      await update.mutateAsync({
        ...rest,
        ...(settings.ruleSetLocked ? {} : { ruleSet }),
        confirmAbove: Number(confirmAbove),
        frequencyCap: {
          dialsMax: numberOrNull(dialsMax),
          answeredMax: numberOrNull(answeredMax),
          days: Number(days),
        },
      });
      await Promise.all([utils.settings.invalidate(), utils.auth.me.invalidate()]);
      toast.done("Saved");
    } catch (thrown) {
      showRefusal(thrown, form.setError, [
        "company",
        "email",
        "timeZone",
        "defaultRegion",
        "ruleSet",
        "confirmAbove",
      ]);
    }
  });

  return (
    <div className="grid lg:grid-cols-[minmax(0,720px)_minmax(280px,1fr)]">
      <form
        onSubmit={(event) => void save(event)}
        className="flex flex-col gap-4 px-4 py-4 lg:border-r lg:border-line lg:px-5"
        noValidate
      >
        <FormError>{errors.root?.message}</FormError>
        <Field
          label="Company"
          error={errors.company?.message}
          help="Agents name it when they introduce themselves."
        >
          <Input {...form.register("company")} width="w-full max-w-[360px]" />
        </Field>
        <Field label="Billing e-mail" error={errors.email?.message}>
          <Input type="email" {...form.register("email")} width="w-full max-w-[360px]" />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="Time zone"
            error={errors.timeZone?.message}
            help="For days and reports. People are called by their own clock."
          >
            <Select {...form.register("timeZone")}>
              {[...new Set([settings.timeZone, ...zones])].map((zone) => (
                <option key={zone} value={zone}>
                  {zoneNow(zone)}
                </option>
              ))}
            </Select>
          </Field>
          <Field
            label="Country of numbers without a code"
            error={errors.defaultRegion?.message}
            help="Two capitals, like IN or US."
          >
            <Input mono {...form.register("defaultRegion")} width="w-20" maxLength={2} />
          </Field>
        </div>
        <Field
          label="Calling rules"
          error={errors.ruleSet?.message}
          help={
            settings.ruleSetLocked
              ? "A real voice provider is connected: the rules of each country always hold."
              : "Nobody is really called in the sandbox, so a rehearsal may lift hours and consent."
          }
        >
          <Select {...form.register("ruleSet")} disabled={settings.ruleSetLocked} className="max-w-[480px]">
            {ruleSets.map((name) => (
              <option key={name} value={name}>
                {ruleSetWords[name]}
              </option>
            ))}
          </Select>
        </Field>
        <FieldGroup
          label="How often one person may be called, over all campaigns"
          help="Empty leaves it to the calling rules. A call by hand is only warned about."
        >
          <div className="flex flex-wrap gap-2">
            <InputWithUnit
              aria-label="Dials at most"
              after="dials"
              inputMode="numeric"
              {...form.register("dialsMax")}
              className="w-[116px]"
            />
            <InputWithUnit
              aria-label="Conversations at most"
              after="conversations"
              inputMode="numeric"
              {...form.register("answeredMax")}
              className="w-[160px]"
            />
            <InputWithUnit
              aria-label="Within days"
              before="in"
              after="days"
              inputMode="numeric"
              {...form.register("days")}
              className="w-[116px]"
            />
          </div>
        </FieldGroup>
        <Field label="Ask for typed confirmation above" error={errors.confirmAbove?.message}>
          <InputWithUnit
            after="people"
            inputMode="numeric"
            {...form.register("confirmAbove")}
            className="w-[160px]"
          />
        </Field>
        <div>
          <Button
            look="filled"
            type="submit"
            busy={isSubmitting}
            disabledReason={refused ?? (isDirty ? null : "Nothing has been changed.")}
          >
            Save
          </Button>
        </div>
      </form>
      <Section title="Set by the operator">
        <Facts>
          <Fact name="Lines">
            {count(settings.concurrentLimit)} of {count(settings.systemLimit)} on this installation
          </Fact>
          <Fact name="Price of a call">
            {plural(settings.pulseCredits, "credit")} per started {plural(settings.pulseSeconds, "second")}
          </Fact>
          <Fact name="Price of a message">{plural(settings.messageCredits, "credit")}</Fact>
        </Facts>
      </Section>
    </div>
  );
}
