import { systemStages } from "@parley/core/contacts/stages";
import { useForm } from "react-hook-form";
import { FormError, showRefusal } from "@/ui/form-error.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { zoneNow } from "@/ui/format.ts";
import { Input, Select, Textarea } from "@/ui/input.tsx";
import { toast } from "@/ui/toast.ts";
import type { ContactDetail } from "./contact-facts.tsx";

const zones = (() => {
  try {
    return [...new Set(Intl.supportedValuesOf("timeZone").map(zoneNow))];
  } catch {
    return [];
  }
})();

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

/** Everything about a person that a person may change; an emptied field is emptied. */
export function EditContactDialog({ contact, onClose }: { contact: ContactDetail; onClose: () => void }) {
  const utils = trpc.useUtils();
  const update = trpc.contacts.update.useMutation();
  const fields = trpc.customFields.list.useQuery({});
  const custom = fields.data?.items ?? [];
  const form = useForm({
    defaultValues: {
      name: contact.name ?? "",
      phoneNumber: contact.phoneNumber ?? "",
      email: contact.email ?? "",
      company: contact.company ?? "",
      city: contact.city ?? "",
      timeZone: contact.timeZone ?? "",
      stage: contact.stage ?? "",
      tags: contact.tags.join(", "),
      notes: contact.notes ?? "",
      custom: Object.fromEntries(
        Object.entries(contact.custom).map(([key, value]) => [key, String(value ?? "")]),
      ) as Record<string, string>,
    },
  });
  const { errors, isSubmitting, dirtyFields } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      await update.mutateAsync({
        contactId: contact.id,
        ...(dirtyFields.name ? { name: orNull(values.name) } : {}),
        ...(dirtyFields.phoneNumber ? { phoneNumber: values.phoneNumber } : {}),
        ...(dirtyFields.email ? { email: orNull(values.email) } : {}),
        ...(dirtyFields.company ? { company: orNull(values.company) } : {}),
        ...(dirtyFields.city ? { city: orNull(values.city) } : {}),
        ...(dirtyFields.timeZone ? { timeZone: orNull(values.timeZone) } : {}),
        ...(dirtyFields.stage && values.stage ? { stage: values.stage } : {}),
        ...(dirtyFields.notes ? { notes: orNull(values.notes) } : {}),
        ...(dirtyFields.tags
          ? {
              tags: values.tags
                .split(",")
                .map((tag) => tag.trim())
                .filter(Boolean),
            }
          : {}),
        ...(dirtyFields.custom
          ? {
              custom: Object.fromEntries(
                Object.entries(values.custom).map(([key, value]) => [key, orNull(value)]),
              ),
            }
          : {}),
      });
      void utils.contacts.invalidate();
      void utils.timeline.invalidate();
      toast.done("Saved");
      onClose();
    } catch (thrown) {
      showRefusal(thrown, form.setError, [
        "name",
        "phoneNumber",
        "email",
        "company",
        "city",
        "timeZone",
        "stage",
        "tags",
        "notes",
      ]);
    }
  });
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={`Edit ${contact.name ?? contact.phoneNumber ?? "contact"}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="filled" type="submit" form="edit-contact" busy={isSubmitting}>
            Save
          </Button>
        </>
      }
    >
      <form
        id="edit-contact"
        onSubmit={(event) => void submit(event)}
        className="grid gap-4 sm:grid-cols-2"
        noValidate
      >
        {errors.root?.message && (
          <div className="sm:col-span-2">
            <FormError>{errors.root.message}</FormError>
          </div>
        )}
        <Field label="Name" error={errors.name?.message}>
          <Input {...form.register("name")} />
        </Field>
        <Field label="Phone" error={errors.phoneNumber?.message}>
          <Input mono inputMode="tel" {...form.register("phoneNumber")} />
        </Field>
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" {...form.register("email")} />
        </Field>
        <Field label="Company" error={errors.company?.message}>
          <Input {...form.register("company")} />
        </Field>
        <Field label="City" error={errors.city?.message}>
          <Input {...form.register("city")} />
        </Field>
        <Field label="Time zone" help="Empty: derived from the number." error={errors.timeZone?.message}>
          <Select {...form.register("timeZone")}>
            <option value="">From the number</option>
            {zones.map((zone) => (
              <option key={zone} value={zone}>
                {zoneNow(zone)}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Stage" error={errors.stage?.message}>
          <Select {...form.register("stage")}>
            {!contact.stage && <option value="">None yet</option>}
            {(fields.data?.stages ?? systemStages).map((stage) => (
              <option key={stage.key} value={stage.key}>
                {stage.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Tags" help="Separated by commas." error={errors.tags?.message}>
          <Input {...form.register("tags")} />
        </Field>
        {custom.map((field) => (
          <Field key={field.key} label={field.label}>
            <Input {...form.register(`custom.${field.key}`)} />
          </Field>
        ))}
        <Field label="Notes" className="sm:col-span-2" error={errors.notes?.message}>
          <Textarea rows={3} {...form.register("notes")} />
        </Field>
      </form>
    </Dialog>
  );
}
